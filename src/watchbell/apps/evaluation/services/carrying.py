"""This will carry out one run of this node: try the walls, take a token, run what is missing, take its log in.

The run lies in a folder of this node's home until its log is sealed, and nowhere after that. A worker that is killed
leaves the folder; the next one goes on in it, and nothing that was finished is asked again or counted twice.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from django.db import transaction

from watchbell.apps.engagements import queries as engagements
from watchbell.apps.engagements import services as access
from watchbell.apps.engagements.services.standing import IsOver, NotAllowed, NotYet, held, record, window_is_open
from watchbell.apps.engagements.services.tokens import LONGEST
from watchbell.apps.evaluation.models import Run
from watchbell.apps.evaluation.services import leaving
from watchbell.apps.evaluation.services.containing import mint_run_token
from watchbell.apps.evaluation.services.kits import kit_of
from watchbell.apps.evaluation.services.running import Part, hand_to_a_worker, left_of
from watchbell.apps.evaluation.services.standing import RUNNER, engagement_of
from watchbell.apps.evaluation.services.watching import Watched, watch
from watchbell.apps.evaluation.words import Source, Stop
from watchbell.apps.jobs.progress import Progress
from watchbell.apps.orgs import queries as orgs
from watchbell.domain.handling import Actor
from watchbell.domain.identity import Dice
from watchbell.domain.lifecycle.run import RUN, RunEvent
from watchbell.domain.lifecycle.run import Run as RunState
from watchbell.domain.refusal import Refused
from watchbell.domain.terms import Purpose
from watchbell.outside import inspect_runner, sandbox
from watchbell.outside.blobs import BlobStore
from watchbell.outside.inspect_runner import RunPlan
from watchbell.outside.keystore import Keystore

CONNECTIONS: Final = 10
GOES_ON: Final = (RunState.PLANNED, RunState.RUNNING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """What a worker has at hand; `folders` is where runs lie, `begin` what starts or resumes the process of one."""

    keys: Keystore
    store: BlobStore
    rng: Dice
    folders: Path
    gateway: str
    begin: Callable[..., inspect_runner.Run] = inspect_runner.resume
    test: Callable[[], sandbox.Containment] = sandbox.self_test


class _StandsStill(Exception):
    """It cannot go on now; `stop` says why."""

    def __init__(self, stop: Stop) -> None:
        super().__init__(stop.value)
        self.stop = stop


def carry_out(name: str, progress: Progress, means: Means) -> None:
    """Bring one run as far as it may go now. Raises Interrupted and LeaseLost, and then its process has ended."""
    folder = means.folders / name
    while (run := leaving.own(name)) is not None and not run.stands.is_over:
        stop: Stop | None = None
        if run.stands in GOES_ON and is_usable(run, progress.now()):
            stop = _gone_on(run, folder, progress, means)
            run.refresh_from_db()
            if stop is Stop.CANCELLED and run.stands in GOES_ON:
                continue  # paused, and wanted again before it had come to rest
        _settle(run, stop, folder, now=progress.now(), means=means)
        break
    if run is not None and leaving.is_unsealed(run, folder, now=progress.now()):
        leaving.keep_log(run, folder, store=means.store, now=progress.now(), rng=means.rng)
    leaving.remove_if_over(name, folder, now=progress.now())


def is_usable(run: Run, now: datetime) -> bool:
    """Return whether state and window of the engagement let anyone in at this moment."""
    return window_is_open(engagement_of(run.protocol), now)


def _gone_on(run: Run, folder: Path, progress: Progress, means: Means) -> Stop | None:
    """Run what is missing until it stops by itself or is stopped; return why it did, None where all is there."""
    by = _asker(run)
    try:
        _require_walls(means)
        plan = _plan(run, folder, by, now=progress.now(), means=means)
        token, text = _token(run, by, now=progress.now(), means=means)
    except _StandsStill as still:
        return still.stop
    except (NotAllowed, NotYet, IsOver):
        return Stop.NOT_ALLOWED
    except Refused:
        return Stop.BROKE
    try:
        _begin(run, token, now=progress.now())
        return _run(run, plan, text, progress, means)
    finally:
        _end_token(run, token, by, now=progress.now())


def _run(run: Run, plan: RunPlan, token: str, progress: Progress, means: Means) -> Stop | None:
    try:
        process = means.begin(plan, token=token)
    except inspect_runner.NoInspect:
        return Stop.NO_INSPECT
    except inspect_runner.OutOfReach:
        return Stop.OUT_OF_REACH
    except (inspect_runner.AnotherRun, OSError):
        return Stop.BROKE
    return watch(Watched(run=run, process=process, folder=Path(plan.folder)), progress, keys=means.keys, rng=means.rng)


def _require_walls(means: Means) -> None:
    """Try every wall of the sandbox before a token is taken: no network, nobody's rights, limits that bite."""
    try:
        holds = means.test().holds
    except sandbox.ContainmentMissing:
        holds = False
    if not holds:
        raise _StandsStill(Stop.WALLS)


