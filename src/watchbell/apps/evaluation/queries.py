"""Who may know of an evaluation? The two parties of its engagement: the developer all of it, as soon as it is there.

For everyone else there is none. Registered benchmarks are an evaluator's own, or the node's.
"""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import F, Q, QuerySet, Sum

from watchbell.apps.engagements import queries as engagements
from watchbell.apps.engagements.queries import Called
from watchbell.apps.evaluation.models import (
    Benchmark,
    Commitment,
    Containment,
    Flaw,
    HandedOn,
    Incident,
    Protocol,
    Report,
    Run,
    Sample,
)
from watchbell.apps.evaluation.words import Source
from watchbell.domain import evaluation as rules
from watchbell.domain.evaluation import Cell, Completeness, Outcome
from watchbell.domain.evaluation.report import Reader
from watchbell.domain.handling import Actor, ActorKind
from watchbell.domain.terms import Kept

CLOCKS_DIFFER: timedelta = timedelta(minutes=1)
"""By how much an evaluator's clock may differ from ours before its calls are looked for at another time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What one model did on one suite: how much is there, by outcome, over all budgets and at each."""

    suite: str
    arm: int
    whole: Completeness
    at_budget: dict[int, Completeness]


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """How the logs of the model measured stand to the gateway's own; None where a log does not tell its calls."""

    logged: int | None
    admitted: int
    tokens_logged: int
    tokens_charged: int

    @property
    def difference(self) -> int | None:
        """Return how many calls the gateway let through beyond those logged; below zero, some came from elsewhere."""
        return None if self.logged is None else self.admitted - self.logged


def visible_to(viewer: Actor, *, now: datetime) -> QuerySet[Protocol]:
    """Return the protocols, drafts too, that this actor may know of at this moment: those of its engagements."""
    own = engagements.visible_to(viewer, now=now).order_by().values("public_id")
    rows = Protocol.objects.filter(engagement__in=own, drafted_at__lte=now)
    return rows.order_by("engagement", "line", "-number")


def protocols_of(engagement: str, viewer: Actor, *, now: datetime) -> QuerySet[Protocol]:
    """Return the protocols of one engagement, newest version first; none where the viewer may not know of it."""
    return visible_to(viewer, now=now).filter(engagement=engagement).order_by("-drafted_at", "-number")


def runs_of(protocol: Protocol, viewer: Actor, *, now: datetime) -> QuerySet[Run]:
    """Return the runs of a protocol of which there is a log, oldest first."""
    rows = Run.objects.filter(protocol__in=_only(protocol, viewer, now)).exclude(log_digest="")
    return rows.order_by("received_at", "pk")


def own_runs_of(protocol: Protocol, viewer: Actor, *, now: datetime) -> QuerySet[Run]:
    """Return this node's own runs of a protocol, newest first."""
    rows = Run.objects.filter(protocol__in=_only(protocol, viewer, now), source=Source.OWN)
    return rows.select_related("protocol").order_by("-pk")


def runs_in(engagement: str, viewer: Actor, *, now: datetime) -> QuerySet[Run]:
    """Return the runs of all protocols of one engagement, newest first."""
    own = visible_to(viewer, now=now).order_by().filter(engagement=engagement)
    return Run.objects.filter(protocol__in=own).order_by("-received_at", "-pk")


def samples_of(protocol: Protocol, viewer: Actor, *, now: datetime) -> QuerySet[Sample]:
    """Return the sample table; after the evidence is due, only where the signed terms keep it."""
    rows = Sample.objects.filter(protocol__in=_only(protocol, viewer, now))
    if Kept.SAMPLE_TABLE not in protocol.kept and _evidence_is_due(protocol, now):
        return rows.none()
    return rows.order_by("suite", "arm", "budget", "item", "epoch")


def reports_of(engagement: str, viewer: Actor, *, now: datetime) -> QuerySet[Report]:
    """Return the reports of one engagement, newest first; both parties see one from the moment it is issued."""
    own = visible_to(viewer, now=now).order_by().filter(engagement=engagement)
    rows = Report.objects.filter(protocol__in=own, issued_at__lte=now).select_related("protocol")
    return rows.order_by("-issued_at", "-number")


def handed_on_to(viewer: Actor, *, now: datetime) -> QuerySet[HandedOn]:
    """Return what developers let this actor read of their reports, newest first: as everybody, or as their partner.

    What the signed terms do not keep leaves with its evidence. The two parties have the whole elsewhere.
    """
    live = HandedOn.objects.filter(consented_at__lte=now, ended_at__isnull=True).select_related("report__protocol")
    partners = engagements.with_partner(viewer, now=now).values("public_id")
    for_partner = Q(reader=Reader.PARTNER, report__protocol__engagement__in=partners)
    is_there = Q(report__is_kept=True) | Q(report__protocol__engagement__in=engagements.with_evidence())
    return live.filter(Q(reader=Reader.PUBLIC) | for_partner, is_there).order_by("-consented_at", "public_id")


def incidents_of(engagement: str, viewer: Actor, *, now: datetime) -> QuerySet[Incident]:
    """Return the incidents of one engagement, those that are open first, newest first."""
    own = engagements.visible_to(viewer, now=now).order_by().filter(public_id=engagement).values("public_id")
    rows = Incident.objects.filter(engagement__in=own).select_related("run", "protocol")
    return rows.order_by(F("settled_at").desc(nulls_first=True), "-told_at", "-pk")


