"""Does Spark find in a fleet what SQLite finds, alone and on a cluster? Runs in an environment of its own."""

import importlib.util
import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from random import Random

import pytest

from watchbell.outside.fleet import generated, parquet, self_test
from watchbell.outside.fleet.bulk import building
from watchbell.outside.fleet.interface import FleetError
from watchbell.outside.fleet.spark import InSpark

HAS_SPARK = importlib.util.find_spec("pyspark") is not None and shutil.which("java") is not None
pytestmark = [
    pytest.mark.skipif(not HAS_SPARK, reason="PySpark and Java are not here (./watchbell test spark)"),
    pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::DeprecationWarning"),
]
READY_SECONDS = 60


def agreed(master: str, seed: int) -> list[str]:
    engines = {"Spark": lambda file: InSpark(file, master=master)}
    return self_test.differences(engines, rng=Random(seed), rows=600, records=150)


def test_spark_on_this_machine_answers_as_sqlite_does_whole_and_in_parts() -> None:
    assert agreed("local[2]", 21) == []


def test_spark_on_a_master_with_two_workers_answers_as_sqlite_does(tmp_path: Path) -> None:
    with cluster(tmp_path) as master:
        assert agreed(master, 22) == []


def test_a_folder_that_is_no_fleet_is_refused_with_what_to_do(tmp_path: Path) -> None:
    with building(tmp_path / "file") as build:
        generated.fill(build, rows=50, records=20, rng=Random(1))
    parquet.write(tmp_path / "file", tmp_path / "whole")
    shutil.copytree(tmp_path / "whole", tmp_path / "[odd]")
    shutil.copytree(tmp_path / "whole", tmp_path / "cut")
    (tmp_path / "cut" / "fleet_gap.parquet").unlink()
    (tmp_path / "whole" / "fleet_asset.parquet").write_bytes(b"PAR1, or not")

    for folder, words in (("[odd]", "plainer place"), ("cut", "anew"), ("whole", "Spark stopped")):
        with pytest.raises(FleetError, match=words), closing(InSpark(tmp_path / folder, master="local[1]")) as engine:
            engine.tally()


@contextmanager
def cluster(folder: Path) -> Iterator[str]:
    """Start a master and two workers on loopback; yield the master's address; all three are ended by id."""
    started: list[subprocess.Popen[bytes]] = []
    try:
        started.append(spark(folder, "master", "master.Master", "--port", "0", "--webui-port", "0"))
        master = said(folder, "master", r"Starting Spark master at (spark://127\.0\.0\.1:\d+)")
        for name in ("one", "two"):
            options = (
                "--cores",
                "1",
                "--memory",
                "1g",
                "--port",
                "0",
                "--webui-port",
                "0",
                "--work-dir",
                str(folder / name),
            )
            started.append(spark(folder, name, "worker.Worker", *options, master))
            said(folder, name, "(Successfully registered)")
        yield master
    finally:
        for process in reversed(started):
            process.terminate()
        for process in started:
            process.wait(timeout=READY_SECONDS)


def spark(folder: Path, name: str, what: str, *options: str) -> "subprocess.Popen[bytes]":
    """Start one of Spark's own processes, its words in a file of that name."""
    import pyspark

    home = Path(pyspark.__file__).parent
    environment = os.environ | {"SPARK_HOME": str(home), "SPARK_LOCAL_IP": "127.0.0.1", "SPARK_DAEMON_MEMORY": "256m"}
    command = [str(home / "bin" / "spark-class"), f"org.apache.spark.deploy.{what}", "--host", "127.0.0.1", *options]
    with (folder / f"{name}.log").open("wb") as log:
        return subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=subprocess.STDOUT)


def said(folder: Path, name: str, words: str) -> str:
    """Return what the process says once it says it; fails with everything it said when it does not."""
    log = folder / f"{name}.log"
    for _ in range(READY_SECONDS * 10):
        if found := re.search(words, log.read_text(errors="replace")):
            return found[1]
        time.sleep(0.1)
    raise AssertionError(log.read_text(errors="replace")[-4000:])
