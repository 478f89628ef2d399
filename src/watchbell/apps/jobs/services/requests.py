"""This will put work on the list, take it off again, and give dead letters another chance."""

from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction
from django.db.models import F

from watchbell.apps.jobs.models import Job
from watchbell.apps.jobs.registry import Args, kind_named
from watchbell.apps.journal import services as journal
from watchbell.domain.handling import Actor, ActorKind, OrganisationKind
from watchbell.domain.identity import Dice, new_id


class KeyTaken(Exception):
    """The idempotency key names other work already; choose a key that says what the work is."""


class NotYours(PermissionError):
    """Only node administrators and coordinators look after the node's work."""


class NotThere(LookupError):
    """No job with this id is in the state this needs; reload the list and look again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One piece of work: its kind, whose ids it needs, and the key that makes asking twice harmless.

    With `one_is_enough` it is left out while work of this kind about the same `subject` waits that could start now.
    """

    kind: str
    key: str
    args: Args = field(default_factory=dict)
    run_at: datetime | None = None
    priority: int = 0
    one_is_enough: bool = False


def enqueue(
    *,
    kind: str,
    key: str,
    now: datetime,
    args: Args | None = None,
    run_at: datetime | None = None,
    priority: int = 0,
    rng: Dice = journal.SALTS,
) -> Job:
    """Return the job with this key, putting it on the list if it is new; part of the caller's transaction.

    `args` are opaque ids, codes and counts, never content: administrators see the list.
    Raises UnknownKind, SaysTooMuch, and KeyTaken when the key names different work.
    """
    order = Order(kind=kind, key=key, args=args or {}, run_at=run_at, priority=priority)
    enqueue_all([order], now=now, rng=rng)
    there = Job.objects.get(idempotency_key=key)
    if (there.kind, there.args) != (kind, dict(order.args)):
        raise KeyTaken(f"The key {key!r} already names the work {there.kind}; use another key for {kind}.")
    return there


def enqueue_all(orders: list[Order], *, now: datetime, rng: Dice = journal.SALTS) -> None:
    """Put these on the list; those whose key is there already stay as they are."""
    rows = [
        Job(
            public_id=new_id(rng),
            kind=order.kind,
            args=journal.checked_facts(order.args),
            idempotency_key=order.key,
            priority=order.priority,
            run_at=order.run_at or now,
            max_attempts=kind_named(order.kind).max_attempts,
            created_at=now,
        )
        for order in _needed(orders, now=now)
    ]
    Job.objects.bulk_create(rows, ignore_conflicts=True, batch_size=50)


def _needed(orders: list[Order], *, now: datetime) -> list[Order]:
    """Return the orders for which nothing waits that will do the same: what starts later sees all that is there now."""
    kinds = {order.kind for order in orders if order.one_is_enough}
    waiting = Job.objects.filter(kind__in=kinds, state=Job.State.WAITING, run_at__lte=now)
    seen = set(waiting.values_list("kind", "args__subject")) if kinds else set()
    needed = []
    for order in orders:
        about = order.kind, order.args.get("subject")
        if not order.one_is_enough or about not in seen:
            needed.append(order)
        if order.one_is_enough:
            seen.add(about)
    return needed


@transaction.atomic
def cancel(*, public_id: str, by: Actor, now: datetime) -> Job:
    """Take a waiting job off the list, or ask a running one to stop at its next step. Raises NotYours, NotThere."""
    _require_care(by)
    named = Job.objects.filter(public_id=public_id)
    waiting = named.filter(state=Job.State.WAITING).update(state=Job.State.CANCELLED, finished_at=now)
    asked = named.filter(state=Job.State.RUNNING, cancel_asked_at__isnull=True).update(cancel_asked_at=now)
    job = named.first()
    if job is None or not (waiting or asked or job.cancel_asked_at):
        raise NotThere("There is no waiting or running job with this id; it may be over. Reload the list.")
    if waiting or asked:
        journal.record(at=now, by=by, action="job.cancelled", subject=job, facts={"kind": job.kind})
    return job


@transaction.atomic
def retry_dead(*, public_id: str, by: Actor, now: datetime) -> Job:
    """Put a dead letter back on the list with as many attempts again. Raises NotYours, NotThere.

    Attempts are not set back to zero: a worker that comes back late must never find its fence open.
    """
    _require_care(by)
    named = Job.objects.filter(public_id=public_id)
    job = named.first()
    more = kind_named(job.kind).max_attempts if job else 0
    raised = named.filter(state=Job.State.DEAD).update(
        state=Job.State.WAITING,
        max_attempts=F("attempts") + more,
        run_at=now,
        finished_at=None,
        cancel_asked_at=None,
    )
    if job is None or not raised:
        raise NotThere("There is no dead letter with this id; someone may have retried it already. Reload the list.")
    journal.record(at=now, by=by, action="job.retried", subject=job, facts={"kind": job.kind})
    job.refresh_from_db()
    return job


def forget_finished(*, before: datetime, limit: int = 1000) -> int:
    """This will drop jobs that were done or cancelled before this moment and return how many; dead letters stay.

    From then on their keys are free: whoever asks for the same work again gets it done again.
    """
    over = Job.objects.filter(finished_at__lt=before, state__in=[Job.State.DONE, Job.State.CANCELLED])
    old = list(over.order_by("finished_at").values_list("pk", flat=True)[:limit])
    return Job.objects.filter(pk__in=old).delete()[0] if old else 0


def _require_care(by: Actor) -> None:
    if not may_look_after(by):
        raise NotYours("Ask a node administrator or a coordinator: they look after the node's work.")


def may_look_after(actor: Actor) -> bool:
    """Return whether this actor may see and steer the list of jobs."""
    runs_node = actor.kind is ActorKind.SYSTEM or actor.is_node_admin
    return runs_node or (actor.acts_as(OrganisationKind.COORDINATOR) and actor.writes)
