"""This will match a fleet in its SQLite file as it stands, with nothing loaded: single-threaded and in place."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

from watchbell.domain.matching import join
from watchbell.domain.matching.outcomes import Reason
from watchbell.outside.fleet.interface import (
    UNASSESSED,
    WHOLE,
    FleetError,
    Match,
    Shard,
    Tally,
    counted_reasons,
    in_words,
    number,
    tallied,
)

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


class InSqlite:
    """The executor every Python has; reads a file made by `bulk.building` and never writes it."""

    def __init__(self, file: Path) -> None:
        self._database = reading(file)

    def matches(self, shard: Shard = WHOLE) -> Iterator[Match]:
        """Yield every match of this part, package by package."""
        return in_words(self._database.execute(join.NAMED + shard.condition))

    def tally(self, shard: Shard = WHOLE) -> Tally:
        """Return the matches of this part, counted."""
        return tallied(self._database.execute(join.TALLY + shard.condition).fetchone())

    def checksum(self, shard: Shard = WHOLE) -> int:
        """Return a number that is equal for two engines when their matches of this part are."""
        return number(self._database.execute(join.CHECKSUM + shard.condition).fetchone())

    def unassessed(self) -> dict[Reason, int]:
        """Return how many components could not be assessed, by reason."""
        return counted_reasons(self._database.execute(UNASSESSED).fetchall())

    def close(self) -> None:
        """This will close the file."""
        self._database.close()
