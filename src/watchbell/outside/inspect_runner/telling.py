"""Inspect's hooks, turned into lines of progress: which sample began and ended, and what it used."""

from typing import Any

import anyio
from inspect_ai.hooks import Hooks, ModelRetry, SampleEnd, SampleInit, SampleStart, TaskStart, hooks

from watchbell.outside.inspect_runner.desk import Desk
from watchbell.outside.inspect_runner.finished import FinishedList
from watchbell.outside.inspect_runner.progress import Cause, Kind, Outcome

LOOK_SECONDS = 0.1
_LIMITS = {"token": Cause.TOKENS, "time": Cause.TIME, "working": Cause.TIME, "turn": Cause.TURNS}


def tell(desk: Desk, kept: int, finished: FinishedList) -> None:
    """This will let Inspect tell this desk what happens, and the list what is finished; `kept` samples are there."""

    class Telling(Hooks):
        async def on_task_start(self, data: TaskStart) -> None:
            if not desk.total:
                dataset, config = data.spec.dataset, data.spec.config
                desk.begin((dataset.samples or 0) * (config.epochs or 1), kept)

        async def on_sample_init(self, data: SampleInit) -> None:
            while desk.is_held.is_set() or desk.stopped is not Cause.NONE:
                await anyio.sleep(LOOK_SECONDS)

        async def on_sample_start(self, data: SampleStart) -> None:
            desk.sample_begun(data.sample_id, str(data.summary.id), data.summary.epoch)

        async def on_sample_end(self, data: SampleEnd) -> None:
            sample = data.sample
            key = (str(sample.id), sample.epoch)
            await finished.add(sample)
            outcome, cause = outcome_of(sample, desk.causes.pop(key, Cause.UNKNOWN), desk.stopped)
            desk.sample_ended(data.sample_id, *key, outcome, cause, _tokens(sample))

        async def on_model_retry(self, data: ModelRetry) -> None:
            cause = Cause.BUSY if data.status_code == 429 else Cause.ENDPOINT
            desk.say(Kind.WAITING, cause=cause, status=data.status_code or 0)

    hooks(name="watchbell_progress", description="Tells the parent process how a run goes.")(Telling)


def outcome_of(sample: Any, known: Cause, stopped: Cause) -> tuple[Outcome, Cause]:
    """Return what became of a sample, as far as the progress says it: nothing of how it was judged."""
    if sample.error is not None or not sample.scores:
        cause = stopped if known is Cause.UNKNOWN and stopped is not Cause.NONE else known
        return Outcome.MISSING, cause
    if sample.limit is not None:
        return Outcome.LIMIT, _LIMITS.get(sample.limit.type, Cause.OTHER_LIMIT)
    if any((score.metadata or {}).get("refused") is True for score in sample.scores.values()):
        return Outcome.REFUSED, Cause.NONE
    return Outcome.ANSWERED, Cause.NONE


def _tokens(sample: Any) -> tuple[int, int]:
    used = sample.model_usage.values()
    return sum(one.input_tokens for one in used), sum(one.output_tokens for one in used)
