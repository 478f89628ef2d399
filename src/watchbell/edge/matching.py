"""Which of these components does the snapshot say something about? The same answers as a node's, without one.

Each distinct version is looked up once. `domain.matching.evaluate.judge` decides; the
database only leaves out what it would call not affected.
"""

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from watchbell.domain.matching.evaluate import judge
from watchbell.domain.matching.outcomes import Outcome, Reason, Status
from watchbell.domain.matching.packages import CannotTell, Package, identity_of_purl
from watchbell.domain.priority import Exposure
from watchbell.domain.versions import (
    NOT_ALWAYS_ORDERED,
    Scheme,
    Unparsable,
    is_only_convention,
    key,
    scheme_for,
)
from watchbell.edge import looking
from watchbell.edge.answers import AFFECTED, NOT_COVERED, UNDETERMINED, Answer, Match, NotAssessed
from watchbell.edge.facts import Known, known
from watchbell.formats.sbom import Component, Sbom, SbomFormat

if TYPE_CHECKING:
    from watchbell.edge.vex import Statements

EXACT = "exact"
LOSING = frozenset(
    {"wrong-type", "no-name", "bad-line", "cut-off", "line-too-long", "wrong-columns", "missing-package", "direct-only"}
)
"""Defects by which something in a list may have been left out of its components."""

SAY_EVERY = 500

Progress = Callable[[int, int], None]
"""Told how far the work is: done, of how many."""


class _Version(NamedTuple):
    """A distinct version of a package: its key, or why it has no certain place."""

    package: Package
    raw: str
    scheme: Scheme | None
    key: bytes | None
    doubt: str


class _Verdict(NamedTuple):
    """What one record says of a version or commit."""

    record: looking.Record
    outcome: Outcome


def match(
    bills: Sequence[Sbom],
    db: sqlite3.Connection,
    *,
    exposed: Exposure = Exposure.UNKNOWN,
    statements: "Statements | None" = None,
    progress: Progress = lambda done, total: None,
) -> Answer:
    """Return every match of these lists with the snapshot, and every component that could not be assessed."""
    meta = dict(db.execute("SELECT name, value FROM main.meta"))
    covered = frozenset(str(meta["ecosystems"]).split("\n"))
    asked = _Asked(covered)
    for bill in bills:
        asked.add(bill)
    verdicts = _judged(db, asked.versions, progress)
    by_commit = _by_commit(db, asked.commits)
    numbers = {each.record.vulnerability for held in (*verdicts.values(), *by_commit.values()) for each in held}
    flaws = known(db, numbers, exposed)
    matches: list[Match] = []
    not_assessed: list[NotAssessed] = []
    for bill, component, at, reason in asked.components:
        held = [*verdicts.get(at, ()), *by_commit.get(component.commit, ())]
        if reason and not (at < 0 and held):
            not_assessed.append(NotAssessed(component, reason))
        for number, said in _by_flaw(held).items():
            one = _match(component, flaws[number], said, asked.versions[at].scheme if at >= 0 else None)
            matches.append(statements.laid_over(one, flaws[number].ids, bill) if statements else one)
    return Answer(
        snapshot=_described(db, meta),
        components=len(asked.components),
        not_assessed=tuple(not_assessed),
        matches=tuple(sorted(matches, key=_order)),
        is_partial=any(map(_may_lack_something, bills)),
    )


class _Asked:
    """What was asked about: every component, and each distinct version and commit once."""

    def __init__(self, covered: frozenset[str]) -> None:
        self.components: list[tuple[Sbom, Component, int, str]] = []
        self.versions: list[_Version] = []
        self.commits: set[str] = set()
        self._covered = covered
        self._numbers: dict[tuple[Package, str], int] = {}
        self._schemes: dict[str, Scheme | None] = {}

    def add(self, bill: Sbom) -> None:
        """Add every component of a list."""
        for component in bill.components:
            at, reason = self._place(component)
            if component.commit:
                self.commits.add(component.commit)
            if at >= 0 and not component.version:
                component = replace(component, version=self.versions[at].raw)
            self.components.append((bill, component, at, reason))

    def _place(self, component: Component) -> tuple[int, str]:
        """Return the number of a component's version (-1 for none) and why it is not assessed ("" when it is)."""
        if not component.purl:
            return -1, Reason.ONLY_COMMITS if component.commit else Reason.NO_PACKAGE_IDENTITY
        found = identity_of_purl(component.purl)
        if isinstance(found, CannotTell):
            return -1, found.reason
        package, version = found
        if package.ecosystem not in self._covered:
            return -1, NOT_COVERED
        raw = (version or component.version).strip()
        at = self._numbers.get((package, raw))
        if at is None:
            at = self._numbers[package, raw] = len(self.versions)
            self.versions.append(self._version(package, raw))
        return at, self.versions[at].doubt

    def _version(self, package: Package, raw: str) -> _Version:
        if package.ecosystem not in self._schemes:
            self._schemes[package.ecosystem] = scheme_for(package.ecosystem)
        scheme = self._schemes[package.ecosystem]
        if not raw or scheme is None:
            doubt = Reason.UNKNOWN_ECOSYSTEM if raw else Reason.NO_VERSION
            return _Version(package, raw, scheme, None, doubt)
        try:
            place = key(scheme, raw)
        except Unparsable:
            return _Version(package, raw, scheme, None, Reason.UNPARSABLE_VERSION)
        return _Version(package, raw, scheme, place, _doubt(scheme, place))


