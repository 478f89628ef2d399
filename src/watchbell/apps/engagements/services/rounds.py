"""This will go round once a minute and write down what came by itself; nothing waits for it, every use asks anew."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Final

from django.db.models import F

from watchbell.apps.engagements.models import AccessChain, Engagement
from watchbell.apps.engagements.services import log
from watchbell.apps.engagements.services.ending import end_if_over, finish_destruction
from watchbell.apps.engagements.services.leftover import (
    forget_missing_evidence,
    is_reachable,
    remove_leftover_keys,
)
from watchbell.apps.engagements.services.settling import forget_unsettled
from watchbell.domain.identity import Dice
from watchbell.domain.lifecycle.engagement import Engagement as State
from watchbell.outside.keystore import Keystore, KeystoreError

AT_ONCE: Final = 500


def make_round(*, now: datetime, keys: Keystore, rng: Dice) -> int:
    """Write down endings, destroy evidence that is due, anchor logs that grew; return how many endings there were.

    Each in a transaction of its own; doing it again changes nothing. What goes wrong for one engagement is done for the
    others all the same, and raised at the end. Raises KeystoreError at once for a keystore that is not the node's.
    """
    if not is_reachable(keys):
        raise KeystoreError("access", "there are no keys of this node here", "See WATCHBELL_KEYS: is it mounted")
    troubles: list[Exception] = []
    ended = 0
    for engagement in _maybe_over(now, set(keys.names())):
        ended += _tried(partial(end_if_over, engagement, now=now, keys=keys, rng=rng), troubles)
    for deed in (finish_destruction, forget_missing_evidence, remove_leftover_keys):
        _tried(partial(deed, now=now, keys=keys, rng=rng), troubles)
    _tried(partial(forget_unsettled, now=now), troubles)
    for engagement in _grown():
        _tried(partial(log.anchor, engagement, now=now), troubles)
    if troubles:
        raise troubles[0]
    return ended


def _tried(deed: Callable[[], int], troubles: list[Exception]) -> int:
    try:
        return int(deed())
    except Exception as error:
        troubles.append(error)
        return 0


def _maybe_over(now: datetime, there: set[str]) -> list[Engagement]:
    active = Engagement.objects.filter(state=State.ACTIVE).order_by("ends_at")[:AT_ONCE]
    offers = Engagement.objects.filter(state__in=[State.OFFERED, State.AGREED]).order_by("reply_by")
    waiting = [one for one in offers if one.reply_by is None or one.reply_by <= now or one.evidence_key not in there]
    return [*active, *waiting[:AT_ONCE]]


def _grown() -> list[Engagement]:
    grown = AccessChain.objects.exclude(size=F("anchored_size")).values("engagement")
    return list(Engagement.objects.filter(pk__in=grown).order_by("pk")[:AT_ONCE])
