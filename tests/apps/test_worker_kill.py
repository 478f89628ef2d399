"""Is anything lost or done twice when a worker is killed, or when several work at once?"""

from pathlib import Path

import pytest
from tests.support.kill import STEPS
from tests.support.nodes import throwaway

from watchbell.cli import verify_journal

STATEMENTS = [2, 5, 9, 14, 20, 26, 33, 41, 50, 60]


@pytest.mark.slow
def test_a_worker_killed_at_any_statement_loses_nothing_and_repeats_nothing(tmp_path: Path) -> None:
    with throwaway(tmp_path / "home") as node:
        walks = node.run("tests.support.kill", "statements", *map(str, STATEMENTS))

        assert verify_journal.main(["--database", node.database]) == 0

    assert all(walk["was_killed"] for walk in walks)
    for walk in walks:
        assert walk["state"] == "done", walk
        assert walk["steps"] == list(range(STEPS)), walk
        assert walk["answers_fit"], walk


def test_the_same_request_from_six_senders_at_once_is_done_once_and_all_get_its_reply(tmp_path: Path) -> None:
    with throwaway(tmp_path / "home") as node:
        answers = node.run("tests.support.kill", "repeat", "6")

    assert len(answers[-1]) == 32
    assert set(answers) == {answers[-1]}


def test_a_worker_that_is_told_to_stop_does_so_and_says_all_is_well(tmp_path: Path) -> None:
    with throwaway(tmp_path / "home") as node:
        ended = node.run("tests.support.kill", "told")

    assert ended == {"status": 0, "state": "done"}


@pytest.mark.slow
def test_a_job_longer_than_its_lease_is_not_taken_from_a_worker_that_lives(tmp_path: Path) -> None:
    with throwaway(tmp_path / "home") as node:
        found = node.run("tests.support.kill", "slow")

    assert (found["state"], found["steps"]) == ("done", [0])


@pytest.mark.slow
def test_four_workers_at_once_do_each_job_once_and_seal_one_order(tmp_path: Path) -> None:
    with throwaway(tmp_path / "home") as node:
        found = node.run("tests.support.kill", "crowd", "4", "20")

        assert verify_journal.main(["--database", node.database]) == 0

    assert found["statuses"] == [0, 0, 0, 0]
    for walk in found["walks"]:
        assert walk == {"state": "done", "steps": list(range(STEPS)), "answers_fit": True}
