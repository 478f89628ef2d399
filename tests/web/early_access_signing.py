"""A party's own tool, as people run it: `watchbell key new` and `watchbell key sign`, in a folder of theirs."""

from collections.abc import Callable
from pathlib import Path

from click.testing import CliRunner

from watchbell.cli.key import key_verb


def signed_with_a_new_key(folder: Path) -> tuple[Path, Callable[[Path], Path]]:
    """Return the public half of a new key, and a function that signs a file with it and returns what was written."""
    secret = folder / "ours"
    assert CliRunner().invoke(key_verb, ["new", str(secret)]).exit_code == 0

    def sign(statement: Path) -> Path:
        done = CliRunner().invoke(key_verb, ["sign", str(statement), "--key", str(secret)])
        assert done.exit_code == 0, done.output
        return statement.with_name(f"{statement.name}.dsse.json")

    return Path(f"{secret}.pub"), sign
