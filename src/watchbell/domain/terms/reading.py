"""Is this what it looks like? JSON from a page, a program or a file becomes terms or a statement, or is refused.

The inverse of `Terms.as_mapping` and of the four statements: every field stands there once, with a value of the type
it is written in, and nothing else does. Where that is not so, `Unacceptable` points at what is there and is wrong.
"""

import difflib
import re
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any, Final, TypeVar

from watchbell.domain.metering import Dialect, Prices
from watchbell.domain.sentence import Sentence
from watchbell.domain.terms.statements import Statement, StatementKind
from watchbell.domain.terms.terms import (
    CUSTODY,
    MOST_PEOPLE,
    Bargain,
    EvidenceOnWithdrawal,
    Kept,
    Limits,
    Routing,
    Safeguards,
    Terms,
    Unacceptable,
)

_Word = TypeVar("_Word", bound=StrEnum)
_Object = Mapping[str, object]
_Fields = dict[str, Any]
_SHOWN: Final = 60
_TERMS: Final = (
    *("model_digest", "custody", "scope", "safeguards", "hours", "personnel_at_most", "egress", "limits"),
    *("developer_does_not", "evidence_days", "evidence_on_withdrawal", "kept_after_end", "third_party_flaws"),
    "paper_agreement",
)
_BOUNDS: Final = ("requests", "tokens", "cost", "per_minute", "at_once")
_LIMITS: Final = (*_BOUNDS, "currency", "input_per_million", "output_per_million", "opened_a_day")
_BARGAIN: Final = ("train_on_prompts", "retain_prompts", "let_staff_read_prompts")
_STATEMENTS: Final = {
    StatementKind.OFFER: ("number", "developer", "evaluator", "terms"),
    StatementKind.AGREEMENT: ("offer", "personnel"),
    StatementKind.START: ("agreement",),
    StatementKind.ADMISSION: ("agreement", "person"),
}
_LARGEST: Final = 2**53 - 1
_ID, _DIGEST = re.compile(r"[0-9a-f]{32}"), re.compile(r"[0-9a-f]{64}")
_TYPES: Final[dict[type, Sentence]] = {
    dict: Sentence("an object"),
    list: Sentence("a list"),
    str: Sentence("a text"),
    bool: Sentence("true or false"),
    int: Sentence("a whole number"),
    float: Sentence("a number"),
    type(None): Sentence("null"),
}


def terms_from(value: object, *, place: str = "") -> Terms:
    """Return the terms that these JSON values are: `terms_from(terms.as_mapping())` equals `terms`.

    `place` is the JSON pointer of the terms in what they were taken from. Raises Unacceptable, which points below it.
    """
    found = _object(value, place, _TERMS)
    if _text(found, place, "custody") != CUSTODY:
        why = Sentence("Use {custody}: the model stays with its developer.", custody=CUSTODY)
        raise Unacceptable(f"{place}/custody", why)
    fields = {**_scope(found["scope"], f"{place}/scope"), **_reach(found, place), **_duties(found, place)}
    try:
        return Terms(**fields)
    except Unacceptable as error:
        raise Unacceptable(place + error.place, error.why) from None


def statement_from(value: object) -> Statement:
    """Return the statement that these JSON values are, of whichever kind it says it is.

    Whoever has its bytes must still compare them with `payload`: only those were signed. Raises Unacceptable.
    """
    kind = _word(_holder(value, "", "statement")["statement"], "/statement", StatementKind)
    found = _object(value, "", ("statement", "engagement", *_STATEMENTS[kind]))
    _matching(found, "", "engagement", _ID)
    match kind:
        case StatementKind.OFFER:
            _offer(found)
        case StatementKind.AGREEMENT:
            _matching(found, "", "offer", _DIGEST)
            _personnel(found)
        case StatementKind.START:
            _matching(found, "", "agreement", _DIGEST)
        case StatementKind.ADMISSION:
            _matching(found, "", "agreement", _DIGEST)
            _matching(found, "", "person", _ID)
    return Statement(dict(found))


def _offer(found: _Object) -> None:
    if not 1 <= _whole(found, "", "number") <= _LARGEST:
        raise Unacceptable("/number", Sentence("Use a whole number from 1 on."))
    _matching(found, "", "developer", _ID)
    _matching(found, "", "evaluator", _ID)
    if terms_from(found["terms"], place="/terms").as_mapping() != found["terms"]:
        raise Unacceptable("/terms", Sentence("Sort each list of the terms, and name nothing twice."))


def _personnel(found: _Object) -> None:
    named = _texts(found, "", "personnel")
    for index, one in enumerate(named):
        _fitting(one, f"/personnel/{index}", _ID)
    if len(named) > MOST_PEOPLE or list(named) != sorted(set(named)):
        raise Unacceptable("/personnel", Sentence("Name up to {most} people in order, each once.", most=MOST_PEOPLE))


def _scope(value: object, place: str) -> _Fields:
    found = _object(value, place, ("models", "interfaces"))
    return {"models": _texts(found, place, "models"), "dialects": _words(found, place, "interfaces", Dialect)}


def _reach(found: _Object, place: str) -> _Fields:
    return {
        "model_digest": _text(found, place, "model_digest"),
        "safeguards": _word(found["safeguards"], f"{place}/safeguards", Safeguards),
        "hours": _whole(found, place, "hours"),
        "personnel_at_most": _whole(found, place, "personnel_at_most"),
        "egress": _texts(found, place, "egress"),
        "limits": _limits(found["limits"], f"{place}/limits"),
    }


