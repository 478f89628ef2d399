"""This will choose trusted partners for a model by mutual consent; either ends it, and each sees only its own."""

from datetime import datetime

from django.db import transaction

from watchbell.apps.engagements.models import ModelVersion, Partner
from watchbell.apps.engagements.services.standing import NotAllowed, NotYet, require_owner, require_rights
from watchbell.apps.journal import services as journal
from watchbell.apps.orgs import queries as orgs
from watchbell.domain.handling import Actor
from watchbell.domain.identity import Dice, new_id


@transaction.atomic
def choose_partner(model: ModelVersion, partner: str, *, by: Actor, now: datetime, rng: Dice) -> Partner:
    """Offer an organisation to be a trusted partner for one model; it counts once they consent.

    Choosing the same again is the first. Raises NotAllowed for anyone but the developer, NotYet for no organisation.
    """
    require_owner(model, by)
    if partner == by.organisation or orgs.find(partner) is None:
        raise NotYet("Choose an organisation of this node.")
    there = model.partners.filter(partner=partner, ended_at__isnull=True).first()
    if there is not None:
        return there
    chosen = Partner.objects.create(public_id=new_id(rng), model=model, partner=partner, offered_at=now)
    _record("partner.chosen", chosen, by=by, now=now)
    return chosen


@transaction.atomic
def consent(partner: Partner, *, by: Actor, now: datetime) -> Partner:
    """Become a trusted partner; doing it again changes nothing. Raises NotAllowed for anyone but the one chosen."""
    if require_rights(by) != partner.partner:
        raise NotAllowed("Only the organisation that was chosen consents.")
    waiting = Partner.objects.filter(pk=partner.pk, consented_at__isnull=True, ended_at__isnull=True)
    if waiting.update(consented_at=now):
        _record("partner.consented", partner, by=by, now=now)
    partner.refresh_from_db()
    return partner


@transaction.atomic
def end_partnership(partner: Partner, *, by: Actor, now: datetime) -> None:
    """End it by either's will, at the next request; doing it again changes nothing. Raises NotAllowed."""
    if require_rights(by) not in (partner.partner, partner.model.organisation):
        raise NotAllowed("Only the developer and its partner end this.")
    if Partner.objects.filter(pk=partner.pk, ended_at__isnull=True).update(ended_at=now):
        _record("partner.ended", partner, by=by, now=now)


def _record(action: str, partner: Partner, *, by: Actor, now: datetime) -> None:
    concerns = [partner.partner, partner.model.organisation]
    journal.record(at=now, by=by, action=action, subject=partner, concerns=concerns)
