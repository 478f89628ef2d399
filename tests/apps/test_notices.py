"""Notices: who hears of what, and how little a mail says."""

import random
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from tests.support.cast import CONSOLE, Cast, Player
from tests.support.desk import Desk, blob_store

from watchbell.apps.cases import services as cases
from watchbell.apps.cases.models import Case
from watchbell.apps.findings import services as findings
from watchbell.apps.jobs.models import Job
from watchbell.apps.journal.models import Entry
from watchbell.apps.notices import jobs, kept, queries, services
from watchbell.apps.notices.models import Mail, Notice
from watchbell.apps.notices.news import NEWS
from watchbell.apps.orgs import services as orgs
from watchbell.apps.orgs.models import Membership, Person
from watchbell.domain.handling import Role, Tlp
from watchbell.outside.mail import FolderMailer, MailFailed, Message
from watchbell.worker.run import run_until_idle
from watchbell.worker.subscriptions import SUBSCRIPTIONS

pytestmark = pytest.mark.django_db

BASE = "https://node.example"
ONLY_NOTICES = tuple(one for one in SUBSCRIPTIONS if one.kind.startswith("notices.announce"))


class Outbox:
    """A mailer that keeps what it was given, and fails when told to."""

    def __init__(self, *, failures: int = 0) -> None:
        self.sent: list[Message] = []
        self.failures = failures

    def send(self, message: Message, *, now: datetime) -> None:
        if self.failures:
            self.failures -= 1
            raise MailFailed("The mail server did not take the mail.")
        self.sent.append(message)


@pytest.fixture
def desk(cast: Cast, tmp_path: Path, noon: datetime, rng: random.Random) -> Desk:
    return Desk(cast, blob_store(tmp_path), noon, rng)


def announce_everything(now: datetime, rng: random.Random) -> None:
    for entry in Entry.objects.order_by("pk"):
        services.announce(
            entry.public_id,
            action=entry.action,
            subject_kind=entry.subject_kind,
            subject=entry.subject_id,
            now=now,
            rng=rng,
        )


def deliver_everything(outbox: Outbox, now: datetime) -> int:
    return sum(
        services.deliver(notice.public_id, mailer=outbox, base_url=BASE, now=now)
        for notice in Notice.objects.order_by("pk")
        if NEWS[notice.kind].is_mailed
    )


def invited(desk: Desk) -> Case:
    case = desk.case()
    desk.invite(case)
    return case


def kinds(player: Player, now: datetime) -> list[str]:
    return sorted(notice.kind for notice in queries.for_viewer(player.actor, now=now))


def test_an_invited_vendor_hears_of_it_and_nobody_outside_the_case_does(desk: Desk, cast: Cast) -> None:
    invited(desk)

    announce_everything(desk.now, desk.rng)

    assert kinds(cast.vendor, desk.now) == ["case.invited"]
    assert kinds(cast.lab, desk.now) == ["case.opened", "finding.shown", "finding.valid"]
    for outsider in (cast.hospital, cast.evaluator, cast.bank):
        assert kinds(outsider, desk.now) == []
    assert queries.for_viewer(cast.mallory, now=desk.now) == []


def test_nobody_is_told_of_their_own_deed(desk: Desk, cast: Cast) -> None:
    invited(desk)

    announce_everything(desk.now, desk.rng)

    assert kinds(cast.coordinator, desk.now) == ["submission.received"]


def test_announcing_twice_tells_once_and_mails_once(desk: Desk, cast: Cast) -> None:
    invited(desk)
    outbox = Outbox()

    for _ in range(2):
        announce_everything(desk.now, desk.rng)
        deliver_everything(outbox, desk.now)

    to_vendor = [message for message in outbox.sent if message.to == cast.vendor.person.email]
    assert len(to_vendor) == 1
    assert Notice.objects.filter(kind="case.invited").count() == 1
    assert Job.objects.filter(kind="notices.deliver").count() == 3


def test_a_mail_above_green_says_only_that_something_waits(desk: Desk, cast: Cast) -> None:
    case = invited(desk)
    announce_everything(desk.now, desk.rng)
    outbox = Outbox()

    deliver_everything(outbox, desk.now)

    assert outbox.sent
    for message in outbox.sent:
        said = message.subject + message.text
        assert "Something waits for you" in said
        assert f"{BASE}/notices/" in said
        for secret in (case.title, case.public_id, "case", "Overflow", "flaw", "Acme"):
            assert secret not in said


