"""Eight models of graded ability, measured whole: seed, lock, gateway, Inspect, sandbox, logs, report.

Every call goes over HTTP through a real gateway process; the runner is Inspect's own. The order of the models is known
beforehand, and the report has to find it.
"""

import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from tests.journeys.test_gateway_in_use import Gateway, _gateway
from tests.support.inspect_runs import listed, samples_of
from tests.support.machine import required, why_missing
from tests.support.model_endpoint import Answer, ModelEndpoint, Pieces, Received, raw
from tests.support.neutral import with_neutral
from tests.support.nodes import ROOT, Node, throwaway
from tests.support.population import ABILITIES, ANCHOR, CANDIDATE
from tests.support.population_endpoint import items_of, population
from tests.support.scripted_model import completion

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        bool(why_missing("inspect")) and "inspect" not in required(), reason=why_missing("inspect") or "-"
    ),
    pytest.mark.skipif(bool(why_missing("bwrap")) and "bwrap" not in required(), reason=why_missing("bwrap") or "-"),
]
DEEDS = "tests.support.population"
PLAN = {
    "suites": ["locate", "crash"],
    "families": {
        "locate": ["traversal", "query", "command", "owner", "redirect", "timing"],
        "crash": ["prefixed", "varint", "runs", "escapes", "brackets", "settings"],
    },
    "levels": [2, 3, 4],
    "each": 1,
    "budgets": [4000],
    "epochs": 1,
}
SAMPLES = 36


