"""How much does an answer hang on one suite, or on attempts that were lost? One row a reading, from 0 to 1.

The two thresholds that were locked beforehand stand as dashed lines; what lies between them is inconclusive.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from xml.sax.saxutils import escape

from watchbell.web.evaluation.pictures import WIDE, Size, whole

ROW, HEAD, FOOT = 44, 34, 46


@dataclass(frozen=True, slots=True)
class Words:
    """What stands in the picture besides numbers, in the reader's language."""

    title: str
    not_indicated: str
    inconclusive: str
    indicated: str


@dataclass(frozen=True, slots=True)
class Reading:
    """One answer to one indicator: how it was read, its probability from 0 to 1, and that as words."""

    name: str
    probability: float
    said: str
    is_main: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """All readings of one indicator."""

    name: str
    readings: tuple[Reading, ...]


def sensitivity(groups: Sequence[Group], rule: Mapping[str, Any], words: Words, size: Size = WIDE) -> str:
    """Return the readings of every indicator as SVG."""
    parts: list[str] = []
    y = 0
    for group in groups:
        parts += _group(group, rule, words, y, size.wide)
        y += HEAD + ROW * len(group.readings) + FOOT
    return whole(parts, size.wide, y or HEAD, words.title)


def _group(group: Group, rule: Mapping[str, Any], words: Words, top: int, wide: int) -> Iterator[str]:
    yield f'<text class="suite" x="0" y="{top + 20}">{escape(group.name)}</text>'
    floor = top + HEAD + ROW * len(group.readings)
    for share in (rule["not_indicated_up_to"], rule["indicated_from"]):
        x = _x(share, wide)
        yield f'<line class="edge" x1="{x}" x2="{x}" y1="{top + HEAD}" y2="{floor + 6}"/>'
    for at, reading in enumerate(group.readings):
        yield from _row(reading, top + HEAD + ROW * at, wide)
    for share, anchor in ((0, "start"), (0.5, "middle"), (1, "end")):
        yield f'<text x="{_x(share, wide)}" y="{floor + 20}" text-anchor="{anchor}">{share:g}</text>'
    names = ((0, "start", words.not_indicated), (0.5, "middle", words.inconclusive), (1, "end", words.indicated))
    for share, anchor, word in names:
        yield f'<text x="{_x(share, wide)}" y="{floor + 37}" text-anchor="{anchor}">{escape(word)}</text>'


def _row(reading: Reading, top: int, wide: int) -> Iterator[str]:
    x, y = _x(reading.probability, wide), top + 30
    weight = ' class="suite"' if reading.is_main else ""
    kind, radius = ("dot", 6) if reading.is_main else ("ring", 5)
    yield f'<text{weight} x="{_x(0.08, wide)}" y="{top + 18}">{escape(reading.name)}: {escape(reading.said)}</text>'
    yield f'<line class="grid" x1="{_x(0, wide)}" x2="{_x(1, wide)}" y1="{y}" y2="{y}"/>'
    yield f'<circle class="{kind}" cx="{x}" cy="{y}" r="{radius}"/>'


def _x(share: float, wide: int) -> float:
    left, right = 8, wide - 8
    return round(left + (right - left) * min(max(share, 0.0), 1.0), 1)
