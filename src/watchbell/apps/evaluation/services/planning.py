"""This will write down beforehand what is to be measured: draft, lock, amend. A locked version never changes.

The lock writes the digest into the record in its own transaction; whatever is called afterwards is called later than
that entry. Its bytes lie under the engagement's evidence key, like everything the two parties write.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from django.db import transaction

from watchbell.apps.engagements import queries as engagements
from watchbell.apps.engagements import services as access
from watchbell.apps.engagements.services.standing import NotYet, held, record, require_evaluator
from watchbell.apps.engagements.words import Material
from watchbell.apps.evaluation.models import Benchmark, Commitment, Protocol
from watchbell.apps.evaluation.queries import has_begun
from watchbell.apps.evaluation.services.standing import engagement_of, opened, require_plannable
from watchbell.domain import evaluation as rules
from watchbell.domain.evaluation import Visibility
from watchbell.domain.handling import Actor
from watchbell.domain.identity import Dice, new_id
from watchbell.domain.refusal import Refusal
from watchbell.domain.sentence import Sentence
from watchbell.domain.terms import Purpose
from watchbell.outside.keystore import Keystore

if TYPE_CHECKING:
    from watchbell.apps.engagements.models import Engagement

MOST_REASON = 2000


class NotReady(ValueError):
    """A protocol that cannot be locked yet; `problems` says what is wrong, each with its place."""

    def __init__(self, problems: tuple[Refusal, ...]) -> None:
        super().__init__(str(problems[0]))
        self.problems = problems


class IsLocked(Exception):
    """This version is locked and never changes; amend it, and say why."""


@transaction.atomic
def draft_protocol(
    engagement: "Engagement", value: rules.Protocol, *, by: Actor, now: datetime, keys: Keystore, rng: Dice
) -> Protocol:
    """Begin a protocol for an engagement that was agreed to; it may still lack something.

    Raises NotAllowed for anyone but the evaluator's people, IsOver, NotYet.
    """
    require_evaluator(engagement, by)
    engagement = held(engagement)
    require_plannable(engagement)
    name = new_id(rng)
    row = _row(engagement, value, name=name, line=name, by=by, now=now, keys=keys)
    row.save(force_insert=True)
    record("evaluation.protocol_drafted", engagement, by=by, now=now, protocol=name)
    return row


@transaction.atomic
def change_draft(row: Protocol, value: rules.Protocol, *, by: Actor, now: datetime, keys: Keystore) -> Protocol:
    """Write a draft anew. Raises NotAllowed, IsOver, and IsLocked once it is locked."""
    engagement = engagement_of(row)
    require_evaluator(engagement, by)
    engagement = held(engagement)
    require_plannable(engagement)
    sealed = _seal(engagement, row.public_id, value, now=now, keys=keys)
    draft = Protocol.objects.filter(pk=row.pk, locked_at__isnull=True)
    if not draft.update(sealed=sealed, digest=value.digest):
        raise IsLocked(str(IsLocked.__doc__))
    row.refresh_from_db()
    return row


@transaction.atomic
def lock(row: Protocol, *, by: Actor, now: datetime, keys: Keystore) -> Protocol:
    """Lock a version for good, and write its digest into the record; locking it again changes nothing.

    An amended version locked after any call or sample says so for ever. Raises NotAllowed, IsOver, NotYet, NotReady.
    """
    engagement = engagement_of(row)
    require_evaluator(engagement, by)
    engagement = held(engagement)
    row = Protocol.objects.select_for_update().get(pk=row.pk)
    if row.locked_at is not None:
        return row
    require_plannable(engagement)
    value = opened(row, keys=keys)
    if problems := (*rules.problems(value), *_against_the_node(row, value, engagement, keys)):
        raise NotReady(tuple(problems))
    called = engagements.calls_between(engagement, engagement.starts_at or now, now).calls
    Protocol.objects.filter(pk=row.pk, locked_at__isnull=True).update(
        locked_at=now,
        calls_before=called,
        after_data=row.number > 1 and _is_after_data(row, engagement, now),
        kept=[one.value for one in access.terms_of(engagement, keys=keys).kept_after_end],
    )
    row.refresh_from_db()
    record(
        "evaluation.protocol_locked",
        engagement,
        by=by,
        now=now,
        digests={"protocol": row.digest},
        protocol=row.public_id,
        number=row.number,
        calls_before=called,
        after_data=row.after_data,
    )
    return row


@transaction.atomic
def amend(
    row: Protocol, value: rules.Protocol, reason: str, *, by: Actor, now: datetime, keys: Keystore, rng: Dice
) -> Protocol:
    """Begin a new version of a locked protocol, with a reason; the old one stays as it is.

    Raises NotAllowed, IsOver, and NotYet for a draft, without a reason, or where another version follows already.
    """
    engagement = engagement_of(row)
    require_evaluator(engagement, by)
    engagement = held(engagement)
    require_plannable(engagement)
    reason = reason.strip()
    if not 0 < len(reason) <= MOST_REASON:
        raise NotYet(Sentence("Say why it is amended, in up to {most} letters.", most=MOST_REASON))
    if row.locked_at is None or Protocol.objects.filter(supersedes=row.pk).exists():
        raise NotYet("Only the latest locked version is amended; change the draft instead.")
    name = new_id(rng)
    newer = _row(engagement, value, name=name, line=row.line, by=by, now=now, keys=keys)
    newer.number, newer.supersedes = row.number + 1, row
    newer.sealed_reason = access.seal(
        engagement, "reason", reason.encode(), key=Material.EVIDENCE, place=name, now=now, keys=keys
    )
    newer.save(force_insert=True)
    record("evaluation.protocol_amended", engagement, by=by, now=now, protocol=name, supersedes=row.public_id)
    return newer


def open_protocol(
    row: Protocol, purpose: Purpose, *, by: Actor, now: datetime, keys: Keystore, rng: Dice
) -> rules.Protocol:
    """Return what a protocol says; the developer reads who opened it, and what for.

    Raises NotAllowed for anyone but the parties' own, IsOver once the evidence is due.
    """
    access.note_opening(engagement_of(row), "protocol", purpose, by=by, now=now, keys=keys, rng=rng)
    return opened(row, keys=keys)


def reason_of(row: Protocol, *, keys: Keystore) -> str:
    """Return why this version amends the one before; "" for a first one. Raises KeyMissing."""
    if not row.sealed_reason:
        return ""
    sealed, engagement = bytes(row.sealed_reason), engagement_of(row)
    return access.open_sealed(
        engagement, "reason", sealed, key=Material.EVIDENCE, place=row.public_id, keys=keys
    ).decode()


def _row(
    engagement: "Engagement", value: rules.Protocol, *, name: str, line: str, by: Actor, now: datetime, keys: Keystore
) -> Protocol:
    return Protocol(
        public_id=name,
        engagement=engagement.public_id,
        line=line,
        number=1,
        digest=value.digest,
        sealed=_seal(engagement, name, value, now=now, keys=keys),
        person=by.person or "",
        drafted_at=now,
    )


def _seal(engagement: "Engagement", name: str, value: rules.Protocol, *, now: datetime, keys: Keystore) -> bytes:
    return access.seal(engagement, "protocol", value.canonical, key=Material.EVIDENCE, place=name, now=now, keys=keys)


def _is_after_data(row: Protocol, engagement: "Engagement", now: datetime) -> bool:
    """Return whether anything was seen of the model since this line's first lock."""
    first = Protocol.objects.filter(line=row.line, number=1).values_list("locked_at", flat=True)[0] or now
    return has_begun(row.line) or engagements.calls_between(engagement, first, now).calls > 0


