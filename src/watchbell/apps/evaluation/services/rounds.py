"""This will do what is due by itself: reveal seeds of engagements that are over, forget what the terms do not keep."""

from datetime import datetime

from django.db import transaction

from watchbell.apps.engagements import queries as engagements
from watchbell.apps.engagements.services.standing import held, record
from watchbell.apps.evaluation.models import Commitment, Protocol, Run, Sample
from watchbell.apps.evaluation.services.registering import reveal_seed
from watchbell.domain.handling import system
from watchbell.domain.terms import Kept
from watchbell.outside.keystore import Keystore

CLOCK = system("clock")
AT_ONCE = 500


def make_round(*, now: datetime, keys: Keystore) -> int:
    """Do what is due; return how many things were."""
    return _reveal(now=now, keys=keys) + _forget(now=now)


def _reveal(*, now: datetime, keys: Keystore) -> int:
    hidden = Commitment.objects.filter(revealed_at__isnull=True)
    over = engagements.over_among(hidden.values_list("engagement", flat=True).distinct())
    rows = list(hidden.filter(engagement__in=over).order_by("pk")[:AT_ONCE])
    for row in rows:
        reveal_seed(row, by=CLOCK, now=now, keys=keys)
    return len(rows)


def _forget(*, now: datetime) -> int:
    """Remove samples and scores of engagements whose evidence is gone, unless the signed terms keep them."""
    kept = Protocol.objects.filter(forgotten_at__isnull=True)
    gone = engagements.forgotten_among(kept.values_list("engagement", flat=True).distinct())
    rows = list(kept.filter(engagement__in=gone).order_by("pk")[:AT_ONCE])
    for row in rows:
        forget(row, now=now)
    return len(rows)


def forget(row: Protocol, *, now: datetime) -> None:
    """Remove what may not outlive the evidence of one protocol; ids, digests and counts of calls stay in the record.

    In steps: killed in between, the next round goes on. From the moment the evidence is due no query shows them.
    """
    removed = 0
    while Kept.SAMPLE_TABLE not in row.kept and (step := _remove_some(row)):
        removed += step
    with transaction.atomic():
        engagement = held(engagements.named(row.engagement))
        if not Protocol.objects.filter(pk=row.pk, forgotten_at__isnull=True).update(forgotten_at=now):
            return
        if Kept.SCORES not in row.kept:
            Run.objects.filter(protocol=row).update(outcomes={})
        record("evaluation.forgotten", engagement, by=CLOCK, now=now, protocol=row.public_id, samples=removed)


def _remove_some(row: Protocol) -> int:
    first = list(Sample.objects.filter(protocol=row).order_by("pk").values_list("pk", flat=True)[:AT_ONCE])
    return Sample.objects.filter(pk__in=first).delete()[0]
