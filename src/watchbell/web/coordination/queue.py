"""Which finding is looked at next, and why? The first places of the queue, each with every number it rests on."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from watchbell.apps.findings import queries
from watchbell.doors.policy import COORDINATOR, open_to
from watchbell.web.asking import Asking
from watchbell.web.coordination.finding_list import rows_of, strictest

SHOWN = 50


@open_to(COORDINATOR)
@require_safe
def queue(request: Asking) -> HttpResponse:
    """Show whose turn it is."""
    places = queries.places(request.actor, now=request.now)
    first = list(places[:SHOWN])
    found = [one.finding for one in first]
    context = {
        "rows": [{**row, **_said(one)} for row, one in zip(rows_of(found), first, strict=True)],
        "at": first[0].at if first else None,
        "waiting": queries.triage_queue(request.actor, now=request.now).count(),
        "marking": strictest(found),
    }
    return render(request, "coordination/queue.html", context)


def _said(place: Any) -> dict[str, Any]:
    """Return what a place rests on, in words: the chance with its interval, and what it was learnt from."""
    chance, low, high = (number_format(share / 1000, 2) for share in (place.chance, place.low, place.high))
    impact = place.finding.weighed.impact
    learnt = _("%(real)s of %(judged)s like it from this source were real") % {
        "real": number_format(round(place.real, 1), 1),
        "judged": number_format(round(place.judged, 1), 1),
    }
    return {
        "place": place,
        "chance": f"{chance} ({low}–{high})",
        "weakness": place.finding.weighed.weakness,
        "learnt": learnt if round(place.judged, 1) else _("nothing like it from this source was judged yet"),
        "impact": _("impact %(score)s of 10") % {"score": number_format(impact / 100, 1)}
        if impact is not None
        else _("impact not said, taken as 5 of 10"),
        "minutes": _("about %(minutes)s minutes") % {"minutes": place.minutes},
    }