def _doubt(scheme: Scheme, place: bytes) -> str:
    return Reason.UNPARSABLE_VERSION if is_only_convention(scheme, place) else ""


def _judged(db: sqlite3.Connection, versions: Sequence[_Version], progress: Progress) -> dict[int, list[_Verdict]]:
    """Return, for each version, the records that affect it or may, in the order of their names."""
    packages = looking.packages(db, [(one.package.ecosystem, one.package.name) for one in versions])
    rows = [(at, package, versions[at].key) for at, package in packages.items()]
    pairs = set(looking.inside(db, rows))
    pairs.update(looking.named(db, ((versions[at].raw, at) for at in packages)))
    open_ones = [at for at in packages if _is_open(versions[at])]
    pairs.update(looking.speaking(db, open_ones))
    wanted: dict[int, dict[int, list[int]]] = {}
    for at, number in pairs:
        wanted.setdefault(packages[at], {}).setdefault(number, []).append(at)
    records = looking.records(db, {number for _, number in pairs})
    found: dict[int, list[_Verdict]] = {}
    for done, (package, asked) in enumerate(wanted.items()):
        if done % SAY_EVERY == 0:
            progress(done, len(wanted))
        scheme = versions[next(iter(asked.values()))[0]].scheme
        for number, said in looking.ranges(db, package, scheme, set(asked)).items():
            for at in asked[number]:
                outcome = judge(versions[at].raw or None, said, record=records[number].name)
                if outcome.status in (Status.AFFECTED, Status.CANNOT_TELL):
                    found.setdefault(at, []).append(_Verdict(records[number], outcome))
    return found


def _is_open(version: _Version) -> bool:
    """Return whether the join alone cannot tell that a record leaves this version out."""
    return bool(version.doubt) or version.scheme in NOT_ALWAYS_ORDERED


def _by_commit(db: sqlite3.Connection, commits: Iterable[str]) -> dict[str, list[_Verdict]]:
    named = looking.commits(db, commits)
    records = looking.records(db, {number for numbers in named.values() for number in numbers})
    return {
        commit: [
            _Verdict(
                records[number],
                Outcome(Status.AFFECTED, f"commit {commit} is named as affected in {records[number].name}"),
            )
            for number in sorted(numbers)
        ]
        for commit, numbers in named.items()
    }


def _may_lack_something(bill: Sbom) -> bool:
    """Return whether a list lost an entry, or is a bill of materials that lists nothing at all."""
    is_empty = not bill.components and bill.format in (SbomFormat.CYCLONEDX, SbomFormat.SPDX)
    return is_empty or any(defect.code in LOSING for defect in bill.defects)


def _by_flaw(verdicts: Iterable[_Verdict]) -> dict[int, list[_Verdict]]:
    found: dict[int, list[_Verdict]] = {}
    for one in verdicts:
        found.setdefault(one.record.vulnerability, []).append(one)
    return found


def _match(component: Component, about: Known, said: list[_Verdict], scheme: Scheme | None) -> Match:
    """Return one match: what is certain counts, whatever another record leaves open."""
    affected = [one for one in said if one.outcome.status is Status.AFFECTED]
    counted = sorted(affected or said, key=lambda one: one.record.name)
    fixes = dict.fromkeys(fix for one in counted for fix in one.outcome.fixed_in)
    return Match(
        component=component,
        status=AFFECTED if affected else UNDETERMINED,
        tier=EXACT,
        flaw=about.flaw,
        sources=tuple(dict.fromkeys(one.record.name for one in counted)),
        fixed_in=_in_order(fixes, scheme) if len(fixes) > 1 else tuple(fixes),
        because=counted[0].outcome.because,
        priority=about.priority,
    )


def _in_order(versions: Iterable[str], scheme: Scheme | None) -> tuple[str, ...]:
    """Return versions in their own order; those without a place come last."""

    def place(version: str) -> tuple[bytes, str]:
        try:
            return (key(scheme, version) if scheme else b""), version
        except Unparsable:
            return b"\xff", version

    return tuple(sorted(versions, key=place))


def _order(one: Match) -> tuple[int, int, str, str, str]:
    """Return where a match stands: affected first, the most urgent first, then by name."""
    status = (AFFECTED, UNDETERMINED).index(one.status) if one.status in (AFFECTED, UNDETERMINED) else 2
    return status, -one.priority.outcome.urgency, one.component.name, one.component.version, one.flaw.id


def _described(db: sqlite3.Connection, meta: dict[str, str]) -> dict[str, object]:
    """Return what an answer says of the snapshot it was made from."""
    rows = db.execute("SELECT kind, name, records, withdrawn, newest FROM main.source ORDER BY kind, name")
    names = ("kind", "name", "records", "withdrawn", "newest")
    sources = [dict(zip(names, row, strict=True)) for row in rows]
    return {"id": meta["id"], "built_at": meta["built_at"], "sources": sources}
