"""What waits for an operator, on the first page?"""

from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from watchbell.apps.inventory import queries as inventory
from watchbell.apps.orgs import queries as orgs
from watchbell.apps.remediation import queries, sheet
from watchbell.domain.handling import Actor
from watchbell.doors.policy import OPERATOR
from watchbell.web.states import State
from watchbell.web.tiles import Tile, tile


@tile(OPERATOR, order=10)
def worklist_tile(actor: Actor, now: datetime) -> Tile:
    """Return how much there is to do this week."""
    organisation = orgs.find(str(actor.organisation))
    week = sheet.this_week(actor, zone=organisation.time_zone if organisation else "UTC", now=now)
    overdue = queries.totals(actor, now=now).overdue
    text = _("Nothing is due this week.")
    if week.due_this_week:
        text = ngettext("%(count)d thing is due this week.", "%(count)d things are due this week.", week.due_this_week)
        text %= {"count": week.due_this_week}
    if overdue:
        late = ngettext("%(count)d line is overdue.", "%(count)d lines are overdue.", overdue) % {"count": overdue}
        text = f"{text} {late}"
    state = State.NOW if overdue else State.SOON if week.due_this_week else None
    return Tile(
        title=_("This week"),
        text=text,
        url=reverse("worklist"),
        deed=_("See the sheet"),
        figure=str(week.due_this_week),
        state=state,
    )


@tile(OPERATOR, order=20)
def inventory_tile(actor: Actor, now: datetime) -> Tile:
    """Return how much is in the inventory, and how much of it could be checked."""
    coverage = inventory.coverage(actor, now=now)
    if not coverage.assets:
        text, url, deed = _("Three steps lead to your first sheet."), reverse("start"), _("Begin")
    else:
        text = _("%(assessed)d of %(all)d listed items can be checked.") % {
            "assessed": coverage.assessed,
            "all": coverage.components,
        }
        url, deed = reverse("assets"), _("See what you run")
    state = State.UNKNOWN if coverage.not_assessed else None
    return Tile(title=_("Inventory"), text=text, url=url, deed=deed, figure=str(coverage.assets), state=state)
