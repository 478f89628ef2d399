"""This will let the evaluator's people run a locked protocol on this node: start, pause, go on, cancel.

Each is one conditional UPDATE with one entry of the record. A worker does the rest: it asks for state, window and
rights again, each second, and stops by itself when the engagement does.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from django.db import transaction

from watchbell.apps.engagements import services as access
from watchbell.apps.engagements.services.running import require_running
from watchbell.apps.engagements.services.standing import NotAllowed, NotYet, held, record, require_evaluator
from watchbell.apps.engagements.services.tokens import has_seat
from watchbell.apps.evaluation.models import Protocol, Run, Sample
from watchbell.apps.evaluation.services.containing import require_contained
from watchbell.apps.evaluation.services.filling import LOST
from watchbell.apps.evaluation.services.standing import engagement_of, opened
from watchbell.apps.evaluation.words import Source
from watchbell.apps.jobs import queries as work
from watchbell.apps.jobs import services as jobs
from watchbell.domain import evaluation as rules
from watchbell.domain.handling import Actor, ActorKind
from watchbell.domain.identity import Dice, new_id
from watchbell.domain.lifecycle.run import RUN, RunEvent
from watchbell.domain.lifecycle.run import Run as RunState
from watchbell.domain.metering import Dialect
from watchbell.domain.terms import Terms
from watchbell.outside import inspect_runner
from watchbell.outside.keystore import Keystore

if TYPE_CHECKING:
    from watchbell.apps.engagements.models import Engagement

CARRY: Final = "evaluation.run"
"""The kind of work that carries a run out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What one run measures: a suite, a model by its place among the protocol's, and a budget."""

    suite: str
    arm: int
    budget: int


def start_run(row: Protocol, part: Part, *, by: Actor, now: datetime, keys: Keystore, rng: Dice) -> Run:
    """Plan a run of one part and put it on the list of work; while one is open, that one is returned.

    Raises NotAllowed unless the developer admitted this person, IsOver, and NotYet with what is missing.
    """
    engagement = engagement_of(row)
    require_evaluator(engagement, by)
    require_running(engagement, now=now, keys=keys, rng=rng)
    with transaction.atomic():
        return _started(held(engagement), row, part, by=by, now=now, keys=keys, rng=rng)


@transaction.atomic
def pause_run(run: Run, *, by: Actor, now: datetime) -> Run:
    """Let no new sample begin; what has begun is finished. Raises NotAllowed, NotPossible."""
    return _changed(run, RunEvent.PAUSE, "evaluation.run_paused", by=by, now=now)


def go_on_with_run(run: Run, *, by: Actor, now: datetime, keys: Keystore, rng: Dice) -> Run:
    """Go on with what is missing, for this person and twelve hours at most. Raises what `start_run` raises."""
    engagement = engagement_of(run.protocol)
    require_evaluator(engagement, by)
    require_running(engagement, now=now, keys=keys, rng=rng)
    with transaction.atomic():
        _require_ready(engagement, run.protocol, by=by, keys=keys)
        wanted = {"asked_at": now, "person": by.person or "", "reason": ""}
        run = _changed(run, RunEvent.RESUME, "evaluation.run_resumed", by=by, now=now, **wanted)
        hand_to_a_worker(run, now=now, rng=rng)
    return run


@transaction.atomic
def cancel_run(run: Run, *, by: Actor, now: datetime, rng: Dice) -> Run:
    """End a run early; what is finished is taken in. Raises NotAllowed, NotPossible."""
    run = _changed(run, RunEvent.CANCEL, "evaluation.run_cancelled", by=by, now=now)
    hand_to_a_worker(run, now=now, rng=rng)
    return run


def hand_to_a_worker(run: Run, *, now: datetime, rng: Dice) -> bool:
    """Put a run on the list of work unless it is there, in the caller's transaction; return whether it was put there.

    Raises nothing: two who hand it over at one moment count `carried` up once.
    """
    key = f"{CARRY}:{run.public_id}:"
    if work.count_unfinished_of(key):
        return False
    number = run.carried + 1
    if not Run.objects.filter(pk=run.pk, carried=run.carried).update(carried=number):
        return False
    jobs.enqueue(kind=CARRY, key=f"{key}{number}", args={"run": run.public_id}, now=now, rng=rng)
    return True


