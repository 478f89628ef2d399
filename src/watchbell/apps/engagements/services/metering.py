"""Who may call the model now, and for how much? Asked anew for each call, of the database and the key, not of memory.

Calls come in batches, so that many share one transaction; every call that may be made is in the log and
has what it may use at most reserved before it is sent. Whatever is never settled stays charged.
"""

import hashlib
import hmac
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction

from watchbell.apps.engagements.models import AccessChain, Call, Engagement, GatewayToken, Grant
from watchbell.apps.engagements.services import log
from watchbell.apps.engagements.services.ending import end_if_over
from watchbell.apps.engagements.services.material import open_sealed
from watchbell.apps.engagements.services.standing import held, is_member, moment, window_is_open
from watchbell.apps.engagements.services.tokens import MARK
from watchbell.apps.engagements.words import Material, What
from watchbell.domain.identity import Dice, new_id
from watchbell.domain.metering import (
    Admission,
    Amount,
    Ask,
    Budget,
    Dialect,
    Ending,
    Scheme,
    Settlement,
    TurnedAway,
    Upstream,
    bound,
)
from watchbell.domain.sentence import Sentence
from watchbell.formats import strictjson
from watchbell.outside.keystore import KeyMissing, Keystore, KeystoreError

CALL_LASTS_AT_MOST: Final = timedelta(minutes=30)
"""After this long a call that was never settled does not count as running any more; it stays charged."""
PAUSED_FOR: Final = 30
BAD_TOKEN: Final = TurnedAway(
    status=401, code="bad-token", why=Sentence("This token is not known, or its time is over.")
)
OVER: Final = TurnedAway(status=403, code="window-over", why=Sentence("Access to this model has ended."))
NO_ENDPOINT: Final = TurnedAway(
    status=503,
    code="no-endpoint",
    why=Sentence("The developer has not given its endpoint yet."),
    retry_after=PAUSED_FOR,
)
PAUSED: Final = TurnedAway(
    status=503, code="paused", why=Sentence("The developer has paused access."), retry_after=PAUSED_FOR
)
KEYS_AWAY: Final = TurnedAway(
    status=503, code="keys-away", why=Sentence("This node cannot reach its keys now."), retry_after=PAUSED_FOR
)
TOO_MANY: Final = TurnedAway(
    status=429, code="too-many-at-once", why=Sentence("As many calls run as the terms allow."), retry_after=1
)

SHORT_OF: Final = {"requests": Sentence("requests"), "tokens": Sentence("tokens"), "cost": Sentence("cost")}


@dataclass(slots=True)
class Desk:
    """One engagement while a batch is looked at: its locked rows, its endpoint, and what the batch adds up to."""

    engagement: Engagement
    grant: Grant
    upstream: Upstream
    at: datetime
    running: int
    budget: Budget
    calls_in_minute: int
    seated: dict[str, bool] = field(default_factory=dict)
    touches: list[log.Touch] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)


def open_chain(*, rng: Dice) -> str:
    """Return the name of a new writer of access logs: each gateway process is one."""
    return f"gateway-{rng.getrandbits(64):016x}"


def admit(asks: Sequence[Ask], *, chain: str, now: datetime, keys: Keystore, rng: Dice) -> list[Admission | TurnedAway]:
    """Answer these calls in order, in one transaction: log line and reservation are written before any is sent."""
    tokens = _tokens(asks)
    over = {
        one.engagement_id: one.engagement
        for one in tokens.values()
        if one.engagement.stands.is_open and not window_is_open(one.engagement, now)
    }
    for engagement in over.values():
        end_if_over(engagement, now=now, keys=keys, rng=rng)
    with transaction.atomic():
        return _admit(asks, tokens, chain=chain, now=now, keys=keys, rng=rng)


def _admit(
    asks: Sequence[Ask],
    tokens: dict[str, GatewayToken],
    *,
    chain: str,
    now: datetime,
    keys: Keystore,
    rng: Dice,
) -> list[Admission | TurnedAway]:
    desks: dict[int, Desk | TurnedAway] = {}
    for pk in sorted({one.engagement_id for one in tokens.values()}):
        desks[pk] = _desk(pk, now=now, keys=keys, rng=rng)
    answers: list[Admission | TurnedAway] = []
    for ask in asks:
        token = tokens.get(_id_of(ask.token))
        answers.append(_answer(ask, token, desks, now=now, rng=rng) if token else BAD_TOKEN)
    for desk in desks.values():
        if isinstance(desk, Desk):
            _write(desk, chain=chain, now=now)
    return answers


def settle(ends: Sequence[Settlement], *, now: datetime) -> None:
    """Write down what became of these calls and give back what they did not use; settling again changes nothing."""
    with transaction.atomic():
        by_engagement: dict[int, list[tuple[Call, Settlement]]] = defaultdict(list)
        found = {one.public_id: one for one in Call.objects.filter(public_id__in=[end.call for end in ends])}
        for end in ends:
            if call := found.pop(end.call, None):
                by_engagement[call.engagement_id].append((call, end))
        for pk in sorted(by_engagement):
            _settle(pk, by_engagement[pk], now=now)


