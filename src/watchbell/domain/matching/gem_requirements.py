"""Which gems does a RubySec record name, when it lists only what is *not* affected?

RubySec gives `patched_versions` and `unaffected_versions` as requirements
(`~> 1.2.3`, `>= 2.0, < 2.1`). Affected is everything that no requirement allows:
the complement of their union. No requirement at all means every version.
"""

import re
from collections.abc import Iterable
from itertools import takewhile

from watchbell.domain.matching.outcomes import Doubt, Reason
from watchbell.domain.matching.ranges import Interval, Ranges
from watchbell.domain.matching.stretches import BOTTOM, TOP, Edge, Stretch, above, below, interval
from watchbell.domain.sentence import Sentence
from watchbell.domain.versions import HIGHEST, Scheme, Unparsable, key

_REQUIREMENT = re.compile(r"\s*+(=|!=|>=|<=|>|<|~>)?+\s*+([0-9A-Za-z.-]++)\s*+")


def read_rubysec(held: object) -> Ranges | None:
    """Return what RubySec's own fields of an OSV entry (its `database_specific`) name, or None when it has none.

    RubySec publishes no OSV ranges: an entry that is read without these looks as if it named no version.
    """
    if not isinstance(held, dict) or "patched_versions" not in held:
        return None
    lists = [held.get(key) or [] for key in ("patched_versions", "unaffected_versions")]
    if not all(isinstance(one, list) and all(isinstance(text, str) for text in one) for one in lists):
        return None
    return read_requirements(*lists)


def read_requirements(patched: Iterable[str], unaffected: Iterable[str]) -> Ranges:
    """Return the affected intervals of gem versions; a requirement that cannot be read becomes a doubt."""
    safe: list[Stretch] = []
    doubts: list[Doubt] = []
    for text in (*patched, *unaffected):
        try:
            safe.extend(_allowed(text))
        except ValueError as error:
            doubts.append(
                Doubt(
                    Reason.RANGE_NOT_UNDERSTOOD,
                    Sentence("the requirement {text} cannot be read: {why}", text=repr(text), why=Sentence(str(error))),
                )
            )
    # Without every exception the complement would be too wide, so one doubt leaves no interval at all.
    intervals = () if doubts else tuple(_complement(safe))
    if not intervals and not doubts:
        doubts.append(Doubt(Reason.RANGE_NOT_UNDERSTOOD, "the requirements together leave no version affected"))
    return Ranges(Scheme.RUBYGEMS, intervals, doubts=tuple(doubts))


def _allowed(text: str) -> list[Stretch]:
    """Return the stretches that all parts of one requirement allow; raises ValueError."""
    stretches = [(BOTTOM, TOP)]
    for part in text.split(","):
        match = _REQUIREMENT.fullmatch(part)
        if match is None:
            raise ValueError("use an operator and a version, such as '>= 1.2.3'")
        wanted = _stretches(match[1] or "=", match[2])
        met = [(max(a, c), min(b, d)) for a, b in stretches for c, d in wanted]
        stretches = [(lo, hi) for lo, hi in met if lo.place < hi.place]
    return stretches


def _stretches(operator: str, version: str) -> list[Stretch]:
    """Return what one operator allows, as half-open stretches."""
    at, after = below(Scheme.RUBYGEMS, version), above(Scheme.RUBYGEMS, version)
    if operator == "~>":
        return [(at, _bumped(version))]
    return {
        "=": [(at, after)],
        "!=": [(BOTTOM, at), (after, TOP)],
        ">": [(after, TOP)],
        ">=": [(at, TOP)],
        "<": [(BOTTOM, at)],
        "<=": [(BOTTOM, after)],
    }[operator]


def _bumped(version: str) -> Edge:
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
    return Edge(key(Scheme.RUBYGEMS, following)[:-1], following)


def _complement(safe: list[Stretch]) -> Iterable[Interval]:
    """Yield the stretches that lie in none of `safe`."""
    begin = BOTTOM
    for lo, hi in sorted(safe):
        if begin.place < lo.place:
            yield interval(begin, lo)
        begin = max(begin, hi)
    if begin.place < HIGHEST:
        yield interval(begin, TOP)
