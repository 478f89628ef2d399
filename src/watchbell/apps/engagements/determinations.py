"""What was said elsewhere of whether a model is a covered frontier model? Kept for its developer, read by nobody else.

The determination is made outside this program, by others. Here a developer notes that it asked, takes that back,
and notes what it was told: outcome, date and signer, nothing else. No other module may import this one (V9).
"""

from datetime import date, datetime

from django.db import transaction
from django.db.models import QuerySet

from watchbell.apps.engagements.models import Determination, ModelVersion
from watchbell.apps.engagements.services.standing import NotYet, require_owner
from watchbell.apps.engagements.words import Outcome
from watchbell.apps.journal import services as journal
from watchbell.domain.handling import Actor
from watchbell.domain.identity import Dice, new_id

LONGEST_SIGNER = 200


@transaction.atomic
def note_request(model: ModelVersion, *, by: Actor, now: datetime, rng: Dice) -> Determination:
    """Note that the developer asked for a determination; one that is open already is the first. Raises NotAllowed."""
    require_owner(model, by)
    there = model.determinations.filter(retracted_at__isnull=True, outcome="").first()
    if there is not None:
        return there
    asked = Determination.objects.create(public_id=new_id(rng), model=model, requested_at=now)
    journal.record(at=now, by=by, action="determination.requested", subject=asked)
    return asked


@transaction.atomic
def retract_request(asked: Determination, *, by: Actor, now: datetime) -> None:
    """Take a request back; doing it again changes nothing. Raises NotAllowed."""
    require_owner(asked.model, by)
    if Determination.objects.filter(pk=asked.pk, retracted_at__isnull=True, outcome="").update(retracted_at=now):
        journal.record(at=now, by=by, action="determination.retracted", subject=asked)


@transaction.atomic
def note_outcome(
    asked: Determination, outcome: Outcome, *, on: date, signer: str, by: Actor, now: datetime
) -> Determination:
    """Note what the developer was told: the outcome, its date and who signed it. Raises NotAllowed, NotYet."""
    require_owner(asked.model, by)
    signer = signer.strip()
    if not 0 < len(signer) <= LONGEST_SIGNER:
        raise NotYet("Name who signed the notice.")
    waiting = Determination.objects.filter(pk=asked.pk, retracted_at__isnull=True, outcome="")
    if not waiting.update(outcome=outcome, outcome_on=on, signer=signer, noted_at=now):
        raise NotYet("This request was taken back, or its outcome is noted already.")
    journal.record(at=now, by=by, action="determination.noted", subject=asked)
    asked.refresh_from_db()
    return asked


def visible_to(viewer: Actor) -> QuerySet[Determination]:
    """Return the requests and notices about the viewer's own models."""
    own = Determination.objects.filter(model__organisation=viewer.organisation or "-")
    return own.select_related("model").order_by("-requested_at")
