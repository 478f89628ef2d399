"""The how-tos are true: every command in them exists, with the options it is shown with."""

import re
import shlex
from pathlib import Path

import click
import pytest

from watchbell.cli.main import verbs

ROOT = Path(__file__).resolve().parents[2]
BLOCK = re.compile(r"```sh\n(.*?)```", re.DOTALL)


def commands() -> list[tuple[str, str]]:
    found = []
    for path in sorted((ROOT / "docs" / "howto").glob("*.md")):
        for block in BLOCK.findall(path.read_text(encoding="utf-8")):
            joined = block.replace("\\\n", " ")
            found += [(path.name, line) for line in joined.splitlines() if line.startswith("./watchbell ")]
    return found


@pytest.mark.parametrize(("page", "line"), commands())
def test_a_command_in_a_how_to_exists_with_its_options(page: str, line: str) -> None:
    words = shlex.split(line, comments=True)[1:]
    context = click.Context(verbs)
    command: click.Command | None = verbs
    while isinstance(command, click.Group):
        command = command.get_command(context, words.pop(0))

    assert command is not None
    known = {name for option in command.params for name in option.opts}
    used = {word.partition("=")[0] for word in words if word.startswith("--")}
    assert used <= known
    wanted = [one for one in command.params if isinstance(one, click.Argument) and one.required]
    assert len([word for word in words if not word.startswith("--")]) >= len(wanted)


def test_every_how_to_is_reached_from_somewhere() -> None:
    written = {path.name for path in (ROOT / "docs" / "howto").glob("*.md")}
    pages = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]
    mentioned = {
        name for name in written for page in pages if name in page.read_text(encoding="utf-8") and page.name != name
    }

    assert written - mentioned == set()