def _asker(run: Run) -> Actor:
    """Return who wanted this run to go on, as they are now. Raises NotAllowed in what uses it once they are gone."""
    engagement = engagement_of(run.protocol)
    asked_at = run.asked_at or run.received_at
    return orgs.actor_on_behalf(run.person, engagement.evaluator, asked_at=asked_at) or RUNNER


def _plan(run: Run, folder: Path, by: Actor, *, now: datetime, means: Means) -> RunPlan:
    """Return the plan of what is left; the developer reads that the seeds were opened, by whom and what for."""
    row, engagement = run.protocol, engagement_of(run.protocol)
    access.note_opening(engagement, "run-kit", Purpose.RUN, by=by, now=now, keys=means.keys, rng=means.rng)
    kit = kit_of(row, keys=means.keys)
    suite = kit.protocol.suite_of(run.suite)
    assert suite is not None  # a locked protocol names it
    left = left_of(row, kit.protocol, Part(suite=run.suite, arm=run.arm, budget=run.budget))
    return inspect_runner.part_of(
        kit,
        suite,
        items=left if len(left) < suite.size else (),
        model=kit.protocol.models[run.arm],
        tokens=run.budget,
        gateway=means.gateway,
        folder=str(folder),
        connections=min(CONNECTIONS, engagement.grant.at_once or CONNECTIONS),
        fingerprints=True,
    )


def _token(run: Run, by: Actor, *, now: datetime, means: Means) -> tuple[str, str]:
    """Return a token's id and text, for the rest of the twelve hours since somebody wanted the run to go on."""
    _end_token(run, run.token, by, now=now)
    lasts: timedelta = (run.asked_at or now) + LONGEST - now
    if lasts <= timedelta(0):
        raise _StandsStill(Stop.TIME)
    minted = mint_run_token(run.protocol, lasts=lasts, by=by, now=now, keys=means.keys, rng=means.rng)
    return minted.token.public_id, minted.text


def _end_token(run: Run, token: str, by: Actor, *, now: datetime) -> None:
    """End a token of the run that still lives; one whose holder is gone opens nothing any more."""
    live = engagements.own_tokens(engagement_of(run.protocol), by, now=now).filter(public_id=token or "-").first()
    if live is not None:
        with suppress(NotAllowed):
            access.end_token(live, by=by, now=now)


@transaction.atomic
def _begin(run: Run, token: str, *, now: datetime) -> None:
    engagement = held(engagement_of(run.protocol))
    run.refresh_from_db()
    about = {"token": token, "carried_at": now, "kept": run.done}
    if run.stands is not RunState.PLANNED:
        Run.objects.filter(pk=run.pk).update(**about)
        return
    after = RUN.next(run.stands, RunEvent.START)
    if Run.objects.filter(pk=run.pk, state=run.state).update(state=after, began_at=now, **about):
        record("evaluation.run_began", engagement, by=RUNNER, now=now, run=run.public_id)


def _settle(run: Run, stop: Stop | None, folder: Path, *, now: datetime, means: Means) -> None:
    """End the run, or let it stand still with its reason; a person's wish and the engagement's end come first."""
    run.refresh_from_db()
    ending: dict[str, Any] = {"store": means.store, "now": now, "keys": means.keys, "rng": means.rng}
    if run.stands is RunState.HALTED:
        return
    if run.stands is RunState.STOPPING:
        leaving.end(run, Stop.CANCELLED, folder, **ending)
    elif not is_usable(run, now):
        leaving.end(run, Stop.WINDOW, folder, **ending)
    elif run.stands is RunState.PAUSED:
        return  # a person's wish: its folder stays
    elif stop is None or stop in (Stop.BUDGET, Stop.WALLS):
        leaving.end(run, stop, folder, **ending)
    else:
        leaving.stand_still(run, stop, now=now)


def tend_runs(folders: Path, *, now: datetime, rng: Dice) -> int:
    """Hand open runs that no worker has to one again: those that want to go on, and those whose engagement is over.

    What runs that are over left in these folders is removed. Return how many were handed over.
    """
    waiting = list(leaving.sweep(folders, now=now))
    for run in Run.objects.filter(source=Source.OWN, finished_at__isnull=True).select_related("protocol"):
        if run.stands is not RunState.PAUSED or not is_usable(run, now):
            waiting.append(run)
    handed = 0
    for run in waiting:
        with transaction.atomic():
            handed += hand_to_a_worker(run, now=now, rng=rng)
    return handed
