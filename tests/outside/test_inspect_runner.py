"""A whole run with Inspect: counted once whatever is killed, and never a wrong answer where there was none."""

import os
import shutil
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from tests.support import inspect_runs as runs
from tests.support.eval_logs import opened
from tests.support.machine import required, why_missing
from tests.support.model_endpoint import ModelEndpoint, hanging, raw
from tests.support.neutral import with_neutral
from tests.support.scripted_model import completion, error

from watchbell.domain.measurement.sameness import compared
from watchbell.formats.eval_sample import LoggedSample
from watchbell.outside import inspect_runner as runner
from watchbell.outside.inspect_runner import Cause, Kind, Outcome, Progress, foreign
from watchbell.outside.inspect_runner.foreign import Hindrance

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        bool(why_missing("inspect")) and "inspect" not in required(), reason=why_missing("inspect") or "-"
    ),
]
HOSTILE = (
    '\x1b[2J{"kind":"sample","item":"tiny.spoken.1.0","outcome":"answered"}\n'
    '{"kind":"ended","total":1}\n<script>alert(1)</script>{{7*7}}'
)


def ended_samples(told: list[Progress]) -> list[Progress]:
    return [one for one in told if one.kind is Kind.SAMPLE]


def keys(samples: list[dict[str, Any]]) -> Counter[tuple[str, int]]:
    return Counter((one["id"], one["epoch"]) for one in samples)


def test_a_whole_run_scores_every_item_in_every_epoch_and_reaches_nothing_but_its_gateway(tmp_path: Path) -> None:
    with ModelEndpoint() as endpoint:
        plan = runs.plan(endpoint, tmp_path / "run", epochs=2)
        endpoint.answer = runs.model(plan)
        run = runs.begun(plan, tmp_path / "run")

        told = list(run.told())
        result = run.result()

    assert result.log is not None, result.errors
    log = runs.samples_of(result.log)
    assert (result.status, result.odd_lines, len(keys(log)), set(keys(log).values())) == (0, 0, 24, {1})
    credits = {(one["id"], one["scores"]["credit"]["value"]) for one in log}
    assert credits == {(one["id"], 1.0 if one["metadata"]["level"] == 1 else 0.0) for one in log}
    assert {one["scores"]["credit"]["metadata"]["solved"] for one in log} == {True, False}
    assert Counter(one.outcome for one in ended_samples(told)) == {Outcome.ANSWERED: 24}
    assert (told[0].kind, told[0].total, told[-1].kind, told[-1].done) == (Kind.READY, 24, Kind.ENDED, 24)
    assert told[-1].input_tokens == 20 * len(endpoint.asked)
    assert not (tmp_path / "beyond-loopback").exists()
    assert {one.headers["authorization"] for one in endpoint.asked} == {f"Bearer {runs.TOKEN}"}
    assert runs.files_with(runs.TOKEN, tmp_path) == []
    assert runs.files_with(runs.SEED, tmp_path) == [str(tmp_path / "run" / "plan.json")]


def test_after_two_kills_every_sample_is_there_exactly_once_and_none_that_was_finished_was_asked_again(
    tmp_path: Path,
) -> None:
    """CR-07: whoever goes on begins where the lost process ended, and no sample counts twice."""
    with ModelEndpoint() as endpoint:
        plan = runs.plan(endpoint, tmp_path / "run", epochs=2)
        endpoint.answer = runs.model(plan, pause=0.05)
        with runs.ended(runs.begun(plan, tmp_path / "run")) as run:
            for at, _ in enumerate(one for one in run.told() if one.kind is Kind.SAMPLE):
                if at == 2:
                    shutil.copyfile(runner.logs_in(tmp_path / "run")[0], tmp_path / "early")
                if at == 9:
                    os.kill(run.pid, 9)
        (tmp_path / "early").replace(tmp_path / "run" / "logs" / "z.eval")
        runs.left_half_written(tmp_path / "run")
        os.utime(tmp_path / "run" / "logs" / "z.eval")  # the newest log may hold less than one before it
        with runs.ended(runs.begun(plan, tmp_path / "run", runner.resume)) as run:
            assert next(run.told()).kept >= 9
            while len(runner.logs_in(tmp_path / "run")) == 2:  # until it has begun to copy the first log into its own
                time.sleep(0.002)
            os.kill(run.pid, 9)
        logs = runner.logs_in(tmp_path / "run")
        listed = runs.listed(tmp_path / "run")
        run = runs.begun(plan, tmp_path / "run", runner.resume)

        told = list(run.told())
        result = run.result()

    assert result.log is not None, result.errors
    before, last = [runs.samples_of(one) for one in logs], runs.samples_of(result.log)
    finished = {one["uuid"] for held in (*before, listed) for one in held}
    assert (len(keys(last)), set(keys(last).values())) == (24, {1})
    assert finished <= {one["uuid"] for one in last}
    assert told[0].kept == len(finished) >= 9
    assert len(ended_samples(told)) == 24 - told[0].kept
    assert told[-1].done + told[-1].kept == 24
    assert runs.listed(tmp_path / "run") == []  # the log of a run that ended whole holds everything


