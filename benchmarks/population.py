"""What does a whole evaluation cost, and does it find the order of eight models whose abilities are known?

`python -m benchmarks population [FAMILIES [EACH]]`: so many families of each of the seven built-in suites (2), at
levels 1, 3 and 5, so many items of each (1): 336 samples, a few minutes. 0 stands for all families; `0 10` is a real
size. A node on SQLite, its gateway, Inspect and the sandbox are the real ones, each a process of its own on loopback;
the endpoint, in this process, solves as many items as a model's ability says (0.8 logits from one to the next).

"wall" is the sum over a suite's runs, of which as many go on at once as there are processors. CPU is user and system
time, a sample: "evaluate" the command itself, "Inspect" the process it starts, which is mostly the start of Inspect
where a run is short, "sandbox" what that process started and waited for, "gateway" the gateway. Order: Spearman's
rank correlation of solved samples with the abilities, ties at their mean; missing: samples without an outcome.
"""

import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

FAMILIES, EACH, LEVELS = 2, 1, (1, 3, 5)
DEEDS = "tests.support.population"
LOOK_SECONDS = 0.1
SAID_EVERY = 8
TICKS = os.sysconf("SC_CLK_TCK")


class Spent(NamedTuple):
    """Seconds of one run: on the clock, and of CPU by whom."""

    wall: float
    evaluate: float
    inspect: float
    sandbox: float
    gateway: float = 0.0


@dataclass
class Scene:
    """Where the runs go on, and those that go on now."""

    environment: dict[str, str]
    gateway: str
    folder: Path
    running: set["subprocess.Popen[bytes]"] = field(default_factory=set)
    is_over: bool = False
    lock: threading.Lock = field(default_factory=threading.Lock)

    def run(self, model: str, suite: str) -> Spent:
        """Run one suite for one model with `watchbell evaluate`; raises RuntimeError unless it ends whole."""
        command = [sys.executable, "-m", "watchbell", "evaluate", str(self.folder / "kit.json")]
        command += ["--gateway", self.gateway, "--model", model, "--suite", f"watchbell/{suite}"]
        command += ["--out", str(self.folder / "runs"), *(["--as-root"] if os.geteuid() == 0 else [])]
        started = time.perf_counter()
        with self._begun(command) as process:
            inspect = sandbox = 0.0
            while os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
                for child in children(process.pid):
                    inspect, sandbox = max((inspect, sandbox), used(child))
                time.sleep(LOOK_SECONDS)
            own, below = used(process.pid)
            out = process.communicate()[0]
        if process.returncode:
            raise RuntimeError(f"{model} on {suite} ended with {process.returncode}: {out[-2000:].decode()}")
        return Spent(time.perf_counter() - started, own, below - sandbox, sandbox)

    @contextmanager
    def _begun(self, command: list[str]) -> Iterator["subprocess.Popen[bytes]"]:
        with self.lock:
            if self.is_over:
                raise RuntimeError("stopped")
            process = subprocess.Popen(
                command, env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True
            )
            self.running.add(process)
        try:
            yield process
        finally:
            self.running.discard(process)

    def stop(self) -> None:
        """End every run that goes on, as Ctrl-C does, and let none begin."""
        with self.lock:
            self.is_over = True
        for process in list(self.running):
            with suppress(ProcessLookupError):
                process.send_signal(signal.SIGINT)


def main(arguments: list[str]) -> None:
    """Print the figures."""
    from tests.support.population import ABILITIES

    from watchbell.domain.suites.shelf import SUITES

    families, each = (*map(int, arguments), *(FAMILIES, EACH)[len(arguments) :])
    chosen = {name: list(suite.FAMILIES[: families or None]) for name, suite in SUITES.items()}
    plan = {"suites": list(chosen), "families": chosen, "levels": LEVELS, "each": each, "budgets": [4000], "epochs": 1}
    began = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="watchbell-bench-") as name, ExitStack() as stack:
        node, scene, made, gateway = laid_out(stack, Path(name), plan)
        say(f"a node, seven suites and a locked protocol are there after {time.perf_counter() - began:.0f} s")
        jobs = [(model, suite) for suite in chosen for model in ABILITIES]
        at, before = time.perf_counter(), sum(used(gateway))
        spent = measured(scene, jobs)
        whole = time.perf_counter() - at
        relayed = sum(used(gateway)) - before
        idle = scene.run(*jobs[0])
        at = time.perf_counter()
        found = reported(node, made, Path(name))
        taken = time.perf_counter() - at
    show(found, spent, whole, relayed)
    print(f"the same command once more, nothing left to ask: {idle.inspect:.2f} s CPU of Inspect, mostly its start")
    print(f"taking in {len(jobs)} logs and issuing the report: {taken:.1f} s")


