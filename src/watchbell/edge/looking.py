"""Which records of the snapshot concern these versions? Asked of the database in a handful of statements.

The join itself is the one of `domain.matching.join`, under the two names it asks for.
"""

import sqlite3
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from watchbell.domain.matching import join
from watchbell.domain.matching.outcomes import Doubt, Reason
from watchbell.domain.matching.ranges import Interval, Ranges
from watchbell.domain.versions import Scheme
from watchbell.edge.layout import BY_LINE, SAFE

_ASKED = (
    f"CREATE TEMP TABLE {join.VERSIONS} (id INTEGER PRIMARY KEY, package_id INTEGER, key BLOB)",
    f"CREATE TEMP VIEW {join.RANGES} AS "  # noqa: S608 - our own name
    "SELECT package_id, lo, hi, advisory_id FROM main.affected_range "
    "WHERE flags & 1 = 0",
    "CREATE TEMP TABLE asked (id INTEGER PRIMARY KEY, ecosystem TEXT, name TEXT)",
)
_PACKAGES = "SELECT asked.id, package.id FROM asked CROSS JOIN package USING (ecosystem, name)"
_SPEAKING = (
    "SELECT v.id, s.advisory_id FROM {versions} AS v CROSS JOIN {table} AS s "
    "WHERE s.package_id = v.package_id AND v.id IN ({ids})"
)
_NAMED = (
    f"SELECT v.id, n.advisory_id FROM {join.VERSIONS} AS v CROSS JOIN named_version AS n "  # noqa: S608 - our own names
    "WHERE n.package_id = v.package_id AND n.version = ? AND v.id = ?"
)
_DOUBTED = (
    f"SELECT v.id, d.advisory_id FROM {join.VERSIONS} AS v "  # noqa: S608 - our own names
    "CROSS JOIN doubt AS d WHERE d.package_id = v.package_id"
)
_TABLES = ("affected_range", "named_version", "doubt")
_SPANS = (
    "SELECT package_id, advisory_id, lo, hi, flags, introduced, fixed, last_affected FROM affected_range "
    "WHERE package_id IN ({})"
)
_LISTED = "SELECT package_id, advisory_id, version FROM named_version WHERE package_id IN ({})"
_DOUBTS = "SELECT package_id, advisory_id, reason, because FROM doubt WHERE package_id IN ({})"

Pair = tuple[int, int]
"""The number of a version that was asked about, and of a record."""


class Record(NamedTuple):
    """One record: its id, and the number of the vulnerability it is about."""

    name: str
    vulnerability: int


def packages(db: sqlite3.Connection, wanted: Sequence[tuple[str, str]]) -> dict[int, int]:
    """Return the number of each package that records name, by its place among those wanted (ecosystem, name)."""
    for statement in _ASKED:
        db.execute(statement)
    db.executemany("INSERT INTO asked VALUES (?, ?, ?)", ((at, *one) for at, one in enumerate(wanted)))
    return dict(db.execute(_PACKAGES))


def inside(db: sqlite3.Connection, versions: Iterable[tuple[int, int, bytes | None]]) -> Iterator[Pair]:
    """Yield each version (number, package, key) with each record that has it in a range or doubts its package."""
    rows = list(versions)
    db.executemany(f"INSERT INTO {join.VERSIONS} VALUES (?, ?, ?)", rows)  # noqa: S608 - our own name
    for at in range(0, len(rows), join.MAX_IDS):
        part = [row[0] for row in rows[at : at + join.MAX_IDS]]
        yield from db.execute(join.by_versions(len(part), placeholder="?"), part)
    yield from db.execute(_DOUBTED)


def named(db: sqlite3.Connection, versions: Iterable[tuple[str, int]]) -> Iterator[Pair]:
    """Yield each version (as written, number) with each record that lists it letter by letter."""
    if db.execute("SELECT 1 FROM named_version LIMIT 1").fetchone():
        for one in versions:
            yield from db.execute(_NAMED, one)


def speaking(db: sqlite3.Connection, ids: Sequence[int]) -> Iterator[Pair]:
    """Yield these versions with every record that names their package at all."""
    for at in range(0, len(ids), join.MAX_IDS):
        part = ids[at : at + join.MAX_IDS]
        for table in _TABLES:
            yield from db.execute(
                _SPEAKING.format(versions=join.VERSIONS, table=table, ids=",".join("?" * len(part))), part
            )


def records_of(db: sqlite3.Connection, package: int) -> set[int]:
    """Return every record that names this package or product."""
    query = "SELECT advisory_id FROM {} WHERE package_id = ?"
    return {row[0] for table in _TABLES for row in db.execute(query.format(table), (package,))}


def ranges(
    db: sqlite3.Connection, wanted: Mapping[int, Collection[int]], schemes: Mapping[int, Scheme | None]
) -> dict[tuple[int, int], Ranges]:
    """Return what records say of packages or products, by (package, record): all of `wanted`, package by package.

    A statement for each package would cost more than all that is found.
    """
    spans: dict[tuple[int, int], tuple[list[Interval], list[Interval]]] = {
        (package, number): ([], []) for package, numbers in wanted.items() for number in numbers
    }
    for package, number, lo, hi, flags, introduced, fixed, last in in_parts(db, _SPANS, wanted):
        held = spans.get((package, number))
        if held is not None:
            shown = "0" if introduced is None else introduced
            held[flags & SAFE].append(Interval(lo, hi, shown, fixed, last, bool(flags & BY_LINE)))
    listed: dict[tuple[int, int], set[str]] = {}
    for package, number, version in in_parts(db, _LISTED, wanted):
        listed.setdefault((package, number), set()).add(version)
    doubts = {
        (package, number): (Doubt(_reason(reason), because),)
        for package, number, reason, because in in_parts(db, _DOUBTS, wanted)
    }
    return {
        at: Ranges(
            schemes[at[0]],
            tuple(affected),
            named=frozenset(listed.get(at, ())),
            doubts=doubts.get(at, ()),
            safe=tuple(safe),
        )
        for at, (affected, safe) in spans.items()
    }


def _reason(word: str) -> Reason:
    return Reason(word) if word in Reason._value2member_map_ else Reason.RANGE_NOT_UNDERSTOOD


def commits(db: sqlite3.Connection, wanted: Iterable[str]) -> dict[str, set[int]]:
    """Return the records that name each of these commits as affected."""
    found: dict[str, set[int]] = {}
    for one in wanted:
        try:
            spelled = bytes.fromhex(one)
        except ValueError:
            continue
        for (number,) in db.execute("SELECT advisory_id FROM affected_commit WHERE hash = ?", (spelled,)):
            found.setdefault(one, set()).add(number)
    return found


def records(db: sqlite3.Connection, numbers: Iterable[int]) -> dict[int, Record]:
    """Return these records by their numbers."""
    query = "SELECT id, name, vulnerability_id FROM advisory WHERE id IN ({})"
    return {row[0]: Record(row[1], row[2]) for row in in_parts(db, query, numbers)}


def in_parts(db: sqlite3.Connection, query: str, values: Iterable[Any]) -> Iterator[tuple[Any, ...]]:
    """Yield the rows of a statement with one list of values, asked in parts of a size that SQLite takes."""
    waiting = sorted(set(values))
    for at in range(0, len(waiting), join.MAX_IDS):
        part = waiting[at : at + join.MAX_IDS]
        yield from db.execute(query.format(",".join("?" * len(part))), part)
