"""Is a run's process still wanted? Each second: what it told goes to its row, and what people want goes to it."""

import threading
import time
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Final

from watchbell.apps.engagements import services as access
from watchbell.apps.engagements.services.standing import window_is_open
from watchbell.apps.engagements.services.tokens import LONGEST
from watchbell.apps.evaluation.models import Run
from watchbell.apps.evaluation.services import leaving
from watchbell.apps.evaluation.services.containing import Happened, report_incident
from watchbell.apps.evaluation.services.standing import RUNNER, engagement_of
from watchbell.apps.evaluation.words import IncidentKind, Stop
from watchbell.apps.jobs.progress import Interrupted, Progress
from watchbell.domain.identity import Dice
from watchbell.domain.lifecycle.run import Run as RunState
from watchbell.outside import inspect_runner
from watchbell.outside.inspect_runner import Cause, Kind
from watchbell.outside.keystore import Keystore

LOOK_SECONDS: Final = 1.0
FINISH_SECONDS: Final = 60.0
"""How long samples that had begun may take to end once somebody paused."""
CANCEL_SECONDS: Final = 25.0
READ_EVERY: Final = timedelta(minutes=5)
"""How often the log that is being written is searched for canaries: an incident is told within the hour."""
_STOPS: Final = {
    Cause.BUDGET: Stop.BUDGET,
    Cause.WINDOW: Stop.WINDOW,
    Cause.TOKEN: Stop.TOKEN,
    Cause.ENDPOINT: Stop.ENDPOINT,
    Cause.BUSY: Stop.ENDPOINT,
}


class _Listener(threading.Thread):
    """Reads what the process tells, to its end, so that nothing it says ever waits for the database."""

    def __init__(self, process: inspect_runner.Run) -> None:
        super().__init__(name="run-told", daemon=True)
        self._process = process
        self.latest = inspect_runner.Progress(kind=Kind.READY)
        self.in_flight = 0
        self.tokens = 0

    def run(self) -> None:
        """Listen until the process has ended."""
        for told in self._process.told():
            if told.kind is Kind.BEGUN:
                self.in_flight += 1
            elif told.kind is Kind.SAMPLE:
                self.in_flight -= 1
                self.tokens += told.input_tokens + told.output_tokens
            if told.total:
                self.latest = told


@dataclass(slots=True, kw_only=True)
class Watched:
    """One run with its process and its folder; `tokens_before` were told before this process began."""

    run: Run
    process: inspect_runner.Run
    folder: Path
    tokens_before: int = 0
    held_since: float | None = None
    is_paused: bool = False
    listener: _Listener = field(init=False)

    def __post_init__(self) -> None:
        self.listener = _Listener(self.process)
        self.tokens_before = self.run.tokens_told


def watch(one: Watched, progress: Progress, *, keys: Keystore, rng: Dice) -> Stop | None:
    """Return why the process ended, or None when everything is there. Raises Interrupted, LeaseLost, Cancelled.

    However this ends, the process has ended before.
    """
    one.listener.start()
    read_at = progress.now()
    try:
        while one.listener.is_alive():
            one.listener.join(LOOK_SECONDS)
            progress.checkpoint()
            _tell(one, progress)
            if (stop := _look(one, progress)) is not None:
                one.process.cancel(seconds=_patience(one, progress))
                return stop
            if progress.now() - read_at >= READ_EVERY:
                read_at = progress.now()
                _search(one, progress, keys=keys, rng=rng)
    except Interrupted:
        one.process.cancel()
        raise
    finally:
        one.process.cancel(seconds=0)
        one.listener.join()
    return _ended(one, progress, keys=keys, rng=rng)


def _tell(one: Watched, progress: Progress) -> None:
    """Write what the process told last, if it told anything; a run that is over has its numbers already."""
    told = one.listener.latest
    now = {
        "total": told.total,
        "done": told.kept + told.done,
        "missing": told.missing,
        "tokens_told": one.tokens_before + one.listener.tokens,
    }
    if told.total and any(getattr(one.run, name) != value for name, value in now.items()):
        Run.objects.filter(pk=one.run.pk, finished_at__isnull=True).update(**now, told_at=progress.now())


def _look(one: Watched, progress: Progress) -> Stop | None:
    """Hold the process, let it go on, or return why it is to end now."""
    run, now = one.run, progress.now()
    run.refresh_from_db()
    engagement = engagement_of(run.protocol)
    if not window_is_open(engagement, now):
        return Stop.WINDOW
    if run.stands not in (RunState.RUNNING, RunState.PAUSED):
        return Stop.CANCELLED
    if run.asked_at is not None and now >= run.asked_at + LONGEST:
        return Stop.TIME
    _hold(one, is_wanted=run.stands is RunState.RUNNING and engagement.paused_at is None)
    if run.stands is RunState.PAUSED and one.held_since is not None:
        waited = time.monotonic() - one.held_since
        return Stop.CANCELLED if one.listener.in_flight <= 0 or waited > FINISH_SECONDS else None
    return None


def _patience(one: Watched, progress: Progress) -> float:
    """Return for how many seconds its log may still be written: none where the evidence is to be destroyed at once."""
    engagement = engagement_of(one.run.protocol)
    return 0.0 if access.evidence_is_due(engagement, progress.now()) else CANCEL_SECONDS


def _hold(one: Watched, *, is_wanted: bool) -> None:
    if is_wanted and one.held_since is not None:
        one.held_since = None
        one.process.go_on()
    elif not is_wanted and one.held_since is None:
        one.held_since = time.monotonic()
        one.process.pause()


def _search(one: Watched, progress: Progress, *, keys: Keystore, rng: Dice) -> None:
    """Halt the run if the log so far shows a canary; what has not been written whole is read later."""
    if leaving.lets_slip(one.run, one.folder, keys=keys):
        _halt(one, IncidentKind.CANARY, progress, keys=keys, rng=rng)


def _ended(one: Watched, progress: Progress, *, keys: Keystore, rng: Dice) -> Stop | None:
    """Return why a process that ended by itself did so; one that left its scope is halted, and the developer told."""
    result = one.process.result()
    one.run.refresh_from_db()
    _tell(one, progress)
    one.run.refresh_from_db()
    if result.stopped is Cause.SCOPE:
        _halt(one, IncidentKind.OUT_OF_SCOPE, progress, keys=keys, rng=rng)
        return Stop.BROKE
    if result.status == 0 and one.listener.latest.is_whole:
        return None
    if result.stopped in _STOPS:
        return _STOPS[result.stopped]
    return Stop.MISSING if result.status == 0 else Stop.BROKE


def _halt(one: Watched, kind: IncidentKind, progress: Progress, *, keys: Keystore, rng: Dice) -> None:
    now = progress.now()
    happened = Happened(kind=kind, noticed_at=now, run=one.run)
    report_incident(engagement_of(one.run.protocol), happened, by=RUNNER, now=now, keys=keys, rng=rng)
    one.run.refresh_from_db()