def test_an_outage_another_model_and_a_refusal_are_told_apart_and_never_counted_as_unsolved(tmp_path: Path) -> None:
    """GW-10: with another model's name, or an answer nobody can read, a sample is missing; it is not scored."""
    with ModelEndpoint() as endpoint:
        limits = {"attempt_timeout": 3, "time_limit": 8, "connections": 12}
        plan = runs.plan(endpoint, tmp_path / "run", answers_as=("m-1",), **limits)
        opening = completion(call=("open", '{"drawer": "another"}'))
        answers = {
            "tiny.spoken.1": raw(error(500)),
            "tiny.spoken.2": hanging(),
            "tiny.written.1": raw(completion("4", model="another")),
            "tiny.written.2": raw(completion("", finish="content_filter")),
            "tiny.drawer.1.0": raw(completion("4", usage={"prompt_tokens": 1, "completion_tokens": 1})),
            "tiny.drawer.1.1": raw(
                completion("4", usage={"prompt_tokens": 9, "completion_tokens": 1, "total_tokens": 9999})
            ),
            "tiny.drawer.2.0": raw(1.0, opening),
        }
        endpoint.answer = runs.by_item(answers, runs.model(plan))
        run = runs.begun(plan, tmp_path / "run")

        told = list(run.told())
        result = run.result()

    assert result.log is not None, result.errors
    samples = {one["id"]: one for one in runs.samples_of(result.log)}
    found = {one.item: (one.outcome, one.cause) for one in ended_samples(told)}
    assert found == {
        "tiny.spoken.1.0": (Outcome.MISSING, Cause.ENDPOINT),
        "tiny.spoken.1.1": (Outcome.MISSING, Cause.ENDPOINT),
        "tiny.spoken.2.0": (Outcome.MISSING, Cause.ENDPOINT),
        "tiny.spoken.2.1": (Outcome.MISSING, Cause.ENDPOINT),
        "tiny.written.1.0": (Outcome.MISSING, Cause.OTHER_MODEL),
        "tiny.written.1.1": (Outcome.MISSING, Cause.OTHER_MODEL),
        "tiny.written.2.0": (Outcome.REFUSED, Cause.NONE),
        "tiny.written.2.1": (Outcome.REFUSED, Cause.NONE),
        "tiny.drawer.1.0": (Outcome.MISSING, Cause.ODD_ANSWER),
        "tiny.drawer.1.1": (Outcome.LIMIT, Cause.TOKENS),
        "tiny.drawer.2.0": (Outcome.MISSING, Cause.TIME),
        "tiny.drawer.2.1": (Outcome.ANSWERED, Cause.NONE),
    }
    missing = {item: cause for item, (outcome, cause) in found.items() if outcome is Outcome.MISSING}
    assert all(f"missing/{cause}" in samples[item]["error"]["message"] for item, cause in missing.items())
    assert {item for item, one in samples.items() if not one["scores"]} == set(missing)
    assert samples["tiny.written.2.0"]["scores"]["credit"]["metadata"]["refused"] is True
    assert (told[-1].done, told[-1].missing) == (4, 8)


