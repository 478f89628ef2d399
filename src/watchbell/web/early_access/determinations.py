"""What was said elsewhere of whether a model is a covered frontier model? A note for its developer, on this page alone.

Nothing else of this program reads it (V9): this is the only module that may import the room's determinations.
"""

from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from watchbell.apps.engagements import determinations
from watchbell.apps.engagements.words import Outcome
from watchbell.doors import moment
from watchbell.doors.policy import LAB, LAB_WRITES, open_to
from watchbell.web.asking import Asking
from watchbell.web.early_access import words
from watchbell.web.early_access.acting import among, attempt, by, own_model
from watchbell.web.early_access.forms import OutcomeForm
from watchbell.web.early_access.names import model_name


@open_to(LAB)
@require_safe
def determination(request: Asking, public_id: str) -> HttpResponse:
    """Show what the developer asked for and was told."""
    return _show(request, own_model(request, public_id), OutcomeForm())


@open_to(LAB_WRITES)
@require_POST
def note_request(request: Asking, public_id: str) -> HttpResponse:
    """Note that the developer asked for a determination."""
    model = own_model(request, public_id)
    deed = {**by(request), "rng": moment.dice()}
    said = _("Noted: you asked for a determination. Nothing here waits for it.")
    attempt(request, lambda: determinations.note_request(model, **deed), said)
    return redirect("determination", public_id=public_id)


@open_to(LAB_WRITES)
@require_POST
def retract_request(request: Asking, public_id: str, asked: str) -> HttpResponse:
    """Take a request back."""
    one = _asked(request, public_id, asked)
    attempt(request, lambda: determinations.retract_request(one, **by(request)), _("The request is taken back."))
    return redirect("determination", public_id=public_id)


@open_to(LAB_WRITES)
@require_POST
def note_outcome(request: Asking, public_id: str, asked: str) -> HttpResponse:
    """Note what the developer was told."""
    one, form = _asked(request, public_id, asked), OutcomeForm(request.POST)
    if not form.is_valid():
        return _show(request, one.model, form)
    answers = form.cleaned_data
    outcome = Outcome(answers["outcome"])
    said = _("The outcome is noted. It changes nothing else here.")
    told = {"on": answers["on"], "signer": answers["signer"]}
    attempt(request, lambda: determinations.note_outcome(one, outcome, **told, **by(request)), said)
    return redirect("determination", public_id=public_id)


def _asked(request: Asking, public_id: str, asked: str) -> Any:
    model = own_model(request, public_id)
    return among(determinations.visible_to(request.actor).filter(model=model), asked)


def _show(request: Asking, model: Any, form: OutcomeForm) -> HttpResponse:
    if model.organisation != request.actor.organisation:
        raise Http404
    rows = determinations.visible_to(request.actor).filter(model=model)
    shown = [{"one": row, "outcome": words.OUTCOMES[Outcome(row.outcome)] if row.outcome else ""} for row in rows]
    waiting = next((row for row in rows if not row.outcome and row.retracted_at is None), None)
    context = {
        "model": model,
        "name": model_name(model),
        "rows": shown,
        "waiting": waiting,
        "form": form,
    }
    return render(request, "early_access/determination.html", context)
