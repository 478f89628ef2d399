"""How does a profile look? One row a suite and budget: a dot with its interval, the anchor as a line, others as ticks.

Drawn by hand from a report's JSON, as a picture of its own; the page has the same numbers in a table beside it.
"""

import base64
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from xml.sax.saxutils import escape

STYLE: Final = (
    "svg{--ink:#16202c;--quiet:#4a5868;--line:#d5dae1;--brand:#0b3b66;--brass:#8a5a00}"
    "@media(prefers-color-scheme:dark){"
    "svg{--ink:#e8edf3;--quiet:#a9b6c5;--line:#2c3947;--brand:#9cc7f2;--brass:#e8b54a}}"
    "text{font:13px system-ui,-apple-system,'Segoe UI',Roboto,'Noto Sans','Liberation Sans',sans-serif;"
    "fill:var(--quiet);font-variant-numeric:tabular-nums}"
    ".suite{font-weight:600;fill:var(--ink)}"
    ".grid{stroke:var(--line)}"
    ".dot{fill:var(--brand)}"
    ".reach{stroke:var(--brand);stroke-width:2;stroke-linecap:round}"
    ".anchor{stroke:var(--brass);stroke-width:3}"
    ".tick{stroke:var(--quiet);stroke-width:1.5}"
    ".line{fill:none;stroke:var(--brand);stroke-width:1.5}"
    ".on{stroke:var(--brand);stroke-width:1.5;stroke-dasharray:3 3}"
    ".ring{fill:none;stroke:var(--brand);stroke-width:2}"
    ".edge{stroke:var(--quiet);stroke-dasharray:4 4}"
)
PAPER: Final = {"ink": "#16202c", "quiet": "#4a5868", "line": "#d5dae1", "brand": "#0b3b66", "brass": "#8a5a00"}
"""The light colours, by their names: paper knows neither variables nor a dark side."""
POLICY: Final = (
    "default-src 'none'; style-src 'sha256-"
    + base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
    + "'; frame-ancestors 'self'"
)
ROW, HEAD, KEY, RIGHT = 30, 36, 24, 22


@dataclass(frozen=True, slots=True)
class Words:
    """What stands in the picture besides names and numbers, in the reader's language."""

    title: str
    measured: str
    anchor: str
    others: str
    nothing: str


@dataclass(frozen=True, slots=True)
class Size:
    """How wide it is, and from where on its scale runs."""

    wide: int
    left: int

    def x(self, share: float) -> float:
        """Return where a share of 0 to 1 lies."""
        return round(self.left + (self.wide - self.left - RIGHT) * min(max(share, 0.0), 1.0), 1)


WIDE, NARROW = Size(720, 110), Size(360, 76)


@dataclass(frozen=True, slots=True)
class Row:
    """One suite at one budget: the model measured, its anchors, and the other references, each with its interval."""

    suite: str
    budget: int
    own: Mapping[str, Any] | None
    anchors: tuple[tuple[str, Mapping[str, Any]], ...]
    others: tuple[tuple[str, Mapping[str, Any]], ...]


def score_of(cell: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return the score of a cell that the picture shows: for new families, or on these items where that is unknown."""
    found = (cell.get("generalised"), cell.get("benchmark"))
    return next((one for one in found if one is not None and one["estimate"] is not None), None)


def rows_of(report: Mapping[str, Any]) -> list[Row]:
    """Return the rows of a report's profile, suite by suite, each at its budgets ascending."""
    own = report["measured"]["models"][0]
    return [_row(report, own, suite, budget) for suite, budget in places_of(report)]


def places_of(report: Mapping[str, Any]) -> list[tuple[str, int]]:
    """Return each suite and budget that was run, suites in the order of the protocol."""
    order = [one["benchmark"] for one in report["protocol"]["plan"]["suites"]]
    places = {(cell["suite"], cell["budget"]) for cell in report["profile"]}
    return sorted(places, key=lambda place: (order.index(place[0]) if place[0] in order else len(order), place))


def profile(report: Mapping[str, Any], words: Words, size: Size = WIDE) -> str:
    """Return the profile of a report as SVG."""
    rows = rows_of(report)
    suites = list(dict.fromkeys(row.suite for row in rows))
    keys = [(".dot", words.measured), (".anchor", words.anchor), (".tick", words.others)]
    keys = [(kind, word) for kind, word in keys if word]
    top = 8 + KEY * len(keys)
    high = top + HEAD * len(suites) + ROW * len(rows) + 34
    parts = [*_keys(keys, size)]
    y = top
    for suite in suites:
        own = [row for row in rows if row.suite == suite]
        parts += _suite(suite, own, y, size, words)
        y += HEAD + ROW * len(own)
    parts += _scale(y + 22, size)
    return whole(parts, size.wide, high, words.title)


def whole(parts: Sequence[str], wide: int, high: int, title: str) -> str:
    """Return one picture of its parts, in the colours of its reader's screen."""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide} {high}" width="{wide}" '
        f'height="{high}" role="img"><title>{escape(title)}</title><style>{STYLE}</style>{"".join(parts)}</svg>'
    )


