"""Which engine shall match this fleet? Each by its name, with what it needs to be opened."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from watchbell.outside.fleet.interface import Executor, FleetError


class Engine(StrEnum):
    """The engines there are; only the first needs nothing."""

    SQLITE = "sqlite"
    DUCKDB = "duckdb"
    POSTGRESQL = "postgresql"


@dataclass(frozen=True, slots=True)
class Means:
    """What this machine has for engines: a PostgreSQL server's address ("" for none)."""

    url: str = ""


def opener(engine: Engine, means: Means) -> Callable[[Path], Executor]:
    """Return what opens this engine on a fleet; raises FleetError, then or when it is called, with what to do."""
    return {Engine.SQLITE: _sqlite, Engine.DUCKDB: _duckdb, Engine.POSTGRESQL: _postgresql}[engine](means)


def _sqlite(means: Means) -> Callable[[Path], Executor]:
    from watchbell.outside.fleet.sqlite import InSqlite

    return InSqlite


def _duckdb(means: Means) -> Callable[[Path], Executor]:
    from watchbell.outside.fleet.duckdb import InDuckdb

    return InDuckdb


def _postgresql(means: Means) -> Callable[[Path], Executor]:
    from watchbell.outside.fleet.postgresql import InPostgresql

    if not means.url:
        raise FleetError("PostgreSQL's address is not known; set WATCHBELL_DATABASE_URL=postgresql://...")
    return lambda fleet: InPostgresql(fleet, url=means.url)