def test_a_mail_at_green_says_what_kind_of_news_it_is_and_no_more(desk: Desk, cast: Cast) -> None:
    case = invited(desk)
    Case.objects.filter(pk=case.pk).update(marking=Tlp.GREEN)
    announce_everything(desk.now, desk.rng)
    notice = Notice.objects.get(kind="case.invited")
    outbox = Outbox()

    services.deliver(notice.public_id, mailer=outbox, base_url=BASE, now=desk.now)

    [message] = outbox.sent
    assert "You are invited to take part in a case." in message.subject
    assert case.title not in message.text


def test_a_label_raised_after_the_notice_is_obeyed_by_the_mail(desk: Desk, cast: Cast) -> None:
    case = invited(desk)
    Case.objects.filter(pk=case.pk).update(marking=Tlp.GREEN)
    announce_everything(desk.now, desk.rng)
    cases.raise_marking(case, Tlp.AMBER, by=desk.by, now=desk.now)
    outbox = Outbox()

    services.deliver(Notice.objects.get(kind="case.invited").public_id, mailer=outbox, base_url=BASE, now=desk.now)

    assert "Something waits" in outbox.sent[0].subject


def test_who_left_the_organisation_between_notice_and_mail_gets_none(desk: Desk, cast: Cast) -> None:
    invited(desk)
    colleague = orgs.create_person("second@vendor.example", by=CONSOLE, now=desk.now, rng=desk.rng)
    orgs.add_member(colleague, cast.vendor.organisation, Role.MEMBER, by=CONSOLE, now=desk.now)
    announce_everything(desk.now, desk.rng)
    orgs.remove_member(Membership.objects.get(person=colleague), by=CONSOLE, now=desk.now)
    outbox = Outbox()

    deliver_everything(outbox, desk.now)

    assert colleague.email not in [message.to for message in outbox.sent]


def test_who_left_the_case_between_notice_and_mail_gets_none_and_sees_none(desk: Desk, cast: Cast) -> None:
    case = invited(desk)
    announce_everything(desk.now, desk.rng)
    cases.leave(case, by=cast.vendor.actor, now=desk.now)
    outbox = Outbox()

    deliver_everything(outbox, desk.now)

    assert cast.vendor.person.email not in [message.to for message in outbox.sent]
    assert kinds(cast.vendor, desk.now) == []


def test_a_red_case_mails_only_the_persons_it_names(desk: Desk, cast: Cast) -> None:
    case = invited(desk)
    colleague = orgs.create_person("second@lab.example", by=CONSOLE, now=desk.now, rng=desk.rng)
    orgs.add_member(colleague, cast.lab.organisation, Role.MEMBER, by=CONSOLE, now=desk.now)
    announce_everything(desk.now, desk.rng)
    cases.raise_marking(case, Tlp.RED, by=desk.by, now=desk.now)
    outbox = Outbox()

    services.deliver(Notice.objects.get(kind="case.opened").public_id, mailer=outbox, base_url=BASE, now=desk.now)

    assert [message.to for message in outbox.sent] == [cast.lab.person.email]


def test_a_mail_that_failed_is_tried_again_and_the_others_are_not_repeated(desk: Desk, cast: Cast) -> None:
    invited(desk)
    announce_everything(desk.now, desk.rng)
    notice = Notice.objects.get(kind="case.invited")
    outbox = Outbox(failures=1)

    with pytest.raises(MailFailed):
        services.deliver(notice.public_id, mailer=outbox, base_url=BASE, now=desk.now)
    first = services.deliver(notice.public_id, mailer=outbox, base_url=BASE, now=desk.now)
    second = services.deliver(notice.public_id, mailer=outbox, base_url=BASE, now=desk.now)

    assert (first, second) == (1, 0)
    assert Mail.objects.get().sent_at == desk.now


