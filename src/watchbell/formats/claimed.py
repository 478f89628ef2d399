"""What does a reader of findings yield? Each item as a claim, or a refusal, with its place; never half of one.

A place is "line 12" in a format of lines and a JSON pointer in one document; "" is the only item there is.
"""

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from watchbell.domain.advisory import Claim
from watchbell.domain.refusal import Refusal, Refused, refuse
from watchbell.domain.sentence import Sentence

MOST_LINES = 1_000_000
LONGEST_LINE = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Claimed:
    """One item of an upload that could be read, and where it stood."""

    place: str
    claim: Claim


@dataclass(frozen=True, slots=True)
class NotTaken:
    """One item of an upload that its reader refused."""

    refusal: Refusal


Item = Claimed | NotTaken
Make = Callable[[bytes], Claim]
"""How one record becomes a claim; raises Refused with a place inside the record."""


def made(place: str, make: Callable[[], Claim]) -> Item:
    """Return what `make` makes of the item at this place; what it refuses is refused here."""
    try:
        return Claimed(place, make())
    except Refused as refused:
        return NotTaken(at(place, refused.refusal))


def at(place: str, why: Refusal) -> Refusal:
    """Return a refusal of a part, told from the outside: `why.place` lies within the item at `place`."""
    if not place or (place.startswith("/") and why.place.startswith(place)):
        return why
    within = why.place.removeprefix("line 1 ") if why.place != "/" else ""
    if place.startswith("/"):  # a line and a column of the cut-out item would name no place in the document
        return replace(why, place=place + within if within.startswith("/") else place)
    return replace(why, place=f"{place} {within}".rstrip())


def records(content: bytes, make: Make) -> Iterator[Item]:
    """Yield each record of a document that is one JSON object, or holds one a line (the first line tells which)."""
    if not has_lines(content):
        yield made("", lambda: make(content))
        return
    for number, line in enumerate(io.BytesIO(content), start=1):
        if line.strip():
            yield _of_line(f"line {number}", line.rstrip(b"\r\n"), make)


def count(content: bytes) -> int:
    """Return how many items `records` yields, without reading them; raises Refused when there are too many."""
    if not has_lines(content):
        return 1
    if content.count(b"\n") >= MOST_LINES:
        raise too_many(Sentence("At most {limit} lines", limit=MOST_LINES))
    return sum(1 for line in io.BytesIO(content) if line.strip())


def has_lines(content: bytes) -> bool:
    """Return whether the first line that is not blank is a whole value, not the beginning of one."""
    start = len(content) - len(content.lstrip())
    end = content.find(b"\n", start)
    return content[start : end if end >= 0 else len(content)].rstrip().endswith(b"}")


def too_many(expected: str) -> Refused:
    """Return the refusal of a whole document that holds more than anything may."""
    return refuse("too-many", "The document holds too many items.", expected=expected, todo="Send it in several parts")


def _of_line(place: str, line: bytes, make: Make) -> Item:
    if len(line) <= LONGEST_LINE:
        return made(place, lambda: make(line))
    expected = Sentence("At most {limit} bytes", limit=LONGEST_LINE)
    return NotTaken(Refusal(code="line-too-long", message="The line is too long.", place=place, expected=expected))
