"""How does news travel downstream? Sealed entries become jobs, and the cursor moves in the same transaction."""

from datetime import datetime

from django.db import transaction

from watchbell.apps.jobs import services as jobs
from watchbell.apps.journal import queries as record
from watchbell.apps.journal import services as journal
from watchbell.domain.identity import Dice
from watchbell.worker.subscriptions import Subscription

READ_AT_ONCE = 200


def dispatch(subscription: Subscription, *, now: datetime, rng: Dice) -> int:
    """This will put a job on the list for each new sealed entry the handler wants, and return how many places it read.

    Jobs are keyed by handler and place, and the cursor moves only from where it was read,
    so two workers at once, or one that dies here, leave neither a gap nor a second job.
    """
    seen = journal.cursor_of(subscription.handler)
    places = record.after(seen, limit=READ_AT_ONCE)
    if not places:
        return 0
    orders = [_order(subscription, place) for place in places if place.entry and subscription.wants(place.entry.action)]
    with transaction.atomic():
        if not journal.advance(handler=subscription.handler, seen=seen, to=places[-1].seq + 1):
            return 0
        jobs.enqueue_all(orders, now=now, rng=rng)
    return len(places)


def _order(subscription: Subscription, place: record.Sealed) -> jobs.Order:
    entry = place.entry
    assert entry is not None
    return jobs.Order(
        kind=subscription.kind,
        key=f"{subscription.handler}:{place.seq}",
        args={
            "action": entry.action,
            "entry": entry.public_id,
            "subject": entry.subject_id,
            "subject_kind": entry.subject_kind,
        },
        one_is_enough=subscription.one_is_enough,
    )