def test_a_mail_is_written_in_its_readers_language(desk: Desk, cast: Cast) -> None:
    from django.utils import translation

    invited(desk)
    announce_everything(desk.now, desk.rng)
    Person.objects.filter(pk=cast.vendor.person.pk).update(language="es")
    seen: list[str | None] = []

    class Listener(Outbox):
        def send(self, message: Message, *, now: datetime) -> None:
            seen.append(translation.get_language())

    services.deliver(Notice.objects.get(kind="case.invited").public_id, mailer=Listener(), base_url=BASE, now=desk.now)

    assert seen == ["es"]


def test_without_a_mail_server_mails_become_files(desk: Desk, cast: Cast, tmp_path: Path) -> None:
    invited(desk)
    announce_everything(desk.now, desk.rng)
    mailer = FolderMailer(tmp_path / "mail", sender="watchbell@node.example")

    services.deliver(Notice.objects.get(kind="case.invited").public_id, mailer=mailer, base_url=BASE, now=desk.now)

    [file] = (tmp_path / "mail").glob("*.eml")
    assert cast.vendor.person.email.encode() in file.read_bytes()


def test_a_notice_is_read_by_its_recipient_only(desk: Desk, cast: Cast) -> None:
    invited(desk)
    announce_everything(desk.now, desk.rng)
    notice = Notice.objects.get(kind="case.invited")
    before = queries.unread(cast.vendor.actor, now=desk.now)

    services.mark_read(notice, by=cast.hospital.actor, now=desk.now)
    services.mark_read(notice, by=cast.mallory, now=desk.now)
    unread = queries.unread(cast.vendor.actor, now=desk.now)
    services.mark_read(notice, by=cast.vendor.actor, now=desk.now + timedelta(minutes=1))

    assert (before, unread, queries.unread(cast.vendor.actor, now=desk.now)) == (1, 1, 0)
    assert queries.one(notice.public_id, cast.hospital.actor, now=desk.now) is None
    assert queries.one(notice.public_id, cast.vendor.actor, now=desk.now) is not None


def test_a_private_message_is_news_to_its_lane_alone(desk: Desk, cast: Cast) -> None:
    case = desk.accepted()
    lane = case.lanes.get(participant__organisation=cast.vendor.organisation.public_id)
    cases.post(lane, "Only for you", by=desk.by, now=desk.now, rng=desk.rng)

    announce_everything(desk.now, desk.rng)

    assert "message.posted" in kinds(cast.vendor, desk.now)
    assert "message.posted" not in kinds(cast.lab, desk.now)


def test_a_finder_hears_nothing_when_their_report_joins_somebody_elses(desk: Desk, cast: Cast) -> None:
    original = desk.finding()
    second = desk.finding(by=cast.evaluator.actor)
    announce_everything(desk.now, desk.rng)
    before = kinds(cast.evaluator, desk.now)
    findings.mark_duplicate(finding=second, original=original, by=desk.by, now=desk.now)

    announce_everything(desk.now, desk.rng)

    assert kinds(cast.evaluator, desk.now) == before


def test_the_worker_carries_news_from_the_record_to_a_mail_and_only_once(
    desk: Desk, cast: Cast, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "mailer_from", lambda url, *, home, sender: FolderMailer(tmp_path / "mail", sender))
    invited(desk)

    for _ in range(2):
        run_until_idle(now=desk.now, rng=desk.rng, subscriptions=ONLY_NOTICES)

    mails = [file.read_bytes() for file in (tmp_path / "mail").glob("*.eml")]
    assert sum(cast.vendor.person.email.encode() in mail for mail in mails) == 1
    assert not Job.objects.exclude(state=Job.State.DONE).exists()
    assert kinds(cast.vendor, desk.now) == ["case.invited"]


def test_every_kind_of_news_that_is_announced_has_a_subscription() -> None:
    handlers = [one for one in SUBSCRIPTIONS if one.kind.startswith("notices.announce")]

    assert [kind for kind in NEWS if not any(one.wants(kind) for one in handlers)] == []
    assert jobs.announce is not None


def test_every_column_of_this_room_has_its_fate_written_down() -> None:
    declared = {row.model: set(row.columns) for row in kept.KEPT}

    for model in (Notice, Mail):
        columns = {column.attname for column in model._meta.concrete_fields}
        assert declared[model._meta.label] == columns
