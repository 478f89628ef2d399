"""This will make one snapshot out of everything that was read: in order, as a whole or not at all."""

import hashlib
import sqlite3
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import zstandard

from watchbell.domain.matching.aliases import AliasGroup, groups_of, is_cve
from watchbell.domain.refusal import Refused, refuse
from watchbell.edge.facts import preferred_vector
from watchbell.edge.footer import Footer
from watchbell.edge.layout import KEYS, PAGE_BYTES, TABLES
from watchbell.edge.sources import Reading, read
from watchbell.edge.staging import PRODUCT, Staging
from watchbell.edge.workroom import workroom
from watchbell.outside import durable
from watchbell.outside.egress.refusals import EgressDenied, EgressFailed

LEVEL = 19
CHUNK = 1 << 20
SAY_EVERY = 1000

_PACKAGES = (
    "SELECT ecosystem, span.name FROM span JOIN told USING (serial) UNION SELECT ecosystem, named.name FROM named "
    "JOIN told USING (serial) UNION SELECT ecosystem, doubt.name FROM doubt JOIN told USING (serial) ORDER BY 1, 2"
)
"""Packages, and what words name beside them (`staging.PRODUCT`)."""

_ADVISORIES = (
    "SELECT serial, kind, name, ids, summary, cvss FROM told WHERE withdrawn = 0 AND ("
    "EXISTS (SELECT 1 FROM span WHERE span.serial = told.serial) "
    "OR EXISTS (SELECT 1 FROM named WHERE named.serial = told.serial) "
    "OR EXISTS (SELECT 1 FROM doubt WHERE doubt.serial = told.serial) "
    "OR EXISTS (SELECT 1 FROM hash WHERE hash.serial = told.serial)) ORDER BY name, kind, part"
)
_PARTS = (
    "INSERT OR IGNORE INTO affected_range SELECT p.id, s.lo, s.hi, a.id, s.flags, s.introduced, s.fixed, "
    "s.last_affected FROM stage.span s JOIN numbered a ON a.serial = s.serial JOIN thing p "
    "ON p.ecosystem = s.ecosystem AND p.name = s.name ORDER BY 1, 2, 3, 4, 5, 6, 7, 8",
    "INSERT OR IGNORE INTO named_version SELECT p.id, s.version, a.id FROM stage.named s JOIN numbered a "
    "ON a.serial = s.serial JOIN thing p ON p.ecosystem = s.ecosystem AND p.name = s.name ORDER BY 1, 2, 3",
    "INSERT OR IGNORE INTO doubt SELECT p.id, a.id, s.reason, s.because FROM stage.doubt s JOIN numbered a "
    "ON a.serial = s.serial JOIN thing p ON p.ecosystem = s.ecosystem AND p.name = s.name "
    "ORDER BY 1, 2, s.at, 3, 4",
    "INSERT OR IGNORE INTO helper SELECT s.kind, s.value, p.id FROM stage.helper s JOIN numbered a "
    "ON a.serial = s.serial JOIN thing p ON p.ecosystem = s.ecosystem AND p.name = s.name ORDER BY 1, 2, 3",
    "INSERT OR IGNORE INTO affected_commit SELECT s.hash, a.id FROM stage.hash s JOIN numbered a "
    "ON a.serial = s.serial ORDER BY 1, 2",
)
_WHOLE = (
    "meta", "source", "package", "product", "helper", "affected_range", "named_version", "doubt", "affected_commit",
    "advisory", "vulnerability", "assertion",
)  # fmt: skip
_SOURCES = (
    "INSERT INTO source SELECT kind, kind, count(DISTINCT name), "
    "count(DISTINCT CASE WHEN withdrawn = 1 THEN name END), 0, max(modified) FROM stage.told WHERE kind <> 'kev' "
    "GROUP BY kind "
    "UNION ALL SELECT kind, asserter, count(DISTINCT cve), 0, 0, "
    "max(CASE WHEN edition <> '' THEN edition ELSE since END) FROM stage.said GROUP BY kind, asserter ORDER BY 1, 2"
)


@dataclass(frozen=True, slots=True)
class Built:
    """What came of a build: the footer that was written, what was read and refused, and the file's size."""

    footer: Footer
    reading: Reading
    bytes: int
    ranges: int


