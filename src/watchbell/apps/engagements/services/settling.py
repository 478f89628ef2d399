"""What became of the calls? What they did not use goes back; what nobody settles stays charged.

A call has one end, whoever tells it and however often. An endpoint that says it used more than a call may have
is charged for it out of what is left, and then out of what running calls give back: never beyond the limit.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from django.db import transaction

from watchbell.apps import statements
from watchbell.apps.engagements.models import Call, Grant
from watchbell.apps.engagements.services import log
from watchbell.apps.engagements.services.standing import held
from watchbell.apps.engagements.words import What
from watchbell.domain.metering import Amount, Ending, Settlement, bound

_locked = statements.Look(
    lambda engagements: (
        Grant.objects.select_for_update(of=("engagement", "self"), no_key=True)
        .select_related("engagement")
        .filter(engagement__in=engagements)
        .order_by("engagement_id")
    )
)
_whose = statements.Look(lambda calls: Call.objects.filter(public_id__in=calls).values_list("engagement"))
_called = statements.Look(lambda calls: Call.objects.filter(public_id__in=calls).select_related("chain").order_by("pk"))
AT_ONCE = 500
FREE = (Ending.NOT_SENT, Ending.OUT_OF_SCOPE)
"""Nothing reached the endpoint, so nothing is charged."""
SETTLED_WITHIN = timedelta(minutes=2)
"""How long after its last moment a call may still be settled."""


def locked(engagements: Iterable[int]) -> list[Grant]:
    """Return the grants of these engagements with them, both held until the transaction ends, in one order for all."""
    wanted = tuple(set(engagements))
    return _locked(engagements=wanted) if wanted else []


def settle(ends: Sequence[Settlement], *, now: datetime) -> None:
    """Write down what became of these calls and give back what they did not use; settling again changes nothing."""
    told: dict[str, Settlement] = {}
    for end in ends:
        told.setdefault(end.call, end)
    names = tuple(told)
    with transaction.atomic():
        grants = locked(engagement for (engagement,) in _whose(calls=names)) if names else []
        if not grants:
            return
        waiting: dict[int, list[Call]] = defaultdict(list)
        for call in _called(calls=names):
            waiting[call.engagement_id].append(call)
        for grant in grants:
            if calls := waiting[grant.engagement_id]:
                _settle(grant, calls, told, now=now)


def forget_unsettled(*, now: datetime) -> int:
    """Write down the calls that nobody settled in time; they stay charged. Return how many.

    A call that is cut at the window's end is settled a moment later: what came of it until then is not lost.
    """
    late = list(
        Call.objects.filter(until__lte=now - SETTLED_WITHIN)
        .select_related("engagement", "chain")
        .order_by("pk")[:AT_ONCE]
    )
    for call in late:
        with transaction.atomic():
            engagement = held(call.engagement)
            if Call.objects.filter(pk=call.pk).delete()[0]:
                log.write(engagement, [log.Touch(What.UNSETTLED, call.person, {"call": call.public_id})], now=now)
    return len(late)


def _settle(grant: Grant, calls: list[Call], told: dict[str, Settlement], *, now: datetime) -> None:
    used = grant.budget.used
    touches: dict[str, list[log.Touch]] = defaultdict(list)
    for call in calls:
        end = told[call.public_id]
        charged = _charged(call, end, grant)
        used = used - _reserved(call) + charged
        touches[call.chain.writer].append(log.Touch(What.SETTLED, call.person, _facts(end, charged)))
    statements.delete(Call, [call.pk for call in calls])
    beyond = Amount(0, _beyond(used.tokens, grant.tokens), _beyond(used.cost, grant.cost))
    if beyond != Amount():
        _take_from_running(grant, beyond)
    statements.update(
        Grant,
        grant.pk,
        requests_used=used.requests,
        tokens_used=used.tokens - beyond.tokens,
        cost_used=used.cost - beyond.cost,
    )
    for writer, lines in sorted(touches.items()):
        log.write(grant.engagement, lines, now=now, writer=writer)


def _take_from_running(grant: Grant, beyond: Amount) -> None:
    """Let calls that still run give back less by what went beyond the limit: otherwise it could be spent twice."""
    tokens, cost = beyond.tokens, beyond.cost
    for call in Call.objects.filter(engagement=grant.engagement_id).order_by("pk"):
        fewer, less = min(tokens, max(call.tokens - 1, 0)), min(cost, call.cost)
        if fewer or less:
            Call.objects.filter(pk=call.pk).update(tokens=call.tokens - fewer, cost=call.cost - less)
            tokens, cost = tokens - fewer, cost - less


def _reserved(call: Call) -> Amount:
    return Amount(1 if call.tokens else 0, call.tokens, call.cost)


def _charged(call: Call, end: Settlement, grant: Grant) -> Amount:
    """Return what a call is charged: what it used, all it reserved when nobody says, nothing when it was not sent."""
    reserved = _reserved(call)
    if end.ending in FREE:
        return Amount()
    if end.usage is None:
        return reserved
    used = bound(end.usage, grant.prices)
    return Amount(reserved.requests, used.tokens, used.cost)


def _facts(end: Settlement, charged: Amount) -> dict[str, str | int | bool | None]:
    return {
        "call": end.call,
        "ending": end.ending.value,
        "status": end.status,
        "response": end.response_digest,
        "bytes": end.response_bytes,
        "tokens": charged.tokens,
        "cost": charged.cost,
        "counted": end.usage is not None,
    }


def _beyond(value: int, most: int | None) -> int:
    return 0 if most is None else max(value - most, 0)
