"""This will take a fleet from its SQLite file to Parquet files and back, so that any engine anywhere can read it.

One file a table, under the table's name. DuckDB (the extra `fleet`) does the writing and
reading. Rows go to it as text with one letter before each value, because a plain CSV
file cannot tell an empty value from a missing one, and both mean something in a range.
"""

import csv
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from watchbell.outside.fleet.bulk import SCHEMA, index, unfinished
from watchbell.outside.fleet.interface import BYTES, NUMBERS, TABLES, FleetError
from watchbell.outside.fleet.sqlite import rows_of_file

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

AT_ONCE = 10_000
_CONFIG = {"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"}


def duck(threads: int | None = None) -> "DuckDBPyConnection":
    """Return DuckDB in memory, unable to fetch anything by itself. Raises FleetError when it is not installed."""
    try:
        import duckdb  # imported late: an extra
    except ImportError as error:
        raise FleetError("DuckDB is not installed; run: pip install 'watchbell[fleet]'") from error
    connection = duckdb.connect(":memory:", config=dict(_CONFIG))
    if threads is not None:
        connection.execute(f"SET threads = {threads:d}")
    return connection


def ask(engine: "DuckDBPyConnection", statement: str) -> "DuckDBPyConnection":
    """Return DuckDB with its answer ready. Raises FleetError, as for a file that is cut short or not Parquet."""
    import duckdb  # imported late: an extra

    try:
        return engine.execute(statement)
    except duckdb.Error as error:
        raise FleetError(f"DuckDB stopped ({str(error).splitlines()[0]}); write the fleet as Parquet anew.") from error


def quoted(path: Path) -> str:
    """Return the path as a text in SQL."""
    return "'" + str(path).replace("'", "''") + "'"


def write(file: Path, folder: Path) -> None:
    """This will write the fleet in a SQLite file as Parquet files into a new folder. Raises FleetError.

    The folder stands there when all of it is written; what a killed run left is cleared away by the next.
    """
    if folder.exists():
        raise FleetError(f"{folder} exists already; name a new folder or remove it first.")
    with closing(duck()) as engine, _growing(folder) as growing:
        made = growing / "made"
        made.mkdir()
        for table, columns in TABLES.items():
            text = growing / "rows.csv"
            _as_text(rows_of(file, table), columns, text)
            ask(
                engine,
                f"COPY (SELECT {', '.join(map(_typed, columns))} FROM read_csv({quoted(text)}, header = true, "  # noqa: S608
                f"all_varchar = true, delim = ',', quote = '\"', escape = '\"', parallel = false)) "
                f"TO {quoted(made / f'{table}.parquet')} (FORMAT parquet, COMPRESSION zstd)",
            )
        made.rename(folder)


@contextmanager
def _growing(folder: Path) -> Iterator[Path]:
    growing = folder.with_name(folder.name + ".unfinished")
    shutil.rmtree(growing, ignore_errors=True)
    growing.mkdir()
    try:
        yield growing
    finally:
        shutil.rmtree(growing, ignore_errors=True)


@contextmanager
def as_folder(fleet: Path) -> Iterator[Path]:
    """Yield a folder of Parquet files for the block: the fleet itself, or its SQLite file written as such."""
    if fleet.is_dir():
        yield fleet
        return
    with tempfile.TemporaryDirectory(prefix="watchbell-fleet-") as scratch:
        write(fleet, Path(scratch) / "fleet")
        yield Path(scratch) / "fleet"


def _as_text(rows: Iterator[Sequence[object]], columns: Sequence[str], text: Path) -> None:
    as_is = [column in NUMBERS for column in columns]
    with text.open("w", encoding="utf-8", newline="") as opened:
        writer = csv.writer(opened, quoting=csv.QUOTE_MINIMAL)
        writer.writerow(columns)
        if all(as_is):
            writer.writerows(rows)
            return
        for row in rows:
            writer.writerow([value if plain else _marked(value) for value, plain in zip(row, as_is, strict=True)])


def _marked(value: object) -> str:
    if value is None:
        return ""
    return "=" + (value.hex() if isinstance(value, bytes) else str(value))


def _typed(column: str) -> str:
    if column in NUMBERS:
        return f"CAST({column} AS BIGINT) AS {column}"
    return f"unhex(substr({column}, 2)) AS {column}" if column in BYTES else f"substr({column}, 2) AS {column}"


def read(folder: Path, file: Path) -> None:
    """This will build a fleet's SQLite file from Parquet files. Raises FleetError."""
    with unfinished(file) as database:
        database.executescript(SCHEMA)
        try:
            for table, columns in TABLES.items():
                marks = ", ".join("?" * len(columns))
                database.executemany(f"INSERT INTO {table} VALUES ({marks})", rows_of(folder, table))  # noqa: S608 (our own)
        except sqlite3.Error as error:
            raise FleetError(f"{folder} holds what no fleet does ({error}); write it as Parquet anew.") from error
        index(database)


def rows_of(fleet: Path, table: str) -> Iterator[tuple[object, ...]]:
    """Yield the rows of one table of a fleet, be it a SQLite file or a folder of Parquet files. Raises FleetError."""
    columns = ", ".join(TABLES[table])
    if fleet.is_dir():
        yield from _of_parquet(fleet, f"SELECT {columns} FROM {parquet(fleet, table)}")  # noqa: S608 (our own names)
    else:
        yield from rows_of_file(fleet, f"SELECT {columns} FROM {table}")  # noqa: S608 (our own names)


def _of_parquet(fleet: Path, statement: str) -> Iterator[tuple[object, ...]]:
    with closing(duck()) as engine:
        answer = ask(engine, statement)
        while rows := answer.fetchmany(AT_ONCE):
            yield from rows


def parquet(folder: Path, table: str) -> str:
    """Return what DuckDB reads this table of the folder from. Raises FleetError."""
    file = folder / f"{table}.parquet"
    if not file.is_file():
        raise FleetError(f"{file} is not there; write the fleet as Parquet anew.")
    return f"read_parquet({quoted(file)})"
