"""Would a larger budget have solved more? One panel a suite: share solved by budget, with intervals, and how it ends.

The words below a panel say what its line shows; a line that still rises goes on in dashes.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from xml.sax.saxutils import escape

from watchbell.web.evaluation.pictures import WIDE, Size, end_of, grouped, whole

HIGH, TOP, LEFT, RIGHT, FLOOR, FOOT = 224, 34, 52, 26, 144, 42
SLOPE: Final = {"still rising": "\N{NORTH EAST ARROW}", "flat": "\N{RIGHTWARDS ARROW}"}
FEW: Final = 3
"""More budgets than these have no room for all their names; then the first and the last are named."""


@dataclass(frozen=True, slots=True)
class Words:
    """What stands in the picture besides names and numbers, in the reader's language."""

    title: str
    shapes: Mapping[str, str]
    nothing: str


def curves(report: Mapping[str, Any], words: Words, size: Size = WIDE) -> str:
    """Return the budget curves of a report as SVG."""
    across = max(size.wide // 240, 1)
    own = report.get("curves", ())
    parts: list[str] = []
    for at, one in enumerate(own):
        x, y = (at % across) * (size.wide // across), (at // across) * HIGH
        panel = "".join(_panel(one, size.wide // across, words))
        parts.append(f'<g transform="translate({x} {y})">{panel}</g>')
    return whole(parts, size.wide, HIGH * math.ceil(len(own) / across) or HIGH, words.title)


def _panel(one: Mapping[str, Any], wide: int, words: Words) -> Iterator[str]:
    known = [point for point in one["points"] if point["score"] is not None]
    yield f'<text class="suite" x="0" y="18">{escape(one["suite"])}</text>'
    for share in (0, 50, 100):
        y = _y(share / 100)
        yield f'<line class="grid" x1="{LEFT}" x2="{wide - 8}" y1="{y}" y2="{y}"/>'
        yield f'<text x="{LEFT - 8}" y="{y + 5}" text-anchor="end">{share} %</text>'
    if known:
        yield from _line(known, one["shape"], wide)
    word = words.shapes.get(one["shape"], one["shape"]) if known else words.nothing
    said = f"{SLOPE.get(one['shape'], '')} {word}".strip()
    yield f'<text class="suite" x="{LEFT}" y="{FLOOR + TOP + FOOT - 8}">{escape(said)}</text>'


def _line(points: Sequence[Mapping[str, Any]], shape: str, wide: int) -> Iterator[str]:
    places = [(_x(point["budget"], points, wide), _y(point["score"]["estimate"])) for point in points]
    yield f'<polyline class="line" points="{" ".join(f"{x},{y}" for x, y in places)}"/>'
    if shape == "still rising" and len(places) > 1:
        yield _going_on(*places[-2:])
    for at, (point, (x, y)) in enumerate(zip(points, places, strict=True)):
        low, high = (_y(end_of(point["score"][end], limit)) for end, limit in (("low", 0.0), ("high", 1.0)))
        yield f'<line class="reach" x1="{x}" x2="{x}" y1="{low}" y2="{high}"/>'
        yield f'<circle class="dot" cx="{x}" cy="{y}" r="5"/>'
        if len(points) <= FEW or at in (0, len(points) - 1):
            yield f'<text x="{x}" y="{FLOOR + TOP + 16}" text-anchor="middle">{grouped(point["budget"])}</text>'


def _going_on(before: tuple[float, float], last: tuple[float, float]) -> str:
    (x0, y0), (x1, y1) = before, last
    x2 = x1 + RIGHT
    y2 = max(round(y1 + (y1 - y0) / (x1 - x0) * RIGHT, 1), TOP - 8)
    return f'<line class="on" x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}"/>'


def _x(budget: int, points: Sequence[Mapping[str, Any]], wide: int) -> float:
    """Return where a budget lies: each doubling is as wide as another."""
    first, last = (math.log(points[at]["budget"]) for at in (0, -1))
    share = (math.log(budget) - first) / (last - first) if last > first else 0.5
    left, right = LEFT + 22, wide - RIGHT - 14
    return round(left + (right - left) * share, 1)


def _y(share: float) -> float:
    return round(TOP + FLOOR * (1 - min(max(share, 0.0), 1.0)), 1)