def _duties(found: _Object, place: str) -> _Fields:
    withdrawn = _word(found["evidence_on_withdrawal"], f"{place}/evidence_on_withdrawal", EvidenceOnWithdrawal)
    return {
        "bargain": _bargain(found["developer_does_not"], f"{place}/developer_does_not"),
        "evidence_days": _whole(found, place, "evidence_days"),
        "evidence_on_withdrawal": withdrawn,
        "kept_after_end": _words(found, place, "kept_after_end", Kept),
        "routing": _word(found["third_party_flaws"], f"{place}/third_party_flaws", Routing),
        "paper_agreement": _text(found, place, "paper_agreement"),
    }


def _limits(value: object, place: str) -> Limits:
    found = _object(value, place, _LIMITS)
    prices = Prices(_whole(found, place, "input_per_million"), _whole(found, place, "output_per_million"))
    return Limits(
        **{name: _bound(found, place, name) for name in _BOUNDS},
        currency=_text(found, place, "currency"),
        prices=prices,
        opened_a_day=_whole(found, place, "opened_a_day"),
    )


def _bargain(value: object, place: str) -> Bargain:
    found = _object(value, place, _BARGAIN)
    trains, retains, staff = (not _flag(found, place, name) for name in _BARGAIN)
    return Bargain(trains_on_prompts=trains, retains_prompts=retains, staff_read_prompts=staff)


# ---- one value at a time


def _object(value: object, place: str, names: tuple[str, ...]) -> _Object:
    """Return an object that holds these names and no others."""
    found = _holder(value, place)
    for name in found:
        if name not in names:
            raise Unacceptable(f"{place}/{_escaped(name)}", _unknown(name, names))
    return _holder(value, place, *names)


def _holder(value: object, place: str, *names: str) -> _Object:
    """Return the object that holds these names at least."""
    if not isinstance(value, dict):
        raise _wrong(place, _TYPES[dict], value)
    for name in names:
        if name not in value:
            raise Unacceptable(place, Sentence('The field "{name}" is missing. Add it.', name=name))
    return value


def _unknown(name: str, names: tuple[str, ...]) -> Sentence:
    near = difflib.get_close_matches(name[:_SHOWN], names, n=1)
    if near:
        template = 'There is no field "{name}". Write "{near}", or leave it out.'
        return Sentence(template, name=name[:_SHOWN], near=near[0])
    return Sentence('There is no field "{name}". Leave it out.', name=name[:_SHOWN])


def _text(found: _Object, place: str, name: str) -> str:
    return _taken(found, place, name, str)


def _whole(found: _Object, place: str, name: str) -> int:
    return _taken(found, place, name, int)


def _flag(found: _Object, place: str, name: str) -> bool:
    return _taken(found, place, name, bool)


_Taken = TypeVar("_Taken", str, int, bool)


def _taken(found: _Object, place: str, name: str, kind: type[_Taken]) -> _Taken:
    value = found[name]
    if type(value) is not kind:  # true is no number, though Python counts with it
        raise _wrong(f"{place}/{name}", _TYPES[kind], value)
    return value


def _bound(found: _Object, place: str, name: str) -> int | None:
    value = found[name]
    if value is not None and type(value) is not int:
        raise _wrong(f"{place}/{name}", Sentence("a whole number or null"), value)
    return value


def _texts(found: _Object, place: str, name: str) -> tuple[str, ...]:
    return _listed(found, place, name, _plain)


def _words(found: _Object, place: str, name: str, words: type[_Word]) -> tuple[_Word, ...]:
    return _listed(found, place, name, lambda one, where: _word(one, where, words))


_One = TypeVar("_One")


def _listed(found: _Object, place: str, name: str, read: Callable[[object, str], _One]) -> tuple[_One, ...]:
    value = found[name]
    if not isinstance(value, list):
        raise _wrong(f"{place}/{name}", _TYPES[list], value)
    return tuple(read(one, f"{place}/{name}/{index}") for index, one in enumerate(value))


def _plain(value: object, place: str) -> str:
    if type(value) is not str:
        raise _wrong(place, _TYPES[str], value)
    return value


def _word(value: object, place: str, words: type[_Word]) -> _Word:
    found = _plain(value, place)
    if found not in set(words):
        known = tuple(one.value for one in words)
        raise Unacceptable(place, Sentence('"{found}" is not one of {known}.', found=found[:_SHOWN], known=known))
    return words(found)


def _matching(found: _Object, place: str, name: str, pattern: re.Pattern[str]) -> None:
    _fitting(_text(found, place, name), f"{place}/{name}", pattern)


def _fitting(text: str, place: str, pattern: re.Pattern[str]) -> None:
    if not pattern.fullmatch(text):
        digits = 32 if pattern is _ID else 64
        raise Unacceptable(place, Sentence("Give {digits} small hex digits, as the node shows them.", digits=digits))


def _wrong(place: str, wanted: Sentence, value: object) -> Unacceptable:
    found = _TYPES.get(type(value), _TYPES[type(None)])
    return Unacceptable(
        place, Sentence("Expected {wanted}, found {found}. Correct this value.", wanted=wanted, found=found)
    )


def _escaped(name: str) -> str:
    """Return a name as it stands in a JSON pointer (RFC 6901)."""
    return name.replace("~", "~0").replace("/", "~1")
