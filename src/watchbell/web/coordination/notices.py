"""What should we hear of? The latest notices, each leading to what it is about, and marked read by hand."""

from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from watchbell.apps.notices import queries, services
from watchbell.apps.notices.news import NEWS
from watchbell.domain.handling import OrganisationKind
from watchbell.doors.policy import STRONG, open_to
from watchbell.web.asking import Asking
from watchbell.web.coordination.finding_list import strictest

PAGES = {
    "cases.case": "case",
    "findings.finding": "finding",
    "findings.submission": "submission",
    "engagements.engagement": "engagement",
}
DESKS = {"engagements.partner": "early_access"}
"""Pages that show all of a kind, where one thing has none of its own."""


@open_to(STRONG)
@require_safe
def notices(request: Asking) -> HttpResponse:
    """List the latest notices."""
    found = queries.for_viewer(request.actor, now=request.now)
    return _listed(request, found)


@open_to(STRONG)
@require_safe
def notice(request: Asking, public_id: str) -> HttpResponse:
    """Show one notice, as a mail leads to it."""
    return _listed(request, [_one(request, public_id)], alone=True)


@open_to(STRONG)
@require_POST
def mark_read(request: Asking, public_id: str) -> HttpResponse:
    """Note that a notice was read, and go to what it is about when asked to."""
    one = _one(request, public_id)
    services.mark_read(one, by=request.actor, now=request.now)
    target = about(one, request) if request.POST.get("go") else ""
    return redirect(target or "notices")


def _listed(request: Asking, found: list[Any], *, alone: bool = False) -> HttpResponse:
    rows = [{"row": one, "text": NEWS[one.kind].text, "url": about(one, request)} for one in found]
    marking = strictest(found)
    unread = sum(1 for one in found if one.read_at is None)
    context = {"rows": rows, "alone": alone, "unread": unread, "marking": marking}
    return render(request, "coordination/notices.html", context)


def about(notice: Any, request: Asking) -> str:
    """Return the page of what a notice is about, where this reader has one."""
    name = PAGES.get(notice.subject_kind, "")
    if name == "finding" and not request.actor.acts_as(OrganisationKind.COORDINATOR):
        return reverse("submissions")
    if desk := DESKS.get(notice.subject_kind):
        return reverse(desk)
    return reverse(name, args=[notice.subject]) if name else ""


def _one(request: Asking, public_id: str) -> Any:
    found = queries.one(public_id, request.actor, now=request.now)
    if found is None:
        raise Http404
    return found
