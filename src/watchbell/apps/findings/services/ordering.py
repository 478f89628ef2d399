"""This will put what waits for a decision into the order in which to look at it, and say of each why it stands there.

The rules are in `domain/reviewing`. What was judged so far teaches how often a source is right in a kind of weakness;
the order is worked out as a whole and kept for the first hundreds. How widely a product is used is not known here, so
every reach counts alike.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import cache, lru_cache
from typing import Final

from django.db.models import Case, Count, F, OuterRef, Q, Subquery, TextField, Value, When
from django.db.models.functions import Coalesce, TruncWeek

from watchbell.apps.findings import claims
from watchbell.apps.findings.models import LONGEST_WEAKNESS, Finding, Place, Turn, Weighed
from watchbell.apps.findings.words import RejectionReason
from watchbell.apps.jobs.progress import Progress
from watchbell.domain.advisory import Claim, EvidenceLevel
from watchbell.domain.lifecycle import Finding as State
from watchbell.domain.priority.cvss import score
from watchbell.domain.reviewing import Beliefs, Placed, Tally, Waiting, in_order, learn

FIRST: Final = 500
"""How many places are kept; whoever waits behind them has one after the next decisions."""
AT_ONCE: Final = 500
MINUTES: Final = {EvidenceLevel.E0_ASSERTED: 40, EvidenceLevel.E1_STATICALLY_CONFIRMED: 25}
"""How long looking takes, by what was shown; a stated guess, until somebody measures it here."""
MINUTES_SHOWN: Final = 12
UNKNOWN_IMPACT: Final = 0.5
NO_JUDGEMENT: Final = (RejectionReason.OUT_OF_SCOPE, RejectionReason.NOT_SERIOUS)
"""A flaw rejected so may well be real: it teaches nothing of its source."""
SOURCE: Final = F("submission__submitter")


def order_queue(*, now: datetime, progress: Progress) -> None:
    """Work out the first places of the queue anew. May run twice, and goes on where it stopped."""
    _weigh(now, progress)
    beliefs = learn(_judged(now))
    decided = Finding.objects.exclude(state=State.RECEIVED).count()
    latest = dict(Turn.objects.values_list("source", "number"))
    waiting = {one.name: one for one in _waiting(beliefs, now)}
    rows = []
    for number, placed in enumerate(in_order(waiting.values(), decided=decided, latest=latest), 1):
        rows.append(_row(number, placed, now))
        if number == FIRST:
            break
    with progress.step(done=progress.done + 1):
        Place.objects.all().delete()
        Place.objects.bulk_create(rows, batch_size=AT_ONCE)


def take_turn(finding: Finding) -> None:
    """Count a decision: the finding leaves the queue, and a source that had its turn by age waits for the next one."""
    place = Place.objects.filter(finding=finding).first()
    if place is None:
        return
    if place.by_age:
        number = Finding.objects.exclude(state=State.RECEIVED).count()
        Turn.objects.update_or_create(source=finding.submission.submitter, defaults={"number": number})
    place.delete()


def _weigh(now: datetime, progress: Progress) -> None:
    """Read of each new claim what its place hangs on, some hundreds in a transaction."""
    new = Finding.objects.filter(weighed=None, received_at__lte=now).order_by("pk")
    progress.report(total=progress.done + new.count() + 1)
    while some := list(new.values_list("pk", "claim")[:AT_ONCE]):
        rows = [_weighed(pk, claims.read(bytes(octets))) for pk, octets in some]
        with progress.step(done=progress.done + len(some)):
            Weighed.objects.bulk_create(rows, ignore_conflicts=True)


def _weighed(pk: int, claim: Claim) -> Weighed:
    scores = [found for one in claim.severities if (found := _score(one.vector)) is not None]
    weakness = claim.cwes[0][:LONGEST_WEAKNESS] if claim.cwes else ""
    return Weighed(finding_id=pk, weakness=weakness, impact=round(100 * max(scores)) if scores else None)


@lru_cache(maxsize=4096)
def _score(vector: str) -> float | None:
    try:
        return score(vector)
    except ValueError:
        return None


def _judged(now: datetime) -> Iterator[Tally]:
    """Yield how often each source was right in each kind, week by week; a duplicate is as real as its original."""
    original = Finding.objects.filter(pk=OuterRef("duplicate_of")).values("state")
    rows = (
        Finding.objects.filter(settled_at__lte=now, weighed__isnull=False)
        .exclude(rejection__in=NO_JUDGEMENT)
        .annotate(stands=Coalesce(Subquery(original), F("state")), week=TruncWeek("settled_at"), kind=_kind())
        .filter(stands__in=[State.VALID, State.REJECTED])
        .values_list(SOURCE, "kind", "week")
        .annotate(real=Count("pk", filter=Q(stands=State.VALID)), judged=Count("pk"))
        .order_by()
    )
    for source, kind, week, real, judged in rows:
        days = max(0.0, (now - week) / timedelta(days=1) - 3.5)
        yield Tally(source=source, kind=kind, real=real, not_real=judged - real, days_ago=days)


def _kind() -> Case:
    """Return the kind a claim counts under: what was shown is another kind than what was only said."""
    shown = When(level__gte=EvidenceLevel.E2_REPRODUCED, then=Value("shown"))
    return Case(shown, default=F("weighed__weakness"), output_field=TextField())


def _waiting(beliefs: Beliefs, now: datetime) -> Iterator[Waiting]:
    about, of_source = cache(beliefs.about), cache(beliefs.of_source)
    rows = Finding.objects.filter(state=State.RECEIVED, received_at__lte=now, weighed__isnull=False)
    told = rows.annotate(kind=_kind()).values_list("pk", SOURCE, "kind", "received_at", "level", "weighed__impact")
    for pk, source, kind, received_at, level, impact in told.iterator(chunk_size=2000):
        yield Waiting(
            name=str(pk),
            source=source,
            received_at=received_at,
            belief=about(source, kind),
            of_source=of_source(source),
            level=EvidenceLevel(level),
            impact=UNKNOWN_IMPACT if impact is None else max(1, impact) / 1000,
            minutes=MINUTES.get(EvidenceLevel(level), MINUTES_SHOWN),
        )


def _row(number: int, placed: Placed, now: datetime) -> Place:
    one, belief = placed.waiting, placed.waiting.belief
    chance, low, high = (round(1000 * share) for share in (belief.chance, belief.low, belief.high))
    return Place(
        finding_id=int(one.name),
        number=number,
        by_age=placed.by_age,
        chance=chance,
        low=min(low, chance),
        high=max(high, chance),
        judged=belief.judged,
        real=belief.real,
        minutes=round(one.minutes),
        at=now,
    )
