"""Read and write an evaluation's protocol: JSON that a person or a program wrote, or our own canonical bytes."""

from typing import Any, Final

from watchbell.domain.evaluation import Indicator, Listed, Measured, Protocol, Rule, Scaffold, Suite
from watchbell.domain.evaluation.protocol import FORM
from watchbell.domain.refusal import refuse
from watchbell.domain.sentence import Sentence
from watchbell.formats import fields, strictjson
from watchbell.formats.fields import Json, pointer

_TOP: Final = (
    *("protocol", "title", "model", "suites", "budgets", "epochs", "scaffold", "references", "indicators", "rule"),
)


def loads(data: bytes) -> Protocol:
    """Return the protocol in these bytes; raises Refused with a JSON pointer.

    Whether it may be locked is `domain.evaluation.problems`: a draft may still lack something.
    """
    found = fields.root(strictjson.loads(data))
    _only(found, "", _TOP)
    if fields.required_text(found, "protocol") != FORM:
        raise fields.unsupported("protocol", str(found["protocol"]), FORM, place="/protocol")
    return Protocol(
        title=fields.text(found, "title"),
        model=_model(fields.mapping(found, "model")),
        suites=tuple(_suite(one, place) for one, place in fields.objects(found, "suites")),
        budgets=_numbers(found, "budgets", ""),
        epochs=_number(found, "epochs", ""),
        scaffold=_scaffold(fields.mapping(found, "scaffold")),
        references=fields.texts(found, "references"),
        indicators=tuple(_indicator(one, place) for one, place in fields.objects(found, "indicators")),
        rule=_rule(fields.mapping(found, "rule")),
    )


def dumps(protocol: Protocol) -> bytes:
    """Return the protocol's canonical bytes: the same for equal protocols."""
    return protocol.canonical


def _model(found: Json) -> Measured:
    _only(found, "/model", ("digest", "alias", "answers_as"))
    return Measured(
        digest=fields.text(found, "digest", "/model"),
        alias=fields.text(found, "alias", "/model"),
        answers_as=fields.texts(found, "answers_as", "/model"),
    )


def _suite(found: Json, place: str) -> Suite:
    _only(found, place, ("benchmark", "version", "families", "levels", "each", "listed"))
    return Suite(
        benchmark=fields.text(found, "benchmark", place),
        version=fields.text(found, "version", place),
        families=fields.texts(found, "families", place),
        levels=_numbers(found, "levels", place),
        each=_number(found, "each", place),
        listed=tuple(_listed(one, where) for one, where in fields.objects(found, "listed", place)),
    )


def _listed(found: Json, place: str) -> Listed:
    _only(found, place, ("item", "family"))
    return Listed(item=fields.text(found, "item", place), family=fields.text(found, "family", place))


def _scaffold(found: Json) -> Scaffold:
    _only(found, "/scaffold", ("name", "version"))
    name, version = (fields.text(found, key, "/scaffold") for key in ("name", "version"))
    return Scaffold(name=name, version=version)


def _indicator(found: Json, place: str) -> Indicator:
    _only(found, place, ("name", "suites", "anchor", "delta"))
    return Indicator(
        name=fields.text(found, "name", place),
        suites=fields.texts(found, "suites", place),
        anchor=fields.text(found, "anchor", place),
        delta=_real(found, "delta", place, 0.0),
    )


def _rule(found: Json) -> Rule:
    _only(found, "/rule", ("indicated_from", "not_indicated_up_to"))
    usual = Rule()
    return Rule(
        indicated_from=_real(found, "indicated_from", "/rule", usual.indicated_from),
        not_indicated_up_to=_real(found, "not_indicated_up_to", "/rule", usual.not_indicated_up_to),
    )


def _numbers(found: Json, key: str, place: str) -> tuple[int, ...]:
    values = fields.items(found, key, place)
    for at, value in enumerate(values):
        _whole(value, pointer(place, key, at))
    return tuple(values)


def _number(found: Json, key: str, place: str) -> int:
    value = found.get(key, 0)
    _whole(value, pointer(place, key))
    return int(value)


def _whole(value: Any, place: str) -> None:
    if type(value) is not int:
        raise fields.wrong_type(place, int, value)
    if abs(value) > 2**53 - 1:
        raise refuse("wrong-value", "The number is too large.", place=place, expected=Sentence("Below 2^53"))


def _real(found: Json, key: str, place: str, usual: float) -> float:
    value = found.get(key, usual)
    if type(value) not in (int, float):
        raise fields.wrong_type(pointer(place, key), float, value)
    return float(value)


def _only(found: Json, place: str, known: tuple[str, ...]) -> None:
    """Refuse a field nobody knows: what a protocol says and nobody reads would not be what was locked."""
    for key in found:
        if key not in known:
            names = Sentence("Known here: {names}", names=tuple(known))
            raise refuse("unknown-field", "A protocol has no such field.", place=pointer(place, key), expected=names)
