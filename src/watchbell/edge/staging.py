"""What was read so far, on disk and not yet in order: a build of any size holds only one record in memory."""

import hashlib
import json
import sqlite3
from collections.abc import Iterator
from typing import Any

from watchbell.domain.matching.aliases import Assertion
from watchbell.domain.matching.designations import helpers_of, name_key, numbers_given, vendor_key
from watchbell.domain.matching.outcomes import Reason
from watchbell.domain.matching.products import ProductClaim
from watchbell.domain.matching.ranges import ABOVE, Interval, Ranges
from watchbell.domain.sentence import Sentence
from watchbell.domain.versions import LOWEST, Scheme, scheme_for
from watchbell.edge.layout import AFFECTED, BY_LINE, SAFE
from watchbell.edge.origins import Origin
from watchbell.edge.told import Kind, Said, Told

WHOLE_CATALOGUES = (Kind.KEV, Kind.EPSS)
"""Published as a whole each time, so that what a newer edition leaves out no longer stands."""

PRODUCT = "product\n"
"""Begins what stands here for an ecosystem where words name a product: its origin and its order follow."""

LONGEST_VERSION = 512
LONGEST_DOUBT = 300

_TABLES = """
CREATE TABLE told (serial INTEGER PRIMARY KEY, kind TEXT, name TEXT, part INTEGER, modified TEXT, digest BLOB,
  withdrawn INTEGER, summary TEXT, cvss TEXT, ids TEXT);
CREATE TABLE span (serial INTEGER, ecosystem TEXT, name TEXT, lo BLOB, hi BLOB, flags INTEGER, introduced TEXT,
  fixed TEXT, last_affected TEXT);
CREATE TABLE named (serial INTEGER, ecosystem TEXT, name TEXT, version TEXT);
CREATE TABLE doubt (serial INTEGER, ecosystem TEXT, name TEXT, at INTEGER, reason TEXT, because TEXT);
CREATE TABLE hash (serial INTEGER, hash BLOB);
CREATE TABLE helper (serial INTEGER, ecosystem TEXT, name TEXT, kind TEXT, value TEXT);
CREATE TABLE said (kind TEXT, cve TEXT, asserter TEXT, since TEXT, answers TEXT, edition TEXT);
CREATE TABLE source (kind TEXT, name TEXT, refused INTEGER);
"""
_INTO = {
    "span": "INSERT INTO span VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
    "named": "INSERT INTO named VALUES (?, ?, ?, ?)",
    "doubt": "INSERT INTO doubt VALUES (?, ?, ?, ?, ?, ?)",
    "hash": "INSERT INTO hash VALUES (?, ?)",
    "helper": "INSERT INTO helper VALUES (?, ?, ?, ?, ?)",
}
_SUPERSEDED = """
CREATE TABLE standing AS SELECT kind, name, max(modified || '|' || hex(digest)) AS newest FROM told GROUP BY 1, 2;
CREATE INDEX standing_by_name ON standing (kind, name);
DELETE FROM told WHERE modified || '|' || hex(digest) <>
  (SELECT newest FROM standing WHERE standing.kind = told.kind AND standing.name = told.name);
DELETE FROM told WHERE serial NOT IN (SELECT min(serial) FROM told GROUP BY kind, name, part);
"""

Rows = dict[str, list[tuple[Any, ...]]]


class Staging:
    """The tables of a build under way, in a file that is thrown away afterwards."""

    def __init__(self, path: str) -> None:
        self.db = sqlite3.connect(path, isolation_level=None)
        self.db.execute("PRAGMA journal_mode = OFF")
        self.db.execute("PRAGMA synchronous = OFF")
        self.db.executescript(_TABLES)
        self.db.execute("BEGIN")
        self._serial = 0

    def close(self) -> None:
        """Let go of the file."""
        self.db.close()

    def add(self, one: Told | Said) -> None:
        """Add what was read."""
        if isinstance(one, Said):
            row = (one.kind, one.cve, one.asserter, one.since, json.dumps(one.answers, sort_keys=True), one.edition)
            self.db.execute("INSERT INTO said VALUES (?, ?, ?, ?, ?, ?)", row)
            return
        rows = _rows(one)
        digest = hashlib.sha256(repr((one.ids, one.summary, one.cvss, one.withdrawn, rows)).encode()).digest()
        self._serial += 1
        head = (self._serial, one.kind, one.name, one.part, one.modified, _document_digest(one, digest))
        self.db.execute(
            "INSERT INTO told VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (*head, one.withdrawn, one.summary, one.cvss, "\n".join(one.ids)),
        )
        for table, statement in _INTO.items():
            self.db.executemany(statement, [(self._serial, *row) for row in rows[table]])

    def settle(self) -> None:
        """Leave of each record only what was published last, and of each whole catalogue the newest edition."""
        self.db.executescript(_SUPERSEDED)  # this ends the transaction first
        for kind in WHOLE_CATALOGUES:
            newest = "(SELECT max(edition) FROM said WHERE kind = ?)"
            self.db.execute(f"DELETE FROM said WHERE kind = ? AND edition <> {newest}", (kind, kind))  # noqa: S608
        for table in _INTO:
            self.db.execute(f"CREATE INDEX {table}_of ON {table} (serial)")

    def assertions(self) -> Iterator[Assertion]:
        """Yield who says that which ids mean the same."""
        for name, ids in self.db.execute("SELECT name, ids FROM told"):
            listed = ids.split("\n")
            own = name if name in listed else listed[0]
            for other in listed:
                if other != own:
                    yield Assertion(name, own, other)

    def ids(self) -> Iterator[str]:
        """Yield the first id of every record, whether or not anyone says that another one means the same."""
        for name, ids in self.db.execute("SELECT name, ids FROM told"):
            listed = ids.split("\n")
            yield name if name in listed else listed[0]


