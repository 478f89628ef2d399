"""What waits for the coordinators this morning? Five figures and the queue, oldest first."""

from datetime import datetime, timedelta
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from watchbell.apps.cases import queries as cases
from watchbell.apps.findings import queries as findings
from watchbell.domain.advisory import EvidenceLevel
from watchbell.domain.handling import Actor
from watchbell.domain.lifecycle import Embargo, Finding
from watchbell.doors.policy import COORDINATOR, open_to
from watchbell.web.asking import Asking
from watchbell.web.coordination.finding_list import rows_of, strictest
from watchbell.web.coordination.paging import slice_of
from watchbell.web.states import State
from watchbell.web.tiles import Tile, tile

WEEK = timedelta(days=7)
IN_FORCE = [state for state in Embargo if state.is_in_force]


@open_to(COORDINATOR)
@require_safe
def board(request: Asking) -> HttpResponse:
    """Show the figures and the triage queue."""
    queue = findings.triage_queue(request.actor, now=request.now)
    page = slice_of(queue, by=("received_at", "public_id"), name="queue", request=request)
    context = {
        "figures": figures(request.actor, request.now),
        "rows": rows_of(page.rows),
        "slice": page,
        "marking": strictest(page.rows),
    }
    return render(request, "coordination/board.html", context)


def figures(actor: Actor, now: datetime) -> list[dict[str, Any]]:
    """Return the five figures of the board, each with its word, its colour and where it leads."""
    known = findings.visible_to(actor, now=now)
    open_cases = cases.coordinated_by(actor, now=now)
    unshown = known.filter(state=Finding.VALID, level__lt=EvidenceLevel.E2_REPRODUCED).count()
    with_vendors = open_cases.filter(participants__report_sent_at__isnull=False).distinct().count()
    ending = open_cases.filter(embargo__state__in=IN_FORCE, embargo__ends_at__lte=now + WEEK).count()
    exploited = open_cases.filter(attacked_at__isnull=False).count()
    new = known.filter(state=Finding.RECEIVED).count()
    there, every = reverse("findings"), reverse("cases")
    return [
        {"word": _("new"), "number": new, "url": f"{there}?state=received"},
        {"word": _("waiting for evidence"), "number": unshown, "url": f"{there}?state=unshown"},
        {"word": _("with vendors"), "number": with_vendors, "url": f"{every}?show=with-vendors"},
        {"word": _("embargo ends this week"), "number": ending, "url": f"{every}?show=ending", "state": State.SOON},
        {"word": _("exploited"), "number": exploited, "url": f"{every}?show=exploited", "state": State.NOW},
    ]


@tile(COORDINATOR, order=10)
def board_tile(actor: Actor, now: datetime) -> Tile:
    """Return how many findings wait for a decision."""
    waiting = findings.triage_queue(actor, now=now).count()
    return Tile(
        title=_("Board"),
        text=_("Findings that wait for a decision, and cases that need somebody today."),
        url=reverse("board"),
        deed=_("Open the board"),
        figure=str(waiting),
        state=State.SOON if waiting else None,
    )
