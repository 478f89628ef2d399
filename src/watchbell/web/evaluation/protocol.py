"""What does one version of a protocol say, and what is done with it? Both read it, the evaluator runs it."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST, require_safe

from watchbell.apps.engagements.services import NotAllowed
from watchbell.apps.evaluation import queries, services
from watchbell.domain import evaluation as rules
from watchbell.domain.lifecycle.engagement import Engagement as State
from watchbell.domain.terms import Purpose
from watchbell.doors import keys
from watchbell.doors.headers import as_download
from watchbell.doors.policy import EARLY_ACCESS, EVALUATOR_WRITES, open_to
from watchbell.web.asking import Asking
from watchbell.web.early_access.acting import with_dice
from watchbell.web.early_access.clients import gateway_address
from watchbell.web.evaluation.acting import REFUSALS, evaluators_protocol, is_evaluator, protocol_of, told
from watchbell.web.evaluation.overview import measured
from watchbell.web.evaluation.protocol_form import said
from watchbell.web.speaking import spoken

MOST_ON_A_PAGE = 64 * 1024 * 1024
MOST_SHOWN = 50


class LogForm(forms.Form):
    """One log of an evaluator's own runner."""

    file = forms.FileField(
        label=gettext_lazy("A log that ends in .eval"),
        max_length=200,
        help_text=gettext_lazy("Up to 64 MiB here; larger ones with the command. It is sealed before it is read."),
    )

    def clean_file(self) -> Any:
        """Return the file when a page may take it."""
        file = self.cleaned_data["file"]
        if file.size > MOST_ON_A_PAGE:
            raise forms.ValidationError(_("It is larger than 64 MiB. Take it in with the command."))
        return file


@open_to(EARLY_ACCESS)
@require_safe
def protocol(request: Asking, public_id: str, protocol: str) -> HttpResponse:
    """Show one version, to both parties alike."""
    one, row = protocol_of(request, public_id, protocol)
    return show(request, one, row)


@open_to(EVALUATOR_WRITES)
@require_POST
def kit(request: Asking, public_id: str, protocol: str) -> HttpResponse:
    """Hand out the run kit; the developer reads that somebody took it."""
    _one, row = evaluators_protocol(request, public_id, protocol)
    try:
        content = services.run_kit(row, **with_dice(request))
    except REFUSALS as error:
        messages.error(request, told(error))
        return redirect("protocol", public_id=public_id, protocol=protocol)
    return as_download(HttpResponse(content, content_type="application/json"), kit_name(row))


@open_to(EVALUATOR_WRITES)
@require_POST
def take_in(request: Asking, public_id: str, protocol: str) -> HttpResponse:
    """Take one log in, and say of it what was stored and what was not."""
    one, row = evaluators_protocol(request, public_id, protocol)
    form = LogForm(request.POST, request.FILES)
    if not form.is_valid():
        return show(request, one, row, form=form)
    file = form.cleaned_data["file"]
    source = services.LogFile(_("your file"), file.file)
    try:
        taken = services.import_log(row, source, store=keys.blob_store(), **with_dice(request))
    except REFUSALS as error:
        form.add_error("file", told(error))
        return show(request, one, row, form=form)
    if taken.refused:
        return show(request, one, row, taken=taken)
    messages.success(request, _taken(taken))
    return redirect("protocol", public_id=public_id, protocol=protocol)


def show(request: Asking, one: Any, row: Any, *, form: LogForm | None = None, taken: Any = None) -> HttpResponse:
    """Show one version with its plan, its deeds, and what came in; or say why nobody can read it any more."""
    try:
        value = services.open_protocol(row, Purpose.READ_RESULTS, **with_dice(request))
        reason = services.reason_of(row, keys=keys.keystore())
    except (NotAllowed, *REFUSALS) as error:
        messages.error(request, told(error))
        return redirect("evaluation", public_id=one.public_id)
    context = {
        "engagement": one,
        "row": row,
        "value": value,
        "reason": reason,
        "is_evaluator": is_evaluator(request, one),
        "may_plan": is_evaluator(request, one) and one.stands in (State.AGREED, State.ACTIVE),
        "is_latest": not queries.is_superseded(row),
        "lacking": [said(it, place=it.place) for it in rules.problems(value)] if row.locked_at is None else [],
        "measured": measured(request, row, value) if row.locked_at is not None else None,
        "items": sum(suite.size for suite in value.suites),
        "samples": sum(suite.size for suite in value.suites) * len(value.budgets) * value.epochs,
        "kit": kit_name(row),
        "gateway": gateway_address(),
        "form": form or LogForm(),
        "taken": taken,
        "told": _taken(taken) if taken else "",
        "refusals": [spoken(refusal) for refusal in taken.refusals[:MOST_SHOWN]] if taken else [],
        "reports": list(queries.reports_of(one.public_id, request.actor, now=request.now).filter(protocol=row)[:50]),
    }
    return render(request, "evaluation/protocol.html", context)


def kit_name(row: Any) -> str:
    """Return the name of a run kit's file: the beginning of its protocol's digest."""
    return f"run-kit-{row.digest[:8]}.json"


def _taken(taken: services.TakenIn) -> str:
    stored = ngettext("%(number)s sample was stored.", "%(number)s samples were stored.", taken.stored)
    parts = [stored % {"number": taken.stored}]
    if taken.unchanged:
        there = ngettext("%(number)s was there already.", "%(number)s were there already.", taken.unchanged)
        parts.append(there % {"number": taken.unchanged})
    if taken.refused:
        refused = ngettext("%(number)s was not taken.", "%(number)s were not taken.", taken.refused)
        parts.append(refused % {"number": taken.refused})
    return " ".join(parts)
