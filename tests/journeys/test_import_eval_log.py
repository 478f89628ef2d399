"""`watchbell import eval-log`: files and folders; again changes nothing, and what is not the protocol's is 3."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.eval_logs import LOGS
from tests.support.nodes import Node, throwaway

from watchbell.formats import strictjson


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Node, str]]:
    with throwaway(tmp_path_factory.mktemp("evaluation") / "home") as node:
        node.make()
        yield node, node.run("tests.support.evaluation", "begin")["protocol"]


def test_a_log_is_taken_in_by_the_console_once_and_the_developer_reads_it(made: tuple[Node, str]) -> None:
    node, protocol = made
    log = str(LOGS / "plain.eval")

    first = node.answer("import", "eval-log", log, "--protocol", protocol)
    again = node.answer("import", "eval-log", log, "--protocol", protocol)

    assert (first["stored"], first["unchanged"], first["refused"]) == (6, 0, 0)
    assert (again["stored"], again["unchanged"], again["refused"]) == (0, 6, 0)
    seen = node.run("tests.support.evaluation", "look", protocol)
    assert seen == {"samples": 6, "runs": [["ended", 6, 6, 0]]}


def test_a_folder_with_a_log_of_something_else_is_three_and_each_refusal_has_its_path(
    made: tuple[Node, str], tmp_path: Path
) -> None:
    node, protocol = made
    (tmp_path / "a.eval").write_bytes((LOGS / "plain.eval").read_bytes()[:-50])
    (tmp_path / "b.json").write_text('{"version": 2, "eval": {}}')

    done = node.watchbell("import", "eval-log", str(tmp_path), "--protocol", protocol, "--json")

    answer = strictjson.loads(done.stdout)
    assert (done.returncode, answer["stored"], answer["refused"]) == (3, 0, 2), done.stderr[-2000:]
    assert [one["path"].endswith(name) for one, name in zip(answer["refusals"], ("a.eval", "b.json"), strict=True)]


def test_a_protocol_nobody_knows_is_bad_usage(made: tuple[Node, str]) -> None:
    node, _ = made

    done = node.watchbell("import", "eval-log", str(LOGS), "--protocol", "0" * 32)

    assert done.returncode == 2
    assert "No protocol has the id" in done.stderr


def test_a_signed_result_by_somebody_else_is_refused_as_one(made: tuple[Node, str], tmp_path: Path) -> None:
    node, protocol = made
    (tmp_path / "result.dsse.json").write_text(
        '{"payload": "e30=", "payloadType": "x", "signatures": [{"sig": "AA=="}]}'
    )

    done = node.watchbell("import", "eval-log", str(tmp_path / "result.dsse.json"), "--protocol", protocol)

    assert done.returncode == 3
    assert "This was signed as something else" in done.stderr
