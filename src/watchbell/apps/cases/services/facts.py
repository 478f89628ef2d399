"""This will note what the world knows: public, exploited, attacked. Public knowledge ends an embargo at once."""

from datetime import datetime

from django.db import transaction

from watchbell.apps.cases.models import Case
from watchbell.apps.cases.services import delivery, embargo
from watchbell.apps.cases.services.standing import NotAllowed, hold, record, require_part, require_reader
from watchbell.domain.handling import Actor, ActorKind
from watchbell.domain.lifecycle import Embargo, WorldEvent, rules
from watchbell.domain.lifecycle.case import WORLD
from watchbell.domain.lifecycle.rules import CaseRole, Ending


@transaction.atomic
def note_public(case: Case, *, by: Actor, now: datetime) -> Case:
    """Note that the flaw is public: vendors count as aware, and an embargo ends at once.

    Raises NotAllowed, NotPossible.
    """
    case = _held(case, by, now=now, ends_embargo=True)
    _note(case, WorldEvent.PUBLIC, now=now)
    return _after("case.public", case, by=by, now=now)


@transaction.atomic
def note_exploit(case: Case, *, by: Actor, now: datetime) -> Case:
    """Note that an exploit is public, and with it the flaw; an embargo ends at once. Raises NotAllowed, NotPossible."""
    case = _held(case, by, now=now, ends_embargo=True)
    WORLD.next(case.world, WorldEvent.EXPLOIT_PUBLIC)
    if case.public_at is None:
        case.public_at = now
    case.exploit_public_at = now
    case.save(update_fields=["public_at", "exploit_public_at"])
    return _after("case.exploit_public", case, by=by, now=now)


@transaction.atomic
def note_attacks(case: Case, *, by: Actor, now: datetime) -> Case:
    """Note that attacks were seen: the embargo should end, and people in the case decide it.

    Raises NotAllowed, NotPossible.
    """
    case = _held(case, by, now=now, ends_embargo=False)
    _note(case, WorldEvent.ATTACKS, now=now)
    return _after("case.attacked", case, by=by, now=now)


def check_may_publish(case: Case, *, now: datetime) -> None:
    """Raise NotPossible while an embargo binds. Its end allows publication; it publishes nothing."""
    state = Embargo(case.embargo.state)
    rules.check_may_publish(state, ends_at=case.embargo.ends_at, world=case.world, now=now)


@transaction.atomic
def record_publication(case: Case, *, by: Actor, now: datetime) -> Case:
    """Note that we publish: the flaw is public from this transaction on.

    Raises NotAllowed, and NotPossible under embargo.
    """
    case = hold(case)
    require_part(case, by, now=now, roles=[CaseRole.COORDINATOR])
    check_may_publish(case, now=now)
    if case.public_at is None:
        _note(case, WorldEvent.PUBLIC, now=now)
        return _after("case.public", case, by=by, now=now)
    return case


def _held(case: Case, by: Actor, *, now: datetime, ends_embargo: bool) -> Case:
    """Return the case, locked; anyone in it may bring news, and so may the node when it sees an attack.

    News that ends the embargo is brought by those who know what the report says: nobody
    opens it for themselves by calling it public.
    """
    case = hold(case)
    if by.kind is not ActorKind.SYSTEM:
        own = require_part(case, by, now=now)
        if ends_embargo:
            require_reader(own, case)
    elif by.organisation is not None:
        raise NotAllowed("The node brings news in nobody's name.")
    return case


_MOMENTS = {WorldEvent.PUBLIC: "public_at", WorldEvent.ATTACKS: "attacked_at"}


def _note(case: Case, event: WorldEvent, *, now: datetime) -> None:
    WORLD.next(case.world, event)
    setattr(case, _MOMENTS[event], now)
    case.save(update_fields=[_MOMENTS[event]])


def _after(action: str, case: Case, *, by: Actor, now: datetime) -> Case:
    """Draw the conclusions: nobody stays unaware of what is public, and no embargo outlives it."""
    record(action, case, by=by, now=now)
    if case.world.is_public:
        for vendor in case.participants.filter(roles__role=CaseRole.VENDOR):
            delivery.make_aware(vendor, now=now)
    if rules.ending(case.world) is Ending.ENDS_NOW:
        embargo.overtake(case, by=by, now=now)
    case.refresh_from_db()
    return case
