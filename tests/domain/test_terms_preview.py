"""Whoever signs terms has read all of them in plain words, and sees at a glance what a new version changes."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.terms import TERMS, terms

from watchbell.domain.metering import Dialect
from watchbell.domain.terms import (
    Bargain,
    EvidenceOnWithdrawal,
    Limits,
    Point,
    Routing,
    Safeguards,
    Terms,
    Way,
    differences,
    in_plain_words,
)
from watchbell.domain.terms.aspects import ASPECTS, count, money, span

OPPOSITE = {
    Way.FURTHER: Way.LESS_FAR,
    Way.LESS_FAR: Way.FURTHER,
    Way.PROMISES_MORE: Way.PROMISES_LESS,
    Way.PROMISES_LESS: Way.PROMISES_MORE,
    Way.OTHERWISE: Way.OTHERWISE,
}


def said(points: tuple[Point, ...], heading: str) -> str:
    return next(str(one.text) for one in points if one.heading == heading)


def test_a_lab_reads_who_what_how_long_how_much_and_what_becomes_of_it() -> None:
    points = in_plain_words(TERMS)

    assert said(points, "Who may use it").startswith("3 people at most. The evaluator names them")
    assert said(points, "Which models").startswith("Only bell-1, bell-1-mini.")
    assert said(points, "How long").startswith("30 days at most, counted from your start. It may end earlier")
    assert said(points, "Calls in the whole window") == "At most 20\u00a0000."
    assert said(points, "Tokens in the whole window") == "No bound."
    assert said(points, "Cost in the whole window") == "At most 25\u00a0000.00 USD."
    assert said(points, "What the evaluators' tools may reach") == "The gateway to your model, and mirror.example.org."
    assert said(points, "Training on prompts") == "You do not train on what evaluators send."
    assert said(points, "Evidence after the end").startswith("Kept for 14 days after the window. Then its key")
    assert said(points, "Evidence when you withdraw").startswith("Destroyed at once.")
    assert "neither you nor this engagement" in said(points, "Flaws found in other people's software")
    assert said(points, "What stays yours").startswith("You may release the model, or withdraw, at any moment")


def test_a_governing_agreement_on_paper_is_named_by_its_digest() -> None:
    points = in_plain_words(replace(TERMS, paper_agreement="7" * 64))

    assert said(points, "Agreement on paper") == f"The one whose SHA-256 is {'7' * 64} governs."


@given(terms())
def test_every_value_that_terms_settle_is_said(one: Terms) -> None:
    text = "\n".join(str(point.text) for point in in_plain_words(one))

    assert all(name in text for name in (*one.models, *one.egress, one.model_digest, one.paper_agreement))
    assert {f"{point.heading}" for point in in_plain_words(one)} >= {f"{aspect.heading}" for aspect in ASPECTS}


@given(terms())
def test_a_point_is_whole_sentences_with_nothing_left_to_fill_in(one: Terms) -> None:
    for point in in_plain_words(one):
        assert point.text.endswith(".")
        assert ".." not in point.text
        assert not {"{", "}"} & set(point.text)
        assert point.way is None


FIELDS = [field for field in Terms.__dataclass_fields__ if field != "limits"]
PARTS = [*FIELDS, *(f"limits.{field}" for field in Limits.__dataclass_fields__)]


@settings(max_examples=300)
@given(terms(), terms(), st.sampled_from(PARTS))
def test_two_versions_differ_in_words_exactly_where_they_differ(one: Terms, other: Terms, part: str) -> None:
    if part in FIELDS:
        other = replace(one, **{part: getattr(other, part)})
    elif part == "limits.cost":
        other = replace(one, limits=replace(one.limits, currency="EUR", cost=other.limits.cost))
    elif part == "limits.currency":
        other = replace(one, limits=replace(one.limits, currency="GBP"))
    else:
        field = part.removeprefix("limits.")
        other = replace(one, limits=replace(one.limits, **{field: getattr(other.limits, field)}))

    assert (differences(one, other) == ()) == (one == other)


@given(terms(), terms())
def test_what_reaches_further_one_way_reaches_less_far_the_other(one: Terms, other: Terms) -> None:
    there, back = differences(one, other), differences(other, one)

    assert [(point.heading, OPPOSITE[point.way]) for point in there if point.way] == [
        (point.heading, point.way) for point in back
    ]


@given(terms(), terms())
def test_a_change_is_told_in_whole_sentences_that_say_something_new(one: Terms, other: Terms) -> None:
    for point in differences(one, other):
        _, _, told = point.text.partition(" Now: ")
        now, _, before = told.partition(" Before: ")

        assert point.text.endswith(".")
        assert not now or now != before


WIDER = [
    ({"hours": 100}, {"hours": 101}, "How long"),
    ({"personnel_at_most": 3}, {"personnel_at_most": 4}, "Who may use it"),
    ({"models": ("a",)}, {"models": ("a", "b")}, "Which models"),
    ({"dialects": (Dialect.CHAT,)}, {"dialects": (Dialect.CHAT, Dialect.MESSAGES)}, "Through which interfaces"),
    ({"safeguards": Safeguards.REDUCED}, {"safeguards": Safeguards.REMOVED}, "Safeguards"),
    ({"egress": ()}, {"egress": ("a.example",)}, "What the evaluators' tools may reach"),
    ({"limits": Limits(requests=9)}, {"limits": Limits()}, "Calls in the whole window"),
    ({"limits": Limits(tokens=9)}, {"limits": Limits(tokens=10)}, "Tokens in the whole window"),
    ({"limits": Limits(at_once=9)}, {"limits": Limits(at_once=10)}, "Calls at one time"),
    ({"limits": Limits(opened_a_day=9)}, {"limits": Limits(opened_a_day=10)}, "When you are alerted"),
    ({"evidence_days": 14}, {"evidence_days": 15}, "Evidence after the end"),
    (
        {"evidence_on_withdrawal": EvidenceOnWithdrawal.DESTROY_AT_ONCE},
        {"evidence_on_withdrawal": EvidenceOnWithdrawal.KEEP_TO_ITS_DATE},
        "Evidence when you withdraw",
    ),
    ({"kept_after_end": ()}, {}, "What stays after that"),
    (
        {"routing": Routing.RETURN_TO_LAB},
        {"routing": Routing.ROUTE_ANONYMISED},
        "Flaws found in other people's software",
    ),
]


@pytest.mark.parametrize(("narrow", "wide", "heading"), WIDER)
def test_terms_that_give_more_away_are_said_to_reach_further(
    narrow: dict[str, object], wide: dict[str, object], heading: str
) -> None:
    before, after = (replace(TERMS, **which) for which in (narrow, wide))

    (point,) = differences(before, after)

    assert (point.heading, point.way) == (heading, Way.FURTHER)
    assert point.text.startswith("Reaches further. ")


def test_a_developer_who_may_train_on_prompts_after_all_promises_less() -> None:
    (point,) = differences(TERMS, replace(TERMS, bargain=Bargain(trains_on_prompts=True)))

    assert point.way is Way.PROMISES_LESS
    assert point.text == (
        "You promise less. Now: You may train on what evaluators send. "
        "Before: You do not train on what evaluators send."
    )


def test_a_list_says_only_what_was_added_and_what_is_gone() -> None:
    (point,) = differences(TERMS, replace(TERMS, models=("bell-1", "bell-2")))

    assert (point.way, point.text) == (Way.OTHERWISE, "Differs. Added: bell-2. No longer: bell-1-mini.")


@pytest.mark.parametrize(
    ("hours", "words"),
    [
        (1, "one hour"),
        (23, "23 hours"),
        (24, "one day"),
        (25, "one day and one hour"),
        (720, "30 days"),
        (500, "20 days and 20 hours"),
    ],
)
def test_a_length_of_time_is_said_in_days_and_hours(hours: int, words: str) -> None:
    assert span(hours) == words


@given(st.integers(0, 2**53 - 1))
def test_no_two_amounts_are_written_alike(amount: int) -> None:
    whole, decimals = money(amount, "USD").removesuffix(" USD").replace("\u00a0", "").split(".")

    assert int(whole) * 10**6 + int(decimals.ljust(6, "0")) == amount
    assert len(decimals) >= 2
    assert int(count(amount).replace("\u00a0", "")) == amount
