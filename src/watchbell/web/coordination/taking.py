"""How far is a large upload, and shall it go on? The page asks again every two seconds while it is taken in."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from watchbell.apps.findings import queries, services
from watchbell.doors import moment
from watchbell.doors.policy import STRONG, SUBMITTER_WRITES, open_to
from watchbell.web.asking import Asking
from watchbell.web.node.pace import pace_of
from watchbell.web.speaking import spoken


def context_of(request: Asking, row: Any) -> dict[str, Any]:
    """Return how far an upload is, and whether this reader may stop it or let it go on."""
    taking = queries.taking_of(row)
    is_own = bool(row.organisation) and row.organisation == request.actor.organisation
    return {
        "row": row,
        "taking": taking,
        "pace": pace_of(taking.line, now=request.now) if taking.line else None,
        "may_steer": is_own and request.actor.writes,
    }


@open_to(STRONG)
@require_safe
def progress(request: Asking, public_id: str) -> HttpResponse:
    """Show how far an upload is; once that changes no more, the whole page is loaded again."""
    context = context_of(request, _row(request, public_id))
    answer = render(request, "coordination/taking.html", context)
    if not context["taking"].is_busy:
        answer.headers["HX-Refresh"] = "true"
    return answer


@open_to(SUBMITTER_WRITES)
@require_POST
def stop(request: Asking, public_id: str) -> HttpResponse:
    """Stop it at its next step."""
    _row(request, public_id)
    try:
        services.interrupt(public_id, by=request.actor, now=request.now)
    except services.NotThere as error:
        messages.info(request, spoken(error))
    except services.NotAllowed as error:
        raise PermissionDenied from error
    else:
        messages.success(request, _("It stops at its next step. What is stored by then stays."))
    return redirect("submission", public_id=public_id)


@open_to(SUBMITTER_WRITES)
@require_POST
def resume(request: Asking, public_id: str) -> HttpResponse:
    """Go on where it stopped."""
    _row(request, public_id)
    try:
        services.resume(public_id, by=request.actor, now=request.now, rng=moment.dice())
    except services.NotThere as error:
        messages.info(request, spoken(error))
    except services.NotAllowed as error:
        raise PermissionDenied from error
    return redirect("submission", public_id=public_id)


def _row(request: Asking, public_id: str) -> Any:
    return get_object_or_404(queries.submissions_of(request.actor, now=request.now), public_id=public_id)