Progress = Callable[[str, int, int], None]
"""Told what is being done, and how far it is: done, of how many (0 where nobody knows)."""


def build(
    places: Iterable[str], out: Path, *, now: datetime, progress: Progress = lambda what, done, total: None
) -> Built:
    """Write the snapshot of what lies at these places to `out` and return what came of it.

    Equal inputs give equal bytes, whatever their order, but for the time. Raises Refused when a
    place holds nothing that can be read, OSError when something cannot be opened or written;
    what stood at `out` then still stands there.
    """
    reading = Reading()
    with workroom(out) as folder:
        staging = Staging(str(Path(folder, "stage")))
        try:
            _read_all(places, staging, reading, progress)
            progress("Putting in order", 0, 0)
            staging.settle()
            database = Path(folder, "snapshot")
            ranges = _write(staging, database, now)
        finally:
            staging.close()
        footer = _pack(database, out, Path(folder, "packed"), progress)
    return Built(footer, reading, out.stat().st_size, ranges)


def _read_all(places: Iterable[str], staging: Staging, reading: Reading, progress: Progress) -> None:
    for place in places:
        before = (reading.seen, reading.refused)
        try:
            for at, one in enumerate(read(place, reading)):
                staging.add(one)
                if at % SAY_EVERY == 0:
                    progress("Reading", reading.seen, 0)
        except (EgressDenied, EgressFailed) as error:
            raise refuse("not-fetched", str(error), place=place) from error
        if reading.seen == before[0]:
            first = reading.refusals[0][1] if reading.refused > before[1] and reading.refusals else None
            if first:
                raise Refused(first)
            raise refuse("empty", "nothing there is an advisory or a catalogue", place=place, todo="Check the path")


def _write(staging: Staging, path: Path, now: datetime) -> int:
    """Write the tables in order; return how many ranges there are."""
    db = sqlite3.connect(path, isolation_level=None)
    try:
        for setting in (f"page_size = {PAGE_BYTES}", "journal_mode = OFF", "synchronous = OFF"):
            db.execute(f"PRAGMA {setting}")
        for table in TABLES:
            db.execute(table)
        db.execute("ATTACH ? AS stage", (staging.db.execute("PRAGMA database_list").fetchone()[2],))
        db.execute("BEGIN")
        db.executemany("INSERT INTO meta VALUES (?, ?)", sorted(KEYS.items()))
        db.execute("CREATE TEMP TABLE numbered (serial INTEGER PRIMARY KEY, id INTEGER)")
        _write_names(staging, db)
        _write_advisories(staging, db)
        for part in _PARTS:
            db.execute(part)
        _write_assertions(staging, db)
        db.execute(_SOURCES)
        ecosystems = [row[0] for row in db.execute("SELECT DISTINCT ecosystem FROM package ORDER BY 1")]
        db.execute("INSERT INTO meta VALUES ('ecosystems', ?)", ("\n".join(ecosystems),))
        db.execute("INSERT INTO meta VALUES ('id', ?)", (_digest_of(db),))
        db.execute("INSERT INTO meta VALUES ('built_at', ?)", (_written(now),))
        db.execute("COMMIT")
        db.execute("DETACH stage")
        db.execute("VACUUM")
        return int(db.execute("SELECT count(*) FROM affected_range").fetchone()[0])
    finally:
        db.close()


def _write_names(staging: Staging, db: sqlite3.Connection) -> None:
    """Write what records name, numbered on: packages first, then products."""
    db.execute("CREATE TEMP TABLE thing (ecosystem TEXT, name TEXT, id INTEGER, PRIMARY KEY (ecosystem, name))")
    rows = staging.db.execute(_PACKAGES).fetchall()
    rows.sort(key=lambda row: (row[0].startswith(PRODUCT), row[1] if row[0].startswith(PRODUCT) else "", row))
    db.executemany("INSERT INTO thing VALUES (?, ?, ?)", ((*row, at) for at, row in enumerate(rows, start=1)))
    for ecosystem, name, number in db.execute("SELECT ecosystem, name, id FROM thing ORDER BY id").fetchall():
        if ecosystem.startswith(PRODUCT):
            _, origin, scheme = ecosystem.split("\n")
            called, vendor, numbers = name.split("\n")
            row = (called, vendor, origin, scheme, numbers, number)
            db.execute("INSERT INTO product VALUES (?, ?, ?, ?, ?, ?)", row)
        else:
            db.execute("INSERT INTO package VALUES (?, ?, ?)", (ecosystem, name, number))


