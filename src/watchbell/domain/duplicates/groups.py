"""Which reports are one flaw, by what is asserted? Take an assertion away, and the groups are as if it never was.

Reports that share a key on a joining rung are one group, through any number of keys; two
CVE ids are never in one group, and a report that speaks of several is an umbrella over
them (see `domain.matching.aliases`, whose rule this is). A group closes and drops nothing:
each report keeps its finder, its state and its clock.
"""

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Final

from watchbell.domain.duplicates.keys import Mark, Rung
from watchbell.domain.matching.aliases import Assertion, groups_of

COMMONEST: Final = 200
"""Reports that may share a root cause before it joins none of them: then the key says too little."""
_REPORT = "report "


@dataclass(frozen=True, slots=True)
class Group:
    """Reports of one flaw, the CVE it has or the CVEs it speaks of, and every mark of its reports that joins."""

    reports: frozenset[str]
    cve: str | None
    umbrella_of: frozenset[str]
    marks: frozenset[Mark]

    @property
    def surest(self) -> dict[str, Rung]:
        """Return for each report the surest rung on which it meets another of the group."""
        shared = Counter((mark.rung, mark.key) for mark in self._once())
        met: dict[str, Rung] = {}
        for mark in sorted(self.marks, reverse=True):
            if shared[mark.rung, mark.key] > 1:
                met[mark.report] = min(mark.rung, met.get(mark.report, mark.rung))
        return met

    def _once(self) -> set[Mark]:
        return {Mark(mark.report, mark.rung, mark.key, "") for mark in self.marks}


def grouped(marks: Iterable[Mark], reports: Iterable[str] = ()) -> frozenset[Group]:
    """Return the groups of all reports that carry a mark or are named; each report is in exactly one."""
    given = frozenset(marks)
    common = too_common(given)
    joining = [mark for mark in given if mark.rung.joins and (mark.rung, mark.key) not in common]
    edges = [Assertion(mark.asserter, _REPORT + mark.report, _node(mark)) for mark in joining]
    everyone = {_REPORT + name for name in reports} | {_REPORT + mark.report for mark in given}
    carried: dict[str, list[Mark]] = {}
    for mark in joining:
        carried.setdefault(mark.report, []).append(mark)
    found = []
    for group in groups_of(edges, everyone):
        members = frozenset(one.removeprefix(_REPORT) for one in group.ids if one.startswith(_REPORT))
        if members:
            own = frozenset(mark for name in members for mark in carried.get(name, ()))
            found.append(Group(members, group.cve, group.umbrella_of, own))
    return frozenset(found)


def too_common(marks: Collection[Mark]) -> frozenset[tuple[Rung, str]]:
    """Return the root causes that more than `COMMONEST` reports share."""
    causes = {(mark.rung, mark.key, mark.report) for mark in marks if mark.rung is Rung.CAUSE}
    times = Counter((rung, text) for rung, text, _ in causes)
    return frozenset(one for one, count in times.items() if count > COMMONEST)


def _node(mark: Mark) -> str:
    """Return a key's name among the reports'; a published id keeps its own, so that a CVE stays an anchor."""
    return mark.key if mark.rung is Rung.ALIAS else f"{mark.rung.name} {mark.key}"
