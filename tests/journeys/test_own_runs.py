"""A node runs a locked protocol itself: killed, paused, cancelled, cut by the window's end, and nothing counts twice.

Real processes all the way: a worker, Inspect, the gateway, an endpoint with models of known ability.
"""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from tests.journeys.test_gateway_in_use import Gateway, _gateway
from tests.support.machine import required, why_missing
from tests.support.model_endpoint import ModelEndpoint, Pieces, Received
from tests.support.neutral import with_neutral
from tests.support.nodes import ROOT, Node, throwaway
from tests.support.population import ABILITIES, CANDIDATE
from tests.support.population_endpoint import items_of, population

from watchbell.domain.evaluation.fingerprints import PROMPTS

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        bool(why_missing("inspect")) and "inspect" not in required(), reason=why_missing("inspect") or "-"
    ),
    pytest.mark.skipif(bool(why_missing("bwrap")) and "bwrap" not in required(), reason=why_missing("bwrap") or "-"),
]
DEEDS = "tests.support.own_runs"
PLAN = {
    "suites": ["locate"],
    "families": {"locate": ["traversal", "query", "command", "owner", "redirect", "timing"]},
    "levels": [2, 3],
    "each": 1,
    "budgets": [4000],
    "epochs": 1,
    "at_once": 2,
}
SAMPLES = 12
MODELS = [CANDIDATE, *(name for name in ABILITIES if name != CANDIDATE)]


@dataclass
class Scene:
    """A node, its gateway, and an endpoint that begins as many conversations as the test lets through."""

    node: Node
    gateway: Gateway
    endpoint: ModelEndpoint
    made: dict[str, str]
    lets_through: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    chapter: int = 0

    def deed(self, deed: str, *words: str | int) -> dict[str, Any]:
        found: dict[str, Any] = self.node.run(DEEDS, deed, *map(str, words))
        return found

    def look(self, arm: int) -> dict[str, Any]:
        """Return the newest run of a model as its row has it."""
        with sqlite3.connect(f"file:{self.node.database}?mode=ro", uri=True, timeout=20) as database:
            database.row_factory = sqlite3.Row
            rows = database.execute("SELECT * FROM evaluation_run WHERE arm = ? ORDER BY id DESC LIMIT 1", [arm])
            return dict(rows.fetchone())

    def answered(self, arm: int) -> list[tuple[str, int]]:
        """Return item and epoch of each sample that was taken in for a model with an answer of its."""
        with sqlite3.connect(f"file:{self.node.database}?mode=ro", uri=True, timeout=20) as database:
            query = "SELECT item, epoch FROM evaluation_sample WHERE arm = ? AND outcome IN ('solved', 'unsolved')"
            return database.execute(query, [arm]).fetchall()

    def works(self, arm: int) -> bool:
        """Return whether a worker has the newest run of a model in hand."""
        with sqlite3.connect(f"file:{self.node.database}?mode=ro", uri=True, timeout=20) as database:
            name = f"evaluation.run:{self.look(arm)['public_id']}:%"
            query = "SELECT count(*) FROM jobs_job WHERE idempotency_key LIKE ? AND finished_at IS NULL"
            return bool(database.execute(query, [name]).fetchone()[0])

    def begun(self, arm: int) -> int:
        """Return how many conversations a model was asked to begin."""
        asked = [one.told for one in self.endpoint.asked]
        begun = [one for one in asked if one["messages"][-1]["role"] == "user"]
        return sum(one["model"] == MODELS[arm] and one["messages"][0]["content"] not in PROMPTS for one in begun)

    def moments(self, arm: int) -> list[str]:
        """Return at which moments fingerprints of a model were taken, in order."""
        with sqlite3.connect(f"file:{self.node.database}?mode=ro", uri=True, timeout=20) as database:
            query = "SELECT moment FROM evaluation_fingerprint WHERE run_id = ? ORDER BY at, id"
            return [one for (one,) in database.execute(query, [self.look(arm)["id"]])]

    def folders(self) -> list[str]:
        """Return what lies in the open of any run."""
        return [one.name for one in (self.node.home / "evaluation-runs").glob("*")]

    def lets(self, conversations: int) -> None:
        """Let so many more conversations begin."""
        self.lets_through.release(conversations)

    @contextmanager
    def worker(self) -> Iterator["subprocess.Popen[bytes]"]:
        """Start a worker, which is gone at the end."""
        log = self.node.home.parent / "worker.log"
        settings = {"WATCHBELL_GATEWAY_URL": f"http://127.0.0.1:{self.gateway.port}"}
        with log.open("ab") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", DEEDS, "work"],
                cwd=ROOT,
                env=self.node.environment | settings,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )
        try:
            yield process
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(timeout=40)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(timeout=30)


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    folder = tmp_path_factory.mktemp("own-runs")
    with ExitStack() as stack:
        node = stack.enter_context(throwaway(folder / "home"))
        node.make()
        endpoint = stack.enter_context(ModelEndpoint())
        made = node.run("tests.support.population", "begin", endpoint.base_url, json.dumps(PLAN), seconds=300)
        gateway = stack.enter_context(_gateway(node, 0, endpoint.base_url))
        scene = Scene(node, gateway, endpoint, made)
        answer = population(items_of(made["kit"].encode()), ABILITIES)

        async def held(received: Received) -> Pieces:
            begins, chapter = received.told["messages"][-1]["role"] == "user", scene.chapter
            while begins and not scene.lets_through.acquire(blocking=False):
                if scene.chapter != chapter:
                    return  # whoever asked is gone, and must take nothing from those who ask now
                yield 0.05
            async for piece in answer(received):
                yield piece

        endpoint.answer = with_neutral(held)
        yield scene


