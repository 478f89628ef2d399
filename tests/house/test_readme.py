"""The README is true: its commands run, its links lead somewhere, and what it promises is there."""

import re
import subprocess
from pathlib import Path

import pytest

from watchbell.formats import strictjson

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def block_after(heading: str) -> list[str]:
    part = README.split(f"## {heading}", 1)[1]
    found = re.search(r"```sh\n(.*?)```", part, re.DOTALL)
    assert found
    return found.group(1).splitlines()


def test_the_readme_needs_two_commands_and_no_more() -> None:
    assert block_after("Try it") == ["./watchbell demo", "./watchbell test"]


def test_using_it_for_real_takes_three_lines() -> None:
    lines = block_after("Use it for real")

    assert len(lines) == 3
    assert lines[1:] == ["./watchbell init", "./watchbell serve"]


@pytest.mark.slow
def test_the_first_command_runs_the_whole_river(tmp_path: Path) -> None:
    demo, test = block_after("Try it")

    told = subprocess.run(
        [*demo.split(), "--once", "--json", "--dir", str(tmp_path / "demo")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    listed = subprocess.run([*test.split(), "--list"], cwd=ROOT, capture_output=True, text=True, check=False)

    assert told.returncode == 0, told.stderr[-2000:]
    story = strictjson.loads(told.stdout)
    assert story["steps"]
    assert all(step["ok"] for step in story["steps"])
    assert (story["totals"]["deployed"], story["totals"]["engagements"], story["totals"]["receipts"]) == (1, 2, 2)
    assert listed.returncode == 0


@pytest.mark.parametrize("target", sorted(set(re.findall(r"\]\(([^)#:]+)\)", README))))
def test_every_link_of_the_readme_leads_to_something(target: str) -> None:
    assert (ROOT / target).exists()


def test_every_kind_of_user_has_a_how_to() -> None:
    for user in ("operator", "lab", "coordinator", "vendor", "evaluator"):
        assert (ROOT / "docs" / "howto" / f"{user}.md").is_file()
