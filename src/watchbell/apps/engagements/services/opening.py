"""This will open an engagement's material for somebody, with a purpose, and write that down before they see it."""

from datetime import datetime, timedelta

from django.db import transaction

from watchbell.apps.engagements.models import AccessLine, Engagement
from watchbell.apps.engagements.services import log
from watchbell.apps.engagements.services.ending import destroy_evidence_if_due, evidence_is_due
from watchbell.apps.engagements.services.offering import offered_terms
from watchbell.apps.engagements.services.standing import IsOver, NotAllowed, held, record, was_offered
from watchbell.apps.engagements.words import What
from watchbell.domain.handling import Actor, Role
from watchbell.domain.identity import Dice
from watchbell.domain.terms import Purpose, Terms
from watchbell.outside.keystore import Keystore


def open_terms(
    engagement: Engagement, purpose: Purpose, *, by: Actor, now: datetime, keys: Keystore, rng: Dice
) -> Terms:
    """Return the terms as offered; the developer reads who opened them, and what for.

    Raises NotAllowed for anyone but the parties' own, IsOver once the evidence is due.
    """
    note_opening(engagement, "terms", purpose, by=by, now=now, keys=keys, rng=rng)
    return offered_terms(engagement, keys=keys)


def note_opening(
    engagement: Engagement, material: str, purpose: Purpose, *, by: Actor, now: datetime, keys: Keystore, rng: Dice
) -> None:
    """Write down that somebody opens material of an engagement, before it is shown.

    More openings by one person in a day than the terms say are usual alarm the developer, once a day.
    Raises NotAllowed, IsOver.
    """
    if evidence_is_due(engagement, now):
        destroy_evidence_if_due(engagement, now=now, keys=keys, rng=rng)
        raise IsOver("The evidence of this engagement has been destroyed, as its terms say.")
    with transaction.atomic():
        engagement = held(engagement)
        require_reader(engagement, by)
        facts = {"material": material, "purpose": purpose.value}
        log.write(engagement, [log.touched(by, What.OPENED, **facts)], now=now)
        _alarm_if_unusual(engagement, by, now=now)


def require_reader(engagement: Engagement, by: Actor) -> None:
    """Raise NotAllowed unless they may open this: the developer, people with a seat, the evaluator's owners."""
    ours = by.organisation == engagement.developer
    theirs = by.organisation == engagement.evaluator and was_offered(engagement)
    seated = theirs and engagement.seats.filter(person=by.person or "-", ended_at__isnull=True).exists()
    if not by.strong or not (ours or seated or (theirs and by.role is Role.OWNER)):
        raise NotAllowed("Only people of this engagement open its material.")


def _alarm_if_unusual(engagement: Engagement, by: Actor, *, now: datetime) -> None:
    opened = AccessLine.objects.filter(
        engagement=engagement, person=by.person or "", what=What.OPENED, at__gt=now - timedelta(days=1)
    ).count()
    usual = engagement.grant.opened_a_day
    if by.organisation == engagement.evaluator and opened > usual and (opened - usual - 1) % usual == 0:
        only = [engagement.developer]
        record("engagement.unusual_volume", engagement, by=by, now=now, only=only, opened=opened, usual=usual)
