"""Every change to notices: tell somebody, mail it, mark it read. Telling twice changes nothing."""

import hashlib
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction
from django.utils import translation

from watchbell.apps.jobs import services as jobs
from watchbell.apps.journal import queries as journal
from watchbell.apps.journal.body import Scalar
from watchbell.apps.notices import reach, reminding
from watchbell.apps.notices.models import Mail, Notice
from watchbell.apps.notices.news import NEWS, WAITING
from watchbell.apps.orgs import queries as orgs
from watchbell.domain.handling import Actor, ActorKind, Tlp
from watchbell.domain.identity import Dice, new_id
from watchbell.outside.mail import Mailer, Message

DELIVER = "notices.deliver"
DELIVER_APART = "notices.deliver_apart"


@dataclass(frozen=True, slots=True, kw_only=True)
class ToTell:
    """What somebody should hear: the kind of news, about what, with facts that are codes, counts and ids only."""

    kind: str
    organisation: str
    subject_kind: str
    subject: str
    marking: Tlp
    key: str
    person: str = ""
    facts: dict[str, Scalar] = field(default_factory=dict)


@transaction.atomic
def notify(told: ToTell, *, now: datetime, rng: Dice) -> Notice:
    """Tell an organisation, or one person of it, once for each key; where the news is mailed, a job does that."""
    notice, is_new = Notice.objects.get_or_create(
        key=told.key,
        defaults={
            "public_id": new_id(rng),
            "organisation": told.organisation,
            "person": told.person,
            "kind": told.kind,
            "subject_kind": told.subject_kind,
            "subject": told.subject,
            "facts": told.facts,
            "marking": told.marking,
            "at": now,
        },
    )
    if is_new and NEWS[told.kind].is_mailed:
        args = {"notice": notice.public_id}
        kind = DELIVER_APART if reach.ROOMS[told.subject_kind].is_apart else DELIVER
        jobs.enqueue(kind=kind, key=f"{DELIVER}:{notice.public_id}", args=args, now=now)
    return notice


def announce(entry: str, *, action: str, subject_kind: str, subject: str, now: datetime, rng: Dice) -> list[Notice]:
    """Tell those whom an entry of the record concerns, except whoever did the deed; nothing when it is no news."""
    room = reach.ROOMS.get(subject_kind)
    if room is None or action not in NEWS:
        return []
    told = []
    for organisation in room.parties(subject):
        reader = Actor(kind=ActorKind.SYSTEM, organisation=organisation)
        found = journal.entries_concerning(reader, now=now).filter(public_id=entry).first()
        if found is None or found.organisation_id == organisation:
            continue
        what = ToTell(
            kind=action,
            organisation=organisation,
            subject_kind=subject_kind,
            subject=subject,
            marking=room.marking(subject),
            key=f"{entry}:{organisation}",
        )
        told.append(notify(what, now=now, rng=rng))
    return told


def remind(*, now: datetime, rng: Dice) -> list[Notice]:
    """Tell those who must act before a date that has come near, once a slot; doing it again changes nothing."""
    told = [
        ToTell(
            kind=one.kind,
            organisation=one.organisation,
            subject_kind="cases.case",
            subject=one.case,
            marking=one.marking,
            key=one.key,
        )
        for one in reminding.due(now=now)
    ]
    return [notify(one, now=now, rng=rng) for one in told]


def deliver(public_id: str, *, mailer: Mailer, base_url: str, now: datetime) -> int:
    """Mail a notice to everyone it is for who may still know of its subject, and return how many mails went out.

    People, memberships and labels are looked at now, not when the notice was made, and a
    reminder of what has been done since goes to nobody. Each
    address gets one mail; after a crash between server and row it may get a second one.
    Raises MailFailed, and then another try sends what is left.
    """
    notice = Notice.objects.filter(public_id=public_id).first()
    if notice is None or reminding.is_moot(notice.kind, notice.key, now=now):
        return 0
    reader = Actor(kind=ActorKind.SYSTEM, organisation=notice.organisation)
    sent = 0
    for membership in orgs.members_of(reader, now=now):
        person = membership.person
        if not person.is_active or notice.person not in ("", person.public_id):
            continue
        viewer = orgs.actor_for_person(person, notice.organisation, strong=True, authenticated_at=now)
        if viewer.organisation == notice.organisation and _may_still_know(notice, viewer, now=now):
            with translation.override(person.language or membership.organisation.language):
                sent += _mail(notice, person.email, mailer=mailer, base_url=base_url, now=now)
    return sent


@transaction.atomic
def mark_read(notice: Notice, *, by: Actor, now: datetime) -> None:
    """Note that a notice was read; the first reader of an organisation reads it for all."""
    own = Notice.objects.filter(pk=notice.pk, organisation=by.organisation, read_at__isnull=True)
    own.filter(person__in=["", by.person or ""]).update(read_at=now, read_by=by.person or "")


def message_for(notice: Notice, address: str, *, marking: Tlp, base_url: str) -> Message:
    """Return the mail in the language of the moment: above TLP:GREEN only that something waits, and where."""
    text = str(NEWS[notice.kind].text) if marking <= Tlp.GREEN else str(WAITING)
    return Message(to=address, subject=f"Watchbell: {text}", text=f"{text}\n\n{base_url}/notices/{notice.public_id}\n")


def _may_still_know(notice: Notice, viewer: Actor, *, now: datetime) -> bool:
    return reach.may_know(notice.subject_kind, notice.subject, viewer, now=now)


def _mail(notice: Notice, address: str, *, mailer: Mailer, base_url: str, now: datetime) -> int:
    """Send one mail unless it went out already; return 1 if it did now."""
    digest = hashlib.sha256(f"{notice.public_id}:{address.lower()}".encode()).hexdigest()
    row, _ = Mail.objects.get_or_create(notice=notice, address_digest=digest, defaults={"tried_at": now})
    if row.sent_at is not None:
        return 0
    label = max(Tlp(notice.marking), reach.ROOMS[notice.subject_kind].marking(notice.subject))
    mailer.send(message_for(notice, address, marking=label, base_url=base_url), now=now)
    Mail.objects.filter(pk=row.pk).update(sent_at=now)
    return 1
