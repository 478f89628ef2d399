"""What does an evaluator promise of its own machines? The statement in plain words, its bytes, and the signature."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from watchbell.apps.engagements import queries as engagements
from watchbell.apps.evaluation import services
from watchbell.domain.evaluation import PROMISES
from watchbell.domain.refusal import Refused
from watchbell.domain.terms import Statement
from watchbell.doors import strength
from watchbell.doors.headers import as_download
from watchbell.doors.policy import EARLY_ACCESS_SIGNS, EVALUATOR, open_to
from watchbell.web.asking import Asking
from watchbell.web.early_access.acting import with_dice
from watchbell.web.early_access.forms import SignatureForm
from watchbell.web.early_access.signing import signature_in
from watchbell.web.evaluation.acting import REFUSALS, evaluators_protocol, told
from watchbell.web.speaking import spoken


@open_to(EARLY_ACCESS_SIGNS)
@require_http_methods(["GET", "HEAD", "POST"])
def sign(request: Asking, public_id: str, protocol: str) -> HttpResponse:
    """Show what is signed for the runs of one locked protocol, and take the signature."""
    one, row = evaluators_protocol(request, public_id, protocol)
    form = SignatureForm(request.POST or None, request.FILES or None)
    try:
        statement = services.containment_to_sign(row)
    except REFUSALS as error:
        return _back(request, row, error)
    if request.method == "POST" and form.is_valid():
        try:
            signature = signature_in(form.given, statement, request)
            services.sign_containment(row, signature, **with_dice(request))
        except (Refused, *REFUSALS) as error:
            form.add_error(None, told(error))
        else:
            messages.success(request, _("It is signed. Runs that begin from now on count."))
            return redirect("protocol", public_id=public_id, protocol=protocol)
    return _show(request, one, row, statement, form)


@open_to(EVALUATOR)
@require_safe
def statement_file(request: Asking, public_id: str, protocol: str) -> HttpResponse:
    """Send the bytes to be signed, as a file."""
    _one, row = evaluators_protocol(request, public_id, protocol)
    try:
        statement = services.containment_to_sign(row)
    except REFUSALS as error:
        return _back(request, row, error)
    return as_download(HttpResponse(statement.payload, content_type="application/json"), _name(statement))


def _show(request: Asking, one: Any, row: Any, statement: Statement, form: SignatureForm) -> HttpResponse:
    own = engagements.signing_keys_of(request.actor).filter(retired_at__isnull=True)
    context = {
        "engagement": one,
        "row": row,
        "statement": statement,
        "file_name": _name(statement),
        "promises": [spoken(promise) for promise in PROMISES.values()],
        "form": form,
        "has_keys": own.exists(),
        "is_confirmed": strength.is_confirmed(request, request.now),
        "confirm_url": strength.way_to_confirm_anew(request),
    }
    return render(request, "evaluation/containment.html", context)


def _name(statement: Statement) -> str:
    return f"containment-{statement.digest[:8]}.json"


def _back(request: Asking, row: Any, error: Exception) -> HttpResponse:
    messages.error(request, told(error))
    return redirect("protocol", public_id=row.engagement, protocol=row.public_id)
