"""Whoever reads a report reads the same numbers, or none."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchbell.domain.evaluation.report import FEWEST_SHOWN, NEEDS_CONSENT, Reader, judged, redacted

ONLY_THE_PARTIES = {"samples", "runs", "engagement", "chain"}
counts = st.integers(0, 40)


@st.composite
def cells(draw: st.DrawFn) -> dict[str, Any]:
    outcomes = {name: draw(counts) for name in ("solved", "unsolved", "limit", "refused", "infrastructure", "missing")}
    interval = {"estimate": draw(st.floats(0, 1)), "low": 0.0, "high": 1.0}
    own = {"suite": "patch", "model": "m", "budget": 1000, "outcomes": outcomes, "credit": 0.5, "tokens": 7}
    return {**own, "generalised": interval, "benchmark": interval}


reports = st.fixed_dictionaries(
    {
        "report": st.just("watchbell-evaluation-report-1"),
        "engagement": st.just("e" * 32),
        "samples": st.just([["patch", "m"]]),
        "runs": st.just([{"log": "ab" * 32}]),
        "chain": st.just({"logged": 3}),
        "comparisons": st.just([{"word": "inconclusive"}]),
        "profile": st.lists(cells(), max_size=4),
    }
)


@given(reports, st.sampled_from(sorted(set(Reader) - NEEDS_CONSENT)))
def test_the_two_parties_read_all_of_it(report: dict[str, Any], reader: Reader) -> None:
    assert redacted(report, reader) == {**report, "for": reader.value}


@given(reports, st.sampled_from(sorted(NEEDS_CONSENT)))
def test_others_read_nothing_that_singles_out_an_item_or_a_run_and_are_told_what_is_left_out(
    report: dict[str, Any], reader: Reader
) -> None:
    found = redacted(report, reader)

    assert not ONLY_THE_PARTIES & set(found)
    assert set(found["left_out"]) == ONLY_THE_PARTIES
    assert found["comparisons"] == report["comparisons"]


@given(reports)
def test_the_public_reads_the_same_numbers_or_none_where_there_are_few(report: dict[str, Any]) -> None:
    for whole, shown in zip(report["profile"], redacted(report, Reader.PUBLIC)["profile"], strict=True):
        if judged(whole) >= FEWEST_SHOWN:
            assert shown == whole
        else:
            hidden = ("generalised", "benchmark", "credit", "outcomes", "tokens")
            assert {shown[name] for name in hidden} == {None}
            assert (shown["suite"], shown["model"], shown["budget"]) == ("patch", "m", 1000)


def test_a_refusal_and_an_outage_are_not_judged() -> None:
    outcomes = {"solved": 1, "unsolved": 2, "limit": 3, "refused": 100, "infrastructure": 100, "missing": 100}

    assert judged({"outcomes": outcomes}) == 6


@pytest.mark.parametrize("reader", list(Reader))
def test_every_copy_says_for_whom_it_is(reader: Reader) -> None:
    assert redacted({"profile": []}, reader)["for"] == reader.value


MINE = {
    "measured": {"safeguards": "removed", "models": ["m", "n"], "endpoint": "https://inside.example"},
    "protocol": {
        "digest": "ab",
        "calls_before": 7,
        "plan": {
            "title": "T",
            "model": {"alias": "m", "digest": "cd", "answers_as": ["m-secret"]},
            "suites": [{"benchmark": "patch", "version": "1", "listed": [{"item": "named-item", "family": "f"}]}],
        },
    },
    "validity": {"open_flags": [], "note": "somebody's words"},
    "a section of tomorrow": {"item": "named-item"},
}


@pytest.mark.parametrize("reader", sorted(NEEDS_CONSENT))
def test_what_is_not_named_never_leaves_at_any_depth_and_its_place_is_told(reader: Reader) -> None:
    found = redacted(MINE, reader)

    for kept_back in ("named-item", "m-secret", "inside.example", "somebody's words", "7"):
        assert kept_back not in str(found)
    assert found["left_out"] == [
        "a section of tomorrow",
        "measured/endpoint",
        "protocol/calls_before",
        "protocol/plan/model/answers_as",
        "protocol/plan/suites/listed",
        "validity/note",
    ]
    assert found["protocol"]["plan"]["suites"] == [{"benchmark": "patch", "version": "1"}]


def test_the_public_cannot_reckon_a_small_cell_from_the_totals_the_curve_or_a_comparison() -> None:
    few = dict.fromkeys(("solved", "unsolved", "limit", "refused", "infrastructure", "missing"), 1)
    many = {**few, "solved": 40}
    cells = [
        {"suite": "patch", "model": "m", "budget": budget, "outcomes": outcomes, "generalised": {"estimate": 0.5}}
        for budget, outcomes in ((1000, few), (2000, many))
    ]
    comparison = {"asked_of": ["patch"], "word": "indicated", "probability": 0.97, "score": 1, "shares": [1]}
    report = {
        "measured": {"models": ["m"]},
        "profile": cells,
        "completeness": [{"suite": "patch", "model": "m", "expected": 51, "absent": 2, "outcomes": {"solved": 41}}],
        "curves": [{"suite": "patch", "model": "m", "shape": "flat", "points": [1, 2], "gain": {"estimate": 0.1}}],
        "comparisons": [comparison, {**comparison, "asked_of": ["crash"]}],
    }

    found = redacted(report, Reader.PUBLIC)

    assert found["completeness"][0]["outcomes"] is None
    assert (found["curves"][0]["points"], found["curves"][0]["gain"]) == ([], None)
    assert (found["comparisons"][0]["score"], found["comparisons"][0]["shares"]) == (None, [])
    assert (found["comparisons"][0]["word"], found["comparisons"][1]["score"]) == ("indicated", 1)
    assert redacted(report, Reader.PARTNER)["completeness"] == report["completeness"]


def test_how_far_a_copy_may_travel_stands_on_it() -> None:
    assert redacted(MINE, Reader.PARTNER)["tlp"] == "TLP:AMBER+STRICT"
    assert redacted(MINE, Reader.PUBLIC)["tlp"] == "TLP:CLEAR"
