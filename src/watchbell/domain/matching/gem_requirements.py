"""Which gems does a RubySec record name, when it lists only what is *not* affected?

RubySec gives `patched_versions` and `unaffected_versions` as requirements
(`~> 1.2.3`, `>= 2.0, < 2.1`). Affected is everything that no requirement allows:
the complement of their union. No requirement at all means every version.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import takewhile

from watchbell.domain.matching.outcomes import Doubt, Reason
from watchbell.domain.matching.ranges import Interval, Ranges
from watchbell.domain.versions import HIGHEST, LOWEST, Scheme, Unparsable, just_after, key

_REQUIREMENT = re.compile(r"\s*+(=|!=|>=|<=|>|<|~>)?+\s*+([0-9A-Za-z.-]++)\s*+")


@dataclass(frozen=True, slots=True, order=True)
class _Edge:
    """A place between versions and the words for it; `is_after` when the version itself lies below."""

    place: bytes
    version: str
    is_after: bool = False


_BOTTOM, _TOP = _Edge(LOWEST, "0"), _Edge(HIGHEST, "")


def read_requirements(patched: Iterable[str], unaffected: Iterable[str]) -> Ranges:
    """Return the affected intervals of gem versions; a requirement that cannot be read becomes a doubt."""
    safe: list[tuple[_Edge, _Edge]] = []
    doubts: list[Doubt] = []
    for text in (*patched, *unaffected):
        try:
            safe.extend(_allowed(text))
        except ValueError as error:
            doubts.append(Doubt(Reason.RANGE_NOT_UNDERSTOOD, f"the requirement {text!r} cannot be read: {error}"))
    # Without every exception the complement would be too wide, so one doubt leaves no interval at all.
    intervals = () if doubts else tuple(_complement(safe))
    if not intervals and not doubts:
        doubts.append(Doubt(Reason.RANGE_NOT_UNDERSTOOD, "the requirements together leave no version affected"))
    return Ranges(Scheme.RUBYGEMS, intervals, doubts=tuple(doubts))


def _allowed(text: str) -> list[tuple[_Edge, _Edge]]:
    """Return the stretches that all parts of one requirement allow; raises ValueError."""
    stretches = [(_BOTTOM, _TOP)]
    for part in text.split(","):
        match = _REQUIREMENT.fullmatch(part)
        if match is None:
            raise ValueError("use an operator and a version, such as '>= 1.2.3'")
        wanted = _stretches(match[1] or "=", match[2])
        met = [(max(a, c), min(b, d)) for a, b in stretches for c, d in wanted]
        stretches = [(lo, hi) for lo, hi in met if lo.place < hi.place]
    return stretches


def _stretches(operator: str, version: str) -> list[tuple[_Edge, _Edge]]:
    """Return what one operator allows, as half-open stretches."""
    place = key(Scheme.RUBYGEMS, version)
    at, after = _Edge(place, version), _Edge(just_after(place), version, is_after=True)
    if operator == "~>":
        return [(at, _bumped(version))]
    return {
        "=": [(at, after)],
        "!=": [(_BOTTOM, at), (after, _TOP)],
        ">": [(after, _TOP)],
        ">=": [(at, _TOP)],
        "<": [(_BOTTOM, at)],
        "<=": [(_BOTTOM, after)],
    }[operator]


def _bumped(version: str) -> _Edge:
    """Return the end of `~> version`: below the next release *and* below that release's pre-releases."""
    parts = version.replace("-", ".pre.").split(".")
    numbers = list(takewhile(str.isdigit, parts))
    if len(numbers) > 1:
        numbers.pop()
    if not numbers:
        raise Unparsable(version, "RubyGems")
    numbers[-1] = str(int(numbers[-1]) + 1)
    following = ".".join(numbers)
    # Without its END tag, the key is the common beginning of the release and of all its pre-releases.
    return _Edge(key(Scheme.RUBYGEMS, following)[:-1], following)


def _complement(safe: list[tuple[_Edge, _Edge]]) -> Iterable[Interval]:
    """Yield the stretches that lie in none of `safe`."""
    begin = _BOTTOM
    for lo, hi in sorted(safe):
        if begin.place < lo.place:
            yield _interval(begin, lo)
        begin = max(begin, hi)
    if begin.place < HIGHEST:
        yield _interval(begin, _TOP)


def _interval(lo: _Edge, hi: _Edge) -> Interval:
    introduced = f"above {lo.version}" if lo.is_after else lo.version
    if hi.is_after:
        return Interval(lo.place, hi.place, introduced, None, hi.version)
    return Interval(lo.place, hi.place, introduced, hi.version or None)