def _against_the_node(
    row: Protocol, value: rules.Protocol, engagement: "Engagement", keys: Keystore
) -> Iterator[Refusal]:
    """Return what does not fit this engagement: its model, its terms, and the benchmarks registered here."""
    if value.model.digest != engagement.model.digest:
        yield _wrong("/model/digest", "This is not the model of the engagement.")
    if value.model.alias not in access.terms_of(engagement, keys=keys).models:
        yield _wrong("/model/alias", "The terms do not name this model.")
    known = Benchmark.objects.filter(organisation__in=["", engagement.evaluator])
    for at, suite in enumerate(value.suites):
        found = known.filter(name=suite.benchmark, version=suite.version).order_by("-organisation").first()
        if found is None:
            yield _wrong(f"/suites/{at}", "This version of this benchmark is not registered here.")
        elif found.families and not {family for _, family, _ in suite.items()} <= set(found.families):
            yield _wrong(f"/suites/{at}", "It names a family that this benchmark does not have.")
        elif found.visibility == Visibility.HELD_OUT and not _is_committed(row, found):
            yield _wrong(f"/suites/{at}", "Its items are held out, and no seed is committed to.")


def _is_committed(row: Protocol, benchmark: Benchmark) -> bool:
    return Commitment.objects.filter(engagement=row.engagement, benchmark=benchmark).exists()


def _wrong(place: str, message: str) -> Refusal:
    return Refusal(code="wrong-value", message=message, place=place, todo="Correct this, and lock it then")
