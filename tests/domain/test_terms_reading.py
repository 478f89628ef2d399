"""Terms and statements that come in as JSON are exactly what they say, or are refused where they are not."""

import copy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.terms import ADMISSION, AGREEMENT, LARGEST, OFFER, START, STATEMENTS, TERMS, statements, terms

from watchbell.domain.terms import Statement, StatementKind, Terms, Unacceptable, statement_from, terms_from

MAPPING = TERMS.as_mapping()
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20)
NAMES = st.sampled_from([*MAPPING, "statement", "engagement", "hourz", "a/b~c", ""])
ANYTHING = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES | st.text(max_size=5), inner, max_size=5)
)


def at(value: Any, pointer: str) -> Any:
    """Return what stands at a JSON pointer (RFC 6901); KeyError or IndexError when nothing does."""
    assert pointer == "" or pointer.startswith("/")
    for part in pointer.split("/")[1:]:
        name = part.replace("~1", "/").replace("~0", "~")
        value = value[int(name)] if isinstance(value, list) else value[name]
    return value


def places(value: Any, pointer: str = "") -> list[str]:
    """Return the pointer of every value within a value."""
    inner: Any = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [pointer, *(place for name, one in inner for place in places(one, f"{pointer}/{name}"))]


def changed(value: Any, pointer: str, new: Any) -> Any:
    """Return a copy in which something else stands at a pointer."""
    if not pointer:
        return new
    made = copy.deepcopy(value)
    above, _, name = pointer.rpartition("/")
    holder = at(made, above)
    holder[int(name) if isinstance(holder, list) else name] = new
    return made


@given(terms())
def test_terms_written_down_and_read_again_are_the_same_terms(one: Terms) -> None:
    again = terms_from(one.as_mapping())

    assert again == one
    assert again.digest == one.digest


@given(statements())
def test_a_statement_written_down_and_read_again_is_the_same_statement(one: Statement) -> None:
    again = statement_from(copy.deepcopy(one.content))

    assert again == one
    assert again.payload == one.payload


@given(ANYTHING)
def test_any_json_value_reads_as_terms_or_is_refused_at_a_place_that_exists(value: object) -> None:
    try:
        read = terms_from(value)
    except Unacceptable as error:
        at(value, error.place)
    else:
        assert terms_from(read.as_mapping()) == read


@settings(max_examples=300)
@given(st.sampled_from(places(MAPPING)), ANYTHING)
def test_terms_with_one_value_changed_read_as_they_stand_or_are_refused_at_a_place_that_exists(
    place: str, new: object
) -> None:
    value = changed(MAPPING, place, new)

    try:
        read = terms_from(value)
    except Unacceptable as error:
        at(value, error.place)
    else:
        assert terms_from(read.as_mapping()) == read


@settings(max_examples=300)
@given(st.sampled_from(STATEMENTS), st.data())
def test_a_statement_with_one_value_changed_is_another_one_or_refused_at_a_place_that_exists(
    one: Statement, data: st.DataObject
) -> None:
    value = changed(one.content, data.draw(st.sampled_from(places(one.content))), data.draw(ANYTHING))

    try:
        read = statement_from(value)
    except Unacceptable as error:
        at(value, error.place)
    else:
        assert read.content == value


WRONG = [
    ("/hours", "three", "/hours", "Expected a whole number, found a text"),
    ("/hours", 3.5, "/hours", "Expected a whole number, found a number"),
    ("/hours", True, "/hours", "Expected a whole number, found true or false"),
    ("/hours", 721, "/hours", "Use 1 to 720 hours"),
    ("/hours", 0, "/hours", "Use 1 to 720 hours"),
    ("/personnel_at_most", 501, "/personnel_at_most", "1 to 500"),
    ("/model_digest", "5" * 63, "/model_digest", "64 small hex digits"),
    ("/model_digest", "A" * 64, "/model_digest", "64 small hex digits"),
    ("/custody", "sealed_deposit", "/custody", "developer_endpoint"),
    ("/scope", [], "/scope", "Expected an object, found a list"),
    ("/scope/models", [], "/scope/models", "one to fifty"),
    ("/scope/models", ["a b"], "/scope/models", "letters, digits"),
    ("/scope/models/1", None, "/scope/models/1", "Expected a text, found null"),
    ("/scope/interfaces/0", "grpc", "/scope/interfaces/0", '"grpc" is not one of chat/completions'),
    ("/safeguards", "none", "/safeguards", "as_released, reduced, removed"),
    ("/egress", ["https://example.org"], "/egress", "host names in small letters"),
    ("/egress", "example.org", "/egress", "Expected a list, found a text"),
    ("/limits/requests", 0, "/limits/requests", "from 1 on"),
    ("/limits/tokens", LARGEST + 1, "/limits/tokens", "from 1 on"),
    ("/limits/cost", "5", "/limits/cost", "a whole number or null"),
    ("/limits/currency", "", "/limits/currency", "three letters"),
    ("/limits/currency", "usd", "/limits/currency", "three letters"),
    ("/limits/input_per_million", -1, "/limits/input_per_million", "from 0 on"),
    ("/limits/output_per_million", -1, "/limits/output_per_million", "from 0 on"),
    ("/limits/opened_a_day", None, "/limits/opened_a_day", "Expected a whole number, found null"),
    ("/developer_does_not/train_on_prompts", 1, "/developer_does_not/train_on_prompts", "Expected true or false"),
    ("/evidence_days", 366, "/evidence_days", "0 to 365 days"),
    ("/evidence_on_withdrawal", "keep", "/evidence_on_withdrawal", "destroy_at_once"),
    ("/kept_after_end/0", "transcripts", "/kept_after_end/0", "not one of scores"),
    ("/third_party_flaws", "", "/third_party_flaws", "route_to_cvd"),
    ("/paper_agreement", "yes", "/paper_agreement", "leave it empty"),
    ("/hourz", 5, "/hourz", 'Write "hours"'),
    ("/limits/a", 5, "/limits/a", "Leave it out"),
]


@pytest.mark.parametrize(("place", "new", "pointed_at", "said"), WRONG)
def test_what_is_wrong_with_terms_is_said_where_it_stands(place: str, new: object, pointed_at: str, said: str) -> None:
    value = changed(MAPPING, place, new)

    with pytest.raises(Unacceptable) as refused:
        terms_from(value)

    assert refused.value.place == pointed_at
    assert said in refused.value.why


@pytest.mark.parametrize("place", [place for place in places(MAPPING) if place and not place[-1].isdigit()])
def test_a_field_that_is_missing_is_named_where_it_belongs(place: str) -> None:
    value = copy.deepcopy(MAPPING)
    above, _, name = place.rpartition("/")
    del at(value, above)[name]

    with pytest.raises(Unacceptable) as refused:
        terms_from(value)

    assert refused.value.place == above
    assert f'"{name}" is missing' in refused.value.why


@pytest.mark.parametrize(
    ("statement", "place", "new", "pointed_at"),
    [
        (OFFER, "/statement", "watchbell-offer-2", "/statement"),
        (OFFER, "/statement", "watchbell-start-1", "/number"),
        (OFFER, "/number", 0, "/number"),
        (OFFER, "/number", LARGEST + 1, "/number"),
        (OFFER, "/developer", "Meridian", "/developer"),
        (OFFER, "/terms/hours", 721, "/terms/hours"),
        (OFFER, "/terms/limits/requests", "many", "/terms/limits/requests"),
        (OFFER, "/terms/scope/models", ["b", "a"], "/terms"),
        (OFFER, "/terms/egress", ["a.example", "a.example"], "/terms"),
        (AGREEMENT, "/offer", "5" * 32, "/offer"),
        (AGREEMENT, "/personnel", list(reversed(AGREEMENT.content["personnel"])), "/personnel"),
        (AGREEMENT, "/personnel/0", "Ada", "/personnel/0"),
        (START, "/agreement", None, "/agreement"),
        (START, "/person", "1" * 32, "/person"),
        (ADMISSION, "/engagement", "E" * 32, "/engagement"),
    ],
)
def test_what_is_wrong_with_a_statement_is_said_where_it_stands(
    statement: Statement, place: str, new: object, pointed_at: str
) -> None:
    with pytest.raises(Unacceptable) as refused:
        statement_from(changed(statement.content, place, new))

    assert refused.value.place == pointed_at


@pytest.mark.parametrize("value", [None, [], "watchbell-offer-1", {}, {"statement": None}, {"statement": ["x"]}])
def test_what_is_no_statement_at_all_is_refused(value: object) -> None:
    with pytest.raises(Unacceptable):
        statement_from(value)


def test_each_statement_knows_what_is_said_by_signing_it() -> None:
    assert [one.kind for one in STATEMENTS] == list(StatementKind)
