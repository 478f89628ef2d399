"""This will match a fleet with DuckDB, from Parquet files or a SQLite file, on as many threads as it is given."""

from pathlib import Path

from watchbell.domain.matching import join
from watchbell.outside.fleet.engine import Rows, SqlEngine
from watchbell.outside.fleet.interface import TABLES
from watchbell.outside.fleet.parquet import AT_ONCE, as_folder, ask, duck, parquet


class InDuckdb(SqlEngine):
    """The executor of the extra `fleet`; a SQLite file is first written as Parquet."""

    def __init__(self, fleet: Path, *, threads: int | None = None) -> None:
        self._engine = duck(threads)
        self.take_in(fleet)

    def _load(self, fleet: Path) -> None:
        with as_folder(fleet) as folder:
            for table, columns in TABLES.items():
                rows = f"SELECT {', '.join(columns)} FROM {parquet(folder, table)}"  # noqa: S608 (our own names)
                ask(self._engine, f"CREATE TABLE {table} AS {rows}")
        ask(self._engine, f"CREATE VIEW {join.MATCHES} AS {join.EVERYTHING}")
        ask(self._engine, "SET enable_external_access = false")

    def _rows(self, statement: str) -> Rows:
        answer = ask(self._engine.cursor(), statement)
        while rows := answer.fetchmany(AT_ONCE):
            yield from rows

    def close(self) -> None:
        """This will free what DuckDB holds."""
        self._engine.close()
