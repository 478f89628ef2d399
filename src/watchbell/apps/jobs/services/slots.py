"""Which periodic work is due? Each slot gets its job exactly once, however often and however late anyone looks."""

from datetime import UTC, datetime, timedelta

from django.db import transaction

from watchbell.apps.jobs.models import ScheduleSlot
from watchbell.apps.jobs.registry import Missed, Schedule, schedules
from watchbell.apps.jobs.services.requests import Order, enqueue_all
from watchbell.domain.identity import Dice

EPOCH = datetime(2020, 1, 1, tzinfo=UTC)
MOST_AT_ONCE = 500
KEPT = timedelta(days=30)


def fill_slots(*, now: datetime, rng: Dice) -> int:
    """This will enqueue a job for each slot that is due and has none, and return how many."""
    return sum(_fill(schedule, now=now, rng=rng) for schedule in schedules())


def slot_of(schedule: Schedule, at: datetime) -> datetime:
    """Return the start of the slot this moment lies in, counted in UTC."""
    return EPOCH + (at - EPOCH) // schedule.every * schedule.every


def _fill(schedule: Schedule, *, now: datetime, rng: Dice) -> int:
    current = slot_of(schedule, now)
    last = _last_filled(schedule)
    if last is not None and last >= current:  # also when the clock was set back
        return 0
    filled = 0
    for slot in _due(schedule, last, current)[:MOST_AT_ONCE]:
        filled += _fill_one(schedule, slot, now=now, rng=rng)
    ScheduleSlot.objects.filter(schedule=schedule.name, slot__lt=min(current, now - KEPT)).delete()
    return filled


@transaction.atomic
def _fill_one(schedule: Schedule, slot: datetime, *, now: datetime, rng: Dice) -> int:
    """Claim one slot and enqueue its job together; 0 when someone else has."""
    _, is_first = ScheduleSlot.objects.get_or_create(schedule=schedule.name, slot=slot, defaults={"at": now})
    if is_first:
        key = f"{schedule.name}@{slot:%Y%m%dT%H%M%SZ}"
        enqueue_all([Order(kind=schedule.kind, key=key, args=schedule.args)], now=now, rng=rng)
    return int(is_first)


def _last_filled(schedule: Schedule) -> datetime | None:
    filled = ScheduleSlot.objects.filter(schedule=schedule.name).order_by("-slot")
    return filled.values_list("slot", flat=True).first()


def _due(schedule: Schedule, last: datetime | None, current: datetime) -> list[datetime]:
    if last is None or schedule.missed is Missed.LATEST:
        return [current]
    missed = (current - last) // schedule.every
    return [last + schedule.every * step for step in range(1, min(missed, MOST_AT_ONCE) + 1)]
