"""The one command of the README: lint, contracts, types and tests, one line a stage, stopping at the first failure."""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.support import machine

ROOT = Path(__file__).resolve().parent.parent
GROUND = ["tests/domain", "tests/formats", "tests/outside", "tests/house", "tests/conformance"]
# The longest files first and in this order, so that no processor idles at the end.
FLOORS = ["tests/journeys", "tests/apps", "tests/doors", "tests/web", "tests/api"]
SKIPPED = -1
# These are about the command line, the reader, the server and the disk, or start a database server of their own;
# the rooms' own tests cover both databases.
WITHOUT_DATABASE = [
    f"tests/journeys/test_{name}.py"
    for name in (
        *("command_line", "half_open", "hostile_uploads", "import_verb"),
        *("storage_full", "database_restarts", "verbs_killed"),
    )
]


@dataclass(frozen=True)
class Stage:
    """One line of the run: its name, what it proves, what it needs and how it is run."""

    name: str
    proves: str
    command: Callable[[], list[str]]
    needs: str = ""
    database: str = ""


def python(*arguments: str) -> list[str]:
    return [sys.executable, "-m", *arguments]


def pytest(*arguments: str) -> list[str]:
    return python(
        "pytest", "-n", str(min(os.cpu_count() or 1, 4)), "--dist", "loadfile", "--no-loadscope-reorder", *arguments
    )


def existing(folders: list[str]) -> list[str]:
    return [folder for folder in folders if (ROOT / folder).is_dir()]


STAGES = [
    Stage("lint", "ruff finds nothing and the files are formatted", lambda: python("ruff", "check", ".")),
    Stage("format", "every file is formatted", lambda: python("ruff", "format", "--check", ".")),
    Stage(
        "contracts",
        "the floors, rooms and doors are where the map says",
        lambda: [sys.executable, "-c", "from importlinter.cli import lint_imports_command as c; c()"],
    ),
    Stage("types", "mypy in strict mode", lambda: python("mypy")),
    Stage("ground", "rules, codecs and everything that leaves the process", lambda: pytest(*existing(GROUND))),
    Stage(
        "sqlite",
        "rooms, doors, pages and journeys on SQLite",
        lambda: pytest("-m", "not browser", *existing(FLOORS)),
        database="sqlite",
    ),
    Stage(
        "browser",
        "every page in Chromium: wide and narrow, light and dark, for everyone's eyes",
        lambda: pytest("-m", "browser", *existing(FLOORS)),
        needs="chromium",
        database="sqlite",
    ),
    Stage(
        "postgres",
        "rooms, doors and journeys on PostgreSQL",
        lambda: pytest("-m", "not browser", *existing(FLOORS), *(f"--ignore={path}" for path in WITHOUT_DATABASE)),
        needs="postgres",
        database="postgres",
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
    passed = skipped = 0
    for stage in STAGES:
        if chosen.what and stage.name not in chosen.what:
            continue
        code = run(stage)
        if code and code != SKIPPED:
            print(f"{passed} passed, 1 failed, {skipped} skipped", flush=True)
            return code
        passed, skipped = passed + (code == 0), skipped + (code == SKIPPED)
    print(f"{passed} passed, 0 failed, {skipped} skipped", flush=True)
    return 0


def run(stage: Stage) -> int:
    """Run one stage, printing its line; output is shown only when it fails."""
    missing = machine.why_missing(stage.needs) if stage.needs else ""
    if missing and stage.needs in machine.required():
        print(f"FAIL  {stage.name:10} {missing}", flush=True)
        return 1
    if missing:
        print(f"skip  {stage.name:10} {missing}", flush=True)
        return SKIPPED
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="watchbell-test-") as scratch:
        done = subprocess.run(
            stage.command(), cwd=ROOT, env=environment(stage, scratch), capture_output=True, text=True, check=False
        )
    seconds = time.monotonic() - started
    last = ([line for line in done.stdout.splitlines() if line.strip()] or [""])[-1].strip("= ")
    print(f"{'FAIL' if done.returncode else 'ok  '}  {stage.name:10} {seconds:6.1f} s  {last[:100]}", flush=True)
    if done.returncode:
        print(done.stdout[-20000:], done.stderr[-8000:], sep="\n", flush=True)
    return done.returncode


def environment(stage: Stage, scratch: str) -> dict[str, str]:
    """Return a clean environment: the caller's without its own node, with a scratch home."""
    keep = {name: value for name, value in os.environ.items() if not name.startswith("WATCHBELL_")}
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
