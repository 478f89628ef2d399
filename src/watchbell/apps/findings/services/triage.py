"""This will settle findings: valid, a duplicate, rejected, or open again. Every decision can be taken back."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import transaction

from watchbell.apps.findings import alone
from watchbell.apps.findings.models import Finding
from watchbell.apps.findings.services.echoes import AlreadySettled, echoed, hold, tell
from watchbell.apps.findings.services.intake import NotAllowed
from watchbell.apps.findings.services.ordering import take_turn
from watchbell.apps.findings.words import RejectionReason
from watchbell.apps.journal import services as journal
from watchbell.domain.handling import Actor, OrganisationKind, Scope
from watchbell.domain.lifecycle import FINDING, FindingEvent
from watchbell.domain.lifecycle import Finding as State


class NotAnOriginal(Exception):
    """A finding that is itself a duplicate cannot be the original of another; name the first report."""


class WordsMissing(Exception):
    """Another finder reads this decision as one about their own report; write them a few words of their own."""


def require_triage(by: Actor) -> None:
    """Raise NotAllowed unless this actor may settle findings."""
    if not (by.acts_as(OrganisationKind.COORDINATOR) and by.writes and by.holds(Scope.COORDINATE)):
        raise NotAllowed("Only coordinators who may write settle findings.")


@transaction.atomic
def confirm_valid(*, finding: Finding, by: Actor, now: datetime) -> Finding:
    """Settle `finding` as a real flaw. Raises NotAllowed, NotPossible, AlreadySettled."""
    require_triage(by)
    hold(finding)
    with echoed(finding, by=by, now=now):
        _settle(finding, FindingEvent.VALIDATE, now=now)
    return _recorded("finding.valid", finding, by=by, now=now, concerns=_submitter(finding))


@transaction.atomic
def reject(
    *, finding: Finding, reason: RejectionReason, note: str, others_note: str = "", by: Actor, now: datetime
) -> Finding:
    """Settle `finding` as nothing to act on; its submitter reads the reason and the note.

    Other finders whose reports are linked to it read `others_note` instead, since the first
    may speak of what they must not know. Raises as `confirm_valid`, and WordsMissing without one.
    """
    require_triage(by)
    hold(finding)
    others = [row.pk for row in alone.followers(finding) if alone.is_foreign(row)]
    if others and not others_note.strip():
        raise WordsMissing(str(WordsMissing.__doc__))
    with echoed(finding, by=by, now=now):
        _settle(finding, FindingEvent.REJECT, now=now, rejection=reason, rejection_note=note)
        Finding.objects.filter(pk__in=others).update(rejection_note=others_note)
    return _recorded("finding.rejected", finding, by=by, now=now, concerns=_submitter(finding), reason=str(reason))


@transaction.atomic
def mark_duplicate(*, finding: Finding, original: Finding, note: str = "", by: Actor, now: datetime) -> Finding:
    """Settle `finding` as another report of `original`; it keeps its own clock, credit and claim.

    Both rows are held while we look, so that two analysts who link the same pair in
    opposite directions leave no circle. When the original is somebody else's, only
    coordinators may read the entry, and the finder hears what was decided there as if it
    were about their report alone; of a rejected one they read `note`. Raises NotAllowed,
    NotPossible, NotAnOriginal, AlreadySettled, WordsMissing.
    """
    require_triage(by)
    held = hold(finding, original)
    if finding.pk == original.pk or held[original.pk].state == State.DUPLICATE:
        raise NotAnOriginal(str(NotAnOriginal.__doc__))
    is_foreign = finding.submitter != original.submitter
    if is_foreign and held[original.pk].state == State.REJECTED and not note.strip():
        raise WordsMissing(str(WordsMissing.__doc__))
    before = alone.seen(held[finding.pk])
    with echoed(finding, by=by, now=now):
        _settle(finding, FindingEvent.MARK_DUPLICATE, now=now, duplicate_of=original, rejection_note=note)
    concerns = [] if is_foreign else _submitter(finding)
    finding = _recorded("finding.duplicate", finding, by=by, now=now, concerns=concerns)
    if is_foreign:
        tell(finding, before, alone.seen(finding), by=by, now=now)
    return finding


@transaction.atomic
def reopen(*, finding: Finding, by: Actor, now: datetime) -> Finding:
    """Open a settled finding again, so that it can be decided anew. Raises as `confirm_valid`."""
    require_triage(by)
    was_open_to_them = alone.seen(hold(finding)[finding.pk]).state is State.RECEIVED
    with echoed(finding, by=by, now=now):
        _settle(finding, FindingEvent.REOPEN, now=None, duplicate_of=None, rejection="", rejection_note="")
    concerns = [] if was_open_to_them else _submitter(finding)
    return _recorded("finding.reopened", finding, by=by, now=now, concerns=concerns)


def _settle(finding: Finding, event: FindingEvent, *, now: datetime | None, **columns: Any) -> None:
    """Claim the change by the state this actor saw; raises NotPossible, AlreadySettled."""
    after = FINDING.next(State(finding.state), event)
    seen = Finding.objects.filter(pk=finding.pk, state=finding.state)
    if not seen.update(state=after, settled_at=now, **columns):
        raise AlreadySettled(str(AlreadySettled.__doc__))
    if now is not None:
        take_turn(finding)


def _recorded(
    action: str, finding: Finding, *, by: Actor, now: datetime, concerns: Iterable[str], **facts: str
) -> Finding:
    journal.record(at=now, by=by, action=action, subject=finding, concerns=concerns, facts=facts)
    finding.refresh_from_db()
    return finding


def _submitter(finding: Finding) -> list[str]:
    return [finding.submission.organisation] if finding.submission.organisation else []
