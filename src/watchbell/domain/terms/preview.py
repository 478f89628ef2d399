"""What would I sign? Terms in plain words, and what a new version of them changes, for whoever reads before signing.

"You" are the developer: nobody else writes terms. A page or a terminal shows each point as a heading and its text.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from watchbell.domain.sentence import Sentence
from watchbell.domain.terms.aspects import ASPECTS, Aspect, Kind, Measure, count
from watchbell.domain.terms.reading import terms_from
from watchbell.domain.terms.statements import Statement, StatementKind
from watchbell.domain.terms.terms import Terms


class Way(StrEnum):
    """In which direction a new version goes."""

    FURTHER = "further"
    LESS_FAR = "less_far"
    PROMISES_MORE = "promises_more"
    PROMISES_LESS = "promises_less"
    OTHERWISE = "otherwise"


@dataclass(frozen=True, slots=True)
class Point:
    """One thing to know: a heading, and a text of one to three sentences; `way` only where two versions differ."""

    heading: Sentence
    text: Sentence
    way: Way | None = None


_SAID: Final = {
    Way.FURTHER: Sentence("Reaches further"),
    Way.LESS_FAR: Sentence("Reaches less far"),
    Way.PROMISES_MORE: Sentence("You promise more"),
    Way.PROMISES_LESS: Sentence("You promise less"),
    Way.OTHERWISE: Sentence("Differs"),
}
_WAYS: Final = {
    Kind.REACH: (Way.LESS_FAR, Way.FURTHER),
    Kind.PROMISE: (Way.PROMISES_MORE, Way.PROMISES_LESS),
    Kind.NEITHER: (Way.OTHERWISE, Way.OTHERWISE),
}
ALWAYS: Final = (
    Point(
        Sentence("Where the model stays"),
        Sentence("On your own endpoint. Its weights never enter this node, and evaluators never hold your credential."),
    ),
    Point(
        Sentence("What stays yours"),
        Sentence(
            "You may release the model, or withdraw, at any moment, without a reason and without anyone's answer. "
            "All windows onto one version together last 30 days at most. Silence ends them."
        ),
    ),
)
"""What holds under all terms."""


def in_plain_words(terms: Terms) -> tuple[Point, ...]:
    """Return what these terms mean, a point for each thing they settle, and what always holds at the end."""
    return (*(Point(one.heading, _whole(one, terms)) for one in ASPECTS), *ALWAYS)


def differences(before: Terms, after: Terms) -> tuple[Point, ...]:
    """Return what the later terms change, and in which direction; nothing when both say the same."""
    return tuple(_change(one, before, after) for one in ASPECTS if one.measure(before) != one.measure(after))


def what_is_signed(statement: Statement) -> tuple[Point, ...]:
    """Return what a party says by signing this statement; for an offer with all of its terms.

    Raises Unacceptable for a statement that `statement_from` would not have returned.
    """
    said = _SIGNED[statement.kind](statement.content)
    if statement.kind is StatementKind.OFFER:
        return (said, *in_plain_words(terms_from(statement.content["terms"], place="/terms")))
    return (said,)


def _offered(content: Mapping[str, Any]) -> Point:
    template = (
        "You offer version {number} of the terms of engagement {engagement} to evaluator {evaluator}, as {developer}."
    )
    ids = {name: content[name] for name in ("engagement", "evaluator", "developer")}
    return Point(Sentence("An offer"), Sentence(template, number=count(content["number"]), **ids))


def _agreed(content: Mapping[str, Any]) -> Point:
    people = tuple(content["personnel"]) or (Sentence("nobody yet"),)
    template = (
        "You agree to the offer with SHA-256 {offer} in engagement {engagement}. You name these people: {people}."
    )
    return Point(
        Sentence("An agreement"),
        Sentence(template, offer=content["offer"], engagement=content["engagement"], people=people),
    )


def _started(content: Mapping[str, Any]) -> Point:
    template = (
        "You open the window of engagement {engagement} for the people named in the agreement with SHA-256 {agreement}."
    )
    ids = {name: content[name] for name in ("engagement", "agreement")}
    return Point(Sentence("A start"), Sentence(template, **ids))


def _admitted(content: Mapping[str, Any]) -> Point:
    template = (
        "You let one more person into engagement {engagement}: {person}, under the agreement with SHA-256 {agreement}."
    )
    ids = {name: content[name] for name in ("engagement", "person", "agreement")}
    return Point(Sentence("An admission"), Sentence(template, **ids))


_SIGNED: Final = {
    StatementKind.OFFER: _offered,
    StatementKind.AGREEMENT: _agreed,
    StatementKind.START: _started,
    StatementKind.ADMISSION: _admitted,
}


def _whole(aspect: Aspect, terms: Terms) -> Sentence:
    said = aspect.says(terms)
    return Sentence("{said}. {more}.", said=said, more=aspect.adds) if aspect.adds else Sentence("{said}.", said=said)


def _change(aspect: Aspect, before: Terms, after: Terms) -> Point:
    old, new = aspect.measure(before), aspect.measure(after)
    way = _way(aspect.kind, old, new)
    if isinstance(old, frozenset) and isinstance(new, frozenset):
        return Point(aspect.heading, _members(aspect, _SAID[way], new - old, old - new), way)
    text = Sentence(
        "{way}. Now: {now}. Before: {before}.", way=_SAID[way], now=aspect.says(after), before=aspect.says(before)
    )
    return Point(aspect.heading, text, way)


def _way(kind: Kind, old: Measure, new: Measure) -> Way:
    """Return where a change leads; of two sets neither may hold the other."""
    less, more = _WAYS[kind]
    if new < old:  # type: ignore[operator]
        return less
    return more if old < new else Way.OTHERWISE  # type: ignore[operator]


def _members(aspect: Aspect, way: Sentence, added: Iterable[str], gone: Iterable[str]) -> Sentence:
    fresh, former = _named(aspect, added), _named(aspect, gone)
    if not former:
        return Sentence("{way}. Added: {added}.", way=way, added=fresh)
    if not fresh:
        return Sentence("{way}. No longer: {gone}.", way=way, gone=former)
    return Sentence("{way}. Added: {added}. No longer: {gone}.", way=way, added=fresh, gone=former)


def _named(aspect: Aspect, members: Iterable[str]) -> tuple[str, ...]:
    return tuple(aspect.words.get(one, one) for one in sorted(members))
