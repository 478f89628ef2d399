"""Which cases do we take part in, and how is one opened?"""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from watchbell.apps.cases import queries, services
from watchbell.apps.findings import queries as findings
from watchbell.domain.handling import Tlp
from watchbell.domain.lifecycle import Embargo
from watchbell.doors import moment
from watchbell.doors.policy import CASE_PARTY, COORDINATOR_WRITES, open_to
from watchbell.web.asking import Asking
from watchbell.web.coordination import words
from watchbell.web.coordination.board import IN_FORCE, WEEK
from watchbell.web.coordination.finding_forms import OpenCaseForm
from watchbell.web.coordination.finding_list import rows_of, strictest
from watchbell.web.coordination.paging import slice_of
from watchbell.web.speaking import spoken
from watchbell.web.states import State

AT_ONCE = 100
CHIPS: dict[str, words.Words] = {
    "open": gettext_lazy("Open cases"),
    "with-vendors": gettext_lazy("With vendors"),
    "ending": gettext_lazy("Embargo ends this week"),
    "exploited": gettext_lazy("Exploited"),
    "closed": gettext_lazy("Closed"),
}


@open_to(CASE_PARTY)
@require_safe
def cases(request: Asking) -> HttpResponse:
    """List the cases one takes part in, latest first."""
    chosen = request.GET.get("show", "open")
    chosen = chosen if chosen in CHIPS else "open"
    found = _narrowed(queries.visible_to(request.actor, now=request.now), chosen, request)
    page = slice_of(found, by=("-opened_at", "public_id"), name=f"cases:{chosen}", request=request)
    lines = [queries.line(case, request.actor) for case in page.rows]
    context = {
        "chips": [(key, word, key == chosen) for key, word in CHIPS.items()],
        "rows": [{"line": line, "state": _state(line), "words": _words(line)} for line in lines],
        "slice": page,
        "filter": f"show={chosen}",
        "total": found.count(),
        "marking": max((line.marking for line in lines), default=Tlp.AMBER),
    }
    return render(request, "coordination/cases.html", context)


def _narrowed(found: "QuerySet[Any]", chosen: str, request: Asking) -> "QuerySet[Any]":
    if chosen == "closed":
        return found.filter(closed_at__isnull=False)
    found = found.filter(closed_at__isnull=True)
    if chosen == "with-vendors":
        return found.filter(participants__report_sent_at__isnull=False).distinct()
    if chosen == "ending":
        return found.filter(embargo__state__in=IN_FORCE, embargo__ends_at__lte=request.now + WEEK)
    return found.filter(attacked_at__isnull=False) if chosen == "exploited" else found


def _state(line: queries.CaseLine) -> State:
    if line.closed_at is not None:
        return State.DONE
    if line.embargo.is_in_force or line.embargo is Embargo.PROPOSED:
        return State.SOON
    return State.NOW if line.is_public else State.LATER


def _words(line: queries.CaseLine) -> words.Words:
    if line.closed_at is not None:
        return _("Closed")
    if line.embargo is Embargo.REVISE:
        return _("New end proposed")
    return _("Public") if line.is_public else words.EMBARGO_STATES[line.embargo]


@open_to(COORDINATOR_WRITES)
@require_http_methods(["GET", "HEAD", "POST"])
def open_case(request: Asking) -> HttpResponse:
    """Open a case about chosen findings."""
    chosen = (request.POST if request.method == "POST" else request.GET).getlist("finding")[:AT_ONCE]
    rows = list(findings.visible_to(request.actor, now=request.now).filter(public_id__in=chosen).order_by("pk"))
    if not rows:
        return redirect(f"{reverse('findings')}?state=valid")
    form = OpenCaseForm(request.POST if request.method == "POST" else None, initial={"title": rows[0].title})
    if request.method == "POST" and form.is_valid():
        try:
            case = services.open_case(
                chosen, title=form.cleaned_data["title"], by=request.actor, now=request.now, rng=moment.dice()
            )
        except (services.CannotOpen, services.AlreadyCoordinated) as error:
            form.add_error(None, spoken(error))
        except services.NotAllowed as error:
            raise PermissionDenied from error
        else:
            return redirect("case", public_id=case.public_id)
    marking = strictest(rows)
    context = {"form": form, "rows": rows_of(rows), "chosen": chosen, "marking": marking}
    return render(request, "coordination/open_case.html", context)
