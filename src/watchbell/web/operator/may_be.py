"""What may be meant by a record, by a guess? Shown apart from everything that is known, and alerting nobody."""

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from watchbell.apps.inventory import queries
from watchbell.apps.inventory.candidates import MOST_SHOWN, candidates
from watchbell.doors.policy import OPERATOR, open_to
from watchbell.web.asking import Asking


@open_to(OPERATOR)
@require_safe
def may_be(request: Asking) -> HttpResponse:
    """Show the candidates of all assets, or of the one that is asked for."""
    asset = request.GET.get("asset", "")
    found = queries.visible_to(request.actor, now=request.now).filter(public_id=asset).first() if asset else None
    if asset and found is None:
        raise Http404
    context = {
        "candidates": candidates(request.actor, now=request.now, asset=asset),
        "asset": found,
        "most": MOST_SHOWN,
    }
    return render(request, "operator/may_be.html", context)
