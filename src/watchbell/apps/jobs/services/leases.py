"""Who does this job now? Whoever claimed it last; anyone earlier can finish nothing."""

import traceback
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from django.db import transaction
from django.db.models import F, Q, QuerySet

from watchbell.apps.jobs.models import Job
from watchbell.apps.jobs.progress import GiveUp, LeaseLost
from watchbell.apps.jobs.registry import Kind, kind_named, long_kinds
from watchbell.domain.identity import Dice

FIRST_WAIT = timedelta(seconds=5)
LONGEST_WAIT = timedelta(hours=1)
PACKAGE = Path(__file__).resolve().parents[3]


@dataclass(frozen=True, slots=True)
class Claim:
    """A job held by one worker for one attempt: the pair is the fence."""

    job: Job
    owner: str
    attempt: int

    @property
    def kind(self) -> Kind:
        """Return the kind of work this is."""
        return kind_named(self.job.kind)

    @property
    def done_before(self) -> int:
        """Return how much an earlier attempt had done."""
        return self.job.progress_done

    @property
    def total_before(self) -> int | None:
        """Return how much an earlier attempt knew there was to do."""
        return self.job.progress_total

    def mine(self) -> QuerySet[Job]:
        """Return the job's row while this claim still holds it, or nothing."""
        return Job.objects.filter(pk=self.job.pk, state=Job.State.RUNNING, owner=self.owner, attempts=self.attempt)

    def renew(self, *, now: datetime, done: int, total: int | None, note: str) -> bool:
        """Write progress and a longer lease; return whether a stop was asked for. Raises LeaseLost."""
        held = self.mine().update(
            lease_until=now + self.kind.lease, progress_done=done, progress_total=total, progress_note=note
        )
        if not held:
            raise LeaseLost(f"{self.job} was taken over by another worker; its work goes on there.")
        return self.mine().filter(cancel_asked_at__isnull=False).exists()

    def keep_alive(self, *, now: datetime) -> bool:
        """Write a longer lease and nothing else; return whether the job is still ours."""
        return bool(self.mine().update(lease_until=now + self.kind.lease))


def claim(*, owner: str, now: datetime, is_long: bool = False) -> Claim | None:
    """Take the most urgent job that is due, of the kinds that are long or of the others, or return None.

    On PostgreSQL a row another worker is taking is skipped; on SQLite writers queue. The
    conditional UPDATE decides on both, so no job is ever held twice.
    """
    kinds = Q(kind__in=long_kinds())
    waiting = Job.objects.filter(kinds if is_long else ~kinds, state=Job.State.WAITING, run_at__lte=now)
    due = waiting.order_by(F("priority").desc(), "run_at", "id")
    while due.exists():  # outside any transaction: an idle worker never takes SQLite's write lock
        with transaction.atomic():
            chosen = due.select_for_update(skip_locked=True).first()
            if chosen is None:
                return None
            taken = Job.objects.filter(pk=chosen.pk, state=Job.State.WAITING).update(
                state=Job.State.RUNNING,
                owner=owner,
                attempts=F("attempts") + 1,
                lease_until=now + _lease_of(chosen.kind),
                started_at=now,
            )
        if taken:
            chosen.refresh_from_db()
            return Claim(chosen, owner, chosen.attempts)
    return None


def finish(held: Claim, *, now: datetime) -> bool:
    """Settle the job as done; False when another worker holds it now, and then nothing changed."""
    return _settle(held, Job.State.DONE, now=now)


def settle_cancelled(held: Claim, *, now: datetime) -> bool:
    """Settle the job as stopped on request; False when another worker holds it now."""
    return _settle(held, Job.State.CANCELLED, now=now)


def put_back(held: Claim, *, now: datetime) -> bool:
    """Let go of a job without blame, because this worker is shutting down; the attempt does not count."""
    return bool(
        held.mine().update(
            state=Job.State.WAITING, owner="", lease_until=None, run_at=now, max_attempts=F("max_attempts") + 1
        )
    )


def fail(held: Claim, error: BaseException, *, now: datetime, rng: Dice) -> bool:
    """Let the job be tried again later, each time later than the last, or lay it with the dead letters.

    False when another worker holds it now. Of the error only its type and place are kept,
    unless it is a GiveUp, whose text was written for administrators.
    """
    text = describe(error)
    if isinstance(error, GiveUp) or held.attempt >= held.job.max_attempts:
        return _settle(held, Job.State.DEAD, now=now, last_error=text)
    again = now + wait_after(held.attempt, rng=rng)
    return bool(held.mine().update(state=Job.State.WAITING, owner="", lease_until=None, run_at=again, last_error=text))


def reap(*, now: datetime, limit: int = 100) -> int:
    """Free the jobs whose worker has been silent for a whole lease, and return how many.

    One that someone asked to stop is over; one that used up its attempts is a dead letter.
    """
    lost = list(Job.objects.filter(state=Job.State.RUNNING, lease_until__lte=now).values_list("pk", flat=True)[:limit])
    if not lost:
        return 0
    # the condition on the lease again: a heartbeat may have come between
    still = Job.objects.filter(pk__in=lost, state=Job.State.RUNNING, lease_until__lte=now)
    over = {"owner": "", "lease_until": None, "finished_at": now}
    asked = Q(cancel_asked_at__isnull=False)
    with transaction.atomic():
        stopped = still.filter(asked).update(state=Job.State.CANCELLED, **over)
        dead = still.filter(attempts__gte=F("max_attempts")).update(
            state=Job.State.DEAD, last_error="the worker was lost at every attempt", **over
        )
        freed = still.update(
            state=Job.State.WAITING, owner="", lease_until=None, run_at=now, last_error="the worker was lost"
        )
    return stopped + dead + freed


def wait_after(attempt: int, *, rng: Dice) -> timedelta:
    """Return the pause after this failed attempt: from five seconds doubling to an hour, a little longer by dice."""
    pause: timedelta = min(FIRST_WAIT * 2 ** min(attempt - 1, 20), LONGEST_WAIT)
    return pause + pause * (rng.getrandbits(8) / 1024)


def describe(error: BaseException) -> str:
    """Return what may be kept of an error: its type and the last place in our code, or a GiveUp's own words."""
    if isinstance(error, GiveUp):
        return str(error)[:500]
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        path = Path(frame.filename)
        if path.is_relative_to(PACKAGE):
            return f"{type(error).__name__} in {path.relative_to(PACKAGE).as_posix()}, line {frame.lineno}"
    return type(error).__name__


def _settle(held: Claim, state: Job.State, *, now: datetime, last_error: str = "") -> bool:
    return bool(held.mine().update(state=state, owner="", lease_until=None, finished_at=now, last_error=last_error))


def _lease_of(kind: str) -> timedelta:
    try:
        return kind_named(kind).lease
    except LookupError:
        return timedelta(minutes=2)
