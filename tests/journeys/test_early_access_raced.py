"""Whatever runs into what: nobody gets in after an end that was told, no budget is overspent, nobody waits for ever."""

from typing import Any

import pytest
from tests.support.nodes import throwaway

ROUNDS = 3
AFTER_AN_END = {"IsOver", "NotAllowed", "KeyMissing", "KeyDestroyed", "NotPossible", "NotYet", "NotSigned"}


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    with throwaway(tmp_path_factory.mktemp("raced") / "node") as node:
        node.make()
        return dict(node.run("tests.support.race_early_access", str(ROUNDS), seconds=240))


RACES = (
    *("withdraw", "withdraw before the start", "release", "evidence", "two starts"),
    *("removal", "held", "ledgers"),
)


@pytest.mark.parametrize("race", RACES)
def test_every_deed_of_a_race_comes_back_done_or_refused_in_words(told: dict[str, Any], race: str) -> None:
    assert told[race]["stuck"] == 0
    assert set(told[race]["errors"]) <= AFTER_AN_END


def test_no_call_is_admitted_after_a_withdrawal_that_was_acknowledged(told: dict[str, Any]) -> None:
    race = told["withdraw"]

    assert (race["too_late"], race["after_the_end"], race["alive"], race["receipts"]) == (0, 0, 0, [2])
    assert race["admitted"] > 0


def test_a_start_that_meets_a_withdrawal_or_a_release_leaves_no_key(told: dict[str, Any]) -> None:
    start, release = told["withdraw before the start"], told["release"]

    assert (start["alive"], start["states"]) == (0, ["withdrawn"])
    assert release["alive"] == 0
    assert set(release["states"]) <= {"released", "withdrawn"}


def test_evidence_that_is_opened_while_its_date_comes_goes_once(told: dict[str, Any]) -> None:
    assert (told["evidence"]["alive"], told["evidence"]["receipts"]) == (0, [2])


def test_two_windows_onto_one_model_that_open_at_once_share_its_thirty_days(told: dict[str, Any]) -> None:
    assert told["two starts"]["longest"] == 720


def test_whoever_is_removed_calls_opens_and_mints_nothing_after_it_was_acknowledged(told: dict[str, Any]) -> None:
    assert told["removal"]["too_late"] == 0
    assert told["held"]["order"] == ["decided", "removed"]


def test_gateways_that_spend_one_budget_together_never_spend_more_and_lose_nothing(told: dict[str, Any]) -> None:
    race = told["ledgers"]

    assert race["tokens"] == race["charged"] <= race["most_tokens"]
    assert race["requests"] == race["admitted"] <= min(race["most_requests"], race["per_minute"])
    assert race["most_at_once"] <= 5
    assert race["running"] <= 5
    assert race["admitted"] > 10