def laid_out(stack: ExitStack, folder: Path, plan: dict[str, Any]) -> tuple[Any, Scene, dict[str, str], int]:
    """Return a node, the scene of its runs, what the evaluator was given, and the gateway's process."""
    from tests.journeys.test_gateway_in_use import _gateway
    from tests.support.model_endpoint import ModelEndpoint
    from tests.support.nodes import Node
    from tests.support.population import ABILITIES
    from tests.support.population_endpoint import items_of, population

    node = Node(folder / "home")
    node.home.mkdir()
    node.answer("init")
    endpoint = stack.enter_context(ModelEndpoint())
    made = node.run(DEEDS, "begin", endpoint.base_url, json.dumps(plan), seconds=600)
    endpoint.answer = population(items_of(made["kit"].encode()), ABILITIES)
    (folder / "kit.json").write_text(made["kit"], encoding="utf-8")
    gateway = stack.enter_context(_gateway(node, 0, endpoint.base_url))
    environment = node.environment | {"WATCHBELL_TOKEN": made["token"]}
    return node, Scene(environment, f"http://127.0.0.1:{gateway.port}", folder), made, gateway.process.pid


def measured(scene: Scene, jobs: Sequence[tuple[str, str]]) -> dict[str, list[Spent]]:
    """Return what each suite's runs cost; Ctrl-C ends those that go on before it ends all."""
    spent: dict[str, list[Spent]] = {}
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        waiting = {pool.submit(scene.run, model, suite): suite for model, suite in jobs}
        try:
            for number, done in enumerate(as_completed(waiting), start=1):
                spent.setdefault(waiting[done], []).append(done.result())
                say(f"{number} of {len(jobs)} runs", is_last=number % SAID_EVERY == 0)
        except BaseException:
            scene.stop()
            pool.shutdown(cancel_futures=True)
            raise
    return spent


def reported(node: Any, made: dict[str, str], folder: Path) -> dict[str, Any]:
    """Take the logs in, issue the report, and return it."""
    logs = sorted(str(one) for one in folder.glob("runs/*/logs/*.eval"))
    done = node.watchbell("import", "eval-log", *logs, "--protocol", made["protocol"])
    if done.returncode:
        raise RuntimeError(done.stdout[-2000:] + done.stderr[-2000:])
    return dict(node.run(DEEDS, "report", made["protocol"], str(folder), seconds=600))


def show(found: dict[str, Any], spent: dict[str, list[Spent]], whole: float, relayed: float) -> None:
    """Print a line a suite, and one for all."""
    print(f"{'':10} samples    wall   a sample, ms CPU: evaluate  Inspect  sandbox  gateway   order  missing")
    rows = found["samples"]
    for suite, costs in spent.items():
        mine = [row for row in rows if row[0] == f"watchbell/{suite}"]
        line(suite, mine, missing_of(found, f"watchbell/{suite}"), sum(one.wall for one in costs), costs)
    costs = [one for several in spent.values() for one in several]
    line("all", rows, missing_of(found), whole, costs, relayed / len(rows))


def line(
    name: str,
    rows: Sequence[Sequence[Any]],
    missing: int,
    wall: float,
    costs: Sequence[Spent],
    gateway: float | None = None,
) -> None:
    """Print what some runs cost and found; the gateway serves all suites at once and is known for all alone."""
    each = [sum(kind) * 1000 / len(rows) for kind in zip(*costs, strict=True)]
    relayed = "-" if gateway is None else f"{gateway * 1000:.1f}"
    print(
        f"{name:10} {len(rows):7} {wall:7.1f} s {each[1]:26.1f} {each[2]:8.1f} {each[3]:8.1f} {relayed:>8} "
        f"{order(rows):7.2f} {missing:8}",
        flush=True,
    )


def missing_of(found: dict[str, Any], suite: str = "") -> int:
    """Return how many samples have no outcome, whether none came in or an outage took it."""
    told = [one for one in found["completeness"] if not suite or one["suite"] == suite]
    lost = sum(one["outcomes"].get(word, 0) for one in told for word in ("missing", "infrastructure"))
    return lost + sum(int(one["absent"]) for one in told)


def order(rows: Sequence[Sequence[Any]]) -> float:
    """Return Spearman's rank correlation of the models' solved samples with their abilities."""
    from tests.support.population import ABILITIES

    solved = [sum(row[1] == model and row[7] == "solved" for row in rows) for model in ABILITIES]
    if len(set(solved)) == 1:
        return 0.0
    return statistics.correlation(ranks(solved), ranks(list(ABILITIES.values())))


def ranks(values: Sequence[float]) -> list[float]:
    """Return each value's rank; equal ones have the mean of theirs."""
    ordered = sorted(values)
    return [ordered.index(one) + (ordered.count(one) - 1) / 2 for one in values]


def used(pid: int) -> tuple[float, float]:
    """Return the seconds of CPU of a process, and of those it started and waited for; also once it has ended."""
    try:
        told = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return 0.0, 0.0
    user, system, below_user, below_system = map(int, told[11:15])
    return (user + system) / TICKS, (below_user + below_system) / TICKS


def children(pid: int) -> list[int]:
    """Return the processes that any thread of this one started."""
    found = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(FileNotFoundError, ProcessLookupError):
            found += map(int, task.read_text(encoding="ascii").split())
    return found


def say(words: str, *, is_last: bool = True) -> None:
    """Say how far it is, on one line where somebody looks."""
    is_seen = sys.stderr.isatty()
    if is_seen or is_last:
        sys.stderr.write(f"\r\x1b[K{words}" if is_seen else words)
        sys.stderr.write("\n" if is_last else "")
        sys.stderr.flush()


if __name__ == "__main__":
    main(sys.argv[1:])
