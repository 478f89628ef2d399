"""A long run says on a terminal how far it is, and one that is stopped or killed leaves nothing half."""

import os
import pty
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.edge.scene import Desk, between, bill, osv

GATE = osv("PYSEC-1", "gate", *between("1.0", "2.0"))
RUN = "import sys; from watchbell.cli.start import main; main()"
IMPATIENT = "from watchbell.edge import notes; notes.QUIET_SECONDS = notes.AGAIN_SECONDS = 0.02; "
POINTS = {
    "while reading": "from watchbell.edge.staging import Staging; Staging.add = stop",
    "while writing": "from watchbell.edge import build; build._write_advisories = stop",
    "while packing": "from watchbell.edge import build; build.zlib.crc32 = stop",
    "before it is put there": "import pathlib; pathlib.Path.replace = stop",
}


def on_a_terminal(*arguments: str, before: str = "") -> tuple[subprocess.Popen[bytes], int]:
    """Start a verb whose standard error is a terminal; return it and the terminal's other end."""
    seen, shown = pty.openpty()
    program = [sys.executable, "-P", "-c", before + RUN, *arguments]
    child = subprocess.Popen(program, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=shown)
    os.close(shown)
    return child, seen


def shown_on(terminal: int, *, until: str = "", seconds: float = 20.0) -> str:
    """Return what appears on a terminal until these words do, or until it is closed."""
    said, end = b"", time.monotonic() + seconds
    while time.monotonic() < end and not (until and until.encode() in said):
        if select.select([terminal], [], [], 0.05)[0]:
            try:
                piece = os.read(terminal, 65536)
            except OSError:  # how Linux says that the other end is closed
                break
            if not piece:
                break
            said += piece
    return said.decode()


@pytest.fixture
def pipe(desk: Desk) -> Path:
    """Return a list that never comes to its end, so that whoever reads it waits."""
    path = desk.folder / "endless.json"
    os.mkfifo(path)
    return path


def test_a_long_match_says_on_a_terminal_what_it_does_and_ctrl_c_ends_it_with_130(desk: Desk, pipe: Path) -> None:
    snapshot = desk.build(GATE)

    child, terminal = on_a_terminal("match", str(pipe), "--snapshot", snapshot, before=IMPATIENT)
    said = shown_on(terminal, until="Reading")
    child.send_signal(signal.SIGINT)
    said += shown_on(terminal)
    os.close(terminal)

    assert child.wait(20) == 130
    assert f"Reading {pipe}"[:60] in said
    assert said.rstrip().endswith("Stopped. Nothing was changed.")
    assert "Traceback" not in said


def test_a_short_run_and_one_whose_notes_go_to_a_file_show_no_progress(desk: Desk) -> None:
    snapshot = desk.build(GATE)
    listed = desk.put("list.json", bill("pkg:pypi/gate@3"))

    child, terminal = on_a_terminal("match", listed, "--snapshot", snapshot)
    said = shown_on(terminal)
    os.close(terminal)
    words = [sys.executable, "-c", IMPATIENT + RUN, "snapshot", "build", "--from", listed, "--out", snapshot]
    quiet = subprocess.run(words, capture_output=True, text=True, check=False)

    assert (child.wait(20), said) == (0, "")
    assert "\x1b" not in quiet.stderr


def test_a_build_says_on_a_terminal_how_much_it_has_read(desk: Desk) -> None:
    source = desk.put("source.json", GATE)
    slow = "import time; from watchbell.edge.staging import Staging; Staging.settle = lambda self: time.sleep(60); "

    out = str(desk.folder / "out")
    child, terminal = on_a_terminal("snapshot", "build", "--from", source, "--out", out, before=IMPATIENT + slow)
    said = shown_on(terminal, until="Putting in order")
    child.send_signal(signal.SIGINT)
    os.close(terminal)

    assert "Putting in order" in said
    assert child.wait(20) == 130


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
@pytest.mark.parametrize("point", POINTS)
def test_a_build_that_is_stopped_or_killed_leaves_what_stood_there_and_the_next_one_works(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, point: str, how: signal.Signals
) -> None:
    work, there = desk.folder / "tmp", desk.folder / "there"
    work.mkdir()
    there.mkdir()
    monkeypatch.setenv("TMPDIR", str(work))
    monkeypatch.setattr("tempfile.tempdir", str(work))
    snapshot = Path(desk.build(GATE, out="there/snapshot"))
    before = snapshot.read_bytes()
    source = desk.put("source.json", osv("PYSEC-2", "gate", *between("1.0", "3.0")))
    program = (
        f"import os, time\ndef stop(*given, **named): os.kill(os.getpid(), {how:d}); time.sleep(9)\n{POINTS[point]}\n"
    )
    words = [sys.executable, "-c", program + RUN, "snapshot", "build", "--from", source, "--out", str(snapshot)]

    ended = subprocess.run(words, capture_output=True, text=True, check=False)
    stood = snapshot.read_bytes()
    for left in (*work.iterdir(), *there.glob(".tmp-*")):
        os.utime(left, (0, 0))
    second = desk.run("snapshot", "build", "--from", source, "--out", str(snapshot))

    assert ended.returncode == (130 if how is signal.SIGINT else -signal.SIGKILL), ended.stderr
    assert stood == before
    assert (second, snapshot.read_bytes() != before) == (0, True)
    assert list(work.iterdir()) == []
    assert [one.name for one in there.iterdir()] == ["snapshot"]
    if how is signal.SIGINT:
        assert ended.stderr.strip() == "Stopped. Nothing was changed."


def test_what_a_build_that_is_still_at_work_needs_is_left_alone(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    from watchbell.edge.workroom import workroom

    monkeypatch.setattr("tempfile.tempdir", str(desk.folder))
    with workroom(desk.folder / "one") as first:
        os.utime(first, (0, 0))
        with workroom(desk.folder / "two"):
            assert first.is_dir()


def test_an_answer_that_cannot_be_written_is_seventy_and_never_taken_for_one(desk: Desk) -> None:
    snapshot = desk.build(GATE)
    listed = desk.put("list.json", bill("pkg:pypi/gate@1.5"))
    words = [sys.executable, "-c", RUN, "match", listed, "--snapshot", snapshot, "--vex", "/nowhere"]

    with Path("/dev/full").open("w") as full:
        full_disk = subprocess.run(words[:-2], stdout=full, stderr=subprocess.PIPE, check=False)
        nobody_reads = subprocess.run(words, stdout=subprocess.DEVNULL, stderr=full, check=False)

    assert (full_disk.returncode, nobody_reads.returncode) == (70, 2)
