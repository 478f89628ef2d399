"""What lies in a snapshot: tables that a person can open with sqlite3, and the words around them.

A snapshot is one SQLite file, zstd-compressed, and behind it a footer (a frame that zstd
tools pass over) with its size, its digests and a checksum of the compressed bytes. Every
table has its rows in the order of its key, so equal inputs give equal bytes. Products that
only words name are numbered after the packages: ranges, versions and doubts are of either.
Vendor and name stand there as `domain.matching.designations` spells them.
"""

from watchbell.domain.versions import KEY_FORMAT

FORMAT = 3
"""Grows when a table, or what stands in one, changes; an older program then says which one it needs."""

PAGE_BYTES = 4096
FOOTER_MAGIC = b"\x50\x2a\x4d\x18"
FOOTER_BYTES = 512
MOST_BYTES = 8 * 1024**3
"""The most a snapshot may hold once it is unpacked."""

AFFECTED, SAFE = 0, 1
BY_LINE = 2
"""Flags of a range: SAFE where the record itself says so; BY_LINE where a bound is a whole line of releases."""

KEYS = {"format": str(FORMAT), "key_format": str(KEY_FORMAT)}

TABLES = (
    "CREATE TABLE meta (name TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID",
    "CREATE TABLE source (kind TEXT NOT NULL, name TEXT NOT NULL, records INTEGER NOT NULL, "
    "withdrawn INTEGER NOT NULL, refused INTEGER NOT NULL, newest TEXT NOT NULL, PRIMARY KEY (kind, name)) "
    "STRICT, WITHOUT ROWID",
    "CREATE TABLE package (ecosystem TEXT NOT NULL, name TEXT NOT NULL, id INTEGER NOT NULL, "
    "PRIMARY KEY (ecosystem, name)) STRICT, WITHOUT ROWID",
    "CREATE TABLE product (name TEXT NOT NULL, vendor TEXT NOT NULL, origin TEXT NOT NULL, scheme TEXT NOT NULL, "
    "numbers TEXT NOT NULL, id INTEGER NOT NULL, "
    "PRIMARY KEY (name, vendor, origin, scheme, numbers)) STRICT, WITHOUT ROWID",
    "CREATE TABLE helper (kind TEXT NOT NULL, value TEXT NOT NULL, product_id INTEGER NOT NULL, "
    "PRIMARY KEY (kind, value, product_id)) STRICT, WITHOUT ROWID",
    "CREATE TABLE affected_range (package_id INTEGER NOT NULL, lo BLOB NOT NULL, hi BLOB NOT NULL, "
    "advisory_id INTEGER NOT NULL, flags INTEGER NOT NULL, introduced TEXT, fixed TEXT, last_affected TEXT, "
    "PRIMARY KEY (package_id, lo, hi, advisory_id, flags)) STRICT, WITHOUT ROWID",
    "CREATE TABLE named_version (package_id INTEGER NOT NULL, version TEXT NOT NULL, advisory_id INTEGER NOT NULL, "
    "PRIMARY KEY (package_id, version, advisory_id)) STRICT, WITHOUT ROWID",
    "CREATE TABLE doubt (package_id INTEGER NOT NULL, advisory_id INTEGER NOT NULL, reason TEXT NOT NULL, "
    "because TEXT NOT NULL, PRIMARY KEY (package_id, advisory_id)) STRICT, WITHOUT ROWID",
    "CREATE TABLE affected_commit (hash BLOB NOT NULL, advisory_id INTEGER NOT NULL, "
    "PRIMARY KEY (hash, advisory_id)) STRICT, WITHOUT ROWID",
    "CREATE TABLE advisory (id INTEGER NOT NULL PRIMARY KEY, name TEXT NOT NULL, kind TEXT NOT NULL, "
    "vulnerability_id INTEGER NOT NULL) STRICT",
    "CREATE TABLE vulnerability (id INTEGER NOT NULL PRIMARY KEY, display_id TEXT NOT NULL, ids TEXT NOT NULL, "
    "speaks_of TEXT NOT NULL, summary TEXT NOT NULL, cvss TEXT NOT NULL) STRICT",
    "CREATE TABLE assertion (cve TEXT NOT NULL, kind TEXT NOT NULL, asserter TEXT NOT NULL, since TEXT NOT NULL, "
    "answers TEXT NOT NULL, PRIMARY KEY (cve, kind, asserter)) STRICT, WITHOUT ROWID",
)
"""`ids` and `speaks_of` (what an umbrella is over) are lines of identifiers; `answers` is a JSON object."""
