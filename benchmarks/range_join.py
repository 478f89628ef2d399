"""What does matching a whole fleet cost, with every bound of every match, in SQLite, DuckDB and PostgreSQL?

`python -m benchmarks range_join [ROWS...] [--clones N] [--svg FILE]`; ROWS are components,
1,000,000 unless told, several for how the cost grows. Ranges are those of the real OSV
records beside the checkout, else made up, each package N times under names of its own
(12 unless told, about a million ranges). Components are made up: 2,000 an asset, drawn from
400,000 distinct versions of which 35 % belong to packages with ranges. All engines answer
the same SQL text; their tallies must be equal or the run stops. CPU time of this process,
all threads, medians; PostgreSQL's is the time its server took, and is measured when
WATCHBELL_DATABASE_URL names a server, up to 1,000,000 components. Needs about 0.3 GB of
disk for 10,000,000 components, under TMPDIR.
"""

import argparse
import io
import math
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from random import Random
from sqlite3 import Connection
from typing import Any

from watchbell.domain.matching import join
from watchbell.domain.matching.ranges import read_affected
from watchbell.outside.fleet import generated
from watchbell.outside.fleet.bulk import RangeRow, building, rows_of_entry
from watchbell.outside.fleet.generated import Known
from watchbell.outside.fleet.interface import FleetError, Tally
from watchbell.outside.fleet.parquet import write

REAL = Path(__file__).resolve().parents[2] / "shared" / "data" / "osv" / "osv.ndjson.zst"
DISTINCT, HIT = 400_000, 0.35
ROUNDS = 3
PURLS = {
    "PyPI": ("pkg:pypi/", ""),
    "Go": ("pkg:golang/", ""),
    "crates.io": ("pkg:cargo/", ""),
    "RubyGems": ("pkg:gem/", ""),
    "AlmaLinux:8": ("pkg:rpm/almalinux/", "?distro=almalinux-8"),
    "AlmaLinux:9": ("pkg:rpm/almalinux/", "?distro=almalinux-9"),
    "AlmaLinux:10": ("pkg:rpm/almalinux/", "?distro=almalinux-10"),
}
MOST_PACKAGES = (
    f"SELECT advisory_id FROM (SELECT DISTINCT advisory_id, package_id FROM {join.RANGES}) "
    "GROUP BY advisory_id ORDER BY count(*) DESC LIMIT 1"
)
MOST_MATCHES = f"SELECT advisory_id FROM {join.MATCHES} GROUP BY advisory_id ORDER BY count(*) DESC LIMIT 1"

Found = tuple[Tally, int]
"""What an engine counted, and its checksum."""


def main(arguments: list[str]) -> None:
    """Print one block a size, and draw how the cost grows when asked."""
    parser = argparse.ArgumentParser(prog="range_join")
    parser.add_argument("rows", nargs="*", type=int, default=[1_000_000])
    parser.add_argument("--clones", type=int, default=12)
    parser.add_argument("--svg", type=Path)
    chosen = parser.parse_args(arguments)
    ranges, purls = material(chosen.clones)
    grown = [(rows, measured(rows, ranges, purls)) for rows in chosen.rows]
    print("aims at 10,000,000 components: SQLite 1.5 s, DuckDB 4 s, one record 10 ms, one asset 5 ms")
    if chosen.svg is not None:
        chosen.svg.write_text(drawn(grown), encoding="utf-8")
        print(f"drawn in {chosen.svg}")