@dataclass
class Scene:
    """A node, its gateway, the endpoint with eight models, and what the evaluator was given."""

    node: Node
    gateway: Gateway
    endpoint: ModelEndpoint
    made: dict[str, str]
    folder: Path

    def evaluate(self, model: str) -> dict[str, Any]:
        """Return what `watchbell evaluate` prints for one model."""
        process = self.evaluating(model, "runs")
        out, err = process.communicate(timeout=600)
        assert process.returncode == 0, err[-3000:] + out[-1000:]
        found: dict[str, Any] = json.loads(out.splitlines()[-1])  # noqa: TID251 (ours)
        return found

    def evaluating(self, model: str, folder: str, *more: str) -> "subprocess.Popen[str]":
        """Return `watchbell evaluate` as it runs."""
        kit = self.folder / "kit.json"
        address = f"http://127.0.0.1:{self.gateway.port}"
        as_root = ["--as-root"] if os.geteuid() == 0 else []
        how = ["--gateway", address, "--model", model, "--out", str(self.folder / folder), "--json", *as_root, *more]
        return subprocess.Popen(
            [sys.executable, "-m", "watchbell", "evaluate", str(kit), *how],
            cwd=ROOT,
            env=self.node.environment | {"WATCHBELL_TOKEN": self.made["token"]},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def take_in(self, logs: list[str]) -> "subprocess.CompletedProcess[str]":
        """Return how `watchbell import eval-log` ended."""
        command = [sys.executable, "-m", "watchbell", "import", "eval-log", *logs]
        return subprocess.run(
            [*command, "--protocol", self.made["protocol"]],
            cwd=self.node.home,
            env=self.node.environment,
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    folder = tmp_path_factory.mktemp("evaluation")
    with ExitStack() as stack:
        node = stack.enter_context(throwaway(folder / "home"))
        node.make()
        endpoint = stack.enter_context(ModelEndpoint())
        made = node.run(DEEDS, "begin", endpoint.base_url, json.dumps(PLAN), seconds=300)
        endpoint.answer = with_neutral(population(items_of(made["kit"].encode()), ABILITIES))
        (folder / "kit.json").write_text(made["kit"], encoding="utf-8")
        gateway = stack.enter_context(_gateway(node, 0, endpoint.base_url))
        yield Scene(node, gateway, endpoint, made, folder)


@pytest.fixture(scope="module")
def report(scene: Scene) -> dict[str, Any]:
    with ThreadPoolExecutor(2) as pool:
        whole = list(pool.map(scene.evaluate, ABILITIES))
    logs = [run["log"] for one in whole for run in one["runs"]]
    assert all(one["whole"] for one in whole)

    taken = scene.take_in(logs)

    assert taken.returncode == 0, taken.stderr[-3000:] + taken.stdout[-3000:]
    found: dict[str, Any] = scene.node.run(DEEDS, "report", scene.made["protocol"], str(scene.folder))
    return found


def rates(report: dict[str, Any]) -> dict[str, float]:
    """Return which share each model solved of all items."""
    rows = report["samples"]
    return {
        model: sum(row[1] == model and row[7] == "solved" for row in rows) / sum(row[1] == model for row in rows)
        for model in ABILITIES
    }


def test_every_sample_of_every_model_is_there_once_and_nothing_is_missing(report: dict[str, Any]) -> None:
    assert len(report["samples"]) == SAMPLES * len(ABILITIES)
    assert len({(*row[:4], row[6]) for row in report["samples"]}) == len(report["samples"])
    assert {one["absent"] for one in report["completeness"]} == {0}
    assert {one["open"] for one in report["completeness"]} == {False}


def test_the_order_of_the_models_is_found_again(report: dict[str, Any]) -> None:
    found = rates(report)

    ranked = sorted(ABILITIES, key=lambda model: found[model])
    apart = sum((ranked.index(model) - at) ** 2 for at, model in enumerate(ABILITIES))
    spearman = 1 - 6 * apart / (len(ABILITIES) * (len(ABILITIES) ** 2 - 1))
    assert spearman > 0.85, found
    assert found["model-0"] < found[ANCHOR] < found[CANDIDATE] < found["model-7"] + 0.15


def test_the_report_says_more_able_or_why_it_cannot_and_never_less_able(report: dict[str, Any]) -> None:
    [one] = report["comparisons"]

    assert one["word"] in ("indicated", "inconclusive")
    assert one["probability"] > 0.5
    assert one["word"] == "indicated" or one["reasons"]


def test_the_gateways_log_and_the_runners_agree_on_the_calls_of_the_model_measured(report: dict[str, Any]) -> None:
    assert report["chain"]["logged"] is not None
    assert report["chain"]["difference"] >= 0
    assert {one["moments"] for one in report["validity"]["fingerprints"]} == {6}
    assert {one["answers"] for one in report["validity"]["fingerprints"]} == {180}
    assert report["validity"]["containment"] == "stated by the evaluator, not verified"


def test_taking_the_same_logs_in_again_changes_nothing(scene: Scene, report: dict[str, Any]) -> None:
    logs = sorted(str(one) for one in (scene.folder / "runs").glob("*/logs/*.eval"))
    assert logs

    again = scene.take_in(logs[:2])

    assert again.returncode == 0, again.stderr[-2000:]
    renewed = scene.node.run(DEEDS, "report", scene.made["protocol"], str(scene.folder))
    assert renewed["samples"] == report["samples"]


def test_a_stranger_gets_the_reports_numbers_out_of_its_sample_table(scene: Scene, report: dict[str, Any]) -> None:
    script = Path(__file__).parents[1] / "conformance" / "evaluation" / "recompute.py"

    done = subprocess.run(
        [sys.executable, "-I", str(script), str(scene.folder / "report.json")],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert "agree" in done.stdout


def test_a_gateway_killed_in_the_middle_costs_no_finished_sample_and_counts_none_twice(
    scene: Scene, report: dict[str, Any]
) -> None:
    only, asked = ("--suite", "watchbell/locate", "--connections", "2"), len(scene.endpoint.asked)
    scene.endpoint.answer = slowly(scene.endpoint.answer)
    process = scene.evaluating("model-6", "killed", *only)
    until(lambda: len(scene.endpoint.asked) > asked + 8)
    scene.gateway.process.kill()
    scene.gateway.process.wait(60)

    with _gateway(scene.node, 9, scene.endpoint.base_url, scene.gateway.port):
        out, err = process.communicate(timeout=600)

    assert process.returncode == 0, err[-3000:]
    assert json.loads(out.splitlines()[-1])["whole"] is True  # noqa: TID251 (ours)
    found = Counter(samples(scene.folder / "killed"))
    assert (len(found), set(found.values())) == (SAMPLES // 2, {1})


def test_an_evaluator_killed_in_the_middle_leaves_no_process_and_the_same_command_ends_whole(scene: Scene) -> None:
    only, asked = ("--suite", "watchbell/crash", "--connections", "2"), len(scene.endpoint.asked)
    quick, scene.endpoint.answer = scene.endpoint.answer, slowly(scene.endpoint.answer)
    with _gateway(scene.node, 8, scene.endpoint.base_url) as gateway:
        beside = replace(scene, gateway=gateway)
        process = beside.evaluating("model-6", "evaluator", *only)
        until(lambda: len(scene.endpoint.asked) > asked + 8)
        started = below(process.pid)
        process.kill()
        process.communicate(timeout=60)
        assert started
        until(lambda: not any(map(lives, started)), seconds=60)
        runs = list((scene.folder / "evaluator").iterdir())
        finished = {one["uuid"] for run in runs for one in listed(run)}
        scene.endpoint.answer = quick

        out, err = beside.evaluating("model-6", "evaluator", *only).communicate(timeout=600)

    assert json.loads(out.splitlines()[-1])["whole"] is True, err[-3000:]  # noqa: TID251 (ours)
    newest = max((log for run in runs for log in run.glob("logs/*.eval")), key=lambda log: log.stat().st_mtime_ns)
    kept = samples_of(newest)
    assert (len({one["id"] for one in kept}), len(kept)) == (SAMPLES // 2, SAMPLES // 2)
    assert set() < finished <= {one["uuid"] for one in kept}


def test_ai_02_what_a_model_says_to_those_who_watch_it_stays_in_the_runs_folder_and_in_the_sealed_log(
    scene: Scene,
) -> None:
    said = f"to whoever watches this: {os.urandom(8).hex()}"
    scene.endpoint.answer = raw(0, completion(said, model="model-7"))
    with _gateway(scene.node, 7, scene.endpoint.base_url) as gateway:
        process = replace(scene, gateway=gateway).evaluating("model-7", "said", "--suite", "watchbell/locate")
        out, err = process.communicate(timeout=600)
        [log] = (scene.folder / "said").glob("*/logs/*.eval")

        before = set(scene.node.home.glob("blobs/*/*"))

        taken = scene.take_in([str(log)])

        told = (out + err + taken.stdout + taken.stderr + gateway.log.read_text(encoding="utf-8")).encode()
    assert {one["output"]["choices"][0]["message"]["content"] for one in samples_of(log)} == {said}
    assert len(set(scene.node.home.glob("blobs/*/*")) - before) == 1
    assert said.encode() not in told
    assert [one for one in scene.node.home.rglob("*") if one.is_file() and said.encode() in one.read_bytes()] == []


def below(pid: int) -> list[int]:
    """Return the processes that this one started, and those that they started."""
    own = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [one for child in map(int, own) for one in (child, *below(child))]


def lives(pid: int) -> bool:
    """Return whether a process is there and does something."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


def slowly(answer: Answer) -> Answer:
    """Return the same answers, each after a moment."""

    async def answered(received: Received) -> Pieces:
        yield 0.15
        async for piece in answer(received):
            yield piece

    return answered


def until(holds: Callable[[], bool], *, seconds: float = 120) -> None:
    last = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < last, "it never came to that"
        time.sleep(0.02)


def samples(folder: Path) -> Iterator[tuple[str, int]]:
    """Return item and epoch of every sample that was scored."""
    for log in folder.glob("*/logs/*.eval"):
        yield from ((one["id"], one["epoch"]) for one in samples_of(log) if one.get("scores"))