def flaws_of(engagement: str, viewer: Actor, *, now: datetime) -> QuerySet[Flaw]:
    """Return that flaws in other software were found, newest first, and where each went; their text is sealed."""
    own = engagements.visible_to(viewer, now=now).order_by().filter(public_id=engagement).values("public_id")
    return Flaw.objects.filter(engagement__in=own, reported_at__lte=now).order_by("-reported_at", "-pk")


def commitments_of(engagement: str, viewer: Actor, *, now: datetime) -> QuerySet[Commitment]:
    """Return the seeds committed to for one engagement: their hashes, and what has been revealed."""
    own = engagements.visible_to(viewer, now=now).order_by().filter(public_id=engagement).values("public_id")
    return Commitment.objects.filter(engagement__in=own).select_related("benchmark").order_by("committed_at", "pk")


def containment_of(protocol: Protocol, viewer: Actor, *, now: datetime) -> Containment | None:
    """Return the evaluator's signed statement for a protocol's runs, or None."""
    return Containment.objects.filter(protocol__in=_only(protocol, viewer, now)).first()


def benchmarks_for(viewer: Actor) -> QuerySet[Benchmark]:
    """Return the benchmark versions this actor may choose from: the node's, and its organisation's own."""
    rows = (
        Benchmark.objects.all()
        if viewer.kind is ActorKind.SYSTEM
        else Benchmark.objects.filter(Q(organisation="") | Q(organisation=viewer.organisation or "-"))
    )
    return rows.order_by("name", "-registered_at", "public_id")


def table_of(protocol: Protocol, value: rules.Protocol, viewer: Actor, *, now: datetime) -> list[Row]:
    """Return what is there of all that a protocol asks for, suite by suite and model by model.

    `value` is the protocol itself, as `services.open_protocol` gave it.
    """
    got: dict[tuple[str, int], dict[Cell, Outcome]] = defaultdict(dict)
    columns = ("suite", "arm", "item", "budget", "epoch", "outcome")
    for suite, arm, item, budget, epoch, outcome in (
        samples_of(protocol, viewer, now=now).order_by().values_list(*columns).iterator()
    ):
        got[suite, arm][item, budget, epoch] = Outcome(outcome)
    arms = range(len(value.models))
    return [_row(value, suite, arm, got[suite.benchmark, arm]) for suite in value.suites for arm in arms]


def chain_of(protocol: Protocol, alias: str, viewer: Actor, *, now: datetime) -> Chain | None:
    """Return how the calls in all logs of the model measured compare with the gateway's, over the time of the logs.

    The gateway's are those by the name `alias`, so that references called meanwhile do not make up for others. Spans
    that overlap are counted once. None without such a log.
    """
    runs = runs_of(protocol, viewer, now=now).filter(arm=0)
    if not runs.exists():
        return None
    engagement = engagements.named(protocol.engagement)
    found = [engagements.calls_between(engagement, start, end, model=alias) for start, end in _spans(runs)]
    whole = Called(calls=sum(one.calls for one in found), tokens=sum(one.tokens for one in found))
    told = runs.aggregate(calls=Sum("calls_logged"), tokens=Sum("tokens_logged"))
    logged = None if runs.filter(calls_logged__isnull=True).exists() else int(told["calls"] or 0)
    return Chain(
        logged=logged, admitted=whole.calls, tokens_logged=int(told["tokens"] or 0), tokens_charged=whole.tokens
    )


def span_of(began: datetime, ended: datetime) -> tuple[datetime, datetime]:
    """Return between which moments of our clock the calls of a log are looked for."""
    return began - CLOCKS_DIFFER, ended + CLOCKS_DIFFER


def named(public_id: str) -> Protocol:
    """Return one protocol by its opaque id, for services that already decided; raises DoesNotExist."""
    return Protocol.objects.get(public_id=public_id)


def find(public_id: str) -> Protocol | None:
    """Return one protocol by its opaque id, or None, for this machine's console."""
    return Protocol.objects.filter(public_id=public_id).first()


def is_superseded(protocol: Protocol) -> bool:
    """Return whether a later version of this protocol was begun."""
    return Protocol.objects.filter(supersedes=protocol.pk).exists()


def has_begun(line: str) -> bool:
    """Return whether any version of a protocol has a run."""
    return Run.objects.filter(protocol__line=line).exists()


def _only(protocol: Protocol, viewer: Actor, now: datetime) -> QuerySet[Protocol]:
    return visible_to(viewer, now=now).order_by().filter(pk=protocol.pk)


def _evidence_is_due(protocol: Protocol, now: datetime) -> bool:
    from watchbell.apps.engagements.services import evidence_is_due

    engagement = engagements.named(protocol.engagement)
    return engagement.evidence_gone_at is not None or evidence_is_due(engagement, now)


def _row(value: rules.Protocol, suite: rules.Suite, arm: int, got: dict[Cell, Outcome]) -> Row:
    cells = list(value.cells(suite))
    at_budget = {
        budget: rules.completeness((cell for cell in cells if cell[1] == budget), got) for budget in value.budgets
    }
    return Row(suite=suite.benchmark, arm=arm, whole=rules.completeness(cells, got), at_budget=at_budget)


def _spans(runs: QuerySet[Run]) -> list[tuple[datetime, datetime]]:
    """Return the spans of these runs, joined where they overlap."""
    joined: list[tuple[datetime, datetime]] = []
    for run in runs.order_by("began_at"):
        start, end = span_of(run.began_at, run.ended_at or run.began_at)
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined
