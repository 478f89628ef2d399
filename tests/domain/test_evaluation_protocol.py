"""A protocol is one thing to everybody: the same bytes, the same digest, and every fault of it has a place."""

from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.protocols import PATCH, PROTOCOL, protocols

from watchbell.domain.evaluation import Indicator, Listed, Protocol, Rule, Suite, problems
from watchbell.domain.refusal import Refused
from watchbell.formats import protocols as codec
from watchbell.formats import strictjson


def places(protocol: Protocol) -> set[str]:
    return {one.place for one in problems(protocol)}


@given(protocols())
def test_a_protocol_that_makes_sense_has_no_problems_and_comes_back_from_its_bytes(protocol: Protocol) -> None:
    again = codec.loads(codec.dumps(protocol))

    assert problems(protocol) == ()
    assert (again, again.digest) == (protocol, protocol.digest)
    assert codec.dumps(again) == codec.dumps(protocol)


@given(protocols(), protocols())
def test_two_protocols_have_one_digest_only_when_they_are_equal(one: Protocol, other: Protocol) -> None:
    assert (one.digest == other.digest) == (one == other)


@given(protocols())
def test_the_cells_are_items_times_budgets_times_epochs_and_none_twice(protocol: Protocol) -> None:
    for suite in protocol.suites:
        cells = list(protocol.cells(suite))

        assert len(cells) == len(set(cells)) == suite.size * len(protocol.budgets) * protocol.epochs


def test_generated_items_are_named_as_the_built_in_suites_name_them() -> None:
    assert [name for name, _, _ in PATCH.items()][:2] == ["patch.traversal.1.0", "patch.traversal.1.1"]
    assert replace(PATCH, benchmark="watchbell/patch").short == "patch"


@pytest.mark.parametrize(
    ("changed", "place"),
    [
        ({"title": " "}, "/title"),
        ({"title": "a\x00b"}, "/title"),
        ({"title": "a\nb"}, "/title"),
        ({"suites": ()}, "/suites"),
        ({"suites": (PATCH, PATCH)}, "/suites"),
        ({"suites": (replace(PATCH, each=0),)}, "/suites/0"),
        ({"suites": (replace(PATCH, levels=(0,)),)}, "/suites/0/levels"),
        ({"suites": (replace(PATCH, listed=(Listed(item="a", family="f"),)),)}, "/suites/0/listed"),
        ({"suites": (replace(PATCH, each=10**6),)}, "/suites"),
        ({"budgets": ()}, "/budgets"),
        ({"budgets": (10, 5)}, "/budgets"),
        ({"budgets": (5, 5)}, "/budgets"),
        ({"epochs": 0}, "/epochs"),
        ({"references": (PROTOCOL.model.alias,)}, "/references"),
        ({"references": ()}, "/indicators/0/anchor"),
        ({"indicators": ()}, "/indicators"),
        ({"indicators": PROTOCOL.indicators * 6}, "/indicators"),
        ({"indicators": (Indicator(name="x", suites=("other",), anchor="bell-0", delta=0.1),)}, "/indicators/0/suites"),
        ({"indicators": (Indicator(name="x", suites=("patch",), anchor="bell-0", delta=1e9),)}, "/indicators/0/delta"),
        ({"rule": Rule(indicated_from=0.4)}, "/rule"),
        ({"model": replace(PROTOCOL.model, digest="5e")}, "/model/digest"),
        ({"model": replace(PROTOCOL.model, alias="two words")}, "/model/alias"),
    ],
)
def test_what_is_wrong_with_a_protocol_is_told_with_its_place(changed: dict[str, object], place: str) -> None:
    assert place in places(replace(PROTOCOL, **changed))  # type: ignore[arg-type]


def test_six_primary_indicators_are_one_too_many_and_five_are_not() -> None:
    many = [replace(PROTOCOL.indicators[0], name=f"q{number}") for number in range(6)]

    assert problems(replace(PROTOCOL, indicators=tuple(many[:5]))) == ()
    assert places(replace(PROTOCOL, indicators=tuple(many))) == {"/indicators"}


@pytest.mark.parametrize(
    ("change", "place"),
    [
        (lambda found: found.update(note="x"), "/note"),
        (lambda found: found["suites"][0].update(each="3"), "/suites/0/each"),
        (lambda found: found["suites"][0].update(each=True), "/suites/0/each"),
        (lambda found: found["budgets"].append(1.5), "/budgets/2"),
        (lambda found: found.update(protocol="watchbell-protocol-2"), "/protocol"),
        (lambda found: found["rule"].update(indicated_from="0.9"), "/rule/indicated_from"),
    ],
)
def test_a_document_that_is_no_protocol_is_refused_with_its_place(change: object, place: str) -> None:
    found = strictjson.loads(codec.dumps(PROTOCOL))
    change(found)  # type: ignore[operator]

    with pytest.raises(Refused) as refused:
        codec.loads(strictjson.dumps(found))

    assert refused.value.refusal.place == place


@given(st.binary(max_size=200))
def test_any_bytes_are_a_protocol_or_are_refused(data: bytes) -> None:
    with suppress(Refused):
        assert isinstance(codec.loads(data), Protocol)


def test_an_item_of_a_list_has_its_family_and_no_level() -> None:
    suite = Suite(benchmark="inspect_evals/cybench", version="2-A", listed=(Listed(item="glacier", family="crypto"),))

    assert list(suite.items()) == [("glacier", "crypto", 0)]
