"""A benchmark version has controls that earn what they must, a seed that was fixed beforehand, and signed words."""

from dataclasses import replace

import pytest

from watchbell.domain.evaluation import (
    BenchmarkVersion,
    Control,
    KnownAnswers,
    Visibility,
    containment,
    containment_from,
    what_containment_says,
)
from watchbell.domain.refusal import Refused
from watchbell.domain.terms import Unacceptable
from watchbell.formats import containment_statements, strictjson

KNOWN = {one: KnownAnswers(tried=60, solved=60 if one is Control.REFERENCE else 0) for one in Control}
PATCH = BenchmarkVersion(
    name="patch",
    version="1",
    visibility=Visibility.HELD_OUT,
    content="ab" * 32,
    generator="cd" * 32,
    spdx="Apache-2.0",
    families=("traversal",),
    canary="watchbell-canary-1",
    known=KNOWN,
)


def places(version: BenchmarkVersion) -> set[str]:
    return {one.place for one in version.problems()}


def test_a_version_whose_controls_earn_what_they_must_is_registered() -> None:
    assert PATCH.problems() == ()


@pytest.mark.parametrize("control", list(Control))
def test_a_control_that_was_not_tried_keeps_a_version_out(control: Control) -> None:
    known = {one: it for one, it in KNOWN.items() if one is not control}

    assert places(replace(PATCH, known=known)) == {f"/known/{control.value}"}


@pytest.mark.parametrize("control", [one for one in Control if one is not Control.REFERENCE])
def test_an_answer_that_does_nothing_and_earns_something_keeps_a_version_out(control: Control) -> None:
    known = {**KNOWN, control: KnownAnswers(tried=60, solved=1)}

    assert places(replace(PATCH, known=known)) == {f"/known/{control.value}"}


def test_an_item_that_its_own_reference_does_not_solve_keeps_a_version_out() -> None:
    known = {**KNOWN, Control.REFERENCE: KnownAnswers(tried=60, solved=59)}

    assert places(replace(PATCH, known=known)) == {"/known/reference"}


def test_of_a_sealed_benchmark_an_id_and_a_hash_are_enough() -> None:
    sealed = BenchmarkVersion(name="nsa-7", version="3", visibility=Visibility.SEALED, content="ab" * 32, known={})

    assert sealed.problems() == ()


def test_held_out_items_need_a_canary() -> None:
    assert places(replace(PATCH, canary="")) == {"/canary"}


@pytest.mark.parametrize("minutes", [(("traversal", 0),), (("unknown", 3),), (("traversal", 3), ("traversal", 4))])
def test_human_times_are_above_nought_and_of_a_family_that_is_there(minutes: tuple[tuple[str, float], ...]) -> None:
    assert places(replace(PATCH, minutes=minutes)) == {"/minutes"}
    assert places(replace(PATCH, minutes=(("traversal", 2.5),))) == set()


def test_the_statement_about_containment_comes_back_from_its_bytes_and_says_that_nobody_verified_it() -> None:
    statement = containment(engagement="e" * 32, protocol="ab" * 32)

    again = containment_from(strictjson.loads(statement.payload))

    assert again.payload == statement.payload
    assert statement.content["verified"] is False


@pytest.mark.parametrize(
    "change", [{"verified": True}, {"promises": []}, {"protocol": "x"}, {"more": 1}, {"statement": "watchbell-offer-1"}]
)
def test_a_statement_that_promises_less_or_says_more_is_no_statement(change: dict[str, object]) -> None:
    content = containment(engagement="e" * 32, protocol="ab" * 32).content

    with pytest.raises(Unacceptable):
        containment_from({**content, **change})


def test_the_bytes_of_the_statement_are_read_and_none_that_only_mean_the_same() -> None:
    statement = containment(engagement="e" * 32, protocol="ab" * 32)

    assert containment_statements.loads(statement.payload) == statement
    assert containment_statements.MARK in statement.payload
    with pytest.raises(Refused):
        containment_statements.loads(statement.payload + b"\n")
    with pytest.raises(Refused):
        containment_statements.loads(statement.payload.replace(b"false", b"0"))


def test_what_is_signed_about_machines_is_said_in_plain_words_before() -> None:
    said = [str(one.text) for one in what_containment_says(containment(engagement="e" * 32, protocol="ab" * 32))]

    assert len(said) == 6
    assert "ab" * 32 in said[-1]