def stopped_among(engagements: Collection[str], *, now: datetime, keys: Keystore) -> set[str]:
    """Return those of these engagements whose running calls must be cut now: over, paused, or without their key."""
    rows = Engagement.objects.filter(public_id__in=engagements).select_related("grant")
    going_on = {
        one.public_id
        for one in rows
        if window_is_open(one, now) and one.paused_at is None and not isinstance(_upstream(one, keys), TurnedAway)
    }
    return set(engagements) - going_on


def forget_unsettled(*, now: datetime) -> int:
    """Write down the calls that nobody settled in time; they stay charged. Return how many."""
    late = list(Call.objects.filter(until__lte=now).select_related("engagement", "chain").order_by("pk")[:500])
    for call in late:
        with transaction.atomic():
            engagement = held(call.engagement)
            if Call.objects.filter(pk=call.pk).delete()[0]:
                log.write(engagement, [log.Touch(What.UNSETTLED, call.person, {"call": call.public_id})], now=now)
    return len(late)


def _tokens(asks: Iterable[Ask]) -> dict[str, GatewayToken]:
    """Return the tokens that are what they say, by id; whether they still hold is asked under the lock."""
    rows = {
        one.public_id: one
        for one in GatewayToken.objects.select_related("engagement").filter(
            public_id__in={_id_of(ask.token) for ask in asks}
        )
    }
    secrets = {_id_of(ask.token): ask.token.rpartition("_" + _id_of(ask.token) + "_")[2] for ask in asks}
    return {
        name: row
        for name, row in rows.items()
        if hmac.compare_digest(bytes(row.secret_digest), hashlib.sha256(secrets[name].encode()).digest())
    }


def _id_of(text: str) -> str:
    mark, _, rest = text.partition("_")
    return rest.partition("_")[0] if mark == MARK else ""


def _desk(pk: int, *, now: datetime, keys: Keystore, rng: Dice) -> Desk | TurnedAway:
    """Lock one engagement and return it as it stands, or why nobody may call it now."""
    engagement = Engagement.objects.select_for_update().select_related("model").get(pk=pk)
    if not window_is_open(engagement, now):
        return OVER
    upstream = _upstream(engagement, keys)
    if upstream is OVER:
        end_if_over(engagement, now=now, keys=keys, rng=rng)
    if isinstance(upstream, TurnedAway):
        return upstream
    if engagement.paused_at is not None:
        return PAUSED
    grant = Grant.objects.select_for_update().get(engagement=engagement)
    at = moment(engagement, now)
    return Desk(
        engagement=engagement,
        grant=grant,
        upstream=upstream,
        at=at,
        running=engagement.calls.filter(until__gt=at).count(),
        budget=grant.budget,
        calls_in_minute=grant.calls_in_minute if grant.minute == _minute(at) else 0,
    )


def _upstream(engagement: Engagement, keys: Keystore) -> Upstream | TurnedAway:
    """Return the endpoint, opened with the access key, or why it cannot be; a missing key means that it is over."""
    try:
        if not engagement.grant.sealed_endpoint:
            keys.seal(engagement.access_key, b"", b"")
            return NO_ENDPOINT
        sealed = bytes(engagement.grant.sealed_endpoint)
        found = strictjson.loads(open_sealed(engagement, "endpoint", sealed, key=Material.ACCESS, keys=keys))
    except KeyMissing:
        return OVER
    except (KeystoreError, OSError):
        return KEYS_AWAY
    return Upstream(
        base_url=found["base_url"],
        credential=found["credential"],
        scheme=Scheme(found["scheme"]),
        models=found["models"],
        pin=found["pin"],
    )


def _answer(
    ask: Ask, token: GatewayToken, desks: dict[int, Desk | TurnedAway], *, now: datetime, rng: Dice
) -> Admission | TurnedAway:
    desk = desks[token.engagement_id]
    if isinstance(desk, TurnedAway):
        return desk
    if token.ended_at is not None or desk.at >= token.expires_at or not _is_seated(desk, token.person):
        return BAD_TOKEN
    if away := _out_of_scope(ask, desk) or _too_fast(desk):
        if away.status == 403:
            desk.touches.append(
                log.Touch(What.TURNED_AWAY, token.person, {"code": away.code, "token": token.public_id})
            )
        return away
    most = bound(ask.most, desk.grant.prices) if ask.dialect is not Dialect.MODELS else Amount()
    if short := desk.budget.short_of(most):
        why = Sentence("The budget is used up: {what}.", what=SHORT_OF[short])
        return TurnedAway(status=402, code=f"no-{short}-left", why=why)
    return _reserve(ask, token, desk, most, rng=rng)


