"""The launcher: fails with 70 and a plain sentence, and never needs anything but the standard library."""

import ast
import runpy
import subprocess
import sys
from pathlib import Path

from tests import stages

ROOT = Path(__file__).resolve().parents[2]
LAUNCHER = ROOT / "watchbell"


def test_the_launcher_imports_only_the_standard_library() -> None:
    imported = set()
    for node in ast.walk(ast.parse(LAUNCHER.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            imported |= {name.name.split(".")[0] for name in node.names}
        if isinstance(node, ast.ImportFrom):
            imported.add((node.module or "").split(".")[0])

    assert imported <= set(sys.stdlib_module_names)


def test_a_launcher_that_cannot_read_its_lock_file_ends_with_seventy(tmp_path: Path) -> None:
    copy = tmp_path / "watchbell"
    copy.write_text(LAUNCHER.read_text(encoding="utf-8"), encoding="utf-8")

    done = subprocess.run([sys.executable, str(copy), "demo"], capture_output=True, text=True, check=False)

    assert done.returncode == 70
    assert "watchbell:" in done.stderr


def test_an_environment_whose_scripts_were_compiled_finds_its_place(tmp_path: Path) -> None:
    made, target = tmp_path / "dev-new", tmp_path / "dev"
    (made / "bin" / "__pycache__").mkdir(parents=True)
    (made / "bin" / "tool").write_text(f"#!{made}/bin/python\n", encoding="utf-8")
    version = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    (made / "lib" / version / "site-packages").mkdir(parents=True)

    runpy.run_path(str(LAUNCHER))["place"](str(made), str(target), "stamp\n")

    assert (target / "bin" / "tool").read_text(encoding="utf-8") == f"#!{target}/bin/python\n"
    assert (target / "made-from").read_text(encoding="utf-8") == "stamp\n"


def test_the_list_of_stages_can_be_read_without_running_them() -> None:
    done = subprocess.run([str(LAUNCHER), "test", "--list"], capture_output=True, text=True, check=False, cwd=ROOT)

    assert done.returncode == 0
    assert {"lint", "contracts", "types", "ground", "sqlite", "postgres"} <= {
        line.split()[0] for line in done.stdout.splitlines()
    }


def test_every_folder_of_tests_is_run_by_a_stage() -> None:
    there = {str(Path(*file.relative_to(ROOT).parts[:2])) for file in (ROOT / "tests").rglob("test_*.py")}

    assert there == {*stages.GROUND, *stages.FLOORS}


def test_an_unknown_verb_is_bad_usage() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "watchbell", "conquer"], capture_output=True, text=True, check=False, cwd=ROOT
    )

    assert done.returncode == 2
