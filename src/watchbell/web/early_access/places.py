"""Where do those with early access go, and what waits for them? One line of the rail, and a tile for each side.

Nobody else's rail or home changes by what these parties do with each other: a third organisation
finds the line only once a developer chose it as a trusted partner.
"""

from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from watchbell.apps.engagements import queries
from watchbell.domain.handling import Actor, OrganisationKind
from watchbell.domain.lifecycle.engagement import Engagement as State
from watchbell.doors.policy import EVALUATOR, LAB, STRONG
from watchbell.web import rail
from watchbell.web.states import State as Urgency
from watchbell.web.tiles import Tile, tile

SIDES = (OrganisationKind.LAB, OrganisationKind.EVALUATOR)


def takes_part(actor: Actor, now: datetime) -> bool:
    """Return whether early access concerns this actor: by what its organisation is, or as somebody's partner."""
    if any(actor.acts_as(kind) for kind in SIDES):
        return True
    return actor.organisation is not None and queries.partners_of(actor, now=now).exists()


rail.add(rail.Entry("early_access", gettext_lazy("Early access"), STRONG, takes_part), before="notices")


@tile(LAB, order=12)
def lab_tile(actor: Actor, now: datetime) -> Tile:
    """Return what of a lab's engagements waits for it."""
    states = [State(one) for one in _states(actor, now, developer=True)]
    agreed, running = states.count(State.AGREED), states.count(State.ACTIVE)
    text = _("Offer an evaluator early access to a model: on your terms, ended by you at any moment.")
    if agreed:
        text = _("An evaluator agreed. Access begins when you start it, or never.")
    elif running:
        text = _("Access runs on your terms. Release and Withdraw are one click.")
    deed = _("See it") if states else _("Begin")
    state = Urgency.SOON if agreed else None
    return Tile(_("Early access"), text, reverse("early_access"), deed, str(running) if states else "", state)


@tile(EVALUATOR, order=12)
def evaluator_tile(actor: Actor, now: datetime) -> Tile:
    """Return which offers wait for an evaluator's answer."""
    states = [State(one) for one in _states(actor, now, developer=False)]
    waiting, running = states.count(State.OFFERED), states.count(State.ACTIVE)
    text = _("A developer offers early access, or does not; there is nothing to ask for.")
    if waiting:
        text = _("An offer waits for your answer. Without one it lapses.")
    elif running:
        text = _("Access runs until its hard end, or until the developer ends it.")
    state = Urgency.SOON if waiting else None
    figure = str(waiting or running) if states else ""
    return Tile(_("Early access"), text, reverse("early_access"), _("See the desk"), figure, state)


def _states(actor: Actor, now: datetime, *, developer: bool) -> list[str]:
    side = "developer" if developer else "evaluator"
    return list(queries.visible_to(actor, now=now).filter(**{side: actor.organisation}).values_list("state", flat=True))
