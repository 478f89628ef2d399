"""This will keep what is said in a case, and who looked into one before its vendor knows."""

from datetime import datetime

from django.db import transaction

from watchbell.apps.cases import queries
from watchbell.apps.cases.models import Case, Lane, Message
from watchbell.apps.cases.services.standing import (
    NotAllowed,
    hold,
    record,
    require_open,
    require_part,
    spoke,
)
from watchbell.domain.handling import Actor
from watchbell.domain.identity import Dice, new_id
from watchbell.domain.sentence import Sentence

LONGEST_MESSAGE = 20_000


@transaction.atomic
def post(lane: Lane, text: str, *, by: Actor, now: datetime, rng: Dice) -> Message:
    """Say something in the lane for all, or in one's own; the coordinator speaks in every lane. Raises NotAllowed."""
    case = hold(lane.case)
    require_open(case)
    own = require_part(case, by, now=now)
    if not queries.lanes(case, by, now=now).filter(pk=lane.pk).exists():
        raise NotAllowed("This lane is not yours to speak in; use your own, or the one for everyone.")
    if not 0 < len(text.strip()) <= LONGEST_MESSAGE or "\x00" in text:
        raise NotAllowed(Sentence("A message has between 1 and {limit} characters.", limit=LONGEST_MESSAGE))
    message = Message.objects.create(
        public_id=new_id(rng), lane=lane, author=own, person=by.person or "", text=text, at=now
    )
    spoke(own, now=now)
    heard = [lane.participant.organisation] if lane.participant else queries.hearers(case)
    record("message.posted", case, by=by, now=now, only=heard, message=message.public_id)
    return message


@transaction.atomic
def open_case_page(case: Case, *, by: Actor, now: datetime) -> "queries.CasePage | None":
    """Return the page of a case for this actor, or None where there is none for them.

    While no vendor knows of the case, each look at it is an entry that its parties may read.
    """
    page = queries.page(case, by, now=now)
    if page is not None and not queries.is_known_to_a_vendor(case):
        record("case.read", case, by=by, now=now, person=by.person or "")
    return page
