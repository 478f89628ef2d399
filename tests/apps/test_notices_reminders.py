"""Reminders: who must act before a date hears of it once a slot, and nobody else does."""

import random
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from tests.support.cast import Cast, Player
from tests.support.desk import Desk, blob_store, fresh

from watchbell.apps.cases import services as cases
from watchbell.apps.cases.models import Case
from watchbell.apps.jobs import services as work
from watchbell.apps.notices import queries, services
from watchbell.apps.notices.models import Notice
from watchbell.domain.handling import Tlp
from watchbell.domain.lifecycle.rules import CaseRole
from watchbell.outside.mail import Message
from watchbell.worker.run import run_until_idle

pytestmark = pytest.mark.django_db

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
ANSWER, END = "embargo.answer_due", "embargo.end_near"


class Outbox:
    """A mailer that keeps what it was given."""

    def __init__(self) -> None:
        self.sent: list[Message] = []

    def send(self, message: Message, *, now: datetime) -> None:
        self.sent.append(message)


@pytest.fixture
def desk(cast: Cast, tmp_path: Path, noon: datetime, rng: random.Random) -> Desk:
    return Desk(cast, blob_store(tmp_path), noon, rng)


def proposed(desk: Desk, *, reply_days: int = 5) -> Case:
    """Return a case whose coordinator asks lab, vendor and an observing hospital for an answer."""
    case = desk.case()
    desk.invite(case)
    desk.invite(case, desk.cast.hospital, CaseRole.OBSERVER)
    cases.propose_embargo(
        case,
        ends_at=desk.now + 30 * DAY,
        reply_by=desk.now + reply_days * DAY,
        by=desk.by,
        now=desk.now,
        rng=desk.rng,
    )
    return case


def reminded(kind: str) -> list[str]:
    return sorted(Notice.objects.filter(kind=kind).values_list("organisation", flat=True))


def of(*players: Player) -> list[str]:
    return sorted(one.organisation.public_id for one in players)


def remind(desk: Desk, *, at: timedelta) -> None:
    services.remind(now=desk.now + at, rng=desk.rng)


def test_those_with_a_say_who_have_not_answered_are_reminded_once_a_slot(desk: Desk, cast: Cast) -> None:
    proposed(desk)

    for at in (DAY, 2 * DAY - HOUR):
        remind(desk, at=at)
    too_early = reminded(ANSWER)
    for at in (2 * DAY, 2 * DAY + HOUR, 3 * DAY):
        remind(desk, at=at)
    three_days_before = reminded(ANSWER)
    for at in (4 * DAY, 5 * DAY - HOUR, 5 * DAY, 9 * DAY):
        remind(desk, at=at)

    assert too_early == []
    assert three_days_before == of(cast.lab, cast.vendor)
    assert reminded(ANSWER) == of(cast.lab, cast.lab, cast.vendor, cast.vendor)


def test_who_has_answered_is_not_reminded_and_a_short_term_starts_no_reminder_at_once(desk: Desk, cast: Cast) -> None:
    case = proposed(desk, reply_days=2)
    remind(desk, at=HOUR)
    at_once = reminded(ANSWER)
    proposal = case.embargo.proposals.get()

    cases.reject(proposal, by=cast.lab.actor, now=desk.now)
    remind(desk, at=DAY + HOUR)

    assert at_once == []
    assert reminded(ANSWER) == []


def test_before_an_embargo_ends_the_coordinator_and_the_vendors_at_work_are_reminded(desk: Desk, cast: Cast) -> None:
    case = desk.accepted()

    remind(desk, at=27 * DAY + HOUR)
    at_work = reminded(END)
    cases.fix_ready(case, by=cast.vendor.actor, now=desk.now)
    remind(desk, at=29 * DAY + HOUR)

    assert at_work == of(cast.coordinator, cast.vendor)
    assert reminded(END) == of(cast.coordinator, cast.coordinator, cast.vendor)


def test_a_new_end_has_reminders_of_its_own_and_an_ended_embargo_none(desk: Desk, cast: Cast) -> None:
    case = desk.accepted()
    remind(desk, at=27 * DAY)
    longer = desk.propose(case, days=40)
    for player in (cast.lab, cast.vendor):
        cases.accept(longer, by=player.actor, now=desk.now + 28 * DAY)

    remind(desk, at=29 * DAY + HOUR)
    quiet = reminded(END)
    remind(desk, at=37 * DAY)
    cases.terminate(case, by=desk.by, now=desk.now + 38 * DAY)
    remind(desk, at=39 * DAY + HOUR)

    assert quiet == of(cast.coordinator, cast.vendor)
    assert reminded(END) == of(cast.coordinator, cast.coordinator, cast.vendor, cast.vendor)


def test_a_reminder_is_sent_only_while_there_is_something_to_do_and_says_nothing_above_green(
    desk: Desk, cast: Cast
) -> None:
    case = proposed(desk)
    remind(desk, at=2 * DAY)
    now, outbox = desk.now + 2 * DAY, Outbox()
    cases.accept(case.embargo.proposals.get(), by=cast.vendor.actor, now=now)

    for notice in Notice.objects.filter(kind=ANSWER):
        services.deliver(notice.public_id, mailer=outbox, base_url="https://node.example", now=now)

    assert outbox.sent == []
    Notice.objects.all().delete()
    remind(desk, at=27 * DAY)
    for notice in Notice.objects.filter(kind=END):
        services.deliver(notice.public_id, mailer=outbox, base_url="https://node.example", now=desk.now + 27 * DAY)
    assert [one.to for one in outbox.sent] == [cast.coordinator.person.email]
    for message in outbox.sent:
        assert "Something waits for you" in message.subject
        assert not [word for word in ("embargo", "Overflow", case.title) if word in message.subject + message.text]


def test_a_red_case_reminds_the_persons_it_names(desk: Desk, cast: Cast) -> None:
    case = desk.accepted()
    cases.raise_marking(case, Tlp.RED, by=desk.by, now=desk.now)
    fresh(case).assignments.filter(organisation=cast.vendor.organisation.public_id).delete()
    outbox = Outbox()

    remind(desk, at=27 * DAY)
    for notice in Notice.objects.filter(kind=END):
        services.deliver(notice.public_id, mailer=outbox, base_url="https://node.example", now=desk.now + 27 * DAY)

    assert [one.to for one in outbox.sent] == [cast.coordinator.person.email]
    assert END not in [one.kind for one in queries.for_viewer(cast.vendor.actor, now=desk.now + 28 * DAY)]


def test_the_node_reminds_by_itself_and_once_however_often_it_looks(desk: Desk, cast: Cast) -> None:
    proposed(desk)
    now = desk.now + 2 * DAY + HOUR

    for later in (timedelta(0), HOUR, 2 * HOUR):
        work.fill_slots(now=now + later, rng=desk.rng)
        run_until_idle(now=now + later, rng=desk.rng, subscriptions=())

    assert reminded(ANSWER) == of(cast.lab, cast.vendor)
