"""How do versions stand when several claims cover them, each a stretch, and the first claim that holds one counts?

Gem requirements, CVE's version lists, CSAF's statuses and free text all come down to
this: stretches between two edges, painted in the order in which they count.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from watchbell.domain.matching.outcomes import Doubt
from watchbell.domain.matching.ranges import ABOVE, Interval, Ranges
from watchbell.domain.versions import HIGHEST, LOWEST, Scheme, just_after, key


class Standing(StrEnum):
    """What a record says of a stretch of versions, in CVE's words."""

    AFFECTED = "affected"
    UNAFFECTED = "unaffected"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, order=True)
class Edge:
    """A place between versions and the words for it; `is_after` when the version itself lies below.

    `of_line` when the words are a whole line of releases, such as 2.x.
    """

    place: bytes
    version: str
    is_after: bool = False
    of_line: bool = False


BOTTOM, TOP = Edge(LOWEST, "0"), Edge(HIGHEST, "")

Stretch = tuple[Edge, Edge]
"""Versions from the first edge up to the second."""

Claim = tuple[Edge, Edge, Standing]
"""A stretch and how its versions stand."""


def below(scheme: Scheme, version: str) -> Edge:
    """Return the edge just below this version; raises Unparsable."""
    return Edge(key(scheme, version), version)


def above(scheme: Scheme, version: str) -> Edge:
    """Return the edge just above this version; raises Unparsable."""
    return Edge(just_after(key(scheme, version)), version, is_after=True)


def interval(lo: Edge, hi: Edge) -> Interval:
    """Return the interval between two edges, with the words by which people know its ends."""
    introduced = ABOVE + lo.version if lo.is_after else lo.version
    by_line = lo.of_line or hi.of_line
    if hi.is_after:
        return Interval(lo.place, hi.place, introduced, None, hi.version, by_line)
    return Interval(lo.place, hi.place, introduced, hi.version or None, by_line=by_line)


def paint(claims: Sequence[Claim], rest: Standing) -> list[Claim]:
    """Return the whole line of versions, cut where the standing changes; what no claim covers stands as `rest`.

    Every cell is painted once, so the work grows with the claims and the sorting of their edges.
    """
    edges = {BOTTOM.place: BOTTOM, TOP.place: TOP}
    for lo, hi, _ in claims:
        for edge in (lo, hi):
            if not edges.setdefault(edge.place, edge).version:
                edges[edge.place] = edge
    places = sorted(edges)
    at = {place: index for index, place in enumerate(places)}
    colours = [rest] * (len(places) - 1)
    unpainted = list(range(len(places)))
    for lo, hi, standing in claims:
        cell, end = _next(unpainted, at[lo.place]), at[hi.place]
        while cell < end:
            colours[cell] = standing
            unpainted[cell] = cell + 1
            cell = _next(unpainted, cell)
    return _joined([edges[place] for place in places], colours)


def _next(unpainted: list[int], cell: int) -> int:
    """Return the first unpainted cell at or after this one, and shorten the way there for the next to ask."""
    while unpainted[cell] != cell:
        unpainted[cell] = unpainted[unpainted[cell]]
        cell = unpainted[cell]
    return cell


def _joined(edges: list[Edge], colours: list[Standing]) -> list[Claim]:
    found: list[Claim] = []
    for index, standing in enumerate(colours):
        if found and found[-1][2] is standing:
            found[-1] = (found[-1][0], edges[index + 1], standing)
        else:
            found.append((edges[index], edges[index + 1], standing))
    return found


def ranges_of(
    scheme: Scheme, claims: Sequence[Claim], rest: Standing, doubts: Iterable[Doubt], *, named: Iterable[str] = ()
) -> Ranges:
    """Return painted claims as ranges: the affected stretches, and those that are safe whatever is in doubt elsewhere.

    A stretch that stands as unknown is in neither, so `doubts` must say why when there is one.
    """
    painted = paint(claims, rest)
    affected = tuple(interval(lo, hi) for lo, hi, standing in painted if standing is Standing.AFFECTED)
    safe = tuple(interval(lo, hi) for lo, hi, standing in painted if standing is Standing.UNAFFECTED)
    return Ranges(scheme, affected, named=frozenset(named), safe=safe, doubts=tuple(doubts))
