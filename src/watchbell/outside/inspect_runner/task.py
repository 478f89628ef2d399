"""A built-in suite as an Inspect task: the solver asks the model, the scorer runs the trials and lets the suite judge.

Only the evaluation's own process imports this. Whatever keeps a model's answer from coming is raised as Missing: such
a sample has an error and no score, and nobody can count it as unsolved.
"""

import os
from collections.abc import Callable
from hashlib import sha256
from typing import Any, Final

import anyio.to_thread
from inspect_ai import Task, task
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.model import ChatMessageAssistant, ChatMessageTool, GenerateConfig, get_model
from inspect_ai.scorer import Score, mean, scorer
from inspect_ai.solver import TaskState, solver
from inspect_ai.tool import ToolInfo, ToolParams
from inspect_ai.util import LimitExceededError, sample_limits

from watchbell.domain.suites.suite import Answer, Call, Item, Ran, Suite, Trial
from watchbell.formats import strictjson
from watchbell.outside.inspect_runner.causes import Missing, cause_of, ends_the_run
from watchbell.outside.inspect_runner.desk import Desk
from watchbell.outside.inspect_runner.plan import TASK, RunPlan, said
from watchbell.outside.inspect_runner.progress import Cause

WAITING: Final = "watchbell_waits_for_the_model"
LONGEST_NOTE: Final = 300
BUILT_IN: Final = "watchbell/"
"""What a suite's name begins with in logs and protocols."""
NO_SUCH_TOOL: Final = "There is no tool of that name."


class Bench:
    """What a run of a suite needs while it goes: plan, suite, its items by name, the sandbox, the desk."""

    def __init__(
        self, plan: RunPlan, suite: Suite, items: dict[str, Item], run: Callable[[Trial], Ran] | None, desk: Desk
    ) -> None:
        self.plan = plan
        self.suite = suite
        self.items = items
        self.run = run
        self.desk = desk
        self.limiter = anyio.CapacityLimiter(os.cpu_count() or 1)

    def missing(self, state: TaskState, cause: Cause, why: str) -> Missing:
        """Return the exception for a sample without an answer, and remember why for the progress."""
        self.desk.causes[str(state.sample_id), state.epoch] = cause
        return Missing(cause, why)


_AT: list[Bench] = []
"""The bench of this process: Inspect makes the task anew by its name when it resumes, without arguments."""


def lay_out(bench: Bench) -> None:
    """This will make the bench the one that the task of this process stands on."""
    _AT[:] = [bench]


@task(name=TASK)
def suite_task() -> Task:
    """Return the task: one sample an item, no truth in any of them."""
    bench = _AT[0]
    plan = bench.plan
    samples = [
        Sample(input=item.prompt, id=name, metadata={"family": item.family, "level": item.level, "number": item.number})
        for name, item in bench.items.items()
    ]
    return Task(
        dataset=MemoryDataset(samples, name=plan.suite),
        solver=answering(),
        scorer=judging(),
        name=BUILT_IN + plan.suite,
        version=bench.suite.VERSION,
        metadata={"plan": said(plan)},
    )


@solver
def answering() -> Any:
    """Return the solver: one question, or as many turns as the tools take."""

    async def solve(state: TaskState, generate: object) -> TaskState:
        bench = _AT[0]
        item = bench.items[str(state.sample_id)]
        tools = [ToolInfo(name=t.name, description=t.description, parameters=_parameters(t)) for t in item.tools]
        for _ in range(bench.plan.turns if bench.plan.scaffold == "tools" else 1):
            await _ask(bench, state, tools)
            if not _reply(bench, state, item):
                break
        return state

    return solve


async def _ask(bench: Bench, state: TaskState, tools: list[Any]) -> None:
    """This will take the model's next message, or raise Missing; an end of budget or window ends the run."""
    state.store.set(WAITING, True)
    try:
        output = await get_model().generate(state.messages, tools=tools, config=_asked_for(bench.plan))
    except LimitExceededError:
        state.store.set(WAITING, False)
        raise
    except Exception as error:
        cause, status = cause_of(error)
        if ends_the_run(cause):
            bench.desk.stop(cause)
        raise bench.missing(state, cause, f"status {status}" if status else type(error).__name__) from error
    state.store.set(WAITING, False)
    expected = bench.plan.answers_as
    if expected and output.model not in expected:
        raise bench.missing(state, Cause.OTHER_MODEL, "the endpoint answered with another model's name")
    if output.empty:
        raise bench.missing(state, Cause.NO_ANSWER, "the endpoint answered without a choice")
    state.output = output
    state.messages.append(output.message)


