"""This will match a fleet in its SQLite file as it stands, with nothing loaded: single-threaded and in place."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from watchbell.domain.matching import join
from watchbell.outside.fleet.engine import Rows, SqlEngine
from watchbell.outside.fleet.interface import FleetError

_READING = "PRAGMA query_only = ON; PRAGMA cache_size = -65536; PRAGMA mmap_size = 2147418112;"


def reading(file: Path) -> sqlite3.Connection:
    """Return a connection that reads a fleet's file, for `join`'s statements in both directions. Raises FleetError."""
    if not file.is_file():
        raise FleetError(f"{file} is not there; build it first.")
    database = sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro&immutable=1", uri=True)
    try:
        database.executescript(_READING)
        database.execute(f"SELECT 1 FROM {join.MATCHES} LIMIT 0")  # noqa: S608 (our own name)
    except sqlite3.DatabaseError as error:
        database.close()
        raise FleetError(f"{file} is not a fleet's file ({error}); build it anew.") from error
    return database


def rows_of_file(file: Path, statement: str) -> Iterator[tuple[object, ...]]:
    """Yield the rows that a statement finds in a fleet's file. Raises FleetError."""
    with closing(reading(file)) as database:
        yield from database.execute(statement)


class InSqlite(SqlEngine):
    """The executor every Python has; reads a file made by `bulk.building` and never writes it."""

    def __init__(self, file: Path) -> None:
        self._load(file)

    def _load(self, fleet: Path) -> None:
        self._database = reading(fleet)

    def _rows(self, statement: str) -> Rows:
        return iter(self._database.execute(statement))

    def close(self) -> None:
        """This will close the file."""
        self._database.close()
