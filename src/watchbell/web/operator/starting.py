"""How does somebody without any list begin? Three steps: add what you run, answer one question each, see the sheet."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from watchbell.apps.inventory import queries, services
from watchbell.domain.priority import Exposure
from watchbell.doors.policy import OPERATOR_WRITES, open_to
from watchbell.web.asking import Asking
from watchbell.web.operator.forms import EXPOSURE_CHOICES

AT_ONCE = 100


@open_to(OPERATOR_WRITES)
@require_safe
def start(request: Asking) -> HttpResponse:
    """Show the three steps and which one is next."""
    assets = queries.visible_to(request.actor, now=request.now)
    coverage = queries.coverage(request.actor, now=request.now)
    context = {
        "coverage": coverage,
        "has_contents": coverage.components + coverage.picked > 0,
        "open": assets.filter(exposed=Exposure.UNKNOWN).count(),
        "empty": assets.filter(listing__isnull=True, picks__isnull=True, units__isnull=True).order_by("name")[:AT_ONCE],
    }
    return render(request, "operator/start.html", context)


@open_to(OPERATOR_WRITES)
@require_http_methods(["GET", "HEAD", "POST"])
def questions(request: Asking) -> HttpResponse:
    """Ask the one question for each asset that has no answer yet; several are answered in one go."""
    waiting = queries.visible_to(request.actor, now=request.now).filter(exposed=Exposure.UNKNOWN).order_by("name")
    if request.method != "POST":
        context = {"rows": waiting[:AT_ONCE], "total": waiting.count(), "choices": EXPOSURE_CHOICES}
        return render(request, "operator/questions.html", context)
    answered = 0
    for asset in waiting[:AT_ONCE]:
        answer = request.POST.get(f"exposed-{asset.public_id}", "")
        if answer in (Exposure.YES, Exposure.NO):
            services.answer_exposed(asset=asset, answer=Exposure(answer), by=request.actor, now=request.now)
            answered += 1
    if answered:
        messages.success(request, _("The answers are kept, and the worklist follows in a moment."))
    return redirect("questions" if answered and waiting.exists() else "worklist")
