"""Which model is this, and what does its developer mean to do with it? Two release dates are the developer's alone.

A release is recorded by one click; what it leads to stands beside the button.
"""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from watchbell.apps.engagements import queries, services
from watchbell.apps.engagements.services import Release
from watchbell.apps.orgs import queries as orgs
from watchbell.domain.terms import Unacceptable
from watchbell.doors.policy import LAB, LAB_WRITES, open_to
from watchbell.web import moments
from watchbell.web.asking import Asking
from watchbell.web.context import Page
from watchbell.web.early_access import showing, words
from watchbell.web.early_access.acting import REFUSALS, attempt, own_model, told, with_dice
from watchbell.web.early_access.forms import ModelForm, MomentForm, PartnerForm
from watchbell.web.early_access.names import Names, model_name

RELEASES = {"partners": Release.PARTNERS, "everyone": Release.PUBLIC}
RELEASED = {
    "partners": gettext_lazy("Recorded: the model is released to your trusted partners. Every window onto it is over."),
    "everyone": gettext_lazy("Recorded: the model is released to everyone. Every window onto it is over."),
}


@open_to(LAB_WRITES)
@require_http_methods(["GET", "HEAD", "POST"])
def register(request: Asking) -> HttpResponse:
    """Register a model by its digest."""
    form = ModelForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            answers = form.cleaned_data
            model = services.register_model(answers["name"], answers["digest"], **with_dice(request))
        except Unacceptable as error:
            form.add_error("name" if error.place == "/name" else "digest", told(error))
        except REFUSALS as error:
            form.add_error(None, told(error))
        else:
            messages.success(request, _("The model is registered. Nobody else hears of it."))
            return redirect("model", public_id=model.public_id)
    return render(request, "early_access/model_new.html", {"form": form})


@open_to(LAB)
@require_safe
def model(request: Asking, public_id: str) -> HttpResponse:
    """Show one of the developer's models."""
    return show(request, own_model(request, public_id), {})


def show(request: Asking, one: Any, bound: dict[str, Any]) -> HttpResponse:
    """Show a model with its forms; those in `bound` carry what was typed and why it was not taken."""
    names, zone = Names(), moments.zone(Page(request).time_zone)
    context = {
        "model": one,
        "name": model_name(one),
        "used": showing.used(one, now=request.now),
        "releases": [_release(request, one, to, bound.get(to), zone) for to in RELEASES],
        "engagements": [_engagement(row, names, request) for row in _engagements(request, one)],
        "partners": [{"one": row, "name": names.of(row.partner)} for row in _partners(request, one)],
        "partner_form": bound.get("partner") or PartnerForm(auto_id="partner_%s"),
    }
    return render(request, "early_access/model.html", context)


@open_to(LAB_WRITES)
@require_POST
def release(request: Asking, public_id: str, to: str) -> HttpResponse:
    """Record a release: one click, no question back."""
    one = own_model(request, public_id)
    chosen = _chosen(to)
    attempt(request, lambda: services.release(one, chosen, **with_dice(request)), RELEASED[to])
    return redirect("model", public_id=public_id)


@open_to(LAB_WRITES)
@require_POST
def plan(request: Asking, public_id: str, to: str) -> HttpResponse:
    """Note when the developer means to release, or that it does not know yet."""
    one = own_model(request, public_id)
    chosen = _chosen(to)
    zone = moments.zone(Page(request).time_zone)
    form = MomentForm(request.POST, zone=zone, required=False, auto_id=f"{to}_%s")
    if not form.is_valid():
        return show(request, one, {to: form})
    at = form.cleaned_data["at"]
    said = _("The plan is noted. Windows end then at the latest.") if at else _("The plan is taken back.")
    attempt(request, lambda: services.plan_release(one, chosen, at, **with_dice(request)), said)
    return redirect("model", public_id=public_id)


@open_to(LAB_WRITES)
@require_POST
def choose_partner(request: Asking, public_id: str) -> HttpResponse:
    """Choose an organisation as a trusted partner; it counts once they consent."""
    one = own_model(request, public_id)
    form = PartnerForm(request.POST, auto_id="partner_%s")
    if form.is_valid():
        found = orgs.called(form.cleaned_data["name"])
        if len(found) == 1:
            dice = {name: value for name, value in with_dice(request).items() if name != "keys"}
            said = _("They are asked for their consent. It counts once they give it.")
            attempt(request, lambda: services.choose_partner(one, found[0].public_id, **dice), said)
            return redirect("model", public_id=public_id)
        form.add_error("name", _("No organisation of this node has exactly this name, or several have."))
    return show(request, one, {"partner": form})


def _chosen(to: str) -> Release:
    if to not in RELEASES:
        raise Http404
    return RELEASES[to]


def _release(request: Asking, one: Any, to: str, bound: Any, zone: Any) -> dict[str, Any]:
    at = getattr(one, RELEASES[to].value)
    planned = at is not None and at > request.now
    initial = {"at": at.astimezone(zone)} if planned else None
    label = _("You mean to release it on")
    form = bound or MomentForm(initial=initial, zone=zone, label=label, required=False, auto_id=f"{to}_%s")
    return {"to": to, "at": at, "is_planned": planned, "is_done": at is not None and not planned, "form": form}


def _engagements(request: Asking, one: Any) -> Any:
    return queries.visible_to(request.actor, now=request.now).filter(model=one)


def _engagement(row: Any, names: Names, request: Asking) -> dict[str, Any]:
    clock = queries.clock_of(row, now=request.now)
    return {
        "one": row,
        "with": names.of(row.evaluator),
        "said": words.STATES[row.stands],
        "badge": words.badge(row.stands),
        "ring": showing.ring(clock, Page(request).time_zone, now=request.now),
    }


def _partners(request: Asking, one: Any) -> Any:
    return queries.partners_of(request.actor, now=request.now).filter(model=one)
