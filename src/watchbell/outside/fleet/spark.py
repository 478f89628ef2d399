"""This will match a fleet with Spark, over its Parquet files: on this machine's processors or on a cluster's.

The same SQL as everywhere. Every worker reads the files by the path given, so on a cluster
they lie where all of them see it. Only what is on this machine listens on loopback alone.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from watchbell.domain.matching import join
from watchbell.outside.fleet.engine import Rows, SqlEngine
from watchbell.outside.fleet.interface import TABLES, FleetError
from watchbell.outside.fleet.parquet import as_folder, parquet

LOCAL = "local[*]"
"""The master that is no cluster: as many threads of this process as there are processors."""

_HERE = {"spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1", "spark.sql.shuffle.partitions": "8"}
_ALWAYS = {"spark.ui.enabled": "false", "spark.log.level": "ERROR"}
_PATTERNS = frozenset("*?[]{}\\")


class InSpark(SqlEngine):
    """The executor of the extra `spark`; a SQLite file is first written as Parquet. Needs Java 17 or newer."""

    def __init__(self, fleet: Path, *, master: str = LOCAL) -> None:
        self._kept = ExitStack()
        self._session = _started(master)
        self.take_in(fleet)

    def _load(self, fleet: Path) -> None:
        folder = self._kept.enter_context(as_folder(fleet)).resolve()
        if strange := _PATTERNS.intersection(str(folder)):
            raise FleetError(f"Spark takes {min(strange)} in a path for a pattern; move {folder} to a plainer place.")
        for table in TABLES:
            parquet(folder, table)  # is it there?
        with _said_plainly():
            for table, columns in TABLES.items():
                rows = self._session.read.parquet(f"file://{folder / table}.parquet")
                rows.select(*columns).createOrReplaceTempView(table)
            self._session.sql(f"CREATE TEMPORARY VIEW {join.MATCHES} AS {join.EVERYTHING}")

    def _rows(self, statement: str) -> Rows:
        with _said_plainly():
            yield from self._session.sql(statement).toLocalIterator(prefetchPartitions=True)

    def close(self) -> None:
        """This will let the cluster's workers go, or end this machine's threads."""
        self._session.stop()
        self._kept.close()


def _started(master: str) -> Any:
    """Return a session of its own on this master. Raises FleetError."""
    try:
        from pyspark.sql import SparkSession  # imported late: an extra
    except ImportError as error:
        raise FleetError("PySpark is not installed; run: pip install 'watchbell[spark]'") from error
    is_here = master.startswith(("local", "spark://127.0.0.1:", "spark://localhost:"))
    builder = SparkSession.builder.master(master).appName("watchbell-fleet")
    for name, value in (_ALWAYS | (_HERE if is_here else {})).items():
        builder = builder.config(name, value)
    with _said_plainly():
        return builder.getOrCreate().newSession()


@contextmanager
def _said_plainly() -> Iterator[None]:
    """Let what Spark and Java say come out as one sentence."""
    from py4j.protocol import Py4JError
    from pyspark.errors import PySparkException

    try:
        yield
    except (Py4JError, PySparkException, RuntimeError) as error:
        first = (str(error).strip().splitlines() or [""])[0]
        raise FleetError(f"Spark stopped ({first[:300]}). Check Java, the master and the Parquet files.") from error
