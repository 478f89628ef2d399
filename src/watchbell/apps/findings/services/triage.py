"""This will settle findings: valid, a duplicate, rejected, or open again. Every decision can be taken back."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import transaction

from watchbell.apps.findings.models import Finding
from watchbell.apps.findings.services.intake import NotAllowed
from watchbell.apps.findings.words import RejectionReason
from watchbell.apps.journal import services as journal
from watchbell.domain.handling import Actor, OrganisationKind, Scope
from watchbell.domain.lifecycle import FINDING, FindingEvent
from watchbell.domain.lifecycle import Finding as State


class AlreadySettled(Exception):
    """Someone settled this finding first; reload it and look again."""


class NotAnOriginal(Exception):
    """A finding that is itself a duplicate cannot be the original of another; name the first report."""


def require_triage(by: Actor) -> None:
    """Raise NotAllowed unless this actor may settle findings."""
    if not (by.acts_as(OrganisationKind.COORDINATOR) and by.writes and by.holds(Scope.COORDINATE)):
        raise NotAllowed("Only coordinators who may write settle findings.")


@transaction.atomic
def confirm_valid(*, finding: Finding, by: Actor, now: datetime) -> Finding:
    """Settle `finding` as a real flaw. Raises NotAllowed, NotPossible, AlreadySettled."""
    require_triage(by)
    _settle(finding, FindingEvent.VALIDATE, now=now)
    return _recorded("finding.valid", finding, by=by, now=now, concerns=_submitter(finding))


@transaction.atomic
def reject(*, finding: Finding, reason: RejectionReason, note: str, by: Actor, now: datetime) -> Finding:
    """Settle `finding` as nothing to act on; its submitter reads the reason. Raises as `confirm_valid`."""
    require_triage(by)
    _settle(finding, FindingEvent.REJECT, now=now, rejection=reason, rejection_note=note)
    return _recorded("finding.rejected", finding, by=by, now=now, concerns=_submitter(finding), reason=str(reason))


@transaction.atomic
def mark_duplicate(*, finding: Finding, original: Finding, by: Actor, now: datetime) -> Finding:
    """Settle `finding` as another report of `original`; it keeps its own clock, credit and claim.

    Both rows are held while we look, so that two analysts who link the same pair in
    opposite directions leave no circle. When the original is somebody else's, only
    coordinators may read the entry: one finder never learns of another through it.
    Raises NotAllowed, NotPossible, NotAnOriginal, AlreadySettled.
    """
    require_triage(by)
    held = {one.pk: one for one in _held(finding, original)}
    if finding.pk == original.pk or held[original.pk].state == State.DUPLICATE:
        raise NotAnOriginal(str(NotAnOriginal.__doc__))
    _settle(finding, FindingEvent.MARK_DUPLICATE, now=now, duplicate_of=original)
    concerns = _submitter(finding) if finding.submitter == original.submitter else []
    return _recorded("finding.duplicate", finding, by=by, now=now, concerns=concerns)


@transaction.atomic
def reopen(*, finding: Finding, by: Actor, now: datetime) -> Finding:
    """Open a settled finding again, so that it can be decided anew. Raises as `confirm_valid`."""
    require_triage(by)
    was_foreign = finding.duplicate_of is not None and finding.duplicate_of.submitter != finding.submitter
    _settle(finding, FindingEvent.REOPEN, now=None, duplicate_of=None, rejection="", rejection_note="")
    concerns = [] if was_foreign else _submitter(finding)
    return _recorded("finding.reopened", finding, by=by, now=now, concerns=concerns)


def _held(*findings: Finding) -> list[Finding]:
    """Return these rows, locked in one order whoever asks."""
    wanted = Finding.objects.select_for_update().filter(pk__in=[one.pk for one in findings])
    return list(wanted.only("state").order_by("pk"))


def _settle(finding: Finding, event: FindingEvent, *, now: datetime | None, **columns: Any) -> None:
    """Claim the change by the state this actor saw; raises NotPossible, AlreadySettled."""
    after = FINDING.next(State(finding.state), event)
    seen = Finding.objects.filter(pk=finding.pk, state=finding.state)
    if not seen.update(state=after, settled_at=now, **columns):
        raise AlreadySettled(str(AlreadySettled.__doc__))


def _recorded(
    action: str, finding: Finding, *, by: Actor, now: datetime, concerns: Iterable[str], **facts: str
) -> Finding:
    journal.record(at=now, by=by, action=action, subject=finding, concerns=concerns, facts=facts)
    finding.refresh_from_db()
    return finding


def _submitter(finding: Finding) -> list[str]:
    return [finding.submission.organisation] if finding.submission.organisation else []
