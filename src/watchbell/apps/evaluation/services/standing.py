"""Which engagement is this about, and does it stand so that anything may be planned or taken in?"""

from typing import TYPE_CHECKING

from watchbell.apps.engagements import queries as engagements
from watchbell.apps.engagements import services as access
from watchbell.apps.engagements.services.standing import IsOver, NotYet, require_evaluator
from watchbell.apps.engagements.words import Material
from watchbell.apps.evaluation.models import Protocol
from watchbell.domain import evaluation as rules
from watchbell.domain.handling import Actor, ActorKind, system
from watchbell.domain.lifecycle.engagement import Engagement as State
from watchbell.formats import protocols
from watchbell.outside.keystore import Keystore

if TYPE_CHECKING:
    from watchbell.apps.engagements.models import Engagement

RUNNER = system("evaluation.run")
"""Who carries a run of this node out, once a person of the evaluator's wanted it."""
_THIS_MACHINE = ("console", RUNNER.name)


def engagement_of(row: Protocol) -> "Engagement":
    """Return the engagement a protocol belongs to."""
    return engagements.named(row.engagement)


def require_plannable(engagement: "Engagement") -> None:
    """Raise IsOver for an engagement that has ended, and NotYet before both have signed."""
    if not engagement.stands.is_open:
        raise IsOver(str(IsOver.__doc__))
    if engagement.stands not in (State.AGREED, State.ACTIVE):
        raise NotYet("A protocol is written once both have signed the terms.")


def require_evaluator_or_console(engagement: "Engagement", by: Actor) -> None:
    """Raise NotAllowed for anyone but the evaluator's people here, this machine's console and its own runs."""
    if by.kind is not ActorKind.SYSTEM or by.name not in _THIS_MACHINE:
        require_evaluator(engagement, by)


def opened(row: Protocol, *, keys: Keystore) -> rules.Protocol:
    """Return what a protocol says, for services that already decided; raises KeyMissing once the evidence is gone."""
    sealed, engagement = bytes(row.sealed), engagement_of(row)
    found = access.open_sealed(engagement, "protocol", sealed, key=Material.EVIDENCE, place=row.public_id, keys=keys)
    return protocols.loads(found)
