"""What must come to nothing in the sandbox, tried in the real one (faults SB-01 to SB-05, SB-10 to SB-12)."""

import os
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support import machine

from watchbell.domain.suites.suite import Ran, Trial
from watchbell.formats import strictjson
from watchbell.outside import sandbox
from watchbell.outside.sandbox import Limits, cgroups, memory, probing, walls
from watchbell.outside.sandbox.bubblewrap import BubblewrapSandbox
from watchbell.outside.sandbox.ground import ENVIRONMENT

LET_ALL_THROUGH = struct.pack("=HBBI", 0x06, 0, 0, 0x7FFF0000)
SMALL = 64
IS_ROOT = os.geteuid() == 0


def python(text: str, *, seconds: int = 10, memory: int = 256, words: tuple[str, ...] = ()) -> Trial:
    files = {"tried.py": textwrap.dedent(text).encode()}
    return Trial(files=files, command=("python3", "tried.py", *words), seconds=seconds, memory=memory)


@pytest.fixture
def unfiltered(bubblewrap: None) -> Iterator[BubblewrapSandbox]:
    """A sandbox whose filter refuses nothing: what still holds, other walls hold."""
    with BubblewrapSandbox(Limits()) as one:
        one.filter = LET_ALL_THROUGH
        yield one


def test_every_wall_holds_and_says_what_holds_it(box: BubblewrapSandbox) -> None:
    containment = box.self_test()

    assert containment.holds, containment.lines()
    assert {probe.name for probe in containment.probes} >= {"network", "user", "processes", "memory", "disk", "time"}
    assert all(probe.by and probe.seen for probe in containment.probes)


@pytest.mark.skipif(not IS_ROOT, reason="these tests run unprivileged as it is")
def test_every_wall_holds_for_an_ordinary_user_too(bubblewrap: None) -> None:
    # The first round, as root, loads every module: afterwards this Python's own folder may be out of sight.
    program = """
        import os, sys
        from watchbell.outside import sandbox
        assert sandbox.self_test().holds
        os.setgroups([]); os.setgid(65501); os.setuid(65501); os.chdir("/")
        print("\\n".join(sandbox.self_test().lines()))
    """
    environment = {"PYTHONPATH": str(machine.ROOT / "src"), "PATH": "/usr/bin:/bin"}

    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)], env=environment, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) == 11
    assert all(line.startswith("holds") for line in done.stdout.splitlines()), done.stdout
    assert "65501 outside" in done.stdout


def test_sb01_a_loop_that_starts_processes_is_stopped_at_the_limit_also_when_root_started_the_sandbox(
    box: BubblewrapSandbox,
) -> None:
    ran = box.run(walls.many())

    assert 0 < int(ran.output) < box.limits.processes < walls.SLEEPS


def test_sb01_two_sandboxes_do_not_count_against_each_other(box: BubblewrapSandbox) -> None:
    first, second = box.run_many([walls.many(), walls.many()], at_once=2)

    assert int(first.output) == int(second.output) > box.limits.processes // 2


def test_sb01_no_two_open_sandboxes_are_the_same_user_and_none_is_root(box: BubblewrapSandbox) -> None:
    with box.session() as one, box.session() as other:
        users = {one.host_uid(), other.host_uid()}

    assert 0 not in users
    assert len(users) == (2 if IS_ROOT else 1)


