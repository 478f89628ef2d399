"""This will write what operators run, and the ranges of it, as a fleet's file for engines that match millions at once.

The file says of each version what the node says of it, in the words of the range join. A
version that a record lists by name becomes a range of that one place. What the join cannot
say counts as not assessed: in packages with a bound that no order holds every version is in
doubt, and where a record cannot be read every component of its package is a gap.
"""

import sqlite3
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import repeat
from pathlib import Path

from django.db import connection, transaction

from watchbell.apps.inventory.models import PURL_LENGTH, Asset, PickedProduct, Unassessable
from watchbell.apps.inventory.services.rights import require_operator
from watchbell.apps.journal import services as journal
from watchbell.apps.vulnerabilities import queries as published
from watchbell.apps.vulnerabilities.services import bulk
from watchbell.domain.handling import Actor
from watchbell.domain.matching import join
from watchbell.domain.matching.outcomes import Reason
from watchbell.domain.versions import KEY_FORMAT
from watchbell.outside.fleet.bulk import SCHEMA, index, unfinished
from watchbell.outside.fleet.interface import FleetError

LISTS_AT_ONCE = 10

_HELD = (
    "SELECT listing_id, version_id FROM inventory_component WHERE listing_id IN ({}) ORDER BY listing_id, version_id"
)
_VERSIONS = (
    "SELECT id, package_id, ecosystem, name, key, raw, doubt, is_ambiguous, key_format "
    "FROM inventory_packageversion WHERE id IN ({})"
)
_RANGES = (
    "SELECT package_id, lo, hi, advisory_id, introduced, fixed, last_affected, is_ambiguous "
    "FROM vulnerabilities_range_view WHERE package_id IN ({})"
)
_NAMED = (
    "SELECT v.package_id, v.key, n.record_id, v.raw FROM inventory_packageversion AS v "
    "JOIN vulnerabilities_named_view AS n ON n.package_id = v.package_id AND n.version = v.raw "
    "WHERE v.package_id IN ({}) AND v.key IS NOT NULL"
)
_UNREAD = "SELECT package_id, reason FROM vulnerabilities_doubt_view WHERE package_id IN ({})"
_ADD_RANGE = f"INSERT OR IGNORE INTO {join.RANGES} VALUES (?, ?, ?, ?, ?, ?, ?)"  # noqa: S608 (our own name)
_IN_DOUBT = f"UPDATE {join.VERSIONS} SET doubt = ? WHERE package_id = ? AND doubt = '' AND key IS NOT NULL"  # noqa: S608
_OPEN = (
    f"INSERT INTO fleet_gap SELECT held.asset_id, package.ecosystem || ' ' || package.name || ' ' || v.raw, ? "  # noqa: S608
    f"FROM {join.VERSIONS} AS v JOIN {join.HOLDINGS} AS held ON held.version_id = v.id "
    "JOIN fleet_package AS package ON package.id = v.package_id WHERE v.package_id = ? AND v.doubt = ''"
)

Told = Callable[[int], None]
"""Hears now and then how many rows were read so far."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """What a fleet's file holds; `picked` are products picked by name, which no package URL names: not in the file."""

    assets: int
    components: int
    versions: int
    ranges: int
    records: int
    unassessed: int
    picked: int


def export_fleet(
    file: Path, organisations: Collection[str], *, by: Actor, now: datetime, told: Told = lambda seen: None
) -> Exported:
    """Write what these operators run to a new file, note that in the journal, and return the counts.

    All of it is of one moment; the file is there when it is whole. Raises FleetError and NotAllowed.
    """
    for organisation in organisations:
        require_operator(by, organisation)
    with unfinished(file) as database:
        database.executescript(SCHEMA)
        with _one_moment():
            unread = _fill(_Filling(database, told), sorted(set(organisations)))
            picked = PickedProduct.objects.filter(asset__organisation_id__in=organisations).count()
        index(database)
        database.executemany(_OPEN, [(reason, package) for package, reason in sorted(unread.items())])
        database.commit()
        done = _counted(database, picked)
        _note(done, sorted(set(organisations)), by=by, now=now)
    return done


@contextmanager
def _one_moment() -> Iterator[None]:
    """Let the block read the database as it is at this moment, without a lock that anyone could wait for."""
    if connection.in_atomic_block:
        yield
        return
    begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY" if connection.vendor == "postgresql" else "BEGIN"
    with connection.cursor() as cursor:
        cursor.execute(begin)
        try:
            yield
        finally:
            cursor.execute("ROLLBACK")


class _Filling:
    """A file being filled, and how much was read for it."""

    def __init__(self, database: sqlite3.Connection, told: Told) -> None:
        self.database = database
        self._told = told
        self._seen = 0

    def write(self, statement: str, rows: Sequence[Sequence[object]]) -> None:
        """This will run a statement for each row and say how far it is."""
        self.database.executemany(statement, rows)
        self._seen += len(rows)
        self._told(self._seen)

    def numbers(self, query: str) -> Iterator[list[int]]:
        """Yield the numbers that a statement finds in the file, in lists that fit one question to the node."""
        return bulk.slices(row[0] for row in self.database.execute(query))


