"""This will match a fleet inside a PostgreSQL server, in temporary tables that nobody else sees and that go with us.

Temporary tables come before others of the same name, so a node's own server and database
may be used: its tables are neither read nor written.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from watchbell.domain.matching import join
from watchbell.domain.matching.outcomes import Reason
from watchbell.outside.fleet.interface import (
    BYTES,
    NUMBERS,
    TABLES,
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
from watchbell.outside.fleet.parquet import AT_ONCE, rows_of

if TYPE_CHECKING:
    import psycopg

_INDEXES = (
    f"CREATE INDEX ON {join.RANGES} (package_id, lo, hi)",
    f"CREATE INDEX ON {join.RANGES} (advisory_id)",
    f"CREATE INDEX ON {join.VERSIONS} (package_id, key)",
    f"CREATE INDEX ON {join.HOLDINGS} (version_id, asset_id)",
    f"CREATE INDEX ON {join.HOLDINGS} (asset_id)",
)


class InPostgresql:
    """The executor of the extra `postgres`; `fleet` is a SQLite file or a folder of Parquet files."""

    def __init__(self, fleet: Path, *, url: str) -> None:
        self._connection = _connected(url)
        try:
            self._load(fleet)
        except BaseException:
            self.close()
            raise

    def _load(self, fleet: Path) -> None:
        with self._connection.cursor() as cursor:
            for table, columns in TABLES.items():
                typed = ", ".join(f"{column} {_type(column)}" for column in columns)
                cursor.execute(f"CREATE TEMPORARY TABLE {table} ({typed})")
                with cursor.copy(f"COPY {table} ({', '.join(columns)}) FROM STDIN") as copy:
                    for row in rows_of(fleet, table):
                        copy.write_row(row)
            for statement in _INDEXES:
                cursor.execute(statement)
            for table in TABLES:
                cursor.execute(f"ANALYZE {table}")
            cursor.execute(f"CREATE TEMPORARY VIEW {join.MATCHES} AS {join.EVERYTHING}")

    def matches(self, shard: Shard = WHOLE) -> Iterator[Match]:
        """Yield every match of this part, in no order, fetched in batches."""
        return in_words(self._streamed(join.NAMED + shard.condition))

    def _streamed(self, statement: str) -> Iterator[tuple[str | None, ...]]:
        with self._connection.transaction(), self._connection.cursor(name="fleet") as cursor:
            cursor.itersize = AT_ONCE
            cursor.execute(statement)
            yield from cursor

    def tally(self, shard: Shard = WHOLE) -> Tally:
        """Return the matches of this part, counted."""
        return tallied(self._connection.execute(join.TALLY + shard.condition).fetchone() or ())

    def checksum(self, shard: Shard = WHOLE) -> int:
        """Return a number that is equal for two engines when their matches of this part are."""
        return number(self._connection.execute(join.CHECKSUM + shard.condition).fetchone() or ())

    def unassessed(self) -> dict[Reason, int]:
        """Return how many components could not be assessed, by reason."""
        return counted_reasons(self._connection.execute(UNASSESSED).fetchall())

    def close(self) -> None:
        """This will end the connection, and the temporary tables with it."""
        self._connection.close()


def _connected(url: str) -> "psycopg.Connection[tuple[object, ...]]":
    try:
        import psycopg  # imported late: an extra
    except ImportError as error:
        raise FleetError("psycopg is not installed; run: pip install 'watchbell[postgres]'") from error
    try:
        return psycopg.connect(url, autocommit=True)
    except psycopg.OperationalError as error:
        raise FleetError(f"PostgreSQL does not answer: {error}. Check the address and that the server runs.") from error


def _type(column: str) -> str:
    if column in NUMBERS:
        return "bigint"
    return "bytea" if column in BYTES else "text"
