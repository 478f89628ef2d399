"""What does a node do when its PostgreSQL dies under it? It says so, finds it again, and has all that it confirmed."""

import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from tests.support import cluster
from tests.support.nodes import Node, Served, served

from watchbell.formats import strictjson

WRITERS = 4
HEALED_WITHIN_SECONDS = 10

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(bool(cluster.why_none()), reason=cluster.why_none() or "there is one"),
]


@contextmanager
def working(node: Node) -> Iterator["subprocess.Popen[bytes]"]:
    """Run the node's worker in a process of its own."""
    command = [sys.executable, "-m", "watchbell", "worker"]
    quiet = subprocess.DEVNULL
    process = subprocess.Popen(command, cwd=node.home, env=node.environment, stdin=quiet, stdout=quiet, stderr=quiet)
    try:
        yield process
    finally:
        process.kill()
        process.wait(timeout=30)


@dataclass(slots=True)
class Writer:
    """Hands findings in one after the other, and each again under the same key until it is confirmed."""

    running: Served
    token: str
    name: str
    over: threading.Event
    confirmed: list[str] = field(default_factory=list)
    failed: list[tuple[int, str, bool]] = field(default_factory=list)

    def write(self) -> None:
        while not self.over.is_set():
            self.hand_in(f"{self.name}-{len(self.confirmed)}")

    def hand_in(self, item: str) -> None:
        said = {"id": item, "title": f"Overflow {item}", "products": [{"purl": "pkg:pypi/orderly@1.0.0"}]}
        body = json.dumps(said).encode() + b"\n"
        bearer = f"Bearer {self.token}"
        while True:
            status, headers, answer = self.running.ask(
                "/api/v1/submissions", method="POST", body=body, Authorization=bearer, Idempotency_Key=item
            )
            if status == 200:
                return self.confirmed.append(item)
            told = strictjson.loads(answer)
            self.failed.append((status, told["code"], "retry-after" in headers))
            time.sleep(0.1)


def count(url: str, question: str) -> int:
    import psycopg

    with psycopg.connect(url) as server:
        row = server.execute(question.encode()).fetchone()
    assert row is not None
    return int(row[0])


def seconds_until_nothing_waits(url: str) -> float:
    began = time.monotonic()
    while time.monotonic() - began < 2 * HEALED_WITHIN_SECONDS:
        waiting = count(url, "SELECT count(*) FROM journal_unsealed")
        waiting += count(url, "SELECT count(*) FROM jobs_job WHERE state IN ('waiting', 'running') AND run_at <= now()")
        if not waiting:
            break
        time.sleep(0.2)
    return time.monotonic() - began


def test_a_node_whose_database_crashes_in_the_middle_of_writes_loses_nothing_and_heals_itself(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    with cluster.cluster() as server:
        node = Node(tmp_path / "home", server.url)
        link = node.make()
        with served(node) as running, working(node) as worker:
            running.join(link)
            _, token = running.newcomer("Harbour Lab", "lab", "submit", "read")
            over = threading.Event()
            writers = [Writer(running, token, f"w{number}", over) for number in range(WRITERS)]
            threads = [threading.Thread(target=writer.write) for writer in writers]
            for thread in threads:
                thread.start()

            time.sleep(1)
            server.restart_at_once()
            before = sum(len(writer.confirmed) for writer in writers)
            began = time.monotonic()
            while sum(len(writer.confirmed) for writer in writers) < before + 2 * WRITERS:
                assert time.monotonic() - began < HEALED_WITHIN_SECONDS, "no write was confirmed after the restart"
                time.sleep(0.05)
            over.set()
            for thread in threads:
                thread.join(timeout=60)
            took = seconds_until_nothing_waits(server.url)
            status, _, answer = running.ask("/api/v1/submissions/findings", Authorization=f"Bearer {token}")
            server.restart_at_once()
            first = [running.ask("/advisories/")[0] for _ in range(WRITERS)]
            alive = (running.process.poll(), worker.poll())

        there = [one["item_id"] for one in strictjson.loads(answer)]
        confirmed = {item for writer in writers for item in writer.confirmed}
        failed = {each for writer in writers for each in writer.failed}
        assert failed == {(503, "database-away", True)}
        assert status == 200
        assert set(there) == confirmed
        assert len(there) == len(confirmed)
        assert set(first) == {200}, "requests after a restart met the connections that died with it"
        assert took < HEALED_WITHIN_SECONDS
        assert alive == (None, None)
        assert node.watchbell("journal", "verify").returncode == 0
