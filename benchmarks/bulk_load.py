"""How many components a second go from package URLs into a fleet's final, indexed tables?

`python -m benchmarks bulk_load [ROWS]`; 10,000,000 rows unless told, 2,000 an asset, drawn
from 400,000 distinct versions (see range_join). Every package URL is read, every distinct
version keyed, both indexes are there at the end. Beside it, on up to 1,000,000 of the same
rows, what one would write first: executemany into the indexed table with SQLite's own
settings, and the reading of package URLs spared. CPU time of this process, user and system.
The fewer rows a distinct version has, the more its reading and key weigh: both are shown.
"""

import sqlite3
import tempfile
import time
from contextlib import closing
from pathlib import Path
from random import Random

from benchmarks.range_join import built, material
from watchbell.domain.matching import join
from watchbell.outside.fleet import generated

ROWS, PLAIN = 10_000_000, 1_000_000


def main(arguments: list[str]) -> None:
    """Print the rates for a tenth of the rows and for all of them, and the plain way's."""
    rows = int(arguments[0]) if arguments else ROWS
    _, purls = material(1)
    plain = plainly(purls, min(rows, PLAIN))
    print(f"executemany, URLs already numbers {min(rows, PLAIN):11,} rows  {plain:11,.0f} rows/s", flush=True)
    for count in (rows // 10, rows):
        with tempfile.TemporaryDirectory(prefix="watchbell-bench-") as scratch:
            spent, distinct = built(Path(scratch) / "fleet.sqlite3", count, [], purls)
        rate = count / spent
        print(
            f"fleet's loader, from package URLs {count:11,} rows  {rate:11,.0f} rows/s  "
            f"{rate / plain:4.1f} times; {distinct:,} distinct",
            flush=True,
        )
    print("aim: 400,000 rows/s at 10,000,000")


def plainly(purls: list[str], rows: int) -> float:
    """Return the rows a second of plain executemany into the same table with the same indexes."""
    numbers = {purl: number for number, purl in enumerate(purls)}
    spent = 0.0
    with (
        tempfile.TemporaryDirectory(prefix="watchbell-bench-") as scratch,
        closing(sqlite3.connect(Path(scratch) / "plain.sqlite3")) as database,
    ):
        columns = "asset_id INT, version_id INT, PRIMARY KEY (asset_id, version_id)"
        database.execute(f"CREATE TABLE {join.HOLDINGS} ({columns})")
        database.execute(f"CREATE INDEX holder_of_version ON {join.HOLDINGS} (version_id, asset_id)")
        for number, (_, purls_held) in enumerate(generated.components(purls, rows, rng=Random(2))):
            started = time.process_time()
            held = [(number, numbers[purl]) for purl in purls_held]
            database.executemany(f"INSERT OR IGNORE INTO {join.HOLDINGS} VALUES (?, ?)", held)
            spent += time.process_time() - started
        started = time.process_time()
        database.commit()
    return rows / (spent + time.process_time() - started)