def test_sb02_what_is_written_in_all_places_together_is_bounded_in_bytes_and_entries(box: BubblewrapSandbox) -> None:
    entries, written = map(int, box.run(walls.full(box.limits)).output.split())

    assert box.limits.entries // 2 < entries <= box.limits.entries
    assert (box.limits.disk // 2) << 20 < written <= box.limits.disk << 20


def test_sb02_nothing_can_be_written_to_the_root_to_dev_or_to_the_systems_folders(box: BubblewrapSandbox) -> None:
    ran = box.run(
        python("""
            import os
            written = []
            for folder, names, _ in os.walk("/"):
                names[:] = [name for name in names if name not in ("proc", "lib", "share", "include", "libexec", "src")]
                try:
                    with open(f"{folder}/written", "w"):
                        written.append(folder)
                except OSError:
                    pass
            print(sorted(written))
        """)
    )

    assert ran.output == b"['/box', '/dev/shm', '/tmp']\n", ran


@pytest.mark.parametrize(
    "way",
    [
        "held = [bytearray(8 << 20) for _ in range(32)]",
        "import mmap\nheld = mmap.mmap(-1, 256 << 20, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)",
        "held = 'x' * (256 << 20)",
    ],
)
def test_sb03_four_times_the_memory_is_not_had_and_is_called_lack_of_memory(box: BubblewrapSandbox, way: str) -> None:
    ran = box.run(python(way + "\nprint('had')", memory=SMALL))

    assert ran.status != 0
    assert ran.output == b""
    assert ran.out_of_memory or b"Cannot allocate" in ran.errors


@pytest.mark.parametrize(
    ("name", "way"),
    [
        ("shared memory, which no limit of a process counts", "import mmap\nheld = mmap.mmap(-1, 256 << 20)\n"),
        (
            "many processes that are each within it",
            "import os\nfor _ in range(3): os.fork()\nheld = bytearray(40 << 20)\n",
        ),
    ],
)
def test_sb03_memory_is_bounded_for_all_processes_together(box: BubblewrapSandbox, name: str, way: str) -> None:
    touched = "for at in range(0, len(held), 4096): held[at] = 1\nimport time\ntime.sleep(5)\nprint('had')"

    ran = box.run(python(way + touched, memory=SMALL))

    assert ran.out_of_memory, name
    assert (ran.status, ran.output, ran.timed_out) == (-signal.SIGKILL, b"", False)


def test_sb03_memory_cannot_be_locked(box: BubblewrapSandbox) -> None:
    ran = box.run(python("import ctypes\nprint(ctypes.CDLL(None).mlock(ctypes.create_string_buffer(4096), 4096))"))

    assert ran.output == b"-1\n"


def test_sb03_memory_in_use_is_counted_with_all_descendants() -> None:
    held = bytearray(b"x") * (8 << 20)

    used = memory.in_use(os.getpid())

    assert used > len(held)
    assert memory.in_use(2**30) == 0


def test_sb04_no_network_of_any_kind_is_reached_and_no_listener_of_ours_hears_anything(box: BubblewrapSandbox) -> None:
    with probing.laid() as bait:
        seen, _ = probing.look_around(box, bait)

        assert set(seen["network"].values()) == {"EPERM"}
        assert len(seen["network"]) == 10
        assert not bait.was_taken()


def test_sb04_without_the_filter_the_namespaces_alone_hold_the_network(unfiltered: BubblewrapSandbox) -> None:
    with probing.laid() as bait:
        program = Path(probing.__file__).with_name("inside.py").read_bytes()
        facts = {**probing.facts(bait), "calls": {}}
        with unfiltered.session({"inside.py": program, "facts.json": strictjson.dumps(facts)}) as session:
            seen = strictjson.loads(session.run(("python3", "inside.py")).output)
        reached = {name for name, how in seen["network"].items() if how == "reached"}

        assert not bait.was_taken()
        assert reached <= {"netlink", "UDP", "DNS", "raw packets"}  # sent to an interface that leads nowhere


def test_sb05_nothing_of_the_machine_its_people_or_our_process_is_there(
    box: BubblewrapSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    with probing.laid() as bait:
        monkeypatch.setenv("WATCHBELL_TEST_SECRET", bait.secret)
        monkeypatch.setenv("SSH_AUTH_SOCK", f"/tmp/{bait.secret}")
        seen, _ = probing.look_around(box, bait)

    assert seen["files"] == []
    assert seen["environment"] == []
    assert seen["descriptors"] == []
    assert set(seen["root"]) <= walls.ROOT
    assert len(seen["processes"]) <= 3


def test_sb05_packages_of_this_python_and_programs_installed_by_hand_are_not_shown(box: BubblewrapSandbox) -> None:
    ran = box.run(
        python("import os, sys\nprint([n for n in ('django', 'watchbell') if n in sys.modules])\nimport django")
    )
    local = box.run(Trial(files={}, command=("sh", "-c", "ls /usr/local 2>/dev/null | wc -l")))

    assert b"No module named 'django'" in ran.errors
    assert local.output == b"0\n"


STUBBORN = """
    import os, signal, sys, time
    for number in set(signal.valid_signals()) - {signal.SIGKILL, signal.SIGSTOP, signal.SIGCHLD}:
        signal.signal(number, signal.SIG_IGN)
    print("heard nothing", flush=True)
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            os.kill(os.getpid(), signal.SIGSTOP)
    time.sleep(20)
"""


def named(word: str) -> list[str]:
    found = []
    for place in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            text = place.read_bytes()
        except OSError:
            continue
        if word.encode() in text and int(place.parent.name) != os.getpid():
            found.append(place.parent.name)
    return found


def test_sb10_at_its_end_nothing_is_left_of_a_command_that_hears_no_signal_forks_twice_and_is_stopped(
    box: BubblewrapSandbox,
) -> None:
    word = f"stubborn-{os.urandom(8).hex()}"

    ran = box.run(python(STUBBORN, seconds=1, words=(word,)))

    assert (ran.status, ran.timed_out, ran.output) == (-signal.SIGKILL, True, b"heard nothing\n")
    assert named(word) == []


def test_sb10_what_a_command_leaves_running_ends_with_it(box: BubblewrapSandbox) -> None:
    word = f"left-{os.urandom(8).hex()}"

    ran = box.run(python("import os, time\nif os.fork() == 0:\n  os.setsid()\n  time.sleep(20)", words=(word,)))

    assert (ran.status, ran.timed_out) == (0, False)
    assert named(word) == []


def test_sb10_when_our_process_dies_the_sandbox_dies_with_it(bubblewrap: None) -> None:
    word = f"orphan-{os.urandom(8).hex()}"
    program = f"""
        import os, signal, threading
        from watchbell.domain.suites.suite import Trial
        from watchbell.outside.sandbox.bubblewrap import BubblewrapSandbox, Limits
        files = {{"a.py": b"import time, sys; print('up', flush=True); time.sleep(20)"}}
        box = BubblewrapSandbox(Limits())
        threading.Timer(0.7, lambda: os.kill(os.getpid(), signal.SIGKILL)).start()
        box.run(Trial(files=files, command=("python3", "a.py", "{word}"), seconds=15))
    """
    environment = {"PYTHONPATH": str(machine.ROOT / "src"), "PATH": "/usr/bin:/bin"}

    done = subprocess.run([sys.executable, "-c", textwrap.dedent(program)], env=environment, check=False, timeout=30)
    for _ in range(50):
        if not named(word):
            break
        signal.sigtimedwait([], 0.05)

    assert done.returncode == -signal.SIGKILL
    assert named(word) == []


def test_sb11_calls_into_the_depths_of_the_kernel_are_refused(box: BubblewrapSandbox) -> None:
    with probing.laid() as bait:
        seen, _ = probing.look_around(box, bait)

    assert {"ptrace", "bpf", "keyctl", "io_uring_setup", "mount", "userfaultfd"} <= set(seen["calls"])
    assert set(seen["calls"].values()) == {"EPERM"}
    assert seen["status"] == {"CapEff": "0" * 16, "CapBnd": "0" * 16, "NoNewPrivs": "1", "Seccomp": "2"}


def test_sb12_without_its_filter_the_sandbox_does_not_hold(unfiltered: BubblewrapSandbox) -> None:
    containment = unfiltered.self_test()

    assert not containment.holds
    assert containment.open_walls


def test_sb12_without_bubblewrap_nothing_is_run_and_it_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(ENVIRONMENT, "PATH", str(tmp_path))

    with pytest.raises(sandbox.ContainmentMissing, match="apt-get install bubblewrap"):
        sandbox.opened()


def test_sb12_a_bubblewrap_that_only_pretends_is_found_out(bubblewrap: None, monkeypatch: pytest.MonkeyPatch) -> None:
    pretends = """#!/bin/sh
        while [ "$1" != -- ]; do [ "$1" = --json-status-fd ] && status=$2; shift; done
        echo "{\\"child-pid\\": $$}" >/proc/self/fd/$status
        echo '{"exit-code": 0}' >/proc/self/fd/$status
    """
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        program = Path(folder, "bwrap")
        program.write_text(pretends)
        program.chmod(0o755)
        monkeypatch.setitem(ENVIRONMENT, "PATH", f"{folder}:{ENVIRONMENT['PATH']}")

        with pytest.raises(sandbox.ContainmentMissing, match="nothing is run"):
            sandbox.opened()


@pytest.mark.parametrize("kind", ["local", "none", "", "containers", "kubernetes"])
def test_sb12_no_other_word_opens_a_sandbox(kind: str) -> None:
    with pytest.raises(sandbox.ContainmentMissing):
        sandbox.opened(kind)


def test_a_command_is_told_apart_by_how_it_ended(box: BubblewrapSandbox) -> None:
    exits = box.run(python("import sys\nprint('out')\nprint('err', file=sys.stderr)\nsys.exit(7)"))
    signalled = box.run(python("import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)"))
    missing = box.run(Trial(files={}, command=("no-such-program",)))

    assert exits == Ran(status=7, output=b"out\n", errors=b"err\n")
    assert signalled.status == -signal.SIGSEGV
    assert missing.status != 0
    assert b"no-such-program" in missing.errors


def test_output_is_cut_and_who_floods_is_ended(bubblewrap: None) -> None:
    with BubblewrapSandbox(Limits(output=1000)) as small:
        long = small.run(python("print('x' * 5000)"))
        flood = small.run(python("while True: print('x' * 5000)"))

    assert (len(long.output), long.status) == (1000, 0)
    assert (len(flood.output), flood.status, flood.timed_out) == (1000, -signal.SIGXFSZ, False)


def test_a_loop_is_ended_by_its_time(box: BubblewrapSandbox) -> None:
    with box.session() as session:
        ran = session.run(("python3", "-c", "while True: pass"), seconds=0.5)

    assert ran.timed_out


def test_no_command_is_run_that_is_empty_or_holds_a_zero(box: BubblewrapSandbox) -> None:
    for command in ((), ("a\0b",)):
        with pytest.raises(ValueError, match="at least one word"):
            box.run(Trial(files={}, command=command))


SPOILT = b"""
#include <stdlib.h>
int main(int count, char **words) {
    char *held = malloc(8);
    held[8 + count - 1] = 'x';
    free(held);
    return 0;
}
"""


@pytest.mark.skipif(not shutil.which("gcc", path=ENVIRONMENT["PATH"]), reason="no C compiler is installed")
def test_a_program_with_a_sanitizer_is_compiled_and_runs_though_it_reserves_terabytes(box: BubblewrapSandbox) -> None:
    with box.session({"spoilt.c": SPOILT}) as session:
        made = session.run(("gcc", "-fsanitize=address", "-g", "-o", "spoilt", "spoilt.c"), memory=1024)
        if made.status != 0 and b"asan" in made.errors:
            pytest.skip("the compiler's sanitizer is not installed")
        ran = session.run(("env", "ASAN_OPTIONS=detect_leaks=0", "./spoilt"), sparse=True)

    assert b"heap-buffer-overflow" in ran.errors, (made, ran)
    assert ran.status == 1


def cgroup(root: Path, controllers: str = "cpu memory pids") -> Path:
    """What the kernel shows of a cgroup that was handed to us, as plain files."""
    here = root / "service"
    here.mkdir(parents=True)
    (here / "cgroup.subtree_control").write_text(controllers)
    (here / "cgroup.procs").write_text("")
    (root / "own").write_text("9:name=systemd:/\n0::/service/main\n")
    return here


def test_a_cgroup_is_used_only_where_it_counts_memory_and_processes(tmp_path: Path) -> None:
    here = cgroup(tmp_path)

    assert cgroups.found(is_root=False, root=tmp_path, own=tmp_path / "own") == here
    (here / "cgroup.subtree_control").write_text("cpu pids")
    assert cgroups.found(is_root=False, root=tmp_path, own=tmp_path / "own") is None


def test_root_does_not_take_a_cgroup_that_nobody_handed_over(tmp_path: Path) -> None:
    cgroup(tmp_path)

    assert cgroups.found(is_root=True, root=tmp_path, own=tmp_path / "own") is None


def test_a_cgroup_bounds_memory_without_swap_and_processes_and_tells_of_lack_of_memory(tmp_path: Path) -> None:
    account = cgroups.opened(cgroup(tmp_path), memory=64, processes=32)
    (account.folder / "memory.events").write_text("low 0\noom 1\noom_kill 1\n")

    account.take_in(4711)

    assert (account.folder / "memory.max").read_text() == str(64 << 20)
    assert (account.folder / "pids.max").read_text() == "32"
    assert (account.folder / "cgroup.procs").read_text() == "4711"
    assert account.ran_out_of_memory()
