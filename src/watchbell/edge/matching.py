"""Which of these components does the snapshot say something about? The same answers as a node's, without one.

Each distinct version is looked up once. `domain.matching.evaluate.judge` decides; the
database only leaves out what it would call not affected.
"""

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from watchbell.domain.matching.evaluate import judge
from watchbell.domain.matching.outcomes import Outcome, Status
from watchbell.domain.matching.tiers import Basis
from watchbell.domain.priority import Exposure
from watchbell.domain.versions import (
    NOT_ALWAYS_ORDERED,
    Scheme,
    Unparsable,
    key,
)
from watchbell.edge import looking
from watchbell.edge.answers import AFFECTED, UNDETERMINED, Answer, Match, NotAssessed
from watchbell.edge.asking import Asked, Version
from watchbell.edge.facts import Known, known
from watchbell.edge.verdicts import Verdict, by_flaw, surest, tier_of
from watchbell.formats.sbom import Component, Sbom, SbomFormat

if TYPE_CHECKING:
    from watchbell.edge.vex import Statements

LOSING = frozenset(
    {"wrong-type", "no-name", "bad-line", "cut-off", "line-too-long", "wrong-columns", "missing-package", "direct-only"}
)
"""Defects by which something in a list may have been left out of its components."""

SAY_EVERY = 500

Progress = Callable[[int, int], None]
"""Told how far the work is: done, of how many."""


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
    asked = Asked(covered)
    for bill in bills:
        asked.add(bill)
    verdicts = _judged(db, asked.versions, progress)
    by_commit = _by_commit(db, asked.commits)
    by_name = _by_name(
        db, [(component, bill.uri_of(component)) for bill, component, at, _ in asked.components if at < 0]
    )
    held_by_any = (*verdicts.values(), *by_commit.values(), *by_name.values())
    flaws = known(db, {each.record.vulnerability for held in held_by_any for each in held}, exposed)
    matches: list[Match] = []
    candidates: list[Match] = []
    not_assessed: list[NotAssessed] = []
    for bill, component, at, reason in asked.components:
        held = [*verdicts.get(at, ()), *by_commit.get(component.commit, ())]
        if at < 0 and by_name:
            held += by_name.get(_named(component, bill.uri_of(component)), ())
        if reason and not (at < 0 and any(one.is_certain for one in held)):
            not_assessed.append(NotAssessed(component, reason))
        for number, said in by_flaw(held).items():
            one = _match(component, flaws[number], said, asked.versions[at].scheme if at >= 0 else None)
            one = statements.laid_over(one, flaws[number].ids, bill) if statements else one
            # whoever states that it is affected has made the guess a match
            (candidates if one.basis.is_candidate and one.status != AFFECTED else matches).append(one)
    return Answer(
        snapshot=_described(db, meta),
        components=len(asked.components),
        not_assessed=tuple(not_assessed),
        matches=tuple(sorted(matches, key=_order)),
        candidates=tuple(sorted(candidates, key=_order)),
        is_partial=any(map(_may_lack_something, bills)),
    )


def _judged(db: sqlite3.Connection, versions: Sequence[Version], progress: Progress) -> dict[int, list[Verdict]]:
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
    found: dict[int, list[Verdict]] = {}
    all_packages = sorted(wanted)
    for done in range(0, len(all_packages), SAY_EVERY):
        progress(done, len(all_packages))
        some = {package: wanted[package] for package in all_packages[done : done + SAY_EVERY]}
        firsts = {package: versions[next(iter(asked.values()))[0]] for package, asked in some.items()}
        schemes = {package: first.scheme for package, first in firsts.items()}
        for (package, number), said in looking.ranges(db, some, schemes).items():
            basis = Basis.RELEASE if ":" in firsts[package].package.ecosystem else Basis.PACKAGE
            for at in some[package][number]:
                outcome = judge(versions[at].raw or None, said, record=records[number].name)
                if outcome.status in (Status.AFFECTED, Status.CANNOT_TELL):
                    found.setdefault(at, []).append(Verdict(records[number], outcome, basis))
    return found


def _is_open(version: Version) -> bool:
    """Return whether the join alone cannot tell that a record leaves this version out."""
    return bool(version.doubt) or version.scheme in NOT_ALWAYS_ORDERED


def _by_commit(db: sqlite3.Connection, commits: Iterable[str]) -> dict[str, list[Verdict]]:
    named = looking.commits(db, commits)
    records = looking.records(db, {number for numbers in named.values() for number in numbers})
    return {
        commit: [
            Verdict(
                records[number],
                Outcome(Status.AFFECTED, f"commit {commit} is named as affected in {records[number].name}"),
                Basis.COMMIT,
            )
            for number in sorted(numbers)
        ]
        for commit, numbers in named.items()
    }


_Names = tuple[str | tuple[str, ...] | tuple[tuple[str, str], ...], ...]


def _named(component: Component, uri: str) -> _Names:
    """Return all by which a component may be recognised, so that equal ones are looked up once."""
    names = (component.name, component.version, component.cpe, component.purl and "-", uri)
    marks = (component.models, component.hashes, component.serials, component.sbom_urls, component.uris)
    return (*names, component.makers, *marks)


def _by_name(db: sqlite3.Connection, components: Sequence[tuple[Component, str]]) -> dict[_Names, list[Verdict]]:
    """Return what records that name products by words say of components without a known package."""
    if not components:
        return {}
    from watchbell.edge import products  # imported late: most lists name packages alone

    if not products.are_named(db):
        return {}
    return {named: products.verdicts_on(db, *one) for named, one in {_named(*one): one for one in components}.items()}


def _may_lack_something(bill: Sbom) -> bool:
    """Return whether a list lost an entry, or is a bill of materials that lists nothing at all."""
    is_empty = not bill.components and bill.format in (SbomFormat.CYCLONEDX, SbomFormat.SPDX)
    return is_empty or any(defect.code in LOSING for defect in bill.defects)


def _match(component: Component, about: Known, said: list[Verdict], scheme: Scheme | None) -> Match:
    """Return one match: what is certain counts, whatever another record leaves open."""
    said = surest(said)
    affected = [one for one in said if one.outcome.status is Status.AFFECTED]
    counted = affected or said
    basis = counted[0].basis
    fixes = dict.fromkeys(fix for one in counted for fix in one.outcome.fixed_in)
    return Match(
        component=component,
        status=AFFECTED if affected and not basis.is_candidate else UNDETERMINED,
        tier=tier_of(basis, is_affected=bool(affected)),
        basis=basis,
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
