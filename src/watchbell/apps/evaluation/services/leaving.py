"""This will bring a run of this node to rest: its log sealed and taken in, its folder gone, its reason said."""

import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Final

from django.db import transaction

from watchbell.apps.engagements.services.standing import IsOver, held, record
from watchbell.apps.evaluation.models import Run
from watchbell.apps.evaluation.services.checking import canaries_of
from watchbell.apps.evaluation.services.standing import RUNNER, engagement_of, opened
from watchbell.apps.evaluation.services.taking_in import LogFile, import_log, opened_log, seal_log
from watchbell.apps.evaluation.words import Source, Stop
from watchbell.domain.identity import Dice
from watchbell.domain.lifecycle.run import RUN, RunEvent
from watchbell.domain.lifecycle.run import Run as RunState
from watchbell.domain.refusal import Refused
from watchbell.formats.eval_sample import LoggedSample
from watchbell.outside import inspect_runner
from watchbell.outside.blobs import BlobStore
from watchbell.outside.keystore import KeyMissing, Keystore

_NAME: Final = re.compile(r"[0-9a-f]{32}")


def own(name: str) -> Run | None:
    """Return the run of this node with this id, or None."""
    return Run.objects.filter(public_id=name, source=Source.OWN).select_related("protocol").first()


def end(
    run: Run, stop: Stop | None, folder: Path, *, store: BlobStore, now: datetime, keys: Keystore, rng: Dice
) -> None:
    """End a run with what it has: its fullest log is taken in as any other is, unless its evidence is due already."""
    reason = "" if stop is None else stop.value
    Run.objects.filter(pk=run.pk, finished_at__isnull=True).update(reason=reason)
    log = _fullest(folder)
    if log is None:
        return _ended(run, reason, now=now)
    with log.open("rb") as file:
        source = LogFile(log.name, file)
        try:
            import_log(run.protocol, source, own=run, store=store, by=RUNNER, now=now, keys=keys, rng=rng)
        except (IsOver, KeyMissing):
            return _ended(run, reason, now=now)
        except Refused:
            _seal(run, source, store=store, now=now, rng=rng)
            return _ended(run, Stop.NO_LOG.value, now=now)
    return None


def keep_log(run: Run, folder: Path, *, store: BlobStore, now: datetime, rng: Dice) -> None:
    """Seal the log of a run that was halted; nothing of it is counted."""
    log = _fullest(folder)
    run.refresh_from_db()
    if log is not None and not run.blob:
        with log.open("rb") as file:
            _seal(run, LogFile(log.name, file), store=store, now=now, rng=rng)


@transaction.atomic
def stand_still(run: Run, stop: Stop, *, now: datetime) -> None:
    """Let a run stand still with its reason until a person wants it to go on; one that changed meanwhile stays."""
    engagement = held(engagement_of(run.protocol))
    run.refresh_from_db()
    if run.stands.is_over or run.stands is RunState.STOPPING:
        return
    paused = RunState.PAUSED if run.stands is RunState.PAUSED else RUN.next(run.stands, RunEvent.PAUSE)
    if Run.objects.filter(pk=run.pk, state=run.state).update(state=paused, reason=stop):
        record("evaluation.run_stopped", engagement, by=RUNNER, now=now, run=run.public_id, reason=stop.value)


def lets_slip(run: Run, folder: Path, *, keys: Keystore) -> bool:
    """Return whether the log so far shows a canary that the model was not told; one that is half written shows none."""
    canaries = canaries_of(run.protocol, opened(run.protocol, keys=keys), keys=keys)
    return any(
        one.lets_slip(canary)
        for log in inspect_runner.logs_in(folder)[:1]
        for one in _samples(log)
        for canary in canaries
    )


def remove_if_over(name: str, folder: Path) -> None:
    """Remove the folder of a run that is over, or that is none of this node's: nothing of it lies in the open."""
    run = own(name)
    if folder.exists() and (run is None or run.stands.is_over):
        inspect_runner.forget(folder)


def sweep(folders: Path) -> None:
    """Remove what runs that are over left in this node's home: a worker may have been killed before it could."""
    for folder in folders.iterdir() if folders.is_dir() else ():
        if _NAME.fullmatch(folder.name):
            remove_if_over(folder.name, folder)


@transaction.atomic
def _ended(run: Run, reason: str, *, now: datetime) -> None:
    engagement = held(engagement_of(run.protocol))
    run.refresh_from_db()
    if run.stands.is_over:
        return
    after = RUN.next(run.stands, RunEvent.END)
    ended = {"state": after, "reason": reason, "ended_at": max(now, run.began_at), "finished_at": now}
    if Run.objects.filter(pk=run.pk, state=run.state).update(**ended):
        record("evaluation.run_ended", engagement, by=RUNNER, now=now, run=run.public_id, reason=reason)
    run.refresh_from_db()


def _seal(run: Run, source: LogFile, *, store: BlobStore, now: datetime, rng: Dice) -> None:
    with suppress(IsOver):  # its evidence is due: then nothing of it is kept
        seal_log(run, source, store=store, by=RUNNER, now=now, rng=rng)


def _fullest(folder: Path) -> Path | None:
    """Return the log with the most samples: a process that was killed while it copied an earlier log has fewer."""
    logs = inspect_runner.logs_in(folder)
    return max(logs, key=lambda log: sum(1 for _ in _samples(log))) if logs else None


def _samples(log: Path) -> Iterator[LoggedSample]:
    """Yield the samples of a log that can be read, as far as they can be."""
    with log.open("rb") as file, suppress(Refused):
        for one in opened_log(LogFile(log.name, file)).samples():
            if isinstance(one, LoggedSample):
                yield one
