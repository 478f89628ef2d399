"""Who has a seat in an engagement, who waits for one, and whom could the evaluator name?"""

from typing import Any

from watchbell.apps.engagements import queries
from watchbell.apps.orgs import queries as orgs
from watchbell.domain.handling import Actor
from watchbell.web.asking import Asking
from watchbell.web.early_access.names import Names


def seats(engagement: Any, names: Names) -> list[dict[str, Any]]:
    """Return the people of an engagement, those who still have a seat first."""
    rows = sorted(queries.seats_of(engagement), key=lambda row: (row.ended_at is not None, row.named_at))
    names.learn(row.person for row in rows)
    return [
        {
            "one": row,
            "name": names.person(row.person),
            "is_live": row.ended_at is None,
            "is_admitted": row.admitted_at is not None,
            "waits": row.ended_at is None and row.admitted_at is None,
        }
        for row in rows
    ]


def has_waiting(engagement: Any) -> bool:
    """Return whether somebody was named while access runs, and waits for the developer's signature."""
    waiting = queries.seats_of(engagement).filter(ended_at__isnull=True, admitted_at__isnull=True)
    return engagement.stands.lets_in and waiting.exists()


def has_seat(engagement: Any, actor: Actor) -> bool:
    """Return whether this person was named and let in."""
    own = queries.seats_of(engagement).filter(person=actor.person or "-", ended_at__isnull=True)
    return own.filter(admitted_at__isnull=False).exists()


def colleagues(request: Asking) -> list[tuple[str, str]]:
    """Return the people of the organisation acted for, by name."""
    rows = orgs.members_of(request.actor, now=request.now).filter(
        organisation__public_id=request.actor.organisation, person__is_active=True
    )
    return sorted(((row.person.public_id, row.person.get_full_name()) for row in rows), key=lambda pair: pair[1])


def unnamed(request: Asking, engagement: Any) -> list[tuple[str, str]]:
    """Return the colleagues who have no seat yet."""
    there = set(queries.seats_of(engagement).filter(ended_at__isnull=True).values_list("person", flat=True))
    return [(key, name) for key, name in colleagues(request) if key not in there]
