"""The tree keeps the house's own rules: nothing names a registry, a machine or a room that is not on the map."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "watchbell"
REGISTRIES = re.compile("|".join(("pypi", "pythonhosted", "npmjs", "yarnpkg")).join((r"(?i)\b(", r")\.(org|com|io)")))
MACHINES = re.compile(r"(?<![\w.])/(work|farm|root|home/\w+)/")


def tracked() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if listed.returncode != 0:
        pytest.skip("this is not a git checkout")
    return [ROOT / name for name in listed.stdout.splitlines() if (ROOT / name).is_file()]


def text_of(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return ""


def test_no_tracked_file_names_the_host_of_a_package_registry() -> None:
    offenders = [
        path.name for path in tracked() if REGISTRIES.search(text_of(path)) or "deb.debian" + ".org" in text_of(path)
    ]

    assert offenders == []


def test_no_tracked_file_names_a_path_of_somebodys_machine() -> None:
    here = Path(__file__).resolve()

    offenders = [path.name for path in tracked() if path != here and MACHINES.search(text_of(path))]

    assert offenders == []


def test_every_room_is_on_the_map_and_every_place_on_the_map_exists() -> None:
    drawn = set(re.findall(r"^- `([^`]+)/`", (ROOT / "docs" / "map.md").read_text(encoding="utf-8"), re.MULTILINE))
    packages = {path.parent for path in SOURCE.rglob("*.py")}
    rooms = {str(path.relative_to(ROOT)) for path in packages if len(path.relative_to(SOURCE).parts) == 1}
    for floor in ("domain", "apps"):
        rooms |= {str(path.relative_to(ROOT)) for path in packages if path.parent == SOURCE / floor}

    assert rooms <= drawn
    assert [place for place in drawn if not (ROOT / place).is_dir()] == []


def test_no_room_stands_empty() -> None:
    folders = {path.parent for path in SOURCE.rglob("*") if path.is_file() and "__pycache__" not in path.parts}

    empty = [
        folder.name
        for folder in folders
        if all(path.name == "__init__.py" for path in folder.iterdir() if path.name != "__pycache__")
        and folder.parent.name == "watchbell"
        and folder.name not in ("domain", "apps", "outside", "formats")
    ]

    assert empty == []


def test_every_module_opens_with_one_sentence_that_says_what_it_is_for() -> None:
    silent = []
    for path in SOURCE.rglob("*.py"):
        if "migrations" not in path.parts and not re.match(r'\s*(#.*\n)*"""\S', path.read_text(encoding="utf-8")):
            silent.append(str(path.relative_to(SOURCE)))

    assert silent == []


def test_no_module_is_named_after_nothing() -> None:
    vague = {"utils", "helpers", "manager", "base", "common", "misc", "tools"}
    by_django = {"config/postgresql/base.py"}  # a database engine is a package with a module of this very name

    named = {str(path.relative_to(SOURCE)) for path in SOURCE.rglob("*.py") if path.stem in vague}
    assert named == by_django


def test_the_base_install_stays_within_twenty_five_packages() -> None:
    lines = (ROOT / "requirements" / "run.txt").read_text(encoding="utf-8").splitlines()
    packages = {line.split("==")[0] for line in lines if "==" in line and "sys_platform == 'win32'" not in line}
    of_extras = {"h11", "httptools", "uvicorn", "psycopg", "psycopg-binary", "psycopg-pool", "numpy"}

    assert of_extras <= packages
    assert len(packages - of_extras) <= 25


def test_locked_requirements_carry_hashes_and_no_address() -> None:
    for path in (ROOT / "requirements").glob("*.txt"):
        text = path.read_text(encoding="utf-8")

        assert "--hash=sha256:" in text
        assert "://" not in text
        assert "index-url" not in text
