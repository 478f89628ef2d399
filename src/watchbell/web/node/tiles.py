"""What do the node's own pages put on the home page and into the rail?"""

from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from watchbell.apps.jobs import queries as jobs
from watchbell.domain.handling import Actor
from watchbell.doors.policy import COORDINATOR_WRITES, NODE_ADMIN, SIGNED_IN, STRONG
from watchbell.web import rail
from watchbell.web.node import wellbeing
from watchbell.web.node.ages import ages
from watchbell.web.states import State
from watchbell.web.tiles import Tile, tile

rail.add(rail.Entry("node_work", _("Work"), NODE_ADMIN), before="organisations")
rail.add(rail.Entry("node_sources", _("Sources"), NODE_ADMIN), before="organisations")
rail.add(rail.Entry("node_settings", _("Settings"), NODE_ADMIN), before="mfa_index")


@tile(NODE_ADMIN, order=60)
def work_tile(actor: Actor, now: datetime) -> Tile:
    """Return what the node works on, and whether something gave up."""
    return _work(actor, reverse("node_work"))


@tile(COORDINATOR_WRITES, order=75)
def progress_tile(actor: Actor, now: datetime) -> Tile | None:
    """Return the same for coordinators, while there is something to see."""
    is_calm = not (jobs.running(actor, limit=1) or jobs.dead_letters(actor, limit=1))
    return None if actor.is_node_admin or is_calm else _work(actor, reverse("node_progress"))


@tile(NODE_ADMIN, order=65)
def sources_tile(actor: Actor, now: datetime) -> Tile:
    """Return how fresh the sources are."""
    found = ages(now=now)
    if found.is_empty:
        text, state = _("Nothing published has been read yet. Switch on the sources you need."), State.SOON
    elif found.is_stale:
        text, state = _("A source is older than seven days; results made from it say so."), State.SOON
    else:
        text, state = _("Every source in use was read within seven days."), State.DONE
    fresh = sum(1 for one in found.all if not one.is_stale)
    figure = f"{fresh}/{len(found.all)}" if found.all else ""
    return Tile(_("Sources"), text, reverse("node_sources"), _("See the sources"), figure, state)


@tile(NODE_ADMIN, order=72)
def settings_tile(actor: Actor, now: datetime) -> Tile:
    """Return the way to the settings, and whether something there wants a look."""
    looked = [one for one in wellbeing.checks(actor, now=now) if one.state is not State.DONE]
    text = _("What this node was told, what it runs on, and whether it is well.")
    state = State.SOON if looked else None
    return Tile(_("Settings"), text, reverse("node_settings"), _("See the settings"), str(len(looked) or ""), state)


@tile(STRONG, order=95)
def record_tile(actor: Actor, now: datetime) -> Tile | None:
    """Return the way to the organisation's own part of the record."""
    if actor.organisation is None:
        return None
    text = _("Every deed that concerns your organisation, sealed; export it with proofs and check it yourself.")
    return Tile(_("Record"), text, reverse("record"), _("Read the record"))


@tile(SIGNED_IN, order=98)
def kept_tile(actor: Actor, now: datetime) -> Tile:
    """Return the way to what is kept here."""
    text = _("What this node keeps, how long, and what export and deletion do.")
    return Tile(_("What is kept"), text, reverse("node_kept"), _("See what is kept"))


def _work(actor: Actor, url: str) -> Tile:
    gave_up = len(jobs.dead_letters(actor))
    running = len(jobs.running(actor))
    if gave_up:
        return Tile(_("Work"), _("Some work gave up and waits for you."), url, _("Look"), str(gave_up), State.NOW)
    text = _("What the node does by itself: kinds of work and how far along they are.")
    return Tile(_("Work"), text, url, _("See the work"), str(running) if running else "")