def _asked_for(plan: RunPlan) -> Any:
    """Return how long an answer may get: the gateway reserves as much, and what is left of the budget is the most."""
    left = plan.tokens - int(sample_limits().token.usage)
    return GenerateConfig(max_tokens=max(1, min(plan.answer_tokens, left)))


def _reply(bench: Bench, state: TaskState, item: Item) -> bool:
    """This will put what the tools give back after the model's calls; it returns whether there were any."""
    asked = state.output.message.tool_calls or []
    before = len(calls_of(state.messages[:-1], item))
    calls = calls_of(state.messages, item)
    known = {one.name for one in item.tools}
    for one in asked:
        content = NO_SUCH_TOOL
        if one.function in known:
            before += 1
            content = _told(bench, state, item, calls[:before])
        state.messages.append(ChatMessageTool(content=content, tool_call_id=one.id, function=one.function))
    return bool(asked)


def _told(bench: Bench, state: TaskState, item: Item, calls: tuple[Call, ...]) -> str:
    try:
        return bench.suite.respond(item, calls)
    except Exception as error:
        raise bench.missing(state, Cause.SUITE, "the suite could not respond to a call") from error


def calls_of(messages: list[Any], item: Item) -> tuple[Call, ...]:
    """Return the calls of the item's tools in these messages; arguments that were no object are an empty one."""
    known = {one.name for one in item.tools}
    asked = [one for told in messages if isinstance(told, ChatMessageAssistant) for one in told.tool_calls or []]
    return tuple(
        Call(tool=one.function, arguments=one.arguments if not one.parse_error and type(one.arguments) is dict else {})
        for one in asked
        if one.function in known
    )


def answer_of(state: TaskState, item: Item) -> Answer:
    """Return what the model gave in the end."""
    return Answer(text=state.output.completion, calls=calls_of(state.messages, item))


def digest_of(answer: Answer) -> str:
    """Return the digest that names an answer without its words."""
    told = [answer.text, [[one.tool, one.arguments] for one in answer.calls]]
    try:
        return sha256(strictjson.dumps(told)).hexdigest()
    except ValueError:  # half characters, or numbers that JSON cannot hold
        return sha256(repr(told).encode("utf-8", "backslashreplace")).hexdigest()


@scorer(metrics=[mean()], name="credit")
def judging() -> Any:
    """Return the scorer: trials in the sandbox, in a thread; then the suite's own judgement."""

    async def score(state: TaskState, target: object) -> Score:
        bench = _AT[0]
        item = bench.items[str(state.sample_id)]
        if state.store.get(WAITING):
            raise bench.missing(state, Cause.TIME, "time was over while the model was waited for")
        answer = answer_of(state, item)
        if not state.output.empty and state.output.stop_reason == "content_filter":
            return _scored(answer, 0.0, {"solved": False, "refused": True, "cells": {}, "note": "content filter"})
        try:
            trials = bench.suite.trials(item, answer)
            ran = await _tried(bench, state, trials)
            judged = bench.suite.judge(item, answer, ran)
        except Missing:
            raise
        except Exception as error:
            raise bench.missing(state, Cause.SUITE, "the suite could not score an answer") from error
        told = {"solved": judged.solved, "refused": judged.refused, "cells": dict(judged.cells)}
        return _scored(answer, judged.credit, told | {"note": judged.note[:LONGEST_NOTE]})

    return score


async def _tried(bench: Bench, state: TaskState, trials: tuple[Trial, ...]) -> tuple[Ran, ...]:
    if not trials:
        return ()
    run = bench.run
    if run is None:
        raise bench.missing(state, Cause.SANDBOX, "there is no sandbox for a trial")
    try:
        return await anyio.to_thread.run_sync(lambda: tuple(run(one) for one in trials), limiter=bench.limiter)
    except Exception as error:
        raise bench.missing(state, Cause.SANDBOX, "the sandbox could not run a trial") from error


def _scored(answer: Answer, credit: float, told: dict[str, Any]) -> Score:
    return Score(value=credit, answer=digest_of(answer), metadata=told)


def _parameters(tool: Any) -> Any:
    return ToolParams.model_validate(strictjson.loads(strictjson.dumps(dict(tool.parameters))))
