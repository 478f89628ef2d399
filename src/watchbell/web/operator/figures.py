"""What does the board need to see? One page: what waits, what was done, what could be checked, how long it takes."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Q
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from watchbell.apps.inventory import queries as inventory
from watchbell.apps.remediation import funnel as funnels
from watchbell.apps.remediation import queries
from watchbell.apps.remediation.funnel import Stage
from watchbell.domain.lifecycle import Remediation
from watchbell.domain.priority import Band
from watchbell.doors.policy import OPERATOR, STRONG, open_to
from watchbell.web.asking import Asking
from watchbell.web.operator import lines
from watchbell.web.operator.worklist import QUIETED, sheet_of, zone_of

MONTH = timedelta(days=30)
NEXT = 5
WIDEST = 100
STAGES: dict[Stage, str | Promise] = {
    Stage.FOUND: _("found"),
    Stage.VALIDATED: _("validated"),
    Stage.DISCLOSED: _("disclosed"),
    Stage.FIXED: _("fixed"),
    Stage.PUBLISHED: _("published"),
    Stage.MATCHED: _("matched"),
    Stage.DEPLOYED: _("deployed"),
}
NARROWEST: dict[Stage, str | Promise] = {
    Stage.VALIDATED: _("Most is lost between found and validated."),
    Stage.DISCLOSED: _("Most is lost between validated and disclosed."),
    Stage.FIXED: _("Most is lost between disclosed and fixed."),
    Stage.PUBLISHED: _("Most is lost between fixed and published."),
    Stage.MATCHED: _("Most is lost between published and matched."),
    Stage.DEPLOYED: _("Most is lost between matched and deployed."),
}


@dataclass(frozen=True, slots=True)
class Bar:
    """One step of the funnel as drawn: `width` of 100, None where nothing may be said."""

    label: str | Promise
    count: int | None
    width: int
    median_days: float | None
    counts_lines: bool
    organisations: int
    is_narrowest: bool


@open_to(OPERATOR)
@require_safe
def board_report(request: Asking) -> HttpResponse:
    """Show the last thirty days on one page, ready to print."""
    week = sheet_of(request)
    steps = bars(funnels.funnel(request.actor, now=request.now))
    context = {
        "waits": _waits(request),
        "totals": queries.totals(request.actor, now=request.now),
        "done": _done(request, since=request.now - MONTH, until=request.now),
        "before": _done(request, since=request.now - 2 * MONTH, until=request.now - MONTH),
        "coverage": inventory.coverage(request.actor, now=request.now),
        "next": [lines.of_step(step, now=request.now) for step in week.dated[:NEXT]],
        "bars": steps,
        "has_steps": any(one.count for one in steps),
        "zone": zone_of(request).key,
    }
    return render(request, "operator/board_report.html", context)


def _waits(request: Asking) -> dict[str, int]:
    """Return how many lines are not over, by how urgent they are."""
    to_do = Q(is_settled=False)
    return queries.visible_to(request.actor, now=request.now).aggregate(
        all=Count("pk", filter=to_do),
        overdue=Count("pk", filter=to_do & Q(order_at__lt=request.now)),
        attacked=Count("pk", filter=to_do & Q(in_kev=True)),
        now=Count("pk", filter=to_do & Q(band=Band.NOW)),
        soon=Count("pk", filter=to_do & Q(band=Band.SOON)),
        later=Count("pk", filter=to_do & Q(band__in=[Band.LATER, Band.AT_UPGRADE])),
        backlog=Count("pk", filter=to_do & Q(band=Band.BACKLOG)),
        vendor=Count("pk", filter=to_do & Q(state=Remediation.WAITING_ON_VENDOR)),
    )


def _done(request: Asking, *, since: datetime, until: datetime) -> dict[str, int]:
    """Return how many lines were settled in a span, and how."""
    settled = Q(is_settled=True, settled_at__gte=since, settled_at__lt=until) & ~QUIETED
    return queries.visible_to(request.actor, now=request.now).aggregate(
        all=Count("pk", filter=settled),
        verified=Count("pk", filter=settled & Q(state=Remediation.VERIFIED)),
        accepted=Count("pk", filter=settled & Q(state=Remediation.ACCEPTED_UNTIL)),
        gone=Count("pk", filter=settled & ~Q(state__in=[Remediation.VERIFIED, Remediation.ACCEPTED_UNTIL])),
    )


@open_to(STRONG)
@require_safe
def funnel(request: Asking) -> HttpResponse:
    """Show how far flaws come, from found to deployed, and how long each step takes."""
    found = funnels.funnel(request.actor, now=request.now)
    context: dict[str, Any] = {
        "bars": bars(found),
        "narrowest": NARROWEST.get(found.narrowest) if found.narrowest else "",
        "fewest": funnels.FEWEST,
    }
    return render(request, "operator/funnel.html", context)


def bars(found: funnels.Funnel) -> list[Bar]:
    """Return the funnel's steps as bars, findings and worklist lines each against the longest of their kind."""
    longest: dict[str, int] = {}
    for step in found.steps:
        longest[step.of] = max(longest.get(step.of, 1), step.count or 0)
    return [
        Bar(
            STAGES[step.stage],
            step.count,
            round(WIDEST * (step.count or 0) / longest[step.of]),
            step.median_days,
            step.of != "findings",
            step.organisations,
            step.stage is found.narrowest,
        )
        for step in found.steps
    ]
