"""What is tried before a sandbox is believed: places, calls and programs that must come to nothing."""

import platform
from typing import Final

from watchbell.domain.suites.suite import Trial
from watchbell.outside.sandbox.interface import FOLDER, Limits

SPACES: Final = ("user", "pid", "net", "mnt", "ipc", "uts", "cgroup")
ABSENT: Final = (
    "/etc/shadow",
    "/etc/ssh",
    "/root",
    "/home",
    "/var",
    "/run",
    "/srv",
    "/opt",
    "/boot",
    "/sys",
    "/run/docker.sock",
    "/var/lib/cloud",
    "/dev/mem",
    "/dev/kmsg",
    "/dev/pts",
    "/dev/tty",
    "/dev/fuse",
    "/dev/kvm",
)
ROOT: Final = {"bin", "box", "dev", "etc", "lib", "lib32", "lib64", "libx32", "proc", "python", "sbin", "tmp", "usr"}
READ_ONLY: Final = (
    "/written",
    "/usr/written",
    "/etc/written",
    "/dev/written",
    "/python/written",
    "/etc/passwd",
    "/proc/sys/kernel/hostname",
    "/proc/sysrq-trigger",
)
_NEW_USER: Final = 0x10000000
_FORBIDDEN: Final[dict[str, tuple[int, int, tuple[int, ...]]]] = {
    "ptrace": (101, 117, ()),
    "mount": (165, 40, ()),
    "umount2": (166, 39, ()),
    "pivot_root": (155, 41, ()),
    "chroot": (161, 51, ()),
    "bpf": (321, 280, ()),
    "perf_event_open": (298, 241, ()),
    "userfaultfd": (323, 282, ()),
    "keyctl": (250, 219, ()),
    "add_key": (248, 217, ()),
    "io_uring_setup": (425, 425, ()),
    "unshare, a new user namespace": (272, 97, (_NEW_USER,)),
    "clone, a new user namespace": (56, 220, (_NEW_USER | 17, 0, 0, 0, 0)),
    "setns": (308, 268, ()),
    "process_vm_readv": (310, 270, ()),
    "memfd_create": (319, 279, ()),
    "mlockall": (151, 230, (1,)),
    "splice": (275, 76, ()),
    "shmget": (29, 194, (0, 4096, 0o1600)),
    "open_by_handle_at": (304, 265, ()),
    "init_module": (175, 105, ()),
    "seccomp": (317, 277, ()),
    "socket": (41, 198, (2, 1, 0)),
    "ioctl, typing into a terminal": (16, 29, (0, 0x5412, 0)),
    "personality, no random addresses": (135, 92, (0x0040000,)),
}


def forbidden() -> dict[str, list[int]]:
    """Return calls that must be refused, with arguments that mean little: number first, on this processor."""
    at = 0 if platform.machine() == "x86_64" else 1
    rows = {name: ((there if at else here), given) for name, (here, there, given) in _FORBIDDEN.items()}
    return {name: [number, *given, *[0] * (6 - len(given))] for name, (number, given) in rows.items()}


_MANY = """
import os, time
started = []
for number in range({most}):
    try:
        child = os.fork()
    except OSError:
        break
    if child == 0:
        time.sleep(0.2)
        os._exit(0)
    started.append(child)
print(len(started))
"""
_LARGE = """
held = []
for number in range({times}):
    held.append(bytearray({piece}))
    held[-1][::4096] = b"x" * len(held[-1][::4096])
print("all of it")
"""
_TOGETHER = """
import os, time
for _ in range(2):
    os.fork()
held = bytearray({piece})
for at in range(0, len(held), 4096):
    held[at] = 1
time.sleep(3)
print("all of it")
"""
_FULL = """
import os
def written(place, most):
    total = 0
    try:
        with open(place, "wb", buffering=0) as file:
            while total < most:
                total += file.write(bytes(1 << 20))
    except OSError:
        pass
    return total
def made(place, most):
    for number in range(most):
        try:
            os.mknod(f"{{place}}/{{number}}")
        except OSError:
            return number
    return most
entries = made("/tmp", {entries})
for number in range(entries):
    os.unlink(f"/tmp/{{number}}")
print(entries, sum(written(f"{{place}}/full", {most}) for place in ("{folder}", "/tmp", "/dev/shm")))
"""
_STUBBORN = """
import os, signal, time
for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGALRM):
    signal.signal(number, signal.SIG_IGN)
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.kill(os.getpid(), signal.SIGSTOP)
time.sleep(20)
"""
SLEEPS: Final = 80
MEMORY: Final = 64


def many() -> Trial:
    """Return a program that starts at most eighty short sleeps, each once, and says how many it could."""
    return _program(_MANY.format(most=SLEEPS))


def large() -> Trial:
    """Return a program that uses four times the memory it has."""
    return _program(_LARGE.format(times=4 * MEMORY // 8, piece=8 << 20), memory=MEMORY)


def together() -> Trial:
    """Return a program of four processes, each within the memory it has and all together far beyond."""
    return _program(_TOGETHER.format(piece=MEMORY * 5 // 8 << 20), memory=MEMORY)


def full(limits: Limits) -> Trial:
    """Return a program that makes more entries and writes more than there is room for, in every place it may."""
    most = (limits.disk + 8) << 20
    return _program(_FULL.format(entries=limits.entries + 64, most=most, folder=FOLDER))


def stubborn() -> Trial:
    """Return a program that leaves two more behind: one hears no signal, one is stopped."""
    return _program(_STUBBORN, seconds=1)


def _program(text: str, *, memory: int = 256, seconds: int = 10) -> Trial:
    return Trial(files={"tried.py": text.encode()}, command=("python3", "tried.py"), memory=memory, seconds=seconds)
