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
AT_ONCE = 200


def make_round(*, now: datetime, keys: Keystore) -> int:
    """Do what is due; return how many things were."""
    return _reveal(now=now, keys=keys) + _forget(now=now)


def _reveal(*, now: datetime, keys: Keystore) -> int:
    done = 0
    for row in Commitment.objects.filter(revealed_at__isnull=True).order_by("pk")[:AT_ONCE]:
        if not engagements.named(row.engagement).stands.is_open:
            reveal_seed(row, by=CLOCK, now=now, keys=keys)
            done += 1
    return done


def _forget(*, now: datetime) -> int:
    """Remove samples and scores of engagements whose evidence is gone, unless the signed terms keep them."""
    done = 0
    for row in Protocol.objects.filter(forgotten_at__isnull=True).order_by("pk")[:AT_ONCE]:
        if engagements.named(row.engagement).evidence_gone_at is not None:
            forget(row, now=now)
            done += 1
    return done


@transaction.atomic
def forget(row: Protocol, *, now: datetime) -> None:
    """Remove what may not outlive the evidence of one protocol; ids, digests and counts of calls stay in the record."""
    engagement = held(engagements.named(row.engagement))
    if not Protocol.objects.filter(pk=row.pk, forgotten_at__isnull=True).update(forgotten_at=now):
        return
    removed = 0
    if Kept.SAMPLE_TABLE not in row.kept:
        removed = Sample.objects.filter(protocol=row).delete()[0]
    if Kept.SCORES not in row.kept:
        Run.objects.filter(protocol=row).update(outcomes={})
    record("evaluation.forgotten", engagement, by=CLOCK, now=now, protocol=row.public_id, samples=removed)
