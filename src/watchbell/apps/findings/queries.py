"""Who may see which findings, and as what? A finder never learns through us that somebody else reported the same."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Q, QuerySet

from watchbell.apps.findings import alone, claims, items
from watchbell.apps.findings.items import ItemResult
from watchbell.apps.findings.models import Answers, Arrival, Finding, Likeness, Place, Submission
from watchbell.apps.findings.receipts import digest_of
from watchbell.apps.findings.words import Stage
from watchbell.apps.jobs import queries as work
from watchbell.domain.advisory import Claim, EvidenceLevel
from watchbell.domain.duplicates.answer import Answer
from watchbell.domain.handling import Actor, ActorKind, OrganisationKind
from watchbell.domain.lifecycle import Finding as State
from watchbell.domain.sentence import Sentence
from watchbell.formats import strictjson

ANSWERS_AT_ONCE = 4
ARRIVES_WITHIN = timedelta(days=1)
_STAGES = {
    "waiting": Stage.WAITING,
    "running": Stage.RUNNING,
    "done": Stage.STOPPED,
    "cancelled": Stage.STOPPED,
    "dead": Stage.GAVE_UP,
}


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
class Taking:
    """How far an upload is taken in; `line` is its job where there is one."""

    stage: Stage
    done: int
    total: int
    line: work.Line | None = None

    @property
    def is_busy(self) -> bool:
        """Return whether it goes on by itself."""
        return self.stage in (Stage.WAITING, Stage.RUNNING, Stage.STOPPING)


@dataclass(frozen=True, slots=True)
class ReceiptStatus:
    """What the holder of a receipt code is told."""

    received_at: datetime
    findings: tuple[Shown, ...]


@dataclass(frozen=True, slots=True)
class Likened:
    """A report that may be the same flaw, how probably, and why: each reason with what it adds to the logit."""

    other: Finding
    is_same: bool
    probability: float
    reasons: tuple[tuple[Sentence, float], ...]

    @property
    def percent(self) -> int:
        """Return the probability in whole percent, from 1 to 99: a likeness is never certain."""
        return min(99, max(1, round(100 * self.probability)))


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


def submission_named(viewer: Actor, key: str, *, now: datetime) -> Submission | None:
    """Return this organisation's own upload of this idempotency key, if it is here."""
    own = Submission.objects.filter(submitter=viewer.organisation or "", received_at__lte=now)
    return own.filter(key=key).first()


def arrival_named(viewer: Actor, key: str, *, now: datetime) -> Arrival | None:
    """Return this organisation's own upload of this key that is on its way, if there is one."""
    own = Arrival.objects.filter(submitter=viewer.organisation or "", began_at__gt=now - ARRIVES_WITHIN)
    return own.filter(key=key).first()


def taking_of(submission: Submission) -> Taking:
    """Return how far this upload is, for whoever may know of it."""
    if submission.completed_at is not None:
        return Taking(Stage.OVER, submission.done, submission.total)
    line = work.of_room(submission.job) if submission.job else None
    stage = Stage.STOPPING if line and line.is_stopping else _STAGES[line.state] if line else Stage.STOPPED
    return Taking(stage, submission.done, submission.total, line)


def answered(viewer: Actor, submission: str, *, now: datetime, after: int = 0) -> list[ItemResult]:
    """Return what became of some hundred items of an upload, in its order, behind the first `after` of them."""
    rows = _answers(viewer, submission, now=now).order_by("first")
    start = rows.filter(first__lte=after).values_list("first", flat=True).last()
    if start is None:
        return []
    some = rows.filter(first__gte=start).values_list("told", flat=True)[:ANSWERS_AT_ONCE]
    return [one for octets in some for one in items.told(bytes(octets))][after - start :]


