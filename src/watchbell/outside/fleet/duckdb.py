"""This will match a fleet with DuckDB, from Parquet files or a SQLite file, on as many threads as it is given."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

from watchbell.domain.matching import join
from watchbell.domain.matching.outcomes import Reason
from watchbell.outside.fleet.interface import (
    TABLES,
    UNASSESSED,
    WHOLE,
    Match,
    Shard,
    Tally,
    counted_reasons,
    in_words,
    number,
    tallied,
)
from watchbell.outside.fleet.parquet import AT_ONCE, ask, duck, parquet, write


class InDuckdb:
    """The executor of the extra `fleet`; a SQLite file is first written as Parquet."""

    def __init__(self, fleet: Path, *, threads: int | None = None) -> None:
        self._engine = duck(threads)
        try:
            self._load(fleet)
        except BaseException:
            self.close()
            raise

    def _load(self, fleet: Path) -> None:
        if not fleet.is_dir():
            with tempfile.TemporaryDirectory(prefix="watchbell-fleet-") as scratch:
                write(fleet, Path(scratch) / "fleet")
                self._load(Path(scratch) / "fleet")
            return
        for table, columns in TABLES.items():
            rows = f"SELECT {', '.join(columns)} FROM {parquet(fleet, table)}"  # noqa: S608 (our own names)
            ask(self._engine, f"CREATE TABLE {table} AS {rows}")
        ask(self._engine, f"CREATE VIEW {join.MATCHES} AS {join.EVERYTHING}")
        ask(self._engine, "SET enable_external_access = false")

    def matches(self, shard: Shard = WHOLE) -> Iterator[Match]:
        """Yield every match of this part, in no order."""
        return in_words(self._rows(join.NAMED + shard.condition))

    def _rows(self, statement: str) -> Iterator[tuple[str | None, ...]]:
        answer = ask(self._engine.cursor(), statement)
        while rows := answer.fetchmany(AT_ONCE):
            yield from rows

    def tally(self, shard: Shard = WHOLE) -> Tally:
        """Return the matches of this part, counted."""
        return tallied(next(self._rows(join.TALLY + shard.condition)))

    def checksum(self, shard: Shard = WHOLE) -> int:
        """Return a number that is equal for two engines when their matches of this part are."""
        return number(next(self._rows(join.CHECKSUM + shard.condition)))

    def unassessed(self) -> dict[Reason, int]:
        """Return how many components could not be assessed, by reason."""
        return counted_reasons(list(self._rows(UNASSESSED)))

    def close(self) -> None:
        """This will free what DuckDB holds."""
        self._engine.close()