def require_startable(row: Protocol) -> None:
    """Raise NotYet while no run of a protocol can begin here, whoever wants it; its text says what to do."""
    require_contained(row)
    if Protocol.objects.filter(supersedes=row, locked_at__isnull=False).exists():
        raise NotYet("A newer version is locked; run that one.")
    try:
        inspect_runner.interpreter()
    except inspect_runner.NoInspect:
        raise NotYet(
            "Inspect is not installed on this node. Install the extra watchbell[eval] (in a checkout: run "
            "./watchbell evaluate once), or take the run kit to a machine that has it."
        ) from None


def why_not_here(value: rules.Protocol, suite: rules.Suite, model: str, terms: Terms) -> str:
    """Return why a part cannot be run on this node, in a sentence; "" where it can."""
    if not inspect_runner.is_built_in(suite):
        return "Only built-in suites are run on the node; take the run kit for this one."
    if value.scaffold.name not in inspect_runner.SCAFFOLDS:
        return "The node's runner has the scaffolds single and tools; run this one on a machine of your own."
    if model not in terms.models:
        return "This engagement's terms do not name this model; run it where it is offered, with the run kit."
    if Dialect.CHAT not in terms.dialects:
        return "The runner speaks chat completions, which the terms do not name."
    return ""


def left_of(row: Protocol, value: rules.Protocol, part: Part) -> tuple[str, ...]:
    """Return the items of a part of which some attempt has no answer yet."""
    suite = value.suite_of(part.suite)
    rows = Sample.objects.filter(protocol=row, suite=part.suite, arm=part.arm, budget=part.budget)
    there = set(rows.exclude(outcome__in=LOST).values_list("item", "epoch"))
    epochs = range(1, value.epochs + 1)
    names = (item for item, _, _ in suite.items()) if suite else iter(())
    return tuple(item for item in names if any((item, epoch) not in there for epoch in epochs))


def _started(
    engagement: "Engagement", row: Protocol, part: Part, *, by: Actor, now: datetime, keys: Keystore, rng: Dice
) -> Run:
    value = _require_ready(engagement, row, by=by, keys=keys)
    suite = value.suite_of(part.suite)
    if suite is None or not 0 <= part.arm < len(value.models) or part.budget not in value.budgets:
        raise NotYet("The protocol has no such part.")
    if why := why_not_here(value, suite, value.models[part.arm], access.terms_of(engagement, keys=keys)):
        raise NotYet(why)
    about = {"protocol": row, "suite": part.suite, "arm": part.arm, "budget": part.budget}
    there = Run.objects.filter(**about, source=Source.OWN, finished_at__isnull=True).first()
    if there is not None:
        return there
    left = left_of(row, value, part)
    if not left:
        raise NotYet("Every sample of this part is there.")
    run = Run.objects.create(
        **about,
        public_id=new_id(rng),
        source=Source.OWN,
        state=RUN.start,
        person=by.person or "",
        asked_at=now,
        began_at=now,
        received_at=now,
        total=len(left) * value.epochs,
    )
    record("evaluation.run_planned", engagement, by=by, now=now, run=run.public_id, protocol=row.public_id)
    hand_to_a_worker(run, now=now, rng=rng)
    run.refresh_from_db()
    return run


def _require_ready(engagement: "Engagement", row: Protocol, *, by: Actor, keys: Keystore) -> rules.Protocol:
    """Return what the protocol says; raises NotAllowed and NotYet while something is missing for its runs."""
    if by.kind is not ActorKind.PERSON or not has_seat(engagement, by.person or ""):
        raise NotAllowed("Only people the evaluator named and the developer admitted, signed in themselves, run it.")
    require_startable(row)
    return opened(row, keys=keys)


def _changed(run: Run, event: RunEvent, action: str, *, by: Actor, now: datetime, **more: object) -> Run:
    """Let a person's wish count, once: what is so already stays, without an entry."""
    engagement = engagement_of(run.protocol)
    require_evaluator(engagement, by)
    engagement = held(engagement)
    run.refresh_from_db()
    if run.source != Source.OWN:
        raise NotYet("Only a run of this node is started and stopped here.")
    if run.stands is _AFTER[event]:
        return run
    after = RUN.next(run.stands, event)
    if Run.objects.filter(pk=run.pk, state=run.state).update(state=after, **more):
        record(action, engagement, by=by, now=now, run=run.public_id)
    run.refresh_from_db()
    return run


_AFTER: Final = {
    RunEvent.PAUSE: RunState.PAUSED,
    RunEvent.RESUME: RunState.RUNNING,
    RunEvent.CANCEL: RunState.STOPPING,
}
