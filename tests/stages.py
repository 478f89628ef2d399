"""The one command of the README: lint, contracts, types and tests, a line a stage; the first failure ends all."""

import argparse
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path

from tests.support import machine

ROOT = Path(__file__).resolve().parent.parent
GROUND = [
    *("tests/domain", "tests/formats", "tests/outside", "tests/cli", "tests/gateway"),
    *("tests/house", "tests/conformance"),
]
# The longest files first and in this order, so that no processor idles at the end.
FLOORS = ["tests/journeys", "tests/apps", "tests/voluntary", "tests/doors", "tests/web", "tests/api"]
SKIPPED, STOPPED = -1, -2
# A small stage may run beside one that fills the machine. Two of those at once were measured: each takes three times
# as long as alone, and all of them together a fifth longer than one after the other.
AT_ONCE = 2
# These are about the command line, the reader, the server and the disk, about words alone, or start a database server
# of their own; the rooms' own tests cover both databases.
WITHOUT_DATABASE = [
    f"tests/{folder}/test_{name}.py"
    for folder, names in {
        "journeys": (
            *("command_line", "evaluation_whole", "gateway_beside", "half_open", "hostile_uploads", "import_verb"),
            "own_runs",
            *("storage_full", "database_restarts", "verbs_killed"),
        ),
        "web": ("words", "speaking"),
        "voluntary": ("mutants", "properties"),
    }.items()
    for name in names
]


@dataclass(frozen=True)
class Stage:
    """One line of the run: its name, what it proves, what it needs and how it is run."""

    name: str
    proves: str
    command: Callable[[], list[str]]
    needs: str = ""
    database: str = ""
    fills: bool = False
    """Whether it has a worker for each processor."""


def python(*arguments: str) -> list[str]:
    return [sys.executable, "-m", *arguments]


def pytest(*arguments: str) -> list[str]:
    return python(
        "pytest", "-n", str(min(os.cpu_count() or 1, 4)), "--dist", "loadfile", "--no-loadscope-reorder", *arguments
    )


def existing(folders: list[str]) -> list[str]:
    return [folder for folder in folders if (ROOT / folder).is_dir()]


def seen_in_browser() -> list[str]:
    """Return the files with tests for the browser: to import all others only to pass them by costs seconds."""
    files = sorted((ROOT / "tests").glob("*/test_*.py"))
    return [str(file.relative_to(ROOT)) for file in files if "mark.browser" in file.read_text(encoding="utf-8")]


STAGES = [
    Stage("lint", "ruff finds nothing and the files are formatted", lambda: python("ruff", "check", ".")),
    Stage("format", "every file is formatted", lambda: python("ruff", "format", "--check", ".")),
    Stage(
        "contracts",
        "the floors, rooms and doors are where the map says",
        lambda: [sys.executable, "-c", "from importlinter.cli import lint_imports_command as c; c()"],
    ),
    Stage("types", "mypy in strict mode", lambda: python("mypy")),
    Stage(
        "ground", "rules, codecs and everything that leaves the process", lambda: pytest(*existing(GROUND)), fills=True
    ),
    Stage(
        "sqlite",
        "rooms, doors, pages and journeys on SQLite",
        lambda: pytest("-m", "not browser", *existing(FLOORS)),
        database="sqlite",
        fills=True,
    ),
    Stage(
        "browser",
        "every page in Chromium: wide and narrow, light and dark, for everyone's eyes",
        lambda: pytest("-m", "browser", *seen_in_browser()),
        needs="chromium",
        database="sqlite",
        fills=True,
    ),
    Stage(
        "postgres",
        "rooms, doors and journeys on PostgreSQL",
        lambda: pytest("-m", "not browser", *existing(FLOORS), *(f"--ignore={path}" for path in WITHOUT_DATABASE)),
        needs="postgres",
        database="postgres",
        fills=True,
    ),
    Stage(
        "spark",
        "Spark matches a fleet as every other engine does: local, and on a master with two workers",
        lambda: [str(machine.SPARK_PYTHON), "-m", "pytest", "tests/outside/test_fleet_spark.py"],
        needs="spark",
    ),
]


