"""Does this text show people what it says, or does it hide or reorder something?"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

# More marks on one letter than any living script stacks; real text stays below ten.
MAX_MARKS = 32


class Oddity(Enum):
    """Why a text is not what it looks like."""

    NUL = "a NUL character"
    CONTROL = "a control character"
    BIDI = "a character that reorders the text around it"
    SURROGATE = "half a character"
    HIDDEN = "an invisible character"
    PILE = "a pile of marks on one letter"


@dataclass(frozen=True, slots=True)
class OddPlace:
    """Where in a text something odd stands; `index` counts characters from 0."""

    oddity: Oddity
    index: int


# Tab, LF and CR are text. U+200E and U+200F are needed to write Hebrew and Arabic; the overrides, embeddings and
# isolates are what "Trojan Source" (CVE-2021-42574) is made of. U+E0000.. are the invisible tag letters.
_ODD = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u2028\u2029\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\U000e0000-\U000e007f]"
)
_MAYBE_PILE = re.compile(f"[^\x00-\u02ff]{{{MAX_MARKS + 1},}}")


def oddities(text: str) -> Iterator[OddPlace]:
    """Return the odd places of a text: first single characters, then piles of marks, each in order."""
    for match in _ODD.finditer(text):
        yield OddPlace(_kind(match[0]), match.start())
    if not text.isascii():
        yield from (OddPlace(Oddity.PILE, start) for start, _ in _piles(text))


def text_is_clean(text: str) -> bool:
    """Return True when nothing in the text is hidden, reordered or unprintable."""
    return next(oddities(text), None) is None


def visible_controls(text: str) -> str:
    """Return the text with every odd character written out, as in "[U+202E]", and piles of marks cut short."""
    shown = text
    if not text.isascii():
        for start, end in reversed(list(_piles(text))):
            shown = f"{shown[: start + MAX_MARKS]}[and {end - start - MAX_MARKS} more marks]{shown[end:]}"
    return _ODD.sub(lambda match: f"[U+{ord(match[0]):04X}]", shown)


def _kind(character: str) -> Oddity:
    code = ord(character)
    if code == 0:
        return Oddity.NUL
    if 0xD800 <= code <= 0xDFFF:
        return Oddity.SURROGATE
    if 0x202A <= code <= 0x202E or 0x2066 <= code <= 0x2069:
        return Oddity.BIDI
    return Oddity.CONTROL if code < 0xA0 else Oddity.HIDDEN


def _piles(text: str) -> Iterator[tuple[int, int]]:
    """Return (start, end) of every run of more than MAX_MARKS marks or joiners."""
    for candidate in _MAYBE_PILE.finditer(text):
        start: int | None = None
        for index in range(candidate.start(), candidate.end() + 1):
            if index < candidate.end() and _is_mark(text[index]):
                start = index if start is None else start
                continue
            if start is not None and index - start > MAX_MARKS:
                yield start, index
            start = None


def _is_mark(character: str) -> bool:
    return character == "\u200d" or unicodedata.category(character).startswith("M")
