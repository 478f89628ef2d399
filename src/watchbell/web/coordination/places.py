"""Where can those who settle flaws go, and what waits for them? Their lines of the rail and their tiles."""

from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from watchbell.apps.cases import queries as cases
from watchbell.apps.findings import queries as findings
from watchbell.apps.notices import queries as notices
from watchbell.domain.handling import Actor
from watchbell.doors.policy import CASE_PARTY, COORDINATOR, LAB, STRONG
from watchbell.web import rail
from watchbell.web.states import State
from watchbell.web.tiles import Tile, tile

ENTRIES = (
    rail.Entry("board", _("Board"), COORDINATOR),
    rail.Entry("cases", _("Cases"), CASE_PARTY),
    rail.Entry("drafts", _("Advisories"), COORDINATOR),
    rail.Entry("submissions", _("Submissions"), CASE_PARTY),
    rail.Entry("notices", _("Notices"), STRONG),
)

for entry in ENTRIES:
    rail.add(entry, before="organisations")


@tile(CASE_PARTY, order=15)
def cases_tile(actor: Actor, now: datetime) -> Tile:
    """Return how many open cases there are to look at."""
    number = cases.visible_to(actor, now=now).filter(closed_at__isnull=True).count()
    return Tile(
        title=_("Cases"),
        text=_("Who mends which flaw, by when, and what waits for your answer."),
        url=reverse("cases"),
        deed=_("Open the cases"),
        figure=str(number),
    )


@tile(LAB, order=20)
def submissions_tile(actor: Actor, now: datetime) -> Tile:
    """Return how many uploads this lab handed in."""
    return Tile(
        title=_("Submissions"),
        text=_("What you handed in, and how far each flaw has come on its way to being mended."),
        url=reverse("submissions"),
        deed=_("Follow them"),
        figure=str(findings.submissions_of(actor, now=now).count()),
    )


@tile(STRONG, order=60)
def notices_tile(actor: Actor, now: datetime) -> Tile | None:
    """Return how many notices are unread."""
    number = notices.unread(actor, now=now)
    if actor.organisation is None:
        return None
    return Tile(
        title=_("Notices"),
        text=_("What happened since you last looked."),
        url=reverse("notices"),
        deed=_("Read them"),
        figure=str(number),
        state=State.SOON if number else None,
    )
