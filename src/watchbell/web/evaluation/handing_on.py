"""Who else may read it? The developer looks at exactly what others would have, consents, and withdraws at any moment.

Nobody asks for a consent, and nobody is told that there is none.
"""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from watchbell.apps.evaluation import services
from watchbell.domain.canonical import canonical
from watchbell.domain.evaluation.report import NEEDS_CONSENT, TLP, Reader
from watchbell.doors.headers import as_download
from watchbell.doors.policy import LAB, LAB_WRITES, open_to
from watchbell.web.asking import Asking
from watchbell.web.early_access.acting import attempt, by, known, with_dice
from watchbell.web.early_access.names import Names
from watchbell.web.evaluation import showing, words
from watchbell.web.evaluation.acting import REFUSALS, report_of, told


@open_to(LAB)
@require_safe
def preview(request: Asking, public_id: str, report: str, reader: str) -> HttpResponse:
    """Show the developer exactly what this kind of reader would have, as a page or, with `?file`, as the bytes."""
    one, row = own_report(request, public_id, report)
    kind = _reader(reader)
    try:
        found = services.preview(row, kind, **with_dice(request))
    except REFUSALS as error:
        messages.error(request, told(error))
        return redirect("evaluation", public_id=public_id)
    if "file" in request.GET:
        answer = HttpResponse(canonical(found), content_type="application/json")
        return as_download(answer, f"evaluation-report-{row.number}-for-{kind.value}.json")
    context = {
        "engagement": one,
        "row": row,
        "reader": kind.value,
        "who": words.PLACES[kind.value],
        "is_given": kind.value in row.consents,
        "may_decide": request.actor.writes,
        "marking_for_them": TLP[kind],
        "developer": Names().of(one.developer),
        **showing.context_of(found),
    }
    return render(request, "evaluation/preview.html", context)


@open_to(LAB_WRITES)
@require_POST
def consent(request: Asking, public_id: str, report: str, reader: str) -> HttpResponse:
    """Let trusted partners, or everybody, read a report."""
    _one, row = own_report(request, public_id, report)
    kind = _reader(reader)
    said = _("You consented: %(who)s may read less of this report than you do.") % {"who": words.PLACES[kind.value]}
    attempt(request, lambda: services.consent(row, kind, **with_dice(request)), said)
    return redirect("evaluation_report", public_id=public_id, report=report)


@open_to(LAB_WRITES)
@require_POST
def withdraw(request: Asking, public_id: str, report: str, reader: str) -> HttpResponse:
    """Take a consent back: from the next request on nobody reads it here."""
    _one, row = own_report(request, public_id, report)
    kind = _reader(reader)
    said = _("You withdrew your consent: %(who)s read it here no longer.") % {"who": words.PLACES[kind.value]}
    attempt(request, lambda: services.withdraw_consent(row, kind, **by(request)), said)
    return redirect("evaluation_report", public_id=public_id, report=report)


def own_report(request: Asking, public_id: str, report: str) -> tuple[Any, Any]:
    """Return an engagement of the developer's own and one of its reports, or answer that there is nothing here."""
    one = known(request, public_id)
    if one.developer != request.actor.organisation:
        raise Http404
    return report_of(request, public_id, report)


def _reader(reader: str) -> Reader:
    if reader not in {each.value for each in NEEDS_CONSENT}:
        raise Http404
    return Reader(reader)
