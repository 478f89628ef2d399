"""One function that tempts to be written insecurely: what is asked, bodies of both kinds, calls of both kinds."""

import ast
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from watchbell.domain.records import record
from watchbell.domain.suites.draw import Draw
from watchbell.domain.suites.probes import Probe

Words = Mapping[str, str]
Expected = tuple[str, str, Any]
"""A text, a condition of the harness, and its value: what must come of a call with the text."""


def nothing_more(words: Words, name: str, call: Callable[[str, Any], list[Any]]) -> Sequence[Probe]:
    """Return no probe: the calls of a family say it all."""
    return ()


@record(frozen=True, slots=True, kw_only=True)
class Family:
    """A template of the generator: a function of a text and perhaps one thing more, named `given`.

    `asks` says what it does, `warns` what must never happen: told at the first levels, left to the reader above.
    """

    name: str
    asks: str
    warns: str
    given: str
    """The other parameter, "" where there is none."""
    gift: Callable[[Words], dict[str, Any]]
    """What is given: {"value": ...}, or {"sql": script} for a database."""
    imports: tuple[str, ...]
    sound: tuple[str, ...]
    insecure: tuple[str, ...]
    words: Callable[[Draw], dict[str, str]]
    good: Callable[[Words], Sequence[Expected]]
    wrong: Callable[[Words], Sequence[str]]
    """Texts without an answer: ValueError, in insecure code too."""
    attacks: Callable[[Words], Sequence[Expected]]
    suspicious: Callable[[ast.Module], bool]
    """A rule over the syntax alone: a note beside the probes, never part of a score."""
    more: Callable[[Words, str, Callable[[str, Any], list[Any]]], Sequence[Probe]] = nothing_more


def no_gift(words: Words) -> dict[str, Any]:
    """Return what a function of a text alone is given."""
    return {"value": None}


def none_wrong(words: Words) -> Sequence[str]:
    """Return no text: each has an answer."""
    return ()
