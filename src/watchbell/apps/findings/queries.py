"""Who may see which findings, and as what? A finder never learns through us that somebody else reported the same."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Q, QuerySet

from watchbell.apps.findings import claims
from watchbell.apps.findings.models import Finding, Submission
from watchbell.apps.findings.receipts import digest_of
from watchbell.domain.advisory import Claim, EvidenceLevel
from watchbell.domain.handling import Actor, ActorKind, OrganisationKind
from watchbell.domain.lifecycle import Finding as State


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A finding as one viewer may know it; `original` only where both reports are the viewer's to see."""

    public_id: str
    title: str
    item_id: str
    state: State
    level: EvidenceLevel
    received_at: datetime
    settled_at: datetime | None
    original: str = ""
    rejection: str = ""
    rejection_note: str = ""


@dataclass(frozen=True, slots=True)
class ReceiptStatus:
    """What the holder of a receipt code is told."""

    received_at: datetime
    findings: tuple[Shown, ...]


def visible_to(viewer: Actor, *, now: datetime) -> QuerySet[Finding]:
    """Return the findings this actor may know of: their organisation's own; triage sees all.

    Their label caps nothing further: no finding is RED, and both are its recipients.
    Show a row through `shown`: its bare state tells of other people's reports.
    """
    received = Finding.objects.select_related("submission").filter(received_at__lte=now)
    if _sees_all(viewer):
        return received
    if viewer.organisation is None:
        return received.none()
    return received.filter(submission__organisation=viewer.organisation)


def submissions_of(viewer: Actor, *, now: datetime) -> QuerySet[Submission]:
    """Return the uploads this actor may know of, newest first."""
    received = Submission.objects.filter(received_at__lte=now).order_by("-received_at", "-pk")
    if _sees_all(viewer):
        return received
    return received.filter(organisation=viewer.organisation) if viewer.organisation else received.none()


def triage_queue(viewer: Actor, *, now: datetime) -> QuerySet[Finding]:
    """Return what waits for a decision, oldest first; coordinators only."""
    waiting = visible_to(viewer, now=now).filter(state=State.RECEIVED).order_by("received_at", "public_id")
    return waiting if _sees_all(viewer) else waiting.none()


def shown(finding: Finding, viewer: Actor) -> Shown:
    """Return this finding as the viewer may know it.

    For its finder, a duplicate of somebody else's report looks as that report does: as
    if it were the only one.
    """
    first = _original(finding)
    is_open = _sees_all(viewer) or first.submitter == finding.submitter
    seen = finding if is_open else first
    return Shown(
        public_id=finding.public_id,
        title=finding.title,
        item_id=finding.item_id,
        state=State(seen.state),
        level=EvidenceLevel(finding.level),
        received_at=finding.received_at,
        settled_at=_settled_at(finding, seen),
        original=first.public_id if is_open and first.pk != finding.pk else "",
        rejection=seen.rejection,
        rejection_note=seen.rejection_note if is_open else "",
    )


def status_by_receipt(code: str, *, now: datetime) -> ReceiptStatus | None:
    """Return what became of the report this receipt code was given for, or None: unknown and mistyped are alike."""
    submission = Submission.objects.filter(receipt_digest=digest_of(code), received_at__lte=now).first()
    if submission is None:
        return None
    holder = Actor(kind=ActorKind.LINK)
    rows = submission.findings.select_related("submission").order_by("index")
    return ReceiptStatus(submission.received_at, tuple(shown(row, holder) for row in rows))


def look_alikes(finding: Finding, viewer: Actor, *, now: datetime, limit: int = 20) -> list[Finding]:
    """Return findings that may be the same flaw, oldest first, for a coordinator to compare; for nobody else."""
    if not _sees_all(viewer):
        return []
    alike = Q(digest=finding.digest)
    if finding.root_cause:
        alike |= Q(root_cause=finding.root_cause)
    others = visible_to(viewer, now=now).filter(alike).exclude(pk=finding.pk)
    return list(others.order_by("received_at", "pk")[:limit])


def counts(viewer: Actor, *, now: datetime) -> dict[State, int]:
    """Return how many findings stand where, for triage; a finder's own by what `shown` shows them."""
    if _sees_all(viewer):
        rows = visible_to(viewer, now=now).values_list("state").annotate(number=Count("pk")).order_by()
        return dict.fromkeys(State, 0) | {State(state): number for state, number in rows}
    totals = dict.fromkeys(State, 0)
    for row in visible_to(viewer, now=now).select_related("duplicate_of").defer("claim"):
        totals[shown(row, viewer).state] += 1
    return totals


def claim_of(finding: Finding) -> Claim:
    """Return what was claimed, as it was claimed."""
    return claims.read(bytes(finding.claim))


def named(public_ids: Collection[str]) -> list[Finding]:
    """Return these findings for a downstream room that has decided who may see them."""
    return list(Finding.objects.select_related("submission").filter(public_id__in=public_ids).order_by("pk"))


def all_reports(public_ids: Collection[str]) -> list[Finding]:
    """Return these findings and every report linked to them as a duplicate, oldest first, for credits and clocks."""
    found = {row.pk: row for row in named(public_ids)}
    newest = list(found)
    while newest:
        linked = Finding.objects.select_related("submission").filter(duplicate_of__in=newest)
        newest = [row.pk for row in linked if row.pk not in found]
        found |= {row.pk: row for row in linked}
    return sorted(found.values(), key=lambda row: (row.received_at, row.pk))


def _original(finding: Finding) -> Finding:
    """Return the first report of this flaw; links never form a circle."""
    first = finding
    while first.duplicate_of is not None:
        first = first.duplicate_of
    return first


def _settled_at(finding: Finding, seen: Finding) -> datetime | None:
    """Return when what is shown became so for this finder: never before their own report was looked at."""
    if seen.settled_at is None or finding.settled_at is None:
        return None
    return max(seen.settled_at, finding.settled_at)


def _sees_all(viewer: Actor) -> bool:
    return viewer.kind is ActorKind.SYSTEM or viewer.acts_as(OrganisationKind.COORDINATOR)