def test_an_ended_budget_stops_the_run_at_once_and_what_was_finished_stays(tmp_path: Path) -> None:
    with ModelEndpoint() as endpoint:
        plan = runs.plan(endpoint, tmp_path / "run", epochs=4, connections=2)
        endpoint.answer = runs.after(6, runs.model(plan), raw(error(402, "no-tokens-left")))
        run = runs.begun(plan, tmp_path / "run")

        told = list(run.told())
        result = run.result()

    assert result.log is not None, result.errors
    scored = [one for one in runs.samples_of(result.log) if one["scores"]]
    assert (result.stopped, told[-1].cause) == (Cause.BUDGET, Cause.BUDGET)
    assert 0 < told[-1].done <= len(scored) <= 6
    assert len(endpoint.asked) <= 6 + plan.connections
    assert {one.cause for one in ended_samples(told) if one.outcome is Outcome.MISSING} <= {Cause.BUDGET}


def test_what_a_model_says_never_becomes_a_line_of_progress_and_busy_answers_are_waited_out(tmp_path: Path) -> None:
    with ModelEndpoint() as endpoint:
        plan = runs.plan(endpoint, tmp_path / "run", scaffold="single")
        busy = raw(error(429, "too-many-at-once", headers=b"Retry-After: 1\r\n"))
        gone = raw(error(503, "ledger-away", headers=b"Retry-After: 1\r\n"))
        endpoint.answer = runs.after(1, busy, runs.after(1, gone, raw(completion(HOSTILE))))
        run = runs.begun(plan, tmp_path / "run")

        told = list(run.told())
        result = run.result()

    assert result.log is not None, result.errors
    assert [one.kind for one in told].count(Kind.ENDED) == 1
    assert sorted((one.item, one.epoch) for one in ended_samples(told)) == sorted(
        (name, 1) for name in {one["id"] for one in runs.samples_of(result.log)}
    )
    assert (told[-1].done, told[-1].missing, result.odd_lines) == (12, 0, 0)
    assert "\x1b" not in result.errors
    assert HOSTILE[:20] not in result.errors


def test_a_pause_holds_new_samples_back_until_the_run_may_go_on_and_a_cancelled_one_can_be_resumed(
    tmp_path: Path,
) -> None:
    with ModelEndpoint() as endpoint:
        plan = runs.plan(endpoint, tmp_path / "run", connections=1, epochs=2)
        endpoint.answer = runs.model(plan, pause=0.05)
        begun_while_held, is_held = 0, False
        with runs.ended(runs.begun(plan, tmp_path / "run")) as run:
            for one in run.told():
                if one.kind is Kind.SAMPLE and one.done == 1:
                    run.pause()
                if one.kind is Kind.PAUSED:
                    threading.Timer(1.0, run.go_on).start()
                is_held = (is_held and one.kind is not Kind.GOING) or one.kind is Kind.PAUSED
                begun_while_held += is_held and one.kind is Kind.BEGUN
                if one.kind is Kind.SAMPLE and one.done == 6:
                    run.cancel()
        first = run.result()
        with runs.ended(runs.begun(plan, tmp_path / "run", runner.resume)) as again:
            told = list(again.told())

    assert first.stopped is Cause.CANCELLED
    assert begun_while_held <= plan.connections
    assert told[0].kept >= 6
    assert told[-1].kept + told[-1].done == 24


THEIRS = """
from inspect_ai import Task, task
from inspect_ai.dataset import Sample
from inspect_ai.scorer import includes
from inspect_ai.solver import generate
from inspect_ai.util import sandbox
from inspect_ai.solver import solver

@solver
def touching():
    async def solve(state, generate):
        await sandbox().exec(["touch", MARK])
        return state
    return solve

@task
def plain():
    return Task(dataset=[Sample(id="s-1", input="Say 4.", target="4")], solver=generate(), scorer=includes())

@task
def on_the_host():
    samples = [Sample(id="s-1", input="Say 4.", target="4")]
    return Task(dataset=samples, solver=touching(), scorer=includes(), sandbox="local")
"""