def _fill(into: _Filling, organisations: Sequence[str]) -> dict[int, str]:
    """Write every table; return the packages of which a record says something unreadable, each with a reason."""
    assets = Asset.objects.filter(organisation_id__in=organisations).order_by("id")
    for part in bulk.slices(assets, LISTS_AT_ONCE):
        _components(into, part, has_several=len(organisations) > 1)
    for ids in into.numbers(f"SELECT DISTINCT version_id FROM {join.HOLDINGS} ORDER BY version_id"):  # noqa: S608
        _versions(into, ids)
    unread: dict[int, str] = {}
    for ids in into.numbers("SELECT id FROM fleet_package ORDER BY id"):
        unread |= _ranges(into, ids)
    for ids in into.numbers(f"SELECT DISTINCT advisory_id FROM {join.RANGES} ORDER BY advisory_id"):  # noqa: S608
        into.write("INSERT INTO fleet_advisory VALUES (?, ?)", sorted(published.names_of_records(ids).items()))
    return unread


def _components(into: _Filling, assets: Sequence[Asset], *, has_several: bool) -> None:
    """This will write some assets, what their lists in force hold, and what these could not say."""
    names = [(one.pk, f"{one.organisation_id}/{one.name}" if has_several else one.name) for one in assets]
    into.write("INSERT INTO fleet_asset VALUES (?, ?)", names)
    of = {one.listing_id: one.pk for one in assets if one.listing_id is not None}
    held = [(of[row[0]], row[1]) for row in bulk.rows_where_in(_HELD, of)]
    into.write(f"INSERT INTO {join.HOLDINGS} VALUES (?, ?)", held)  # noqa: S608 (our own name)
    for gap in Unassessable.objects.filter(listing_id__in=of, is_assessed=False).order_by("id").iterator():
        row = (of[gap.listing_id], (gap.purl or f"{gap.name} {gap.version}".strip())[:PURL_LENGTH], gap.reason)
        into.database.executemany("INSERT INTO fleet_gap VALUES (?, ?, ?)", repeat(row, gap.times))


def _versions(into: _Filling, ids: Sequence[int]) -> None:
    rows = bulk.rows_where_in(_VERSIONS, ids)
    if any(row[8] != KEY_FORMAT for row in rows):
        raise FleetError("Versions are being put in order anew; try again when the node's work page says it is done.")
    packages = {(row[1], row[2], row[3]) for row in rows}
    into.database.executemany("INSERT OR IGNORE INTO fleet_package VALUES (?, ?, ?)", sorted(packages))
    versions = [
        (row[0], row[1], row[4], row[5], row[6] or (Reason.UNPARSABLE_VERSION.value if row[7] else "")) for row in rows
    ]
    into.write(f"INSERT INTO {join.VERSIONS} VALUES (?, ?, ?, ?, ?)", versions)  # noqa: S608 (our own name)


def _ranges(into: _Filling, packages: Sequence[int]) -> dict[int, str]:
    """Write the ranges of these packages; return those of which a record says something unreadable, with a reason."""
    rows = bulk.rows_where_in(_RANGES, packages)
    into.write(_ADD_RANGE, [row[:7] for row in rows])
    named = bulk.rows_where_in(_NAMED, packages)
    places = [(package, key, bytes(key) + b"\0", record, raw, None, raw) for package, key, record, raw in named]
    into.write(_ADD_RANGE, places)
    in_doubt = {row[0] for row in rows if row[7]}
    into.database.executemany(_IN_DOUBT, [(Reason.UNPARSABLE_VERSION.value, one) for one in sorted(in_doubt)])
    return dict(sorted(bulk.rows_where_in(_UNREAD, packages), reverse=True))


def _counted(database: sqlite3.Connection, picked: int) -> Exported:
    def count(table: str, where: str = "") -> int:
        return int(database.execute(f"SELECT count(*) FROM {table} {where}").fetchone()[0])  # noqa: S608 (our own names)

    in_doubt = f"JOIN {join.VERSIONS} AS v ON v.id = version_id WHERE v.doubt <> ''"
    return Exported(
        assets=count("fleet_asset"),
        components=count(join.HOLDINGS),
        versions=count(join.VERSIONS),
        ranges=count(join.RANGES),
        records=count("fleet_advisory"),
        unassessed=count("fleet_gap") + count(join.HOLDINGS, in_doubt),
        picked=picked,
    )


@transaction.atomic
def _note(done: Exported, organisations: Sequence[str], *, by: Actor, now: datetime) -> None:
    for name in organisations:
        subject = journal.Subject("orgs.organisation", name)
        facts = {"operators": len(organisations), "components": done.components}
        journal.record(at=now, by=by, action="inventory.exported", subject=subject, concerns=[name], facts=facts)