def for_paper(picture: str) -> str:
    """Return a picture in colours for paper."""
    style = STYLE[STYLE.index("text{") :]
    for name, colour in PAPER.items():
        style = style.replace(f"var(--{name})", colour)
    return picture.replace(STYLE, style.replace("system-ui,-apple-system,'Segoe UI',", ""))


def inline(picture: str) -> str:
    """Return the address under which a page carries the picture within itself."""
    return "data:image/svg+xml;base64," + base64.b64encode(picture.encode()).decode()


def _row(report: Mapping[str, Any], own: str, suite: str, budget: int) -> Row:
    asked = {one["anchor"] for one in report["comparisons"] if suite in one["asked_of"]}
    cells = [cell for cell in report["profile"] if (cell["suite"], cell["budget"]) == (suite, budget)]
    scores = {cell["model"]: score for cell in cells if (score := score_of(cell)) is not None}
    return Row(
        suite=suite,
        budget=budget,
        own=scores.get(own),
        anchors=tuple((name, score) for name, score in scores.items() if name in asked),
        others=tuple((name, score) for name, score in scores.items() if name not in asked and name != own),
    )


def _suite(suite: str, rows: Sequence[Row], y: int, size: Size, words: Words) -> Iterator[str]:
    top, bottom = y + HEAD - 8, y + HEAD + ROW * len(rows) - 4
    yield f'<text class="suite" x="0" y="{y + 22}">{escape(suite)}</text>'
    for share in (0, 0.25, 0.5, 0.75, 1):
        x = size.x(share)
        yield f'<line class="grid" x1="{x}" x2="{x}" y1="{top}" y2="{bottom}"/>'
    for at, row in enumerate(rows):
        yield from _line(row, y + HEAD + ROW * at + ROW // 2 - 4, size, words)


def _line(row: Row, y: int, size: Size, words: Words) -> Iterator[str]:
    yield f'<text x="{size.left - 12}" y="{y + 5}" text-anchor="end">{grouped(row.budget)}</text>'
    for name, score in row.others:
        yield _mark("tick", name, score, y, 6, size)
    for name, score in row.anchors:
        yield _mark("anchor", name, score, y, 13, size)
    if row.own is None:
        yield f'<text x="{size.left + 8}" y="{y + 5}">{escape(words.nothing)}</text>'
        return
    low, high = (size.x(end_of(row.own[part], at)) for part, at in (("low", 0.0), ("high", 1.0)))
    yield f'<line class="reach" x1="{low}" x2="{high}" y1="{y}" y2="{y}"/>'
    yield f'<circle class="dot" cx="{size.x(row.own["estimate"])}" cy="{y}" r="6"/>'


def end_of(value: float | None, end: float) -> float:
    """Return one end of an interval; one that is not known reaches to the end of the scale."""
    return end if value is None else float(value)


def _mark(kind: str, name: str, score: Mapping[str, Any], y: int, half: int, size: Size) -> str:
    x = size.x(score["estimate"])
    line = f'<line class="{kind}" x1="{x}" x2="{x}" y1="{y - half}" y2="{y + half}"/>'
    return f"<g><title>{escape(name)}</title>{line}</g>"


def _keys(keys: Sequence[tuple[str, str]], size: Size) -> Iterator[str]:
    for at, (kind, word) in enumerate(keys):
        y = 16 + KEY * at
        if kind == ".dot":
            yield f'<line class="reach" x1="2" x2="34" y1="{y}" y2="{y}"/><circle class="dot" cx="18" cy="{y}" r="6"/>'
        else:
            half = 9 if kind == ".anchor" else 6
            yield f'<line class="{kind[1:]}" x1="18" x2="18" y1="{y - half}" y2="{y + half}"/>'
        yield f'<text x="46" y="{y + 5}">{escape(word)}</text>'


def _scale(y: int, size: Size) -> Iterator[str]:
    for share in (0, 50, 100):
        yield f'<text x="{size.x(share / 100)}" y="{y}" text-anchor="middle">{share} %</text>'


def grouped(number: int) -> str:
    """Return a number with thin spaces between its thousands."""
    return f"{number:,}".replace(",", "\N{NARROW NO-BREAK SPACE}")
