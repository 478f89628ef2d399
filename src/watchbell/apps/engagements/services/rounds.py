"""This will go round once a minute and write down what came by itself; nothing waits for it, every use asks anew."""

from datetime import datetime
from typing import Final

from django.db.models import F

from watchbell.apps.engagements.models import AccessChain, Engagement
from watchbell.apps.engagements.services import log
from watchbell.apps.engagements.services.ending import end_if_over, finish_destruction
from watchbell.apps.engagements.services.metering import forget_unsettled
from watchbell.domain.identity import Dice
from watchbell.domain.lifecycle.engagement import Engagement as State
from watchbell.outside.keystore import Keystore

AT_ONCE: Final = 500


def make_round(*, now: datetime, keys: Keystore, rng: Dice) -> int:
    """Write down endings, destroy evidence that is due, anchor logs that grew; return how many endings there were.

    Each in a transaction of its own; doing it again changes nothing.
    """
    ended = sum(end_if_over(one, now=now, keys=keys, rng=rng) for one in _maybe_over(now))
    finish_destruction(now=now, keys=keys, rng=rng)
    forget_unsettled(now=now)
    for engagement in _grown():
        log.anchor(engagement, now=now)
    return ended


def _maybe_over(now: datetime) -> list[Engagement]:
    active = Engagement.objects.filter(state=State.ACTIVE)
    waiting = Engagement.objects.filter(state__in=[State.OFFERED, State.AGREED], reply_by__lte=now)
    return [*active.order_by("ends_at")[:AT_ONCE], *waiting.order_by("reply_by")[:AT_ONCE]]


def _grown() -> list[Engagement]:
    grown = AccessChain.objects.exclude(size=F("anchored_size")).values("engagement")
    return list(Engagement.objects.filter(pk__in=grown).order_by("pk")[:AT_ONCE])