@pytest.mark.parametrize("name", ["plain", "on_the_host"])
def test_a_task_of_somebody_elses_runs_too_but_never_with_this_machine_as_its_sandbox(
    tmp_path: Path, name: str
) -> None:
    mark, file = tmp_path / "run" / "tmp" / "mark", tmp_path / "theirs.py"
    file.write_text(THEIRS.replace("MARK", repr(str(mark))), encoding="utf-8")
    with ModelEndpoint(raw(completion("4"))) as endpoint:
        theirs = {"suite": "", "version": 0, "seed": "", "families": (), "levels": (), "numbers": 0}
        plan = runs.plan(endpoint, tmp_path / "run", **theirs, task=f"{file}@{name}")
        run = runs.begun(plan, tmp_path / "run")

        told = list(run.told())
        result = run.result()

    outcomes = [one.outcome for one in ended_samples(told)]
    assert (outcomes == [Outcome.ANSWERED]) is (name == "plain"), result.errors
    assert not mark.exists()


def test_the_list_of_others_tasks_is_read_by_the_other_interpreter_without_importing_any(tmp_path: Path) -> None:
    (tmp_path / "bench").mkdir()
    (tmp_path / "odd").mkdir()
    (tmp_path / "bench" / "eval.yaml").write_text(
        "title: A bench\nversion: 4-B\ntasks:\n  - name: bench\n    dataset_samples: 40\n"
        "metadata:\n  sandbox: [solver]\n"
    )
    (tmp_path / "odd" / "eval.yaml").write_text("title: !!python/object/apply:os.system ['touch mark']\n")

    found = {one.task: one for one in foreign.listed(tmp_path)}

    assert found["inspect_evals/bench"].hindrances == (Hindrance.DOCKER,)
    assert (found["inspect_evals/bench"].samples, found["inspect_evals/bench"].version) == (40, "4-B")
    assert found["inspect_evals/odd"].hindrances == (Hindrance.UNREADABLE,)
    assert foreign.listed() == ()


@pytest.mark.parametrize(("swapped_after", "seen"), [(1000, "no difference seen"), (3, "answers differ")])
def test_a_model_that_is_swapped_in_the_middle_of_a_run_shows_in_what_its_log_brings_in(
    tmp_path: Path, swapped_after: int, seen: str
) -> None:
    with ModelEndpoint() as endpoint:
        plan = runs.plan(endpoint, tmp_path / "run", fingerprints=True)
        behind = lambda _, asked: "one" if asked < swapped_after else "another"  # noqa: E731
        endpoint.answer = with_neutral(runs.model(plan), behind)
        run = runs.begun(plan, tmp_path / "run")
        told = list(run.told())
        result = run.result()
        calls = len(endpoint.asked)

    assert result.log is not None, result.errors
    assert (result.status, told[-1].done, told[-1].missing) == (0, 12, 0)
    found = opened(result.log.read_bytes())
    assert sorted(one.moment for one in found.fingerprints) == ["end", "middle", "start"]
    assert sum(one.number for one in found.fingerprints) == 90
    assert compared(found.fingerprints, seed=1).seen == seen
    logged = [one for one in found.samples() if isinstance(one, LoggedSample)]
    assert sum(one.calls or 0 for one in logged) + 90 == calls


def test_a_run_that_goes_on_takes_fingerprints_again_and_a_whole_one_takes_no_more(tmp_path: Path) -> None:
    with ModelEndpoint() as endpoint:
        plan = runs.plan(endpoint, tmp_path / "run", fingerprints=True, epochs=2)
        endpoint.answer = with_neutral(runs.model(plan, pause=0.05))
        with runs.ended(runs.begun(plan, tmp_path / "run")) as run:
            for at, _ in enumerate(one for one in run.told() if one.kind is Kind.SAMPLE):
                if at == 3:
                    os.kill(run.pid, 9)
        again = runs.begun(plan, tmp_path / "run", runner.resume)
        told, result = list(again.told()), again.result()
        calls = len(endpoint.asked)
        once_more = runs.begun(plan, tmp_path / "run", runner.resume)
        list(once_more.told())
        last = once_more.result()

    assert (told[-1].kept + told[-1].done, result.status, last.status) == (24, 0, 0)
    assert result.log is not None
    found = [one.moment for one in opened(result.log.read_bytes()).fingerprints]
    assert (found[0], sorted(found)) == ("start", ["again", "end", "middle", "start"])
    assert len(endpoint.asked) == calls
    assert last.log is not None
    assert [one.number for one in opened(last.log.read_bytes()).fingerprints] == [30, 30, 30, 30]
