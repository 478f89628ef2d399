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
    SPARK = "spark"


@dataclass(frozen=True, slots=True)
class Means:
    """What this machine has for engines: a PostgreSQL server's address ("" for none), and a Spark master's."""

    url: str = ""
    master: str = "local[*]"


def opener(engine: Engine, means: Means) -> Callable[[Path], Executor]:
    """Return what opens this engine on a fleet; raises FleetError, then or when it is called, with what to do."""
    return _OPENERS[engine](means)


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


def _spark(means: Means) -> Callable[[Path], Executor]:
    from watchbell.outside.fleet.spark import InSpark

    return lambda fleet: InSpark(fleet, master=means.master)


_OPENERS: dict[Engine, Callable[[Means], Callable[[Path], Executor]]] = {
    Engine.SQLITE: _sqlite,
    Engine.DUCKDB: _duckdb,
    Engine.POSTGRESQL: _postgresql,
    Engine.SPARK: _spark,
}