def _written(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _write_advisories(staging: Staging, db: sqlite3.Connection) -> None:
    """Write advisories and vulnerabilities, each numbered by its name; ids nothing is said of are left out."""
    groups = {name: group for group in groups_of(staging.assertions(), staging.ids()) for name in group.ids}
    rows = list(staging.db.execute(_ADVISORIES))
    told: dict[str, tuple[AliasGroup, list[str], list[str]]] = {}
    for _, _, name, ids, summary, cvss in rows:
        group = _group_of(groups, name, ids)
        _, summaries, vectors = told.setdefault(group.display_id, (group, [], []))
        summaries.append(summary)
        vectors.append(cvss)
    numbers = {display: at for at, display in enumerate(sorted(told), start=1)}
    db.executemany(
        "INSERT INTO vulnerability VALUES (?, ?, ?, ?, ?, ?)",
        (
            (
                numbers[display],
                display,
                "\n".join(sorted(group.ids - {display})),
                "\n".join(sorted(group.umbrella_of)),
                next((text for text in summaries if text), ""),
                preferred_vector(vectors),
            )
            for display, (group, summaries, vectors) in sorted(told.items())
        ),
    )
    for at, (serial, kind, name, ids, _, _) in enumerate(rows, start=1):
        number = numbers[_group_of(groups, name, ids).display_id]
        db.execute("INSERT INTO advisory VALUES (?, ?, ?, ?)", (at, name, kind, number))
        db.execute("INSERT INTO numbered VALUES (?, ?)", (serial, at))


def _group_of(groups: dict[str, AliasGroup], name: str, ids: str) -> AliasGroup:
    listed = ids.split("\n")
    return groups[name if name in listed else listed[0]]


def _write_assertions(staging: Staging, db: sqlite3.Connection) -> None:
    """Write the latest word of each catalogue on CVEs that something in here is said of."""
    wanted: set[str] = set()
    for display, ids, over in db.execute("SELECT display_id, ids, speaks_of FROM vulnerability"):
        wanted.update(name for name in (display, *ids.split("\n"), *over.split("\n")) if is_cve(name))
    query = "SELECT cve, kind, asserter, since, answers FROM said ORDER BY cve, kind, asserter, since DESC, answers"
    db.executemany(
        "INSERT OR IGNORE INTO assertion VALUES (?, ?, ?, ?, ?)",
        (row for row in staging.db.execute(query) if row[0] in wanted),
    )


def _digest_of(db: sqlite3.Connection) -> str:
    """Return the identity of what is in here, apart from when it was built."""
    digest = hashlib.sha256()
    for table in _WHOLE:
        for row in db.execute(f"SELECT * FROM {table}"):  # noqa: S608 - our own table names
            digest.update(repr(row).encode())
    return digest.hexdigest()[:32]


def _pack(database: Path, out: Path, packed: Path, progress: Progress) -> Footer:
    """Compress the database, add the footer, and put both at `out` in one step."""
    digest, size, check, whole = hashlib.sha256(), 0, 0, database.stat().st_size
    compressor = zstandard.ZstdCompressor(level=LEVEL, write_content_size=True)
    with packed.open("wb") as target, compressor.stream_writer(target, size=whole) as writer:
        for piece in _pieces(database):
            digest.update(piece)
            size += len(piece)
            writer.write(piece)
            progress("Packing (MB)", size // 10**6, whole // 10**6)
    for piece in _pieces(packed):
        check = zlib.crc32(piece, check)
    footer = Footer(digest=digest.hexdigest(), size=size, packed=packed.stat().st_size, check=check)
    durable.write(out, _with(footer, packed))
    return footer


def _with(footer: Footer, packed: Path) -> Iterator[bytes]:
    yield from _pieces(packed)
    yield footer.written()


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(CHUNK):
            yield piece