def _document_digest(one: Told, digest: bytes) -> bytes:
    """Return what decides between two equally new forms: parts of one document stay together."""
    if one.kind not in (Kind.CSAF, Kind.KEV):
        return digest
    return hashlib.sha256(one.name.encode() + one.modified.encode()).digest()


def _rows(one: Told) -> Rows:
    found: Rows = {table: [] for table in _INTO}
    for package, ranges in one.claims:
        found["hash"] += _commits(ranges)
        if package is not None and len(package.name) <= LONGEST_VERSION:
            _say(found, (package.ecosystem, package.name), ranges, scheme_for(package.ecosystem))
    for claim in one.products:
        _add_product(found, one.kind, claim)
    return {table: sorted(set(rows), key=repr) for table, rows in found.items()}


def _add_product(found: Rows, kind: Kind, claim: ProductClaim) -> None:
    """Add what is said of a product by words; what neither a name nor a helper tells apart is left out.

    Two variants with order numbers of their own are two products, whatever they are called.
    """
    helpers, numbers = list(dict.fromkeys(helpers_of(claim.product))), " ".join(numbers_given(claim.product))
    name = name_key(claim.product.name or claim.product.full_name) or (helpers[0][1] if helpers else "")
    vendor, origin = vendor_key(claim.product.vendor), Origin.PART if claim.within else Origin(kind)
    if not name or max(len(name), len(vendor)) > LONGEST_VERSION:
        return
    named = (f"{PRODUCT}{origin}\n{claim.ranges.scheme or Scheme.GENERIC}", f"{name}\n{vendor}\n{numbers}")
    _say(found, named, claim.ranges, claim.ranges.scheme)
    found["helper"] += [(*named, *helper) for helper in helpers]
    found["hash"] += _commits(claim.ranges)


def _commits(ranges: Ranges) -> list[tuple[bytes]]:
    return [(bytes.fromhex(each),) for span in ranges.commits for each in span.affected if _is_hash(each)]


def _say(found: Rows, named: tuple[str, str], ranges: Ranges, scheme: Scheme | None) -> None:
    """Add what a record says of a package or product whose versions are compared in this order."""
    doubts = [(each.reason.value, Sentence(each.because).rstrip(".")[:LONGEST_DOUBT]) for each in ranges.doubts]
    if ranges.scheme is scheme:
        found["span"] += [(*named, *_bounds(each, AFFECTED)) for each in ranges.intervals]
        found["span"] += [(*named, *_bounds(each, SAFE)) for each in ranges.safe]
    else:
        doubts.append((Reason.RANGE_NOT_UNDERSTOOD.value, "the record compares versions in another order"))
    found["named"] += [(*named, each) for each in ranges.named if len(each) <= LONGEST_VERSION]
    if any(len(each) > LONGEST_VERSION for each in ranges.named):
        doubts.append((Reason.UNPARSABLE_VERSION.value, "a listed version is too long to be compared"))
    found["doubt"] += [(*named, at, *each) for at, each in enumerate(doubts)]


def _bounds(one: Interval, flags: int) -> tuple[Any, ...]:
    begins = None if one.lo == LOWEST and one.introduced.removeprefix(ABOVE) == "0" else one.introduced
    return one.lo, one.hi, flags | (BY_LINE if one.by_line else 0), begins, one.fixed, one.last_affected


def _is_hash(text: str) -> bool:
    return len(text) in (40, 64) and all(letter in "0123456789abcdef" for letter in text)
