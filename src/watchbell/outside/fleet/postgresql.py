"""This will match a fleet inside a PostgreSQL server, in temporary tables that nobody else sees and that go with us.

Temporary tables come before others of the same name, so a node's own server and database
may be used: its tables are neither read nor written.
"""

from pathlib import Path
from typing import TYPE_CHECKING, cast

from watchbell.domain.matching import join
from watchbell.outside.fleet.engine import Rows, SqlEngine
from watchbell.outside.fleet.interface import BYTES, NUMBERS, TABLES, FleetError
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


class InPostgresql(SqlEngine):
    """The executor of the extra `postgres`; `fleet` is a SQLite file or a folder of Parquet files."""

    def __init__(self, fleet: Path, *, url: str) -> None:
        self._connection = _connected(url)
        self.take_in(fleet)

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

    def _rows(self, statement: str) -> Rows:
        with self._connection.transaction(), self._connection.cursor(name="fleet") as cursor:
            cursor.itersize = AT_ONCE
            cursor.execute(statement)
            yield from cast(Rows, cursor)

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
