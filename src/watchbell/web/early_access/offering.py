"""On which terms? The developer's questions, and what the answers mean in plain words, before anything is signed."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from watchbell.apps.engagements import services
from watchbell.apps.orgs import queries as orgs
from watchbell.domain.handling import OrganisationKind
from watchbell.domain.terms import Purpose, Terms, differences, in_plain_words
from watchbell.doors import keys
from watchbell.doors.policy import LAB_WRITES, open_to
from watchbell.web.asking import Asking
from watchbell.web.early_access.acting import REFUSALS, offered_by_us, own_model, told, with_dice, with_keys
from watchbell.web.early_access.names import Names, model_name
from watchbell.web.early_access.terms_form import TermsForm, answers_of


@open_to(LAB_WRITES)
@require_http_methods(["GET", "HEAD", "POST"])
def draft(request: Asking, public_id: str) -> HttpResponse:
    """Write terms for one model and save them as a draft; nobody else sees it."""
    model = own_model(request, public_id)
    name = model_name(model)
    form = TermsForm(
        request.POST or None,
        initial={"models": slugify(name)},
        model_digest=model.digest,
        evaluators=_evaluators(request),
    )
    if _saves(request) and form.is_valid():
        terms, evaluator = form.cleaned_data["terms"], form.cleaned_data["evaluator"]
        try:
            made = services.draft(model, evaluator, terms, **with_dice(request))
        except REFUSALS as error:
            form.add_error(None, told(error))
        else:
            messages.success(request, _("The draft is saved. Nobody else sees it before you sign it."))
            return redirect("engagement", public_id=made.public_id)
    return _show(request, form, {"model": model, "name": name, "engagement": None, "before": None})


@open_to(LAB_WRITES)
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: Asking, public_id: str) -> HttpResponse:
    """Write a new version of the terms; what was offered or agreed waits for new signatures."""
    engagement = offered_by_us(request, public_id)
    note = services.note_opening if request.method == "GET" else services.note_sitting
    try:
        note(engagement, "terms", Purpose.HOUSEKEEPING, **with_dice(request))
        before = services.terms_of(engagement, keys=keys.keystore())
    except REFUSALS as error:
        messages.error(request, told(error))
        return redirect("engagement", public_id=public_id)
    model = engagement.model
    form = TermsForm(request.POST or None, initial=answers_of(before), model_digest=model.digest)
    if _saves(request) and form.is_valid():
        try:
            return _save(request, engagement, before, form.cleaned_data["terms"])
        except REFUSALS as error:
            form.add_error(None, told(error))
    name = model_name(model)
    context = {"model": model, "name": name, "engagement": engagement, "before": before}
    return _show(request, form, {**context, "evaluator": Names().of(engagement.evaluator)})


def _save(request: Asking, engagement: Any, before: Terms, terms: Terms) -> HttpResponse:
    if terms == before:
        messages.info(request, _("Nothing changed, so the version stays the same."))
    else:
        services.change_terms(engagement, terms, **with_keys(request))
        messages.success(request, _("The new version is saved. It counts once you sign it and the evaluator agrees."))
    return redirect("engagement", public_id=engagement.public_id)


def _saves(request: Asking) -> bool:
    return request.method == "POST" and "save" in request.POST


def _show(request: Asking, form: TermsForm, context: dict[str, Any]) -> HttpResponse:
    """Show questions and preview; a page that asks for the preview alone, as one types, gets that alone."""
    terms, before = _terms(form, context["before"]), context["before"]
    preview = {
        "points": in_plain_words(terms) if terms else (),
        "changes": differences(before, terms) if terms and before else (),
        "is_new": before is None,
        "is_unfinished": terms is None,
    }
    if request.headers.get("HX-Request") == "true":
        return render(request, "early_access/preview.html", preview)
    return render(request, "early_access/terms.html", {"form": form, **preview, **context})


def _terms(form: TermsForm, before: Terms | None) -> Terms | None:
    """Return the terms as they are answered now; a new form is asked for what stands in it already."""
    if form.is_bound:
        found: Terms | None = form.cleaned_data.get("terms") if form.is_valid() else None
        return found
    if before is not None:
        return before
    filled = {name: form.get_initial_for_field(field, name) for name, field in form.fields.items()}
    answered = {name: value for name, value in filled.items() if value is not None}
    standing = TermsForm(answered, model_digest=form.model_digest)
    return standing.cleaned_data["terms"] if standing.is_valid() else None


def _evaluators(request: Asking) -> list[tuple[str, str]]:
    found = orgs.of_kind(OrganisationKind.EVALUATOR)
    others = [(one.public_id, one.name) for one in found if one.public_id != request.actor.organisation]
    return sorted(others, key=lambda pair: pair[1])
