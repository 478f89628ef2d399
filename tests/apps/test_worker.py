"""Does news become work, and does the worker come to rest with nothing left undone?"""

import random
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.db import transaction

from watchbell.apps.jobs import registry
from watchbell.apps.jobs import services as jobs
from watchbell.apps.jobs.models import Job
from watchbell.apps.jobs.progress import Progress
from watchbell.apps.jobs.registry import Args
from watchbell.apps.journal import queries as record
from watchbell.apps.journal import services as journal
from watchbell.apps.journal.models import Entry
from watchbell.domain.handling import system
from watchbell.domain.identity import Dice
from watchbell.outside.keystore import FolderKeystore, KeyKind
from watchbell.worker.dispatch import dispatch
from watchbell.worker.run import Worker, run_until_idle
from watchbell.worker.subscriptions import SUBSCRIPTIONS, Subscription

NOON = datetime(2026, 11, 4, 12, 0, tzinfo=UTC)
CONSOLE = system("console")
THING = journal.Subject("test.thing", "a" * 32)
MAILER = Subscription("mailer", "test.mail", ("thing.",))

pytestmark = pytest.mark.django_db


@pytest.fixture
def stopping() -> threading.Event:
    return threading.Event()


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch, stopping: threading.Event) -> list[Args]:
    """Offer three kinds of work and return what they did; the walk tells its worker to stop after each step."""
    done: list[Args] = []

    def mail(args: Args, progress: Progress, *, now: datetime, rng: Dice) -> None:
        done.append(args)

    def break_down(args: Args, progress: Progress, *, now: datetime, rng: Dice) -> None:
        raise ZeroDivisionError

    def walk(args: Args, progress: Progress, *, now: datetime, rng: Dice) -> None:
        for step in range(progress.done, 5):
            with progress.step(done=step + 1, total=5):
                done.append({"step": step})
            stopping.set()

    offered = {"test.mail": mail, "test.broken": break_down, "test.walk": walk}
    kinds = {name: registry.Kind(name, work, max_attempts=2) for name, work in offered.items()}
    monkeypatch.setattr(registry, "_KINDS", kinds)
    monkeypatch.setattr(registry, "_SCHEDULES", {})
    return done


def write(*actions: str) -> None:
    with transaction.atomic():
        for action in actions:
            journal.record(at=NOON, by=CONSOLE, action=action, subject=THING)


def test_each_piece_of_news_becomes_one_job_for_each_handler_that_wants_it(ran: list[Args], rng: random.Random) -> None:
    write("thing.made", "other.made", "thing.lost")
    second = Subscription("archive", "test.mail", ("thing.made",))

    run_until_idle(now=NOON, rng=rng, subscriptions=(MAILER, second))
    run_until_idle(now=NOON, rng=rng, subscriptions=(MAILER, second))

    assert sorted(str(args["action"]) for args in ran) == ["thing.lost", "thing.made", "thing.made"]
    assert {str(args["entry"]) for args in ran} <= set(Entry.objects.values_list("public_id", flat=True))


def test_a_handler_that_keeps_failing_stops_nobody_else(ran: list[Args], rng: random.Random) -> None:
    broken = Subscription("broken", "test.broken", ("thing.",))
    write("thing.made")
    for minutes in range(0, 60, 10):
        run_until_idle(now=NOON + timedelta(minutes=minutes), rng=rng, subscriptions=(broken, MAILER))

    assert len(ran) == 1
    assert Job.objects.get(kind="test.broken").state == Job.State.DEAD


def test_two_workers_that_read_the_same_news_enqueue_it_once(
    ran: list[Args], rng: random.Random, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("thing.made")
    journal.seal_everything()
    read = record.after

    def other_is_faster(seq: int, *, limit: int) -> list[record.Sealed]:
        places = read(seq, limit=limit)
        monkeypatch.setattr(record, "after", read)
        assert dispatch(MAILER, now=NOON, rng=rng) == 1
        return places

    monkeypatch.setattr(record, "after", other_is_faster)
    assert dispatch(MAILER, now=NOON, rng=rng) == 0

    assert Job.objects.count() == 1


def test_a_cursor_passes_padding_and_news_nobody_wants(ran: list[Args], rng: random.Random, tmp_path: Path) -> None:
    keys = FolderKeystore(tmp_path / "keys")
    keys.ensure("journal-heads", KeyKind.SIGNING)
    write("other.made")

    run_until_idle(now=NOON, rng=rng, signer=keys, subscriptions=(MAILER,))

    assert journal.cursor_of("mailer") == journal.PADDED_TO
    assert ran == []
    assert len(record.published_heads()) == 1


def test_a_worker_told_to_stop_ends_after_the_step_at_hand_and_another_goes_on(
    ran: list[Args], rng: random.Random, stopping: threading.Event
) -> None:
    job = jobs.enqueue(kind="test.walk", key="k", now=NOON)
    first = Worker(clock=lambda: NOON, rng=rng, stopping=stopping, is_periodic=False)

    first.turn()

    job.refresh_from_db()
    assert (job.state, job.progress_done) == (Job.State.WAITING, 1)
    run_until_idle(now=NOON, rng=rng)
    assert [args["step"] for args in ran] == [0, 1, 2, 3, 4]


def test_every_subscription_starts_work_that_some_room_offers_and_is_named_once() -> None:
    for subscription in SUBSCRIPTIONS:
        assert registry.kind_named(subscription.kind)

    assert len({each.handler for each in SUBSCRIPTIONS}) == len(SUBSCRIPTIONS)


def test_every_schedule_starts_work_that_some_room_offers() -> None:
    for schedule in registry.schedules():
        assert registry.kind_named(schedule.kind)


def test_work_that_goes_on_for_hours_is_left_to_its_own_lane(ran: list[Args], monkeypatch: pytest.MonkeyPatch) -> None:
    offered = registry.kind_named("test.mail")
    monkeypatch.setitem(registry._KINDS, "test.long", registry.Kind("test.long", offered.work, is_long=True))
    jobs.enqueue(kind="test.long", key="long", now=NOON, args={"which": "long"})
    jobs.enqueue(kind="test.mail", key="mail", now=NOON, args={"which": "short"})

    run_until_idle(now=NOON, rng=random.Random(1), subscriptions=())
    tended = list(ran)
    lane = Worker(clock=lambda: NOON, rng=random.Random(2), subscriptions=(), is_long=True)
    moved = [lane.turn(), lane.turn()]

    assert tended == [{"which": "short"}]
    assert (moved, ran[1:]) == ([True, False], [{"which": "long"}])
