"""How far is a large table? A page of its own, since it is about many assets; with the lines that were not taken."""

from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from watchbell.apps.inventory import queries, tables
from watchbell.doors import keys
from watchbell.doors.policy import OPERATOR, open_to
from watchbell.web.asking import Asking
from watchbell.web.node.pace import pace_of

MOST_REFUSALS = 200


@open_to(OPERATOR)
@require_safe
def table(request: Asking, document: str) -> HttpResponse:
    """Show how far a table is, and once it is in, what became of its lines."""
    found = queries.documents(request.actor, now=request.now).filter(public_id=document).first()
    if found is None:
        raise Http404
    loading = tables.loading_of(found)
    pace = pace_of(loading.line, now=request.now) if loading.line else None
    seen: dict[str, Any] = {"document": found, "loading": loading, "pace": pace}
    if "progress" in request.GET:
        page = render(request, "operator/table_progress.html", seen)
        if not loading.is_busy:
            page.headers["HX-Refresh"] = "true"
        return page
    shown = tables.lines_refused(found, store=keys.blob_store(), now=request.now)[:MOST_REFUSALS]
    return render(request, "operator/table.html", {**seen, "shown": shown})