def refused_in(viewer: Actor, submission: str, *, now: datetime, limit: int) -> list[ItemResult]:
    """Return the items of an upload that were not taken, in its order, each with its place."""
    found: list[ItemResult] = []
    rows = _answers(viewer, submission, now=now).filter(refused__gt=0).order_by("first")
    for octets in rows.values_list("told", flat=True).iterator(chunk_size=20):
        found += [one for one in items.told(bytes(octets)) if one.refusal is not None]
        if len(found) >= limit:
            break
    return found[:limit]


def _answers(viewer: Actor, submission: str, *, now: datetime) -> QuerySet[Answers]:
    return Answers.objects.filter(submission__in=submissions_of(viewer, now=now), submission__public_id=submission)


def triage_queue(viewer: Actor, *, now: datetime) -> QuerySet[Finding]:
    """Return what waits for a decision, oldest first; coordinators only."""
    waiting = visible_to(viewer, now=now).filter(state=State.RECEIVED).order_by("received_at", "public_id")
    return waiting if _sees_all(viewer) else waiting.none()


def places(viewer: Actor, *, now: datetime) -> QuerySet[Place]:
    """Return the first places of the queue with their findings, as last worked out; coordinators only."""
    rows = Place.objects.select_related("finding__submission", "finding__weighed").filter(finding__state=State.RECEIVED)
    found = rows.filter(finding__received_at__lte=now).order_by("number")
    return found if _sees_all(viewer) else found.none()


def shown(finding: Finding, viewer: Actor) -> Shown:
    """Return this finding as the viewer may know it.

    For its finder, a duplicate of somebody else's report looks as that report does: as
    if it were the only one.
    """
    seen = _as_it_is(finding) if _sees_all(viewer) else alone.seen(finding)
    return Shown(
        public_id=finding.public_id,
        title=finding.title,
        item_id=finding.item_id,
        state=seen.state,
        level=seen.level,
        received_at=finding.received_at,
        settled_at=seen.settled_at,
        original=seen.original,
        rejection=seen.rejection,
        rejection_note=seen.rejection_note,
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


def likenesses(finding: Finding, viewer: Actor, *, now: datetime, limit: int = 10) -> list[Likened]:
    """Return reports that may be the same flaw by what they say, the likeliest first; for coordinators, nobody else."""
    if not _sees_all(viewer):
        return []
    rows = Likeness.objects.filter(Q(finding=finding) | Q(other=finding), at__lte=now)
    found = rows.select_related("finding__submission", "other__submission").order_by("-probability", "pk")[:limit]
    return [
        Likened(
            other=row.other if row.finding_id == finding.pk else row.finding,
            is_same=row.answer == Answer.SAME,
            probability=row.probability / 1000,
            reasons=tuple((Sentence.unpacked(said), weight) for said, weight in strictjson.loads(bytes(row.reasons))),
        )
        for row in found
    ]


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


def claims_in(viewer: Actor, submission: str, *, now: datetime) -> Iterator[Claim]:
    """Yield what each finding of one upload claims, in its order, as far as this actor may know of them."""
    rows = visible_to(viewer, now=now).filter(submission__public_id=submission).order_by("index")
    for octets in rows.values_list("claim", flat=True).iterator(chunk_size=500):
        yield claims.read(bytes(octets))


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


def linked_finders(finding: Finding) -> int:
    """Return how many other finders see this finding's decisions as their own; for coordinators only."""
    return len({row.submitter for row in alone.followers(finding) if alone.is_foreign(row)} - {finding.submitter})


def _as_it_is(finding: Finding) -> alone.Seen:
    first = alone.links(finding)[-1]
    return alone.Seen(
        state=State(finding.state),
        level=EvidenceLevel(finding.level),
        settled_at=finding.settled_at,
        original=first.public_id if first.pk != finding.pk else "",
        rejection=finding.rejection,
        rejection_note=finding.rejection_note if finding.state == State.REJECTED else "",
    )


def _sees_all(viewer: Actor) -> bool:
    return viewer.kind is ActorKind.SYSTEM or viewer.acts_as(OrganisationKind.COORDINATOR)
