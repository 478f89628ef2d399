"""Killed at any point of a start, an ending or a round, a node lets nobody in whom no active row lets in."""

from typing import Any

import pytest
from tests.support.nodes import throwaway

STATEMENTS = 3
KINDS = {"statement", "commit", "committed", "file"}
ENDED = {"withdrawn", "released", "ended"}

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def points(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    with throwaway(tmp_path_factory.mktemp("killed") / "node") as node:
        node.make()
        return list(node.run("tests.support.kill_early_access", str(STATEMENTS), seconds=600))


def test_each_deed_was_killed_at_its_statements_its_commits_and_its_keys(points: list[dict[str, Any]]) -> None:
    assert [point for point in points if not point["was_killed"]] == []
    for deed in ("draft", "start", "withdraw", "release", "round"):
        assert {point["at"] for point in points if point["deed"] == deed} == KINDS


def test_a_living_key_without_an_active_row_is_gone_after_the_next_round(points: list[dict[str, Any]]) -> None:
    assert [point for point in points if point["lives_after"] and point["after"] != "active"] == []
    assert [point for point in points if point["strays"]] == []
    assert any(point["lives"] and point["state"] != "active" for point in points)  # such keys were there before it


def test_an_active_row_without_its_key_is_written_down_as_over_with_its_receipt(points: list[dict[str, Any]]) -> None:
    keyless = [point for point in points if point["state"] == "active" and not point["lives"]]

    assert keyless
    assert [point for point in keyless if point["after"] != "ended" or point["receipts"] < 1] == []


def test_no_deed_is_half_done_and_none_is_lost_that_was_committed(points: list[dict[str, Any]]) -> None:
    last = {deed: [point for point in points if point["deed"] == deed][-1] for deed in ("draft", "start", "withdraw")}

    assert {deed: (point["at"], point["entry"]) for deed, point in last.items()} == dict.fromkeys(
        last, ("committed", True)
    )
    assert [point for point in points if point["deed"] == "draft" and point["drafts"] != point["entry"]] == []
    ends = [point for point in points if point["deed"] in ("withdraw", "release")]
    assert [point for point in ends if point["entry"] and point["after"] not in ENDED] == []


def test_a_start_that_was_undone_is_made_again(points: list[dict[str, Any]]) -> None:
    assert {point["goes_on"] for point in points if point["deed"] == "start"} == {"active"}


def test_the_record_holds_wherever_it_was_killed(points: list[dict[str, Any]]) -> None:
    assert [point for point in points if not point["holds"]] == []
