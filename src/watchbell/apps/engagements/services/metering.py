"""Who may call the model now, and for how much? Asked anew for each call, of the database and the key, not of memory.

Calls come in batches, so that many share one transaction; every call that may be made is in the log and
has what it may use at most reserved before it is sent. Whatever is never settled stays charged.
"""

import hashlib
import hmac
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import Count, Exists, OuterRef, Value

from watchbell.apps import statements
from watchbell.apps.engagements.models import Call, Engagement, GatewayToken, Grant, Seat
from watchbell.apps.engagements.services import log
from watchbell.apps.engagements.services.ending import end_if_over
from watchbell.apps.engagements.services.material import open_sealed
from watchbell.apps.engagements.services.settling import forget_unsettled, locked, settle
from watchbell.apps.engagements.services.standing import moment, window_is_open, working_for
from watchbell.apps.engagements.services.tokens import MARK
from watchbell.apps.engagements.words import Material, What
from watchbell.domain.identity import Dice, new_id
from watchbell.domain.metering import (
    Admission,
    Amount,
    Ask,
    Budget,
    Dialect,
    Scheme,
    TurnedAway,
    Upstream,
    bound,
)
from watchbell.domain.sentence import Sentence
from watchbell.formats import strictjson
from watchbell.outside.keystore import KeyMissing, Keystore, KeystoreError

__all__ = ["admit", "forget_unsettled", "known_among", "open_chain", "settle", "stopped_among"]

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

_SEAT: Final = Seat.objects.filter(
    engagement=OuterRef("engagement"), person=OuterRef("person"), admitted_at__isnull=False, ended_at__isnull=True
)
_named = statements.Look(lambda names: GatewayToken.objects.filter(public_id__in=names))
_seated = statements.Look(
    lambda tokens: GatewayToken.objects.filter(Exists(_SEAT), pk__in=tokens, ended_at__isnull=True).values_list("pk")
)
_running = statements.Look(
    lambda engagement, at: (
        Call.objects.filter(engagement=engagement, until__gt=at)
        .annotate(one=Value(1))
        .values("one")
        .annotate(n=Count("*"))
        .values_list("n")
    )
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
    touches: list[log.Touch] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)


def open_chain(*, rng: Dice) -> str:
    """Return the name of a new writer of access logs: each gateway process is one."""
    return f"gateway-{rng.getrandbits(64):016x}"


def admit(asks: Sequence[Ask], *, chain: str, now: datetime, keys: Keystore, rng: Dice) -> list[Admission | TurnedAway]:
    """Answer these calls in order, in one transaction: log line and reservation are written before any is sent."""
    tokens = _tokens(ask.token for ask in asks)
    if not tokens:
        return [BAD_TOKEN] * len(asks)
    with transaction.atomic():
        return _admit(asks, tokens, chain=chain, now=now, keys=keys, rng=rng)


def _admit(
    asks: Sequence[Ask],
    tokens: Mapping[str, GatewayToken],
    *,
    chain: str,
    now: datetime,
    keys: Keystore,
    rng: Dice,
) -> list[Admission | TurnedAway]:
    desks = {
        grant.engagement_id: _desk(grant, now=now, keys=keys, rng=rng)
        for grant in locked(one.engagement_id for one in tokens.values())
    }
    usable = _usable(tokens.values(), desks)
    answers: list[Admission | TurnedAway] = []
    for ask in asks:
        token = tokens.get(ask.token)
        answers.append(_answer(ask, token, desks[token.engagement_id], usable, rng=rng) if token else BAD_TOKEN)
    for desk in desks.values():
        if isinstance(desk, Desk):
            _write(desk, chain=chain, now=now)
    return answers


def known_among(tokens: Collection[str]) -> set[str]:
    """Return those of these tokens that were ever given out, for who asks before it takes more of a stranger in."""
    return set(_tokens(tokens))


def stopped_among(engagements: Collection[str], *, now: datetime, keys: Keystore) -> set[str]:
    """Return those of these engagements whose running calls must be cut now: over, paused, or without their key."""
    rows = Engagement.objects.filter(public_id__in=engagements).select_related("grant")
    going_on = {
        one.public_id
        for one in rows
        if window_is_open(one, now)
        and one.paused_at is None
        and not isinstance(_upstream(one, one.grant, keys), TurnedAway)
    }
    return set(engagements) - going_on


def _tokens(texts: Iterable[str]) -> dict[str, GatewayToken]:
    """Return the tokens that are what they say, by their whole text; whether they still hold is asked under the lock.

    By the whole text: in one batch somebody may show a token whose name another one guessed.
    """
    names = {text: _id_of(text) for text in texts}
    known = tuple({name for name in names.values() if name})
    by_name = {row.public_id: row for row in (_named(names=known) if known else ())}
    return {
        text: by_name[name]
        for text, name in names.items()
        if name in by_name and hmac.compare_digest(bytes(by_name[name].secret_digest), _digest_of(text, name))
    }


