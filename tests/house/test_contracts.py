"""The walls hold: each contract is broken on purpose in a copy of the tree, and each break is caught."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LINT = "from importlinter.cli import lint_imports_command as lint; lint()"

# contract name as the report prints it, module that breaks it, import that does
BREAKS = [
    ("Each floor imports only from the floors below it", "domain/refusal.py", "import watchbell.outside.settings"),
    ("Rules and codecs know no framework, clock, dice or network", "formats/strictjson.py", "import time"),
    ("Only outside leaves the process", "web/home.py", "import socket"),
    (
        "The offline matcher reaches neither Django nor numpy, nor a command line framework",
        "outside/reader/magic.py",
        "import numpy",
    ),
    ("A room imports only from rooms upstream of it", "apps/orgs/queries.py", "import watchbell.apps.findings.queries"),
    ("The tables of orgs are touched only inside it", "apps/findings/queries.py", "import watchbell.apps.orgs.models"),
    (
        "Nothing but its own page, and the check that nothing else does, reads what was determined elsewhere",
        "web/early_access/model.py",
        "import watchbell.apps.engagements.determinations",
    ),
    ("The tables of journal are touched only inside it", "web/home.py", "import watchbell.apps.journal.models"),
]


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("broken")
    shutil.copytree(ROOT / "src", folder / "src", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / ".importlinter", folder)
    for _, module, line in BREAKS:
        path = folder / "src" / "watchbell" / module
        path.write_text(path.read_text(encoding="utf-8") + f"\n{line}\n", encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-S", "-c", f"import sys; sys.path[:0] = {['src', *sys.path[1:]]!r}; {LINT}"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout + done.stderr


@pytest.mark.parametrize("contract", sorted({name for name, _, _ in BREAKS}))
def test_breaking_a_wall_is_caught_by_its_own_contract(report: str, contract: str) -> None:
    assert f"{contract} BROKEN" in " ".join(report.split())


def test_every_room_has_a_contract_for_its_tables() -> None:
    contracts = (ROOT / ".importlinter").read_text(encoding="utf-8")
    rooms = [path.parent.name for path in (ROOT / "src" / "watchbell" / "apps").glob("*/models.py")]

    assert [room for room in rooms if f"[importlinter:contract:tables-of-{room}]" not in contracts] == []


def test_objects_managers_are_used_only_inside_their_room() -> None:
    offenders = []
    for floor in ("doors", "web", "api", "worker", "gateway", "demo", "cli"):
        for path in (ROOT / "src" / "watchbell" / floor).rglob("*.py"):
            if ".objects" in path.read_text(encoding="utf-8") and path.name not in ("signin.py",):
                offenders.append(str(path.relative_to(ROOT)))

    assert offenders == []
