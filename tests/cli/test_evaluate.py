"""`evaluate` says what is wrong before it starts anything."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from tests.support.protocols import PROTOCOL

from watchbell.cli.evaluate import evaluate_verb
from watchbell.domain.evaluation import Suite
from watchbell.formats import run_kits
from watchbell.formats.run_kits import RunKit

BUILT_IN = Suite(benchmark="watchbell/locate", version="1", families=("traversal",), levels=(1,), each=1)
TOKEN = "wbg_" + "0" * 32 + "_" + "x" * 43


@pytest.fixture
def kit(tmp_path: Path) -> Path:
    from dataclasses import replace

    path = tmp_path / "kit.json"
    indicators = tuple(replace(one, suites=("watchbell/locate",)) for one in PROTOCOL.indicators)
    protocol = replace(PROTOCOL, suites=(BUILT_IN,), scaffold=replace(PROTOCOL.scaffold, name="tools"))
    protocol = replace(protocol, indicators=indicators)
    path.write_bytes(run_kits.dumps(RunKit(protocol=protocol, seeds=(("watchbell/locate", bytes(32)),))))
    return path


def said(kit: Path, *more: str, token: str = TOKEN) -> Result:
    how = [str(kit), "--gateway", "http://127.0.0.1:1", "--out", str(kit.parent / "runs"), *more]
    return CliRunner().invoke(evaluate_verb, how, env={"WATCHBELL_TOKEN": token})


def test_without_a_token_it_says_where_to_put_one(kit: Path) -> None:
    result = said(kit, token="")

    assert result.exit_code == 2
    assert "WATCHBELL_TOKEN" in result.output


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (("--model", "somebody-else"), "names no model"),
        (("--suite", "watchbell/patch"), "has no suite"),
        (("--gateway", "http://user:secret@127.0.0.1:1"), "http(s)://host:port"),
    ],
)
def test_what_the_protocol_does_not_name_is_bad_usage_and_nothing_is_started(
    kit: Path, more: tuple[str, ...], words: str
) -> None:
    result = said(kit, *more)

    assert result.exit_code == 2
    assert words in result.output
    assert not (kit.parent / "runs").exists()


def test_a_kit_that_was_changed_is_refused_with_its_place(kit: Path) -> None:
    kit.write_bytes(kit.read_bytes().replace(b'"epochs":2', b'"epochs":3'))

    result = said(kit)

    assert result.exit_code == 2
    assert "not the one that was locked" in result.output


def test_no_secret_is_ever_an_argument() -> None:
    names = {name for one in evaluate_verb.params for name in one.opts}

    assert not {name for name in names if "token" in name or "key" in name}
