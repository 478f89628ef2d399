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
