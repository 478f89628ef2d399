"""This will give a named person a token for the gateway, for hours and never beyond the window."""

import hashlib
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction

from watchbell.apps.engagements.models import Engagement, GatewayToken
from watchbell.apps.engagements.services import log
from watchbell.apps.engagements.services.running import require_running
from watchbell.apps.engagements.services.standing import (
    IsOver,
    NotAllowed,
    held,
    moment,
    record,
    require_developer,
    require_evaluator,
    window_is_open,
    working_for,
)
from watchbell.apps.engagements.words import What
from watchbell.domain.handling import Actor, ActorKind
from watchbell.domain.identity import Dice, new_id
from watchbell.domain.terms import Purpose
from watchbell.outside.keystore import Keystore

LONGEST: Final = timedelta(hours=12)
MARK: Final = "wbg"


@dataclass(frozen=True, slots=True)
class Minted:
    """A token and the one showing of its text."""

    token: GatewayToken
    text: str = field(repr=False)


def mint(
    engagement: Engagement,
    purpose: Purpose,
    *,
    by: Actor,
    now: datetime,
    keys: Keystore,
    rng: Dice,
    lasts: timedelta = LONGEST,
) -> Minted:
    """Return a new token for the signed-in person themselves, shown once.

    Raises NotAllowed unless they have a seat that the developer admitted, IsOver, NotYet.
    """
    require_evaluator(engagement, by)
    require_running(engagement, now=now, keys=keys, rng=rng)
    with transaction.atomic():
        return _mint(held(engagement), purpose, by=by, now=now, rng=rng, lasts=lasts)


def _mint(engagement: Engagement, purpose: Purpose, *, by: Actor, now: datetime, rng: Dice, lasts: timedelta) -> Minted:
    person = by.person or ""
    if not window_is_open(engagement, now):
        raise IsOver(str(IsOver.__doc__))
    if by.kind is not ActorKind.PERSON or not has_seat(engagement, person):
        raise NotAllowed(
            "Only people the evaluator named and the developer admitted, signed in themselves, get a token."
        )
    at = moment(engagement, now)
    until = min(at + min(lasts, LONGEST), engagement.ends_at or at)
    public_id, secret = new_id(rng), secrets.token_urlsafe(32)
    token = GatewayToken.objects.create(
        public_id=public_id,
        engagement=engagement,
        person=person,
        purpose=purpose,
        secret_digest=hashlib.sha256(secret.encode()).digest(),
        made_at=at,
        expires_at=until,
    )
    record("engagement.token_made", engagement, by=by, now=now, purpose=purpose.value)
    log.write(engagement, [log.touched(by, What.TOKEN_MADE, purpose=purpose.value, token=public_id)], now=now)
    return Minted(token, f"{MARK}_{public_id}_{secret}")


@transaction.atomic
def end_token(token: GatewayToken, *, by: Actor, now: datetime) -> None:
    """End a token at the next request: its holder may, and the developer. Raises NotAllowed."""
    engagement = held(token.engagement)
    if by.person != token.person or by.organisation != engagement.evaluator:
        require_developer(engagement, by)
    if GatewayToken.objects.filter(pk=token.pk, ended_at__isnull=True).update(ended_at=now):
        record("engagement.token_ended", engagement, by=by, now=now)
        log.write(engagement, [log.touched(by, What.TOKEN_ENDED, token=token.public_id)], now=now)


@transaction.atomic
def end_every_token(engagement: Engagement, *, by: Actor, now: datetime) -> int:
    """End every token of an engagement at the next request, as either party and the node may; return how many."""
    if by.kind is not ActorKind.SYSTEM and by.organisation != engagement.developer:
        require_evaluator(engagement, by)
    engagement = held(engagement)
    live = list(engagement.gateway_tokens.filter(ended_at__isnull=True, expires_at__gt=now).order_by("pk"))
    for token in live:
        GatewayToken.objects.filter(pk=token.pk, ended_at__isnull=True).update(ended_at=now)
        record("engagement.token_ended", engagement, by=by, now=now)
        log.write(engagement, [log.touched(by, What.TOKEN_ENDED, token=token.public_id)], now=now)
    return len(live)


def has_seat(engagement: Engagement, person: str) -> bool:
    """Return whether a person has a seat here at this moment, and still works for the evaluator."""
    live = engagement.seats.filter(person=person, admitted_at__isnull=False, ended_at__isnull=True)
    return bool(person) and live.exists() and person in working_for(engagement.evaluator, [person])
