"""A sentence is English to programs and keeps its words apart from its values for whoever translates it."""

import copy

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from watchbell.domain.lifecycle import REPORT, NotPossible, Report, ReportEvent
from watchbell.domain.refusal import refuse
from watchbell.domain.sentence import Sentence

TEXTS = st.text(max_size=40)
VALUES = st.recursive(
    TEXTS | st.integers(),
    lambda inner: st.builds(lambda one: Sentence("it is {one}.", one=one), inner) | st.tuples(TEXTS, TEXTS),
    max_leaves=4,
)


def test_a_sentence_reads_as_english_wherever_a_text_is_expected() -> None:
    said = Sentence("At most {limit} bytes of {what}", limit=3, what=Sentence("a text."))

    assert said == "At most 3 bytes of a text"
    assert f"{said}!" == "At most 3 bytes of a text!"


def test_values_are_never_read_as_templates() -> None:
    said = Sentence("{found} is no number.", found="{limit} {0.__class__}")

    assert said == "{limit} {0.__class__} is no number."
    assert Sentence("100 % {of} this") == "100 % {of} this"


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(st.sampled_from(["a", "b"]), VALUES, min_size=2, max_size=2))
def test_copying_packing_and_raising_forget_nothing(values: dict[str, str | int | tuple[str, ...]]) -> None:
    said = Sentence("{a} beside {b}.", **values)

    kept = (
        copy.deepcopy(said),
        copy.copy(said),
        str(ValueError(said)),
        Sentence.unpacked(said.packed(5000)),
    )

    assert all(isinstance(one, Sentence) and one == said for one in kept)
    assert {(one.template, repr(one.values)) for one in kept if isinstance(one, Sentence)} == {
        (said.template, repr(said.values))
    }


@settings(max_examples=60, deadline=None)
@given(TEXTS.map(lambda text: text * 30), st.integers(min_value=60, max_value=300))
def test_a_column_is_never_too_short_for_a_packed_sentence(value: str, longest: int) -> None:
    packed = Sentence("{version} is in {range}", version=value, range="[1, 2)").packed(longest)

    assert len(packed) <= longest
    assert "is in" in Sentence.unpacked(packed)


@pytest.mark.parametrize("text", ["", "plain", "[not json", "[1, 2, 3]", '["{x}", {}, 4]', '["{x}", 3]', "[]"])
def test_a_text_nobody_packed_is_said_as_it_stands(text: str) -> None:
    assert Sentence.unpacked(text) == text


def test_a_refusal_keeps_message_place_and_advice_apart() -> None:
    error = refuse("too-large", "It is too large.", place="a.csv, line 3", expected="At most 3", todo="Split it")

    said = str(error)

    assert said == "It is too large (a.csv, line 3). At most 3. Split it."
    assert isinstance(said, Sentence)
    assert isinstance(said.values["place"], Sentence)
    assert [str(one) for one in said.values["place"].values.values()] == ["a.csv, ", "line", " 3"]


def test_a_rule_that_refuses_says_what_why_and_what_is_possible() -> None:
    with pytest.raises(NotPossible) as refused:
        REPORT.next(Report.CLOSED, ReportEvent.ACCEPT)

    assert str(refused.value) == (
        "'accept' is not possible while the report is 'closed'. A closed report stays closed; "
        "new facts are a new report. Possible now: nothing, this is where it ends."
    )