def _digest_of(text: str, name: str) -> bytes:
    return hashlib.sha256(text.removeprefix(f"{MARK}_{name}_").encode()).digest()


def _id_of(text: str) -> str:
    mark, _, rest = text.partition("_")
    return rest.partition("_")[0] if mark == MARK else ""


def _desk(grant: Grant, *, now: datetime, keys: Keystore, rng: Dice) -> Desk | TurnedAway:
    """Return one locked engagement as it stands, or why nobody may call it now."""
    engagement = grant.engagement
    upstream = _upstream(engagement, grant, keys) if window_is_open(engagement, now) else OVER
    if upstream is OVER and engagement.stands.is_open:
        end_if_over(engagement, now=now, keys=keys, rng=rng)
    if isinstance(upstream, TurnedAway):
        return upstream
    if engagement.paused_at is not None:
        return PAUSED
    at = moment(engagement, now)
    return Desk(
        engagement=engagement,
        grant=grant,
        upstream=upstream,
        at=at,
        running=_running(engagement=engagement.pk, at=at)[0][0] if grant.at_once is not None else 0,
        budget=grant.budget,
        calls_in_minute=grant.calls_in_minute if grant.minute == _minute(at) else 0,
    )


def _upstream(engagement: Engagement, grant: Grant, keys: Keystore) -> Upstream | TurnedAway:
    """Return the endpoint, opened with the access key, or why it cannot be; a missing key means that it is over."""
    try:
        if not grant.sealed_endpoint:
            keys.seal(engagement.access_key, b"", b"")
            return NO_ENDPOINT
        sealed = bytes(grant.sealed_endpoint)
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


def _usable(tokens: Collection[GatewayToken], desks: Mapping[int, Desk | TurnedAway]) -> set[int]:
    """Return which of these tokens hold at this moment: not ended, not too old, and their holder still at work here.

    Read under the locks of their engagements, and of the memberships: an ending that was acknowledged is seen.
    """
    seated = {pk for (pk,) in _seated(tokens=tuple(one.pk for one in tokens))}
    usable: set[int] = set()
    for pk, desk in sorted(desks.items()):
        if isinstance(desk, Desk):
            own = [one for one in tokens if one.pk in seated and one.engagement_id == pk and desk.at < one.expires_at]
            at_work = working_for(desk.engagement.evaluator, {one.person for one in own}) if own else set()
            usable |= {one.pk for one in own if one.person in at_work}
    return usable


def _answer(
    ask: Ask, token: GatewayToken, desk: Desk | TurnedAway, usable: set[int], *, rng: Dice
) -> Admission | TurnedAway:
    if isinstance(desk, TurnedAway):
        return desk
    if token.pk not in usable:
        return BAD_TOKEN
    if away := _out_of_scope(ask, desk) or _too_fast(desk):
        if away.status == 403:
            desk.touches.append(
                log.Touch(What.TURNED_AWAY, token.person, {"code": away.code, "token": token.public_id})
            )
        return away
    most = _at_most(ask, desk)
    if short := desk.budget.short_of(most):
        why = Sentence("The budget is used up: {what}.", what=SHORT_OF[short])
        return TurnedAway(status=402, code=f"no-{short}-left", why=why)
    return _reserve(ask, token, desk, most, rng=rng)


def _at_most(ask: Ask, desk: Desk) -> Amount:
    """Return what a call reserves; every call of the model a token at least, so that it is known from a mere list."""
    if ask.dialect is Dialect.MODELS:
        return Amount()
    most = bound(ask.most, desk.grant.prices)
    return replace(most, tokens=max(most.tokens, 1))


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
        "model": ask.model_digest,
        "request": ask.request_digest,
        "tokens": most.tokens,
    }
    desk.touches.append(log.Touch(What.CALL, token.person, facts))
    ends_at = desk.engagement.ends_at or desk.at
    return Admission(call=call.public_id, engagement=desk.engagement.public_id, upstream=desk.upstream, ends_at=ends_at)


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
    if not desk.touches:
        return
    own = log.write(desk.engagement, desk.touches, now=now, writer=chain)
    if not desk.calls:
        return
    for call in desk.calls:
        call.chain_id = own.pk
    statements.insert(desk.calls)
    statements.update(
        Grant,
        desk.grant.pk,
        requests_used=desk.budget.used.requests,
        tokens_used=desk.budget.used.tokens,
        cost_used=desk.budget.used.cost,
        minute=_minute(desk.at),
        calls_in_minute=desk.calls_in_minute,
    )
    statements.update(Engagement, desk.engagement.pk, seen_at=desk.at)


def _minute(at: datetime) -> int:
    return int(at.timestamp() // 60)
