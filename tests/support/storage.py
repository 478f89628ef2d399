"""A storage that can be filled and emptied: a small file system of its own where one may mount, a limit elsewhere."""

import os
import resource
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

MIB = 1 << 20


@contextmanager
def mounted(folder: Path, mib: int) -> Iterator[bool]:
    """Mount a file system of so many MiB at this folder and yield whether that was allowed here."""
    folder.mkdir(parents=True, exist_ok=True)
    is_mounted = os.geteuid() == 0 and _mount(folder, mib)
    try:
        yield is_mounted
    finally:
        if is_mounted:
            subprocess.run(["umount", "-l", str(folder)], check=True, capture_output=True)


def _mount(folder: Path, mib: int) -> bool:
    command = ["mount", "-t", "tmpfs", "-o", f"size={mib}m,mode=0700", "tmpfs", str(folder)]
    return (
        shutil.which("mount") is not None and not subprocess.run(command, check=False, capture_output=True).returncode
    )


def fill(folder: Path) -> Callable[[], None]:
    """Take every byte that is left, and return what gives them back."""
    ballast = folder / "ballast"
    descriptor = os.open(ballast, os.O_WRONLY | os.O_CREAT, 0o600)
    for size in (MIB, 4096, 1):
        try:
            while True:
                os.write(descriptor, bytes(size))
        except OSError:
            continue
    os.close(descriptor)
    return ballast.unlink


def limit(pid: int) -> Callable[[], None]:
    """Forbid a running process to write anything into a file, and return what allows it again.

    Needs no privileges: only the soft limit is lowered. Python ignores SIGXFSZ, so a write fails with EFBIG.
    """
    before = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (1, before[1]))

    def allow() -> None:
        resource.prlimit(pid, resource.RLIMIT_FSIZE, before)

    return allow
