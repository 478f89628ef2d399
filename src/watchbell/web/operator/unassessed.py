"""What could not be checked, why, and what would change that? Nothing on this page is shown as harmless."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from watchbell.apps.inventory import queries, recognised
from watchbell.domain.matching.outcomes import Reason
from watchbell.doors.policy import OPERATOR, open_to
from watchbell.web.asking import Asking
from watchbell.web.operator.words import GAPS

MOST = 200


@open_to(OPERATOR)
@require_safe
def unassessed(request: Asking) -> HttpResponse:
    """Show the reasons with their counts, and the items under each."""
    coverage = queries.coverage(request.actor, now=request.now)
    chosen = request.GET.get("why", "")
    items = _items(request)
    groups = [
        {
            "reason": reason,
            "gap": GAPS[Reason(reason)],
            "count": number,
            "items": [one for one in items if one["reason"] == reason],
        }
        for reason, number in sorted(coverage.gaps.items(), key=lambda pair: -pair[1])
        if chosen in ("", reason)
    ]
    context = {"coverage": coverage, "groups": groups, "chosen": chosen, "most": MOST}
    return render(request, "operator/unassessed.html", context)


def _items(request: Asking) -> list[dict[str, Any]]:
    """Return the first of both kinds: what names no package, and what has no version to compare."""
    nameless = queries.not_assessed(request.actor, now=request.now, limit=MOST)
    unordered = queries.cannot_be_compared(request.actor, now=request.now, limit=MOST)
    found = [
        {"reason": one.reason, "name": one.name or one.purl, "version": one.version, "asset": one.listing.asset}
        for one in nameless
    ]
    found += [
        {
            "reason": one.version.doubt,
            "name": f"{one.version.ecosystem} {one.version.name}",
            "version": one.version.raw,
            "asset": one.listing.asset,
        }
        for one in unordered
    ]
    described = recognised.described_unknown(request.actor, now=request.now, limit=MOST)
    found += [
        {
            "reason": Reason.NO_PACKAGE_IDENTITY.value,
            "name": name,
            "version": one.machine.version,
            "asset": one.asset,
        }
        for name, one in described
    ]
    return found
