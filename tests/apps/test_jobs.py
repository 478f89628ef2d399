"""Is every job done, by one worker at a time, as often as it takes and not once more?"""

import random
from datetime import UTC, datetime, timedelta

import pytest
from django.db import DatabaseError, transaction

from watchbell.apps.jobs import queries, registry
from watchbell.apps.jobs import services as jobs
from watchbell.apps.jobs.models import Job, ScheduleSlot
from watchbell.apps.jobs.progress import Cancelled, GiveUp, Interrupted, LeaseLost, Progress
from watchbell.apps.jobs.registry import Args, Missed, Schedule
from watchbell.apps.jobs.services.leases import describe, wait_after
from watchbell.apps.journal import services as journal
from watchbell.apps.journal.models import Entry, Unsealed
from watchbell.domain.handling import Actor, ActorKind, OrganisationKind, Role, system
from watchbell.domain.identity import Dice

NOON = datetime(2026, 11, 4, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
ADMIN = Actor(kind=ActorKind.PERSON, person="8" * 32, is_node_admin=True, strong=True)
COORDINATOR = Actor(
    kind=ActorKind.PERSON,
    person="7" * 32,
    organisation="6" * 32,
    organisation_kinds=frozenset([OrganisationKind.COORDINATOR]),
    role=Role.MEMBER,
)
HOSPITAL = Actor(kind=ActorKind.PERSON, person="9" * 32, organisation="2" * 32, role=Role.OWNER)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def kinds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only these kinds and no schedules, whatever the rooms offer."""

    def nothing(args: Args, progress: Progress, *, now: datetime, rng: Dice) -> None:
        """Do nothing."""

    offered = {"test.work": registry.Kind("test.work", nothing, max_attempts=3)}
    monkeypatch.setattr(registry, "_KINDS", offered)
    monkeypatch.setattr(registry, "_SCHEDULES", {})


def enqueue(key: str = "k", *, at: datetime = NOON, priority: int = 0) -> Job:
    return jobs.enqueue(kind="test.work", key=key, now=NOON, run_at=at, priority=priority, args={"id": "a" * 32})


def claim(owner: str = "alice", *, now: datetime = NOON) -> jobs.Claim:
    held = jobs.claim(owner=owner, now=now)
    assert held is not None
    return held


def state_of(job: Job) -> str:
    job.refresh_from_db()
    return job.state


def test_asking_twice_for_the_same_work_makes_one_job() -> None:
    assert enqueue() == enqueue()

    assert Job.objects.count() == 1


def test_one_waiting_job_is_enough_for_all_news_about_its_subject_and_one_that_began_is_not() -> None:
    def hear(*keys: str, subject: str = "a" * 32, now: datetime = NOON) -> int:
        orders = [jobs.Order(kind="test.work", key=key, args={"subject": subject}, one_is_enough=True) for key in keys]
        jobs.enqueue_all(orders, now=now)
        return Job.objects.count()

    waiting = hear("1", "2"), hear("3"), hear("4", subject="b" * 32)
    claim()
    began = hear("5")
    Job.objects.filter(state=Job.State.WAITING).update(run_at=NOON + MINUTE)  # they failed and rest for a while
    resting = hear("6")

    assert (waiting, began, resting) == ((1, 1, 2), 3, 4)


def test_a_key_that_names_other_work_is_refused() -> None:
    enqueue()

    with pytest.raises(jobs.KeyTaken, match="another key"):
        jobs.enqueue(kind="test.work", key="k", now=NOON, args={"id": "b" * 32})


def test_work_that_no_room_offers_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(registry.UnknownKind, match=r"Did you mean 'test\.work'"):
        jobs.enqueue(kind="test.wrok", key="k", now=NOON)


def test_the_list_of_work_refuses_content() -> None:
    with pytest.raises(journal.SaysTooMuch):
        jobs.enqueue(kind="test.work", key="k", now=NOON, args={"title": "buffer overflow in the pump"})


def test_a_job_asked_for_by_a_deed_that_failed_is_not_there() -> None:
    def deed() -> None:
        enqueue()
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        transaction.atomic(deed)()

    assert not Job.objects.exists()


def test_the_most_urgent_job_comes_first_then_the_oldest() -> None:
    enqueue("old", at=NOON - MINUTE)
    enqueue("new", at=NOON)
    enqueue("urgent", at=NOON, priority=5)
    enqueue("tomorrow", at=NOON + timedelta(days=1), priority=9)

    order = [claim(str(number)).job.idempotency_key for number in range(3)]

    assert order == ["urgent", "old", "new"]
    assert jobs.claim(owner="x", now=NOON) is None


def test_a_job_is_held_by_one_worker() -> None:
    enqueue()
    claim("alice")

    assert jobs.claim(owner="bob", now=NOON) is None


def test_a_late_worker_can_finish_nothing_write_nothing_and_fail_nothing(rng: random.Random) -> None:
    job = enqueue()
    late = claim("alice")
    jobs.reap(now=NOON + 3 * MINUTE)
    claim("bob", now=NOON + 3 * MINUTE)

    assert not jobs.finish(late, now=NOON)
    assert not jobs.fail(late, ValueError(), now=NOON, rng=rng)
    assert not jobs.put_back(late, now=NOON)
    with pytest.raises(LeaseLost), Progress(late, lambda: NOON, is_stopping=lambda: False).step(done=1):
        raise AssertionError("the step must not begin")

    assert state_of(job) == "running"
    assert job.owner == "bob"


def test_the_same_worker_does_not_mistake_its_earlier_attempt_for_this_one() -> None:
    enqueue()
    first = claim("alice")
    jobs.reap(now=NOON + 3 * MINUTE)
    second = claim("alice", now=NOON + 3 * MINUTE)

    assert not jobs.finish(first, now=NOON)
    assert jobs.finish(second, now=NOON)


def test_a_heartbeat_keeps_the_job_from_the_reaper() -> None:
    enqueue()
    held = claim()

    assert held.keep_alive(now=NOON + MINUTE)

    assert jobs.reap(now=NOON + 2 * MINUTE) == 0
    assert jobs.reap(now=NOON + 3 * MINUTE) == 1
    assert not held.keep_alive(now=NOON + 3 * MINUTE)


def test_a_job_that_fails_waits_longer_each_time_and_then_is_a_dead_letter(rng: random.Random) -> None:
    job, now, waits = enqueue(), NOON, []
    for _ in range(3):
        jobs.fail(claim(now=now), ValueError("secret words"), now=now, rng=rng)
        job.refresh_from_db()
        waits.append(job.run_at - now)
        now = max(now, job.run_at)

    assert state_of(job) == "dead"
    assert waits[0] < waits[1]
    assert "secret" not in job.last_error
    assert [line.public_id for line in queries.dead_letters(ADMIN)] == [job.public_id]


def test_the_wait_doubles_from_seconds_to_an_hour_and_never_overflows(rng: random.Random) -> None:
    waits = [wait_after(attempt, rng=rng).total_seconds() for attempt in (1, 2, 3, 100_000)]

    for wait, least in zip(waits, (5, 10, 20, 3600), strict=True):
        assert least <= wait <= least * 1.25


def test_work_that_gives_up_is_not_tried_again_and_may_say_why(rng: random.Random) -> None:
    job = enqueue()

    jobs.fail(claim(), GiveUp("The source was switched off."), now=NOON, rng=rng)

    assert state_of(job) == "dead"
    assert job.last_error == "The source was switched off."


def test_an_error_is_remembered_by_its_kind_and_place_only() -> None:
    with pytest.raises(registry.UnknownKind) as caught:
        registry.kind_named("secret-name")

    assert describe(caught.value).startswith("UnknownKind in apps/jobs/registry.py, line ")


def test_a_worker_lost_at_every_attempt_leaves_a_dead_letter() -> None:
    job, now = enqueue(), NOON
    for _ in range(3):
        claim(now=now)
        now += 10 * MINUTE
        jobs.reap(now=now)

    assert state_of(job) == "dead"
    assert "lost" in job.last_error


def test_a_dead_letter_retried_runs_again_and_the_deed_is_on_record() -> None:
    test_a_worker_lost_at_every_attempt_leaves_a_dead_letter()
    job = Job.objects.get()

    jobs.retry_dead(public_id=job.public_id, by=COORDINATOR, now=NOON)

    held = claim()
    assert held.attempt == 4
    assert jobs.finish(held, now=NOON)
    assert Entry.objects.get().action == "job.retried"
    with pytest.raises(jobs.NotThere):
        jobs.retry_dead(public_id=job.public_id, by=COORDINATOR, now=NOON)


def test_only_those_who_look_after_the_node_see_or_steer_its_work() -> None:
    job = enqueue()

    with pytest.raises(jobs.NotYours):
        jobs.cancel(public_id=job.public_id, by=HOSPITAL, now=NOON)
    with pytest.raises(jobs.NotYours):
        jobs.retry_dead(public_id=job.public_id, by=HOSPITAL, now=NOON)
    assert queries.recent(HOSPITAL) == []
    assert queries.one(HOSPITAL, job.public_id) is None
    for viewer in (ADMIN, COORDINATOR, system("console")):
        assert [line.kind for line in queries.recent(viewer)] == ["test.work"]


def test_a_waiting_job_is_cancelled_at_once_and_stays_so() -> None:
    job = enqueue()

    jobs.cancel(public_id=job.public_id, by=ADMIN, now=NOON)

    assert state_of(job) == "cancelled"
    assert jobs.claim(owner="alice", now=NOON) is None
    with pytest.raises(jobs.NotThere):
        jobs.cancel(public_id=job.public_id, by=ADMIN, now=NOON)


def test_a_deed_whose_entry_cannot_be_written_does_not_happen(monkeypatch: pytest.MonkeyPatch) -> None:
    job = enqueue()

    def disk_is_full(*args: object) -> None:
        raise DatabaseError("database or disk is full")

    monkeypatch.setattr(Unsealed.objects, "bulk_create", disk_is_full)
    with pytest.raises(DatabaseError, match="full"):
        jobs.cancel(public_id=job.public_id, by=ADMIN, now=NOON)

    assert state_of(job) == "waiting"
    assert not Entry.objects.exists()


def test_a_running_job_learns_at_its_next_step_that_it_should_stop() -> None:
    job = enqueue()
    held = claim()
    progress = Progress(held, lambda: NOON, is_stopping=lambda: False)
    with progress.step(done=1, total=10):
        pass

    jobs.cancel(public_id=job.public_id, by=ADMIN, now=NOON)
    with pytest.raises(Cancelled), progress.step(done=2):
        raise AssertionError("the step must not begin")
    jobs.settle_cancelled(held, now=NOON)

    assert state_of(job) == "cancelled"
    assert (job.progress_done, job.progress_total) == (1, 10)


def test_a_cancelled_job_whose_worker_is_lost_does_not_come_back() -> None:
    job = enqueue()
    claim()
    jobs.cancel(public_id=job.public_id, by=ADMIN, now=NOON)

    jobs.reap(now=NOON + 10 * MINUTE)

    assert state_of(job) == "cancelled"


def test_a_worker_that_shuts_down_puts_its_job_back_without_blame() -> None:
    job = enqueue()
    held = claim()
    progress = Progress(held, lambda: NOON, is_stopping=lambda: True)

    with pytest.raises(Interrupted):
        progress.checkpoint()
    jobs.put_back(held, now=NOON)

    assert state_of(job) == "waiting"
    assert job.max_attempts - job.attempts == 3


def test_a_step_that_fails_leaves_neither_its_effect_nor_its_progress() -> None:
    job = enqueue()
    progress = Progress(claim(), lambda: NOON, is_stopping=lambda: False)

    with pytest.raises(ZeroDivisionError), progress.step(done=5):
        raise ZeroDivisionError

    assert progress.done == 0
    assert state_of(job) == "running"
    assert job.progress_done == 0


def test_the_next_attempt_continues_where_the_last_one_stopped() -> None:
    enqueue()
    with Progress(claim(), lambda: NOON, is_stopping=lambda: False).step(done=7, total=9):
        pass
    jobs.reap(now=NOON + 10 * MINUTE)

    progress = Progress(claim("bob", now=NOON + 10 * MINUTE), lambda: NOON, is_stopping=lambda: False)

    assert (progress.done, progress.total) == (7, 9)


def test_jobs_long_over_are_forgotten_but_dead_letters_stay(rng: random.Random) -> None:
    enqueue("done")
    jobs.finish(claim(), now=NOON)
    enqueue("dead")
    jobs.fail(claim(), GiveUp("no"), now=NOON, rng=rng)

    assert jobs.forget_finished(before=NOON + MINUTE) == 1
    assert Job.objects.get().state == "dead"


# ---- periodic work

HOURLY = Schedule("test.hourly", "test.work", timedelta(hours=1))


@pytest.fixture
def hourly() -> Schedule:
    registry.periodic(HOURLY)
    return HOURLY


def test_each_slot_has_its_job_once_however_often_anyone_looks(hourly: Schedule, rng: random.Random) -> None:
    filled = [jobs.fill_slots(now=NOON + minutes * MINUTE, rng=rng) for minutes in (0, 0, 30, 59, 60, 60)]

    assert filled == [1, 0, 0, 0, 1, 0]
    assert Job.objects.count() == 2


def test_after_three_days_asleep_each_missed_slot_gets_its_job_once(hourly: Schedule, rng: random.Random) -> None:
    jobs.fill_slots(now=NOON, rng=rng)

    assert jobs.fill_slots(now=NOON + timedelta(days=3), rng=rng) == 72
    assert jobs.fill_slots(now=NOON + timedelta(days=3), rng=rng) == 0
    assert Job.objects.count() == ScheduleSlot.objects.count() == 73


def test_work_that_looks_at_the_present_runs_once_after_a_long_sleep(rng: random.Random) -> None:
    registry.periodic(Schedule("test.latest", "test.work", timedelta(hours=1), missed=Missed.LATEST))
    jobs.fill_slots(now=NOON, rng=rng)

    assert jobs.fill_slots(now=NOON + timedelta(days=3), rng=rng) == 1


def test_a_clock_that_was_set_back_fills_no_slot_again(hourly: Schedule, rng: random.Random) -> None:
    for hours in (0, 1, -1, 0, 1, 2):
        jobs.fill_slots(now=NOON + timedelta(hours=hours), rng=rng)

    assert Job.objects.count() == 3


def test_the_repeated_hour_of_autumn_has_its_own_slot(hourly: Schedule, rng: random.Random) -> None:
    night = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)  # 02:30 in Madrid, for the first and the second time

    filled = [jobs.fill_slots(now=night + timedelta(hours=hours), rng=rng) for hours in range(3)]

    assert filled == [1, 1, 1]


def test_old_slots_are_forgotten_without_being_filled_again(rng: random.Random) -> None:
    registry.periodic(Schedule("test.daily", "test.work", timedelta(days=1)))
    jobs.fill_slots(now=NOON, rng=rng)
    later = NOON + timedelta(days=40)

    assert jobs.fill_slots(now=later, rng=rng) == 40
    assert jobs.fill_slots(now=later, rng=rng) == 0
    assert (Job.objects.count(), ScheduleSlot.objects.count()) == (41, 30)


def test_two_functions_cannot_offer_the_same_work() -> None:
    def other(args: Args, progress: Progress, *, now: datetime, rng: Dice) -> None:
        """Do something else."""

    with pytest.raises(ValueError, match="rename one"):
        registry.job("test.work")(other)