def until(holds: Callable[[], bool], *, seconds: float = 120) -> None:
    last = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < last, "it never came to that"
        time.sleep(0.05)


def test_a_worker_killed_in_the_middle_costs_no_finished_sample_and_counts_none_twice(scene: Scene) -> None:
    scene.deed("start", scene.made["protocol"], 0)
    scene.lets(4)
    with scene.worker() as first:
        until(lambda: scene.look(0)["done"] >= 3)
        before = scene.look(0)
        os.kill(first.pid, signal.SIGKILL)
        first.wait(30)
    scene.lets(1000)

    with scene.worker():
        until(lambda: scene.look(0)["state"] == "ended")

    run, found = scene.look(0), scene.answered(0)
    assert (run["reason"], run["done"], run["missing"], run["total"]) == ("", SAMPLES, 0, SAMPLES)
    assert (before["state"], run["kept"]) == ("running", before["done"])
    assert len(found) == len(set(found)) == SAMPLES
    assert scene.begun(0) <= SAMPLES + SAMPLES - before["done"]
    assert run["calls_logged"] <= run["calls_admitted"]
    moments = scene.moments(0)
    assert (moments[0], sorted(moments[1:3]), moments[3:]) == ("start", ["again", "middle"], ["end"])
    assert scene.folders() == []


def test_a_run_is_paused_goes_on_and_is_cancelled_and_the_next_one_asks_for_the_rest_until_the_window_ends(
    scene: Scene,
) -> None:
    protocol = scene.made["protocol"]
    settle(scene)
    scene.deed("start", protocol, 1)
    with scene.worker():
        scene.lets(2)
        until(lambda: scene.look(1)["done"] >= 2)
        scene.deed("pause", protocol, 1)
        scene.lets(2)  # what has begun is finished, and nothing else begins
        until(lambda: scene.look(1)["done"] >= 4 and not scene.works(1))
        paused, begun = scene.look(1), scene.begun(1)
        time.sleep(1)
        asked_in_the_pause = scene.begun(1) - begun
        scene.deed("go-on", protocol, 1)
        until(lambda: scene.look(1)["kept"] == 4 and scene.begun(1) > begun)
        scene.deed("cancel", protocol, 1)
        until(lambda: scene.look(1)["state"] == "ended")
        cancelled, found = scene.look(1), scene.answered(1)
        settle(scene)
        scene.deed("start", protocol, 1)
        scene.lets(3)
        until(lambda: scene.look(1)["done"] >= 3)
        scene.deed("shorten", scene.made["engagement"], 2)
        until(lambda: scene.look(1)["state"] == "ended")

    run = scene.look(1)
    assert (paused["state"], paused["done"], asked_in_the_pause) == ("paused", 4, 0)
    assert (cancelled["reason"], len(found)) == ("cancelled", 4)
    assert (run["reason"], run["total"]) == ("window", SAMPLES - 4)
    assert len(set(scene.answered(1))) == len(scene.answered(1)) == 4 + run["done"]
    assert scene.folders() == []


def settle(scene: Scene) -> None:
    """Take back whatever was let through and nobody used, and end what nobody waits for any more."""
    scene.chapter += 1
    while scene.lets_through.acquire(blocking=False):
        pass
