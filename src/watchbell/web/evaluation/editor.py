"""What shall be measured? The evaluator's questions, saved as a draft, and locked for good by one click.

A draft may still lack something; locking says what, under each question.
"""

import json
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from watchbell.apps.engagements import services as access
from watchbell.apps.evaluation import queries, services
from watchbell.domain.evaluation import Protocol
from watchbell.domain.terms import Purpose
from watchbell.doors import keys
from watchbell.doors.policy import EVALUATOR_WRITES, open_to
from watchbell.web.asking import Asking
from watchbell.web.early_access.acting import offered_to_us, with_dice, with_keys
from watchbell.web.early_access.names import Names
from watchbell.web.evaluation.acting import REFUSALS, evaluators_protocol, told
from watchbell.web.evaluation.protocol_form import (
    Ground,
    JsonForm,
    ProtocolForm,
    answers_of,
    distinct,
    standing,
)

FORMS = ["GET", "HEAD", "POST"]
Form = ProtocolForm | JsonForm


@open_to(EVALUATOR_WRITES)
@require_http_methods(FORMS)
def draft(request: Asking, public_id: str) -> HttpResponse:
    """Begin a protocol."""
    one = offered_to_us(request, public_id)
    ground = _ground(request, one)
    form = _sent(request, ground)
    if form is not None and form.is_valid():
        try:
            made = services.draft_protocol(one, _value(form), **with_dice(request))
        except REFUSALS as error:
            form.add_error(None, told(error))
        else:
            messages.success(request, _("The draft is saved. Nothing counts before it is locked."))
            return redirect("protocol", public_id=public_id, protocol=made.public_id)
    return _show(request, one, ground, form, None)


@open_to(EVALUATOR_WRITES)
@require_http_methods(FORMS)
def edit(request: Asking, public_id: str, protocol: str) -> HttpResponse:
    """Change a draft."""
    one, row = evaluators_protocol(request, public_id, protocol)
    if row.locked_at is not None:
        return _back(request, row, services.IsLocked(str(services.IsLocked.__doc__)))
    try:
        ground = _ground(request, one, _before(request, row))
    except REFUSALS as error:
        return _back(request, row, error)
    form = _sent(request, ground)
    if form is not None and form.is_valid():
        try:
            services.change_draft(row, _value(form), **with_keys(request))
        except REFUSALS as error:
            form.add_error(None, told(error))
        else:
            messages.success(request, _("The draft is saved. Nothing counts before it is locked."))
            return redirect("protocol", public_id=public_id, protocol=protocol)
    return _show(request, one, ground, form, row)


@open_to(EVALUATOR_WRITES)
@require_http_methods(FORMS)
def amend(request: Asking, public_id: str, protocol: str) -> HttpResponse:
    """Begin a new version of a locked protocol, with the reason."""
    one, row = evaluators_protocol(request, public_id, protocol)
    try:
        ground = _ground(request, one, _before(request, row))
    except REFUSALS as error:
        return _back(request, row, error)
    form = _sent(request, ground, is_amendment=True)
    if form is not None and form.is_valid():
        try:
            made = services.amend(row, _value(form), form.cleaned_data["reason"], **with_dice(request))
        except REFUSALS as error:
            form.add_error(None, told(error))
        else:
            messages.success(request, _("The new version is a draft. The one before stays as it is."))
            return redirect("protocol", public_id=public_id, protocol=made.public_id)
    return _show(request, one, ground, form, row, is_amendment=True)


@open_to(EVALUATOR_WRITES)
@require_POST
def lock(request: Asking, public_id: str, protocol: str) -> HttpResponse:
    """Lock a version for good; what keeps it from being locked stands under its question."""
    one, row = evaluators_protocol(request, public_id, protocol)
    try:
        services.lock(row, **with_keys(request))
    except services.NotReady as error:
        return _not_ready(request, one, row, error)
    except REFUSALS as error:
        return _back(request, row, error)
    messages.success(request, _("It is locked. Its digest stands in the record, and this version never changes."))
    return redirect("protocol", public_id=public_id, protocol=protocol)


def _not_ready(request: Asking, one: Any, row: Any, error: services.NotReady) -> HttpResponse:
    """Show what a draft still lacks, each at its place."""
    value = services.opened(row, keys=keys.keystore())
    ground = _ground(request, one, value)
    if not ground.fits:
        form: Form = JsonForm({"text": _pretty(value)})
        form.is_valid()
        for problem in error.problems:
            form.add_error("text", told(services.NotReady((problem,))))
        return _show(request, one, ground, form, row)
    questions = standing(value, ground)
    questions.locate(error.problems)
    return _show(request, one, ground, questions, row)


def _ground(request: Asking, one: Any, before: Protocol | None = None) -> Ground:
    names = _models(request, one)
    if before is not None and before.model.alias not in names:
        names = ()
    benchmarks = distinct(list(queries.benchmarks_for(request.actor)))
    return Ground(digest=one.model.digest, names=names, benchmarks=benchmarks, before=before)


def _models(request: Asking, one: Any) -> tuple[str, ...]:
    """Return the models in scope, which stand in the terms: a line in the access log, one a sitting where one types."""
    note = access.note_sitting if request.method == "POST" else access.note_opening
    try:
        note(one, "models", Purpose.RUN, **with_dice(request))
        return access.models_in_scope(one, keys=keys.keystore())
    except REFUSALS:
        return ()


def _before(request: Asking, row: Any) -> Protocol:
    return services.open_protocol(row, Purpose.RUN, **with_dice(request))


def _sent(request: Asking, ground: Ground, *, is_amendment: bool = False) -> Form | None:
    """Return the form that was sent, the questions or the JSON; None where the page is only looked at."""
    if request.method != "POST":
        return None
    if "text" in request.POST:
        return JsonForm(request.POST, is_amendment=is_amendment)
    unfinished = "unfinished" in request.POST
    return ProtocolForm(request.POST, ground=ground, is_amendment=is_amendment, unfinished=unfinished)


def _value(form: Form) -> Protocol:
    found: Protocol = form.value if isinstance(form, JsonForm) else form.cleaned_data["value"]
    return found


def _show(
    request: Asking, one: Any, ground: Ground, form: Form | None, row: Any, *, is_amendment: bool = False
) -> HttpResponse:
    """Show the questions, and the same as JSON; the one that was sent keeps its answers and says what is wrong."""
    before = ground.before
    initial = answers_of(before, ground) if before else None
    as_json = JsonForm(initial={"text": _pretty(before)} if before else None, is_amendment=is_amendment)
    questions = ProtocolForm(initial=initial, ground=ground, is_amendment=is_amendment)
    context = {
        "engagement": one,
        "developer": Names().of(one.developer),
        "row": row,
        "is_amendment": is_amendment,
        "form": form if isinstance(form, ProtocolForm) else questions,
        "json": form if isinstance(form, JsonForm) else as_json,
        "is_json": isinstance(form, JsonForm) or not ground.fits,
        "fits": ground.fits,
        "has_benchmarks": bool(ground.benchmarks),
    }
    return render(request, "evaluation/editor.html", context)


def _back(request: Asking, row: Any, error: Exception) -> HttpResponse:
    messages.error(request, told(error))
    return redirect("protocol", public_id=row.engagement, protocol=row.public_id)


def _pretty(value: Protocol) -> str:
    return json.dumps(value.as_mapping(), indent=2, ensure_ascii=False)