def main() -> int:
    """Run the chosen stages and return 0, or the first failure's exit code."""
    parser = argparse.ArgumentParser(prog="watchbell test", description=__doc__)
    parser.add_argument("what", nargs="*", help="stages to run; all of them by default")
    parser.add_argument("--list", action="store_true", help="print the stages and what each needs")
    chosen = parser.parse_args()
    if chosen.list:
        for stage in STAGES:
            print(f"{stage.name:10} {stage.proves}" + (f" (needs {stage.needs})" if stage.needs else ""))
        return 0
    unknown = set(chosen.what) - {stage.name for stage in STAGES}
    if unknown:
        parser.error(f"no stage named {', '.join(sorted(unknown))}; see --list")
    return run_all([stage for stage in STAGES if not chosen.what or stage.name in chosen.what])


def run_all(stages: list[Stage]) -> int:
    """Run stages, some at the same time; the first failure stops the others. Return its exit code, or 0."""
    running = Running()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    with ThreadPoolExecutor(AT_ONCE) as lanes:
        ends = as_completed([lanes.submit(run, stage, running) for stage in stages])
        try:
            codes = [end.result() for end in ends]
        finally:
            running.end()  # for whoever interrupts us: the stages have sessions of their own
    passed, skipped, failures = codes.count(0), codes.count(SKIPPED), [code for code in codes if code > 0]
    print(f"{passed} passed, {len(failures)} failed, {skipped} skipped", flush=True)
    return failures[0] if failures else 0


class Running:
    """The stages that run now: the first failure ends them all, and what has not begun does not begin."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._processes: set[subprocess.Popen[str]] = set()
        self._is_over = False
        self.full = threading.Lock()

    def start(self, stage: Stage, scratch: str) -> "subprocess.Popen[str] | None":
        """Return the stage's process, leader of a group of its own, or None when it is over."""
        with self._lock:
            if self._is_over:
                return None
            process = subprocess.Popen(
                stage.command(),
                cwd=ROOT,
                env=environment(stage, scratch),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                start_new_session=True,
            )
            self._processes.add(process)
            return process

    def ended(self, process: "subprocess.Popen[str]") -> bool:
        """Return whether this process ended by itself; a failure is the end of all others."""
        with self._lock:
            self._processes.discard(process)
            if self._is_over:
                return False
            if process.returncode:
                self._end()
            return True

    def end(self) -> None:
        """Stop everything that runs."""
        with self._lock:
            self._end()

    def _end(self) -> None:
        self._is_over = True
        for process in self._processes:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)


def run(stage: Stage, running: Running) -> int:
    """Run one stage, printing its line; output is shown only when it fails."""
    missing = machine.why_missing(stage.needs) if stage.needs else ""
    if missing and stage.needs in machine.required():
        print(f"FAIL  {stage.name:10} {missing}", flush=True)
        running.end()
        return 1
    if missing:
        print(f"skip  {stage.name:10} {missing}", flush=True)
        return SKIPPED
    with running.full if stage.fills else nullcontext():
        return _run(stage, running)


def _run(stage: Stage, running: Running) -> int:
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="watchbell-test-", ignore_cleanup_errors=True) as scratch:
        process = running.start(stage, scratch)
        if process is None:
            return STOPPED
        out, err = process.communicate()
    if not running.ended(process):
        return STOPPED
    seconds = time.monotonic() - started
    last = ([line for line in out.splitlines() if line.strip()] or [""])[-1].strip("= ")
    line = f"{'FAIL' if process.returncode else 'ok  '}  {stage.name:10} {seconds:6.1f} s  {last[:100]}"
    print("\n".join([line, out[-20000:], err[-8000:]] if process.returncode else [line]), flush=True)
    return abs(int(process.returncode))


def environment(stage: Stage, scratch: str) -> dict[str, str]:
    """Return a clean environment: the caller's without its own node, with a scratch home."""
    keep = machine.without_node(os.environ)
    keep["WATCHBELL_HOME"] = scratch
    keep["PYTHONPYCACHEPREFIX"] = str(machine.BYTECODE)
    keep["PYTHONHASHSEED"] = "0"  # both halves of a parallel run must name the same tests
    if required := os.environ.get("WATCHBELL_TEST_REQUIRE"):
        keep["WATCHBELL_TEST_REQUIRE"] = required
    if stage.database == "postgres":
        keep["WATCHBELL_DATABASE_URL"] = machine.postgres_url()
    return keep


if __name__ == "__main__":
    if shutil.which("git") is None:
        print("note: git is not installed; that is fine", file=sys.stderr)
    sys.exit(main())