def material(clones: int) -> tuple[list[RangeRow], list[str]]:
    """Return the ranges, and 400,000 distinct package URLs of which 35 % name a package with ranges."""
    rng = Random(1)
    records = list(real() if REAL.exists() else made_up(rng))
    print(f"ranges: {'real OSV records' if REAL.exists() else 'made up'}, every package {clones} times")
    ranges: list[RangeRow] = []
    heads: dict[tuple[str, str], tuple[str, str, list[str]]] = {}
    for clone in range(clones):
        for ecosystem, name, advisory, intervals in records:
            called = name if clone == 0 else f"{name}-c{clone}"
            ranges += rows_of_entry(ecosystem, called, advisory if clone == 0 else f"{advisory}-c{clone}", intervals)
            begin, end = PURLS[ecosystem]
            versions = heads.setdefault((ecosystem, called), (f"{begin}{called}@", end, []))[2]
            versions += [text for one in intervals for text in (one.introduced, one.fixed) if text and text != "0"]
    named = hits(list(heads.values()), int(DISTINCT * HIT), rng)
    others = generated.packages(DISTINCT // 10, 10, rng=rng)
    purls = named + [purl for its in others for purl in its.purls][: DISTINCT - len(named)]
    return ranges, purls


def hits(heads: Sequence[tuple[str, str, list[str]]], count: int, rng: Random) -> list[str]:
    """Return package URLs of packages with ranges: a package by chance, and one of the versions its records name."""
    found: set[str] = set()
    tries = 0
    while len(found) < count and tries < count * 20:
        begin, end, versions = rng.choice(heads)
        tries += 1
        if versions:
            found.add(begin + rng.choice(versions) + end)
    return sorted(found)


def real() -> Iterator[tuple[str, str, str, Sequence[Any]]]:
    """Yield (ecosystem, package, record, intervals) of the OSV records beside the checkout."""
    import orjson
    import zstandard

    with REAL.open("rb") as opened:
        for line in io.BufferedReader(zstandard.ZstdDecompressor().stream_reader(opened), 1 << 20):
            record = orjson.loads(line)
            for entry in record.get("affected", ()):
                its = entry.get("package") or {}
                if its.get("ecosystem") in PURLS and not record.get("withdrawn"):
                    read = read_affected(its["ecosystem"], entry.get("ranges", ()), entry.get("versions", ()))
                    yield its["ecosystem"], its["name"], record["id"], read.intervals


def made_up(rng: Random) -> Iterator[tuple[str, str, str, Sequence[Any]]]:
    """Yield as many of ours, where there are no real ones."""
    some = generated.packages(14_000, 12, rng=rng)
    known = [Known("PyPI", f"lib-x{number}", "", "", its.versions) for number, its in enumerate(some)]
    for row in generated.ranges(known, 85_000, rng=rng):
        yield row.package.ecosystem, row.package.name, row.advisory, [row.interval]


def measured(rows: int, ranges: list[RangeRow], purls: list[str]) -> dict[str, float]:
    """Build a fleet, ask every engine, and return CPU seconds by engine."""
    with tempfile.TemporaryDirectory(prefix="watchbell-bench-") as scratch:
        file = Path(scratch) / "fleet.sqlite3"
        loading, distinct = built(file, rows, ranges, purls)
        size = file.stat().st_size / 1e6
        print(f"-- {rows:,} components, {distinct:,} distinct; {len(ranges):,} ranges; file {size:,.0f} MB", flush=True)
        print(f"components loaded and all indexes built  {loading:8.2f} s  {rows / loading:11,.0f} rows/s", flush=True)
        figures, found = in_sqlite(file)
        figures |= in_duckdb(file, found) | in_postgresql(file, found, rows)
    return figures


def built(file: Path, rows: int, ranges: list[RangeRow], purls: list[str]) -> tuple[float, int]:
    """Return the CPU seconds that the components cost, indexes included, and how many are distinct."""
    rng = Random(2)
    spent, seen = 0.0, set[str]()
    with building(file) as build:
        build.add_ranges(ranges)
        for asset, held in generated.components(purls, rows, rng=rng):
            if len(seen) < len(purls):
                seen.update(held)
            started = time.process_time()
            build.add_asset(asset, held)
            spent += time.process_time() - started
        started = time.process_time()
    return spent + time.process_time() - started, len(seen)


def in_sqlite(file: Path) -> tuple[dict[str, float], Found]:
    """Print SQLite's figures, on one thread; return the whole match's, and the tally."""
    from watchbell.outside.fleet.sqlite import InSqlite, reading

    with closing(InSqlite(file)) as engine:
        found = engine.tally(), engine.checksum()
        tally = found[0]
        whole = median(engine.tally)
        print(f"SQLite, one thread, every match          {whole:8.2f} s  {tally.matches:11,} matches", flush=True)
    with closing(reading(file)) as database:
        one_record(database, MOST_PACKAGES, "most packages named")
        one_record(database, MOST_MATCHES, "most assets hit")
        one_asset(database)
    return {"SQLite": whole}, found


def one_record(database: Connection, which: str, words: str) -> None:
    """Print one record: from its id to every asset that holds what it names, rows fetched."""
    advisory = database.execute(which).fetchone()
    statement = join.assets_of_advisories(1, placeholder="?")
    found = database.execute(statement, advisory).fetchall()
    spent = median(lambda: database.execute(statement, advisory).fetchall(), 21)
    print(f"SQLite, new record, {words:20}{spent * 1e3:8.2f} ms {len(found):11,} matches", flush=True)


def one_asset(database: Connection) -> None:
    """Print one asset of 2,000 components against all ranges, rows fetched."""
    statement = join.advisories_of_assets(1, placeholder="?")
    found = database.execute(statement, (1,)).fetchall()
    spent = median(lambda: database.execute(statement, (1,)).fetchall(), 21)
    print(f"SQLite, one asset of 2,000 components    {spent * 1e3:8.2f} ms {len(found):11,} matches", flush=True)


def in_duckdb(file: Path, expected: Found) -> dict[str, float]:
    """Print DuckDB's figures where it is installed."""
    from watchbell.outside.fleet.duckdb import InDuckdb

    folder = file.parent / "parquet"
    try:
        write(file, folder)
    except FleetError as error:
        print(f"DuckDB skipped: {error}")
        return {}
    started = time.process_time()
    with closing(InDuckdb(folder)) as engine:
        loading = time.process_time() - started
        same("DuckDB", (engine.tally(), engine.checksum()), expected)
        whole = median(engine.tally)
    size = sum(one.stat().st_size for one in folder.iterdir()) / 1e6
    print(
        f"DuckDB, every match                      {whole:8.2f} s  ({size:,.0f} MB of Parquet read in {loading:.2f} s)"
    )
    return {"DuckDB": whole}


def in_postgresql(file: Path, expected: Found, rows: int) -> dict[str, float]:
    """Print PostgreSQL's figures where there is a server; loading takes too long beyond a million."""
    from watchbell.outside.fleet.postgresql import InPostgresql

    url = os.environ.get("WATCHBELL_DATABASE_URL", "")
    if not url.startswith("postgresql://") or rows > 1_000_000:
        print("PostgreSQL skipped: needs WATCHBELL_DATABASE_URL=postgresql://... and at most 1,000,000 components")
        return {}
    with closing(InPostgresql(file, url=url)) as engine:
        same("PostgreSQL", (engine.tally(), engine.checksum()), expected)
        whole = median(engine.tally, clock=time.perf_counter)
    print(f"PostgreSQL, every match (wall clock)     {whole:8.2f} s")
    return {"PostgreSQL": whole}


def same(name: str, found: Found, expected: Found) -> None:
    """Stop the run unless this engine found exactly what SQLite found."""
    if found != expected:
        sys.exit(f"{name} found {found}, SQLite {expected}")


def median(work: Callable[[], object], rounds: int = ROUNDS, clock: Callable[[], float] = time.process_time) -> float:
    """Return the median seconds of this work."""
    spent = []
    for _ in range(rounds):
        started = clock()
        work()
        spent.append(clock() - started)
    return statistics.median(spent)


def drawn(grown: Sequence[tuple[int, dict[str, float]]]) -> str:
    """Return one plot of CPU seconds over components, both scales logarithmic: a straight line up means no surprise."""
    rows = [count for count, _ in grown]
    spent = [seconds for _, figures in grown for seconds in figures.values()]
    x, y = scale(rows, 70, 560), scale(spent, 350, 50)
    parts = [
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 660 410" font-family="sans-serif" font-size="12">',
        '<rect width="660" height="410" fill="white"/>',
        '<text x="70" y="24">CPU seconds to match every component with about a million ranges</text>',
        '<text x="560" y="400" text-anchor="end">components</text>',
    ]
    parts += [across(x(count), f"{count / 1e6:g} M") for count in decades(rows)]
    parts += [up(y(seconds), f"{seconds:g} s") for seconds in decades(spent)]
    names = sorted({name for _, figures in grown for name in figures})
    for name, colour in zip(names, ("#b34700", "#444444", "#005ea5"), strict=False):
        points = [(x(count), y(figures[name]), figures[name]) for count, figures in grown if name in figures]
        line = " ".join(f"{left:.0f},{top:.0f}" for left, top, _ in points)
        parts.append(f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts += [f'<circle cx="{left:.0f}" cy="{top:.0f}" r="3" fill="{colour}"/>' for left, top, _ in points]
        parts += [
            f'<text x="{left:.0f}" y="{top - 8:.0f}" fill="{colour}">{took:.2f}</text>' for left, top, took in points
        ]
        left, top, _ = points[-1]
        parts.append(f'<text x="{left + 10:.0f}" y="{top + 4:.0f}" fill="{colour}">{name}</text>')
    return "\n".join([*parts, "</svg>"]) + "\n"


def scale(values: Sequence[float], first: float, last: float) -> Callable[[float], float]:
    """Return what places a value between two ends, by the decades that hold all values."""
    marks = decades(values)
    low, high = math.log10(marks[0]), math.log10(marks[-1])
    return lambda value: first + (last - first) * (math.log10(value) - low) / (high - low)


def decades(values: Sequence[float]) -> list[float]:
    """Return the powers of ten from below the least value to above the greatest."""
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    return [10.0**power for power in range(low, max(high, low + 1) + 1)]


def across(left: float, words: str) -> str:
    """Return one line up from the lower scale, with its words."""
    return (
        f'<path d="M{left:.0f} 50V350" stroke="#cccccc"/>'
        f'<text x="{left:.0f}" y="370" text-anchor="middle">{words}</text>'
    )


def up(top: float, words: str) -> str:
    """Return one line across from the left scale, with its words."""
    return (
        f'<path d="M70 {top:.0f}H560" stroke="#cccccc"/><text x="62" y="{top + 4:.0f}" text-anchor="end">{words}</text>'
    )
