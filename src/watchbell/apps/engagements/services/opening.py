"""This will open an engagement's material for somebody, with a purpose, and write that down before they see it."""

from datetime import datetime, timedelta

from django.db import transaction

from watchbell.apps.engagements.models import AccessLine, Engagement
from watchbell.apps.engagements.queries import is_offered
from watchbell.apps.engagements.services import log
from watchbell.apps.engagements.services.ending import destroy_evidence_if_due
from watchbell.apps.engagements.services.offering import offered_terms
from watchbell.apps.engagements.services.standing import IsOver, NotAllowed, held, record
from watchbell.apps.engagements.words import What
from watchbell.apps.journal import queries as journal
from watchbell.apps.orgs import queries as orgs
from watchbell.domain.handling import Actor, Role
from watchbell.domain.identity import Dice
from watchbell.domain.terms import Purpose, Terms
from watchbell.outside.keystore import Keystore

UNUSUAL = "engagement.unusual_volume"


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

    More openings by one person in a day than the terms say are usual alarm the developer, and as many more again.
    Raises NotAllowed, IsOver.
    """
    require_reader(engagement, by)  # first: nobody else learns that it is over
    if destroy_evidence_if_due(engagement, now=now, keys=keys, rng=rng):
        raise IsOver("The evidence of this engagement has been destroyed, as its terms say.")
    with transaction.atomic():
        engagement = held(engagement)
        require_reader(engagement, by)
        facts = {"material": material, "purpose": purpose.value}
        log.write(engagement, [log.touched(by, What.OPENED, **facts)], now=now)
        _alarm_if_unusual(engagement, by, now=now)


def require_reader(engagement: Engagement, by: Actor) -> None:
    """Raise NotAllowed unless they may open this: the developer, people with a seat, the evaluator's owners.

    Asked of the memberships as they are when this is decided, not as they were when the request came in.
    """
    organisation, person = by.organisation or "-", by.person or "-"
    role = orgs.roles_in(organisation, [person]).get(person)
    ours = organisation == engagement.developer
    theirs = organisation == engagement.evaluator and is_offered(engagement)
    seated = theirs and role is not Role.READER and engagement.seats.filter(person=person, ended_at=None).exists()
    if not by.strong or role is None or not (ours or seated or (theirs and role is Role.OWNER)):
        raise NotAllowed("Only people of this engagement open its material.")


def _alarm_if_unusual(engagement: Engagement, by: Actor, *, now: datetime) -> None:
    """Tell the developer of the first opening beyond what is usual in a day, and then of every so-and-so-many-th."""
    own = AccessLine.objects.filter(engagement=engagement, person=by.person or "", what=What.OPENED)
    opened, usual = own.filter(at__gt=now - timedelta(days=1)).count(), engagement.grant.opened_a_day
    if by.organisation != engagement.evaluator or opened <= usual:
        return
    so_far = own.count()
    told = journal.latest_of(UNUSUAL, engagement, by=by.person or "")
    if told is None or so_far - int(str(told.facts["so_far"])) >= usual:
        only = [engagement.developer]
        record(UNUSUAL, engagement, by=by, now=now, only=only, opened=opened, usual=usual, so_far=so_far)
