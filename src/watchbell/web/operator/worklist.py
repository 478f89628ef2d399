"""What is there to do this week? The sheet first, then every row; both for this operator alone."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Count, Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from watchbell.apps.inventory import queries as inventory
from watchbell.apps.inventory.reach import Tier
from watchbell.apps.orgs import queries as orgs
from watchbell.apps.remediation import queries, sheet
from watchbell.apps.remediation.words import Closing
from watchbell.domain.lifecycle import Remediation
from watchbell.domain.priority import POLICY, Band, Drawn
from watchbell.doors import keyset
from watchbell.doors.policy import OPERATOR, OPERATOR_OWNS, open_to
from watchbell.web import moments
from watchbell.web.asking import Asking
from watchbell.web.operator import facts, lines
from watchbell.web.operator.assets import part
from watchbell.web.operator.words import STATES

BY_DUE = keyset.Order("worklist", ("order_at", "rank", "public_id"))


@dataclass(frozen=True, slots=True)
class Chip:
    """One filter: what it is called and which rows it shows."""

    key: str
    label: str | Promise
    rows: Q


BY_QUIET = keyset.Order("worklist-quieted", ("quiet_place", "order_at", "rank", "public_id"))
TO_DO = Q(is_settled=False)
QUIETED = Q(closed_because=Closing.QUIETED)
CHIPS = (
    Chip("", gettext_lazy("All to do"), TO_DO),
    Chip("now", gettext_lazy("Now"), TO_DO & Q(band=Band.NOW)),
    Chip("soon", gettext_lazy("Soon"), TO_DO & Q(band=Band.SOON)),
    Chip("later", gettext_lazy("Later"), TO_DO & Q(band__in=[Band.LATER, Band.AT_UPGRADE])),
    Chip("backlog", gettext_lazy("Backlog"), TO_DO & Q(band=Band.BACKLOG)),
    Chip("unknown", gettext_lazy("Unknown"), TO_DO & (Q(tier=Tier.CANNOT_TELL) | Q(drawn=Drawn.UNKNOWN))),
    *(Chip(state.name.lower(), STATES[state], TO_DO & Q(state=state)) for state in (
        Remediation.PLANNED, Remediation.WAITING_ON_VENDOR, Remediation.MITIGATED, Remediation.PATCHED,
    )),
    Chip("quieted", gettext_lazy("Quieted by VEX"), QUIETED),
    Chip("over", gettext_lazy("Over"), Q(is_settled=True) & ~QUIETED),
)  # fmt: skip


def zone_of(request: Asking) -> ZoneInfo:
    """Return the time zone in which this operator's days end."""
    organisation = orgs.find(str(request.actor.organisation))
    return moments.zone(organisation.time_zone if organisation else "")


def sheet_of(request: Asking) -> sheet.Sheet:
    """Return this week's sheet."""
    return sheet.this_week(request.actor, zone=zone_of(request).key, now=request.now)


@open_to(OPERATOR)
@require_safe
def this_week(request: Asking) -> HttpResponse:
    """Show the sheet: at most ten dated actions, the week's part of the backlog, and what could not be checked."""
    week = sheet_of(request)
    also_due = _also_due(request, week)
    context = {
        "dated": facts.with_facts(lines.of_step(step, now=request.now) for step in week.dated),
        "backlog": facts.with_facts(lines.of_step(step, now=request.now) for step in week.backlog),
        "sheet": week,
        "last_moment": week.week_ends_at - timedelta(seconds=1),
        "by": _("by Friday"),
        "can_wait": week.can_wait - also_due,
        "also_due": also_due,
        "totals": queries.totals(request.actor, now=request.now),
        "coverage": inventory.coverage(request.actor, now=request.now),
        "refreshed_at": queries.refreshed_at(request.actor, now=request.now),
        **counting(request),
        "zone": zone_of(request).key,
    }
    return render(request, "operator/this_week.html", context)


def counting(request: Asking) -> dict[str, Any]:
    """Return how what is not known counts here, for `operator/counting.html`."""
    since = queries.strict_since(request.actor, now=request.now)
    return {"strict_since": since, "policy": POLICY, "policy_owner": OPERATOR_OWNS.admits(request.actor)}


def _also_due(request: Asking, week: sheet.Sheet) -> int:
    """Return how many lines are due this week that no action on the sheet closes: it holds ten actions at most."""
    on_it = {step.first.subject_code for step in week.dated}
    rows = queries.visible_to(request.actor, now=request.now).filter(TO_DO, done_at__isnull=True)
    return rows.filter(order_at__lt=week.week_ends_at).exclude(subject_code__in=on_it).count()


@open_to(OPERATOR)
@require_safe
def everything(request: Asking) -> HttpResponse:
    """List every row, by due date and rank; chips narrow it."""
    chosen = next((one for one in CHIPS if one.key == request.GET.get("show", "")), CHIPS[0])
    rows = queries.visible_to(request.actor, now=request.now)
    is_quieted = chosen.key == "quieted"
    page = part(request, rows.filter(chosen.rows), BY_QUIET if is_quieted else BY_DUE)
    counts = _counts(rows)
    context = {
        "lines": facts.with_facts(lines.of_row(row, now=request.now) for row in page.rows),
        "slice": page,
        "chips": [{"chip": one, "count": counts[one.key or "all"]} for one in CHIPS],
        "chosen": chosen,
        "is_quieted": is_quieted,
        "count": counts[chosen.key or "all"],
        "coverage": inventory.coverage(request.actor, now=request.now),
        **counting(request),
        "zone": zone_of(request).key,
    }
    return render(request, "operator/worklist.html", context)


def _counts(rows: QuerySet[Any]) -> dict[str, int]:
    return rows.aggregate(**{one.key or "all": Count("pk", filter=one.rows) for one in CHIPS})
