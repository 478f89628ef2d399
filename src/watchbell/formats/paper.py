"""What stands on paper, block by block, as data for the typesetter: never as markup.

A paper is written as JSON that a fixed template reads (`outside.typesetting`). Whatever text somebody else wrote, it
is a string there: it names no function, opens no file, and turns no line around. Of letters the typesetter has no
typeface for, the number stands in brackets.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from watchbell.domain.canonical import canonical
from watchbell.domain.inert import shown
from watchbell.domain.records import record

MOST_LETTERS: Final = 40_000
_SPACES: Final = {ord("\N{NO-BREAK SPACE}"): " ", ord("\N{NARROW NO-BREAK SPACE}"): " "}
_MISSING: Final = re.compile(
    "[^\n\t\u0020-\u007e\u00a1-\u00ac\u00ae-\u0377\u0384-\u038a\u038e-\u03a1\u03a3-\u0482\u048a-\u04ff\u0531-\u0556"
    "\u0561-\u0587\u05d0-\u05ea\u1e00-\u1eff\u2010-\u2027\u2030-\u2040\u2044-\u2052\u20a0-\u20bf\u2190-\u22ff]"
)
"""Every letter outside these ranges; a test sets all within them, in the typefaces that come with the typesetter."""


@record(frozen=True, slots=True, kw_only=True)
class Heading:
    """What a part is about; level 1 stands below the title."""

    text: str
    level: int = 1


@record(frozen=True, slots=True, kw_only=True)
class Text:
    """A paragraph; a quiet one is set smaller, a strong one bolder."""

    text: str
    weight: str = ""


@record(frozen=True, slots=True, kw_only=True)
class Quote:
    """What somebody said, word for word and line by line."""

    text: str


@record(frozen=True, slots=True, kw_only=True)
class Points:
    """A list of sentences."""

    items: tuple[str, ...]


@record(frozen=True, slots=True, kw_only=True)
class Facts:
    """Names and what they stand for; digests are set so that they can be compared by eye."""

    pairs: tuple[tuple[str, str], ...]


@record(frozen=True, slots=True, kw_only=True)
class Table:
    """A table with its head; `numbers` are the columns set to the right."""

    caption: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numbers: tuple[int, ...] = ()


@record(frozen=True, slots=True, kw_only=True)
class Picture:
    """An SVG of our own drawing, what it says to somebody who does not see it, and what stands below it."""

    svg: str
    alt: str
    caption: str


Block = Heading | Text | Quote | Points | Facts | Table | Picture


@record(frozen=True, slots=True, kw_only=True)
class Paper:
    """A whole paper. `language` is a tag as in HTML; `made_at` is the moment it says it was made at.

    `marking` stands on every page. `on_letters` is said at the end where a letter had to be written as its number.
    """

    title: str
    language: str
    made_at: datetime
    marking: str
    lead: str
    on_letters: str
    blocks: tuple[Block, ...]


def dumps(paper: Paper) -> bytes:
    """Return the data for the typesetter's template: canonical JSON (RFC 8785)."""
    blocks = [{"kind": type(one).__name__.lower(), **_values(one)} for one in paper.blocks]
    texts = {"title": paper.title, "marking": paper.marking, "lead": paper.lead}
    said = {name: letters(text) for name, text in texts.items()}
    is_lacking = any(_lacks(text) for text in _texts(paper.blocks)) or any(map(_lacks, texts.values()))
    if is_lacking:
        blocks.append({"kind": "text", "text": letters(paper.on_letters), "weight": "quiet"})
    return canonical({**said, "language": paper.language, "blocks": blocks})


def letters(text: str) -> str:
    """Return a text as it can be set: what cannot be seen is spelt out, what has no typeface stands as its number."""
    return _MISSING.sub(lambda found: f"[U+{ord(found[0]):04X}]", _seen(text))


def _seen(text: str) -> str:
    return shown(text.translate(_SPACES), most=MOST_LETTERS)


def _lacks(text: str) -> bool:
    return _MISSING.search(_seen(text)) is not None


def _values(block: Block) -> Mapping[str, Any]:
    values = {name: getattr(block, name) for name in type(block).__slots__}
    return {name: value if name == "svg" else _set(value) for name, value in values.items()}


def _set(value: Any) -> Any:
    if isinstance(value, str):
        return letters(value)
    return [_set(one) for one in value] if isinstance(value, Sequence) else value


def _texts(value: Any) -> list[str]:
    """Return every text of these blocks, pictures apart: we draw those ourselves."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, Sequence):
        return [text for one in value for text in _texts(one)]
    if isinstance(value, Block):
        return _texts([getattr(value, name) for name in type(value).__slots__ if name != "svg"])
    return []
