"""Which products that records name by words may a component without a known package be, and what do they say of it?

Surest first: an identification helper (a digest, vendor with serial or order number, the
address of a bill of materials, a URI); vendor and name of a CSAF document's branches; a CPE;
vendor and name of a CVE record or of KEV. The last two are guesses, kept apart from what is
found. A name alone is a guess only for a component that has no package URL, and where a
single vendor has a product of that name.
"""

import sqlite3
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from watchbell.domain.matching.cpe import read_cpe
from watchbell.domain.matching.designations import (
    HELPED_BY,
    Helper,
    cpe_key,
    marks_of,
    name_key,
    vendor_key,
)
from watchbell.domain.matching.evaluate import judge
from watchbell.domain.matching.outcomes import Outcome, Status
from watchbell.domain.matching.tiers import Basis
from watchbell.domain.versions import Scheme
from watchbell.edge import looking
from watchbell.edge.origins import Origin
from watchbell.edge.verdicts import Verdict, surety
from watchbell.formats.sbom import Component

_COLUMNS = "p.id, p.origin, p.scheme, p.vendor"
_HELPED = f"SELECT {_COLUMNS} FROM helper h JOIN product p ON p.id = h.product_id WHERE h.kind = ? AND h.value = ?"  # noqa: S608
_CALLED = f"SELECT {_COLUMNS} FROM product p WHERE p.name = ?"  # noqa: S608 - our own names
_WHY = {
    Basis.BRANCHES: "vendor and product are those of the record",
    Basis.CPE: "only its CPE fits, so it may be another product",
    Basis.NAME: "only its name fits, so it may be another product",
}


class _Hit(NamedTuple):
    """A product the component may be, and by what."""

    product: int
    origin: Origin
    scheme: Scheme
    basis: Basis
    why: str


def are_named(db: sqlite3.Connection) -> bool:
    """Return whether this snapshot names any product by words."""
    return db.execute("SELECT 1 FROM product LIMIT 1").fetchone() is not None


def verdicts_on(db: sqlite3.Connection, component: Component, uri: str) -> list[Verdict]:
    """Return every record that may affect this component by one of its names; what is outside all ranges is none.

    `uri` is how other documents point to it, "" where they cannot.
    That KEV lists a product says nothing where another record says which versions are affected.
    """
    named = read_cpe(component.cpe)
    version = component.version.strip() or (named.version if named else "")
    spoken_of: set[int] = set()
    found: list[tuple[Origin, Verdict]] = []
    for hit in _surest_hits(_hits(db, component, uri)):
        numbers = looking.records_of(db, hit.product)
        records = looking.records(db, numbers)
        said_of = looking.ranges(db, {hit.product: numbers}, {hit.product: hit.scheme})
        for (_, number), said in said_of.items():
            record = records[number]
            if hit.origin is not Origin.KEV:
                spoken_of.add(record.vulnerability)
            outcome = judge(version or None, said, record=record.name)
            if outcome.status in (Status.AFFECTED, Status.CANNOT_TELL):
                found.append((hit.origin, Verdict(record, _because(outcome, hit.why), hit.basis)))
    return [one for origin, one in found if origin is not Origin.KEV or one.record.vulnerability not in spoken_of]


def _because(outcome: Outcome, why: str) -> Outcome:
    return Outcome(outcome.status, f"{outcome.because.rstrip('.')}; {why}", outcome.reason, outcome.fixed_in)


def _surest_hits(hits: Iterable[_Hit]) -> Iterator[_Hit]:
    """Yield each product once, by what it is recognised most surely."""
    seen: set[int] = set()
    for hit in sorted(hits, key=lambda one: (surety(one.basis), one.product)):
        if hit.product not in seen:
            seen.add(hit.product)
            yield hit


def _hits(db: sqlite3.Connection, component: Component, uri: str) -> Iterator[_Hit]:
    vendors, name = {vendor_key(one) for one in component.makers} - {""}, name_key(component.name)
    for helper, value in marks_of(
        makers=component.makers,
        words=(component.name, *component.models),
        hashes=component.hashes,
        serials=component.serials,
        sbom_urls=component.sbom_urls,
        uris=(*component.uris, uri),
    ):
        for row in db.execute(_HELPED, (helper, value)):
            yield _hit(row, Basis.HELPER, HELPED_BY[helper])
    yield from _by_cpe(db, component.cpe)
    called = db.execute(_CALLED, (name,)).fetchall() if name else []
    if vendors:
        yield from (_hit(row, Basis.BRANCHES) for row in called if row[3] in vendors)
    elif not component.purl and len({row[3] for row in called}) == 1:
        yield from (_hit(row, Basis.NAME) for row in called)


def _by_cpe(db: sqlite3.Connection, cpe: str) -> Iterator[_Hit]:
    """Yield products whose record gives this CPE, or whose vendor and name are the words of it."""
    named = cpe_key(cpe)
    if not named:
        return
    for row in db.execute(_HELPED, (Helper.CPE, named)):
        yield _hit(row, Basis.CPE)
    _, vendor, name = named.split(":", 2)
    for row in db.execute(_CALLED, (name_key(name),)):
        if row[3] == vendor_key(vendor):
            yield _hit(row, Basis.CPE)


def _hit(row: tuple[int, str, str, str], basis: Basis, why: str = "") -> _Hit:
    """Return the hit; only a CSAF document's own names are more than a guess, and none of what is part of another."""
    origin = Origin(row[1])
    if origin is Origin.PART:
        basis, why = basis if basis.is_candidate else Basis.NAME, "the record speaks of it only as a part of another"
    elif origin is not Origin.CSAF and basis is Basis.BRANCHES:
        basis = Basis.NAME
    return _Hit(row[0], origin, Scheme(row[2]), basis, why or _WHY[basis])
