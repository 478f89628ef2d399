"""What does a run of ours cost a sample, beside plain Inspect on the same prompts and the same endpoint?

`python -m benchmarks inspect_overhead [SAMPLES [ROUNDS]]`. A scripted HTTP endpoint in this process answers after
20 ms, all sides have 10 connections, and they take turns, each round in another order, so that whatever else the
machine does hits all alike. CPU: user and system time of the child process. "a sample" is what is left when the same
run of 10 samples, which is mostly the import of Inspect, has been taken away; a ratio is one round's, and their median
stands with the least and the most, which hold the true median in 94 of 100 cases when there are five rounds.
Plain: `generate()` and `includes()`, Inspect's own buffering of the log, which loses finished samples at kill -9;
"kept at once" is the same with a log that is written after each sample, Inspect's own way to lose none.
"""

import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

ROUNDS, SAMPLES, FEW = 5, 300, 10
AIM = "aim: at most 15 % over plain Inspect, in CPU"
SIDES = ("plain", "kept at once", "ours")
PLAIN = """
import sys
from inspect_ai import Task, eval
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.scorer import includes
from inspect_ai.solver import generate
from tests.support import tiny_suite
address, folder, number, at_once = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4] == "kept at once"
items = [tiny_suite.generate(b"bench", "spoken", 1, at) for at in range(number)]
samples = [Sample(input=one.prompt, id=one.name, target=str(one.truth["sum"])) for one in items]
eval(
    Task(dataset=MemoryDataset(samples), solver=generate(), scorer=includes()),
    model="openai-api/lab/alias", model_base_url=address + "/v1", log_dir=folder, display="none",
    log_realtime=False, log_model_api=False, log_buffer=1 if at_once else None, max_connections=10, max_samples=10,
    ctl_server=False, acp_server=False, max_retries=1, attempt_timeout=60, time_limit=600, token_limit=2000,
)
"""


class Cost(NamedTuple):
    """Seconds of one whole run."""

    wall: float
    cpu: float


def main(arguments: list[str]) -> None:
    """Print the figures."""
    from tests.support.model_endpoint import ModelEndpoint, raw
    from tests.support.scripted_model import completion

    number = int(arguments[0]) if arguments else SAMPLES
    rounds = int(arguments[1]) if len(arguments) > 1 else ROUNDS
    found: dict[tuple[str, int], list[Cost]] = {}
    with ModelEndpoint(raw(0.02, completion("42"))) as endpoint:
        for at in range(rounds):
            for size in (FEW, number):
                for side in (*SIDES[at % len(SIDES) :], *SIDES[: at % len(SIDES)]):
                    found.setdefault((side, size), []).append(measured(side, endpoint.base_url, size))
            print(f"round {at + 1} of {rounds} is over", file=sys.stderr, flush=True)
    marginal = {side: a_sample(found[side, FEW], found[side, number], number - FEW) for side in SIDES}
    for side in SIDES:
        wall, cpu = (statistics.median(kind) for kind in zip(*found[side, number], strict=True))
        one_wall, one_cpu = (statistics.median(kind) * 1000 for kind in zip(*marginal[side], strict=True))
        print(
            f"{side:14} {number} samples: {wall:6.2f} s wall, {cpu:6.2f} s CPU; "
            f"a sample {one_wall:6.1f} ms wall, {one_cpu:6.1f} ms CPU",
            flush=True,
        )
    for side in SIDES[:2]:
        whole = ratios([one.cpu for one in found["ours", number]], [one.cpu for one in found[side, number]])
        each = ratios([one.cpu for one in marginal["ours"]], [one.cpu for one in marginal[side]])
        print(f"CPU, ours / {side}: a sample {each}; the whole run {whole}")
    print(AIM)


def ratios(ours: list[float], theirs: list[float]) -> str:
    """Return the median of the rounds' ratios, with the least and the most."""
    found = [one / other for one, other in zip(ours, theirs, strict=True)]
    return f"{statistics.median(found):.2f} ({min(found):.2f} to {max(found):.2f})"


def measured(side: str, address: str, number: int) -> Cost:
    """Return what one run costs."""
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="watchbell-bench-") as folder:
        if side == "ours":
            ours(address, Path(folder) / "run", number)
        else:
            plain(side, address, folder, number)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Cost(time.perf_counter() - started, spent)


def ours(address: str, folder: Path, number: int) -> None:
    """Run the tiny suite's spoken sums as a worker would."""
    from watchbell.outside import inspect_runner as runner

    plan = runner.planned(
        suite="tiny",
        version=1,
        seed=b"bench".hex() * 4,
        families=("spoken",),
        levels=(1,),
        numbers=number,
        model="alias",
        gateway=address,
        folder=str(folder),
        tokens=2000,
        connections=10,
        shelf="tests.support.tiny_suite:SUITES",
        sandbox="tests.support.tiny_suite:run_here",
    )
    run = runner.start(plan, token="wbg_bench", as_root=os.geteuid() == 0, PYTHONPATH=os.getcwd())
    done = [one for one in run.told() if one.kind is runner.Kind.ENDED]
    assert done, run.result().errors
    assert done[0].done == number


def plain(side: str, address: str, folder: str, number: int) -> None:
    """Run the same prompts with Inspect alone."""
    from watchbell.outside import inspect_runner as runner

    home = dict.fromkeys(("HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME"), folder)
    environment = {"PATH": os.defpath, "LAB_API_KEY": "bench", "PYTHONPATH": os.getcwd(), **home}
    command = [str(runner.interpreter()), "-c", PLAIN, address, folder, str(number), side]
    subprocess.run(command, env=environment, cwd=folder, check=True, stdout=subprocess.DEVNULL)


def a_sample(few: list[Cost], many: list[Cost], between: int) -> list[Cost]:
    """Return what one more sample costs, round by round."""
    pairs = zip(few, many, strict=True)
    return [Cost((more.wall - less.wall) / between, (more.cpu - less.cpu) / between) for less, more in pairs]


if __name__ == "__main__":
    main(sys.argv[1:])