def _reserve(ask: Ask, token: GatewayToken, desk: Desk, most: Amount, *, rng: Dice) -> Admission:
    call = Call(
        public_id=new_id(rng),
        engagement=desk.engagement,
        person=token.person,
        tokens=most.tokens,
        cost=most.cost,
        at=desk.at,
        until=min(desk.at + CALL_LASTS_AT_MOST, desk.engagement.ends_at or desk.at),
    )
    desk.calls.append(call)
    desk.budget = replace(desk.budget, used=desk.budget.used + most)
    desk.running += 1
    desk.calls_in_minute += 1
    facts = {
        "call": call.public_id,
        "token": token.public_id,
        "purpose": token.purpose,
        "interface": ask.dialect.value,
        "request": ask.request_digest,
        "tokens": most.tokens,
    }
    desk.touches.append(log.Touch(What.CALL, token.person, facts))
    ends_at = desk.engagement.ends_at or desk.at
    return Admission(call=call.public_id, engagement=desk.engagement.public_id, upstream=desk.upstream, ends_at=ends_at)


def _is_seated(desk: Desk, person: str) -> bool:
    if person not in desk.seated:
        live = desk.engagement.seats.filter(person=person, admitted_at__isnull=False, ended_at__isnull=True)
        desk.seated[person] = live.exists() and is_member(person, desk.engagement.evaluator)
    return desk.seated[person]


def _out_of_scope(ask: Ask, desk: Desk) -> TurnedAway | None:
    if ask.dialect is Dialect.MODELS:
        return None
    if ask.dialect.value not in desk.grant.dialects:
        why = Sentence("The terms do not name this interface: {name}.", name=ask.dialect.value)
        return TurnedAway(status=403, code="interface-out-of-scope", why=why)
    if ask.model not in desk.upstream.models:
        why = Sentence("The terms do not name this model: {name}.", name=ask.model[:100])
        return TurnedAway(status=403, code="model-out-of-scope", why=why)
    return None


def _too_fast(desk: Desk) -> TurnedAway | None:
    if desk.grant.at_once is not None and desk.running >= desk.grant.at_once:
        return TOO_MANY
    if desk.grant.per_minute is not None and desk.calls_in_minute >= desk.grant.per_minute:
        why = Sentence("As many calls were made this minute as the terms allow.")
        return TurnedAway(status=429, code="too-many-a-minute", why=why, retry_after=60 - desk.at.second)
    return None


def _write(desk: Desk, *, chain: str, now: datetime) -> None:
    """Write what the batch adds up to for one engagement."""
    log.write(desk.engagement, desk.touches, now=now, writer=chain)
    if not desk.calls:
        return
    own = AccessChain.objects.get(engagement=desk.engagement, writer=chain)
    for call in desk.calls:
        call.chain = own
    Call.objects.bulk_create(desk.calls)
    Grant.objects.filter(pk=desk.grant.pk).update(
        requests_used=desk.budget.used.requests,
        tokens_used=desk.budget.used.tokens,
        cost_used=desk.budget.used.cost,
        minute=_minute(desk.at),
        calls_in_minute=desk.calls_in_minute,
    )
    Engagement.objects.filter(pk=desk.engagement.pk).update(seen_at=desk.at)


def _settle(pk: int, ended: list[tuple[Call, Settlement]], *, now: datetime) -> None:
    engagement = Engagement.objects.select_for_update().get(pk=pk)
    grant = Grant.objects.select_for_update().get(engagement=engagement)
    used = grant.budget.used
    touches: dict[int, list[log.Touch]] = defaultdict(list)
    for call, end in ended:
        if not Call.objects.filter(pk=call.pk).delete()[0]:
            continue
        charged = _charged(call, end, grant)
        used = used - _reserved(call) + charged
        touches[call.chain_id].append(log.Touch(What.SETTLED, call.person, _facts(end, charged)))
    budget = grant.budget
    Grant.objects.filter(pk=grant.pk).update(
        requests_used=max(used.requests, 0),
        tokens_used=_capped(used.tokens, budget.tokens),
        cost_used=_capped(used.cost, budget.cost),
    )
    for chain in AccessChain.objects.filter(pk__in=touches).order_by("pk"):
        log.write(engagement, touches[chain.pk], now=now, writer=chain.writer)


def _reserved(call: Call) -> Amount:
    return Amount(1 if call.tokens else 0, call.tokens, call.cost)


def _charged(call: Call, end: Settlement, grant: Grant) -> Amount:
    """Return what a call is charged: what it used, all it reserved when nobody says, nothing when it was not sent."""
    if end.ending is Ending.NOT_SENT:
        return Amount()
    if end.usage is None:
        return _reserved(call)
    return bound(end.usage, grant.prices)


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


def _capped(value: int, most: int | None) -> int:
    """Return a count within its bound: an endpoint that says it used more than it may have is charged all there is."""
    return max(value if most is None else min(value, most), 0)


def _minute(at: datetime) -> int:
    return int(at.timestamp() // 60)
