"""This will do the evaluator's deeds: decline or leave, name people, take a token.

Nothing here begins anything, asks for anything or makes anything last longer.
"""

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from watchbell.apps.engagements import services
from watchbell.apps.evaluation import services as evaluation
from watchbell.domain.terms import Purpose
from watchbell.doors import keys
from watchbell.doors.policy import EVALUATOR_WRITES, open_to
from watchbell.web.asking import Asking
from watchbell.web.early_access import people
from watchbell.web.early_access.acting import REFUSALS, attempt, offered_to_us, told, with_dice
from watchbell.web.early_access.clients import clients, gateway_address
from watchbell.web.early_access.engagement import interfaces_of, show
from watchbell.web.early_access.forms import PersonForm, TokenForm
from watchbell.web.early_access.names import Names

DEEDS = {
    "decline": (services.decline, gettext_lazy("You declined. No reason is asked, and nothing follows from it.")),
    "leave": (services.leave, gettext_lazy("You left. Access is over and its key is destroyed.")),
}


@open_to(EVALUATOR_WRITES)
@require_POST
def do(request: Asking, public_id: str, deed: str) -> HttpResponse:
    """Decline, or leave: one click."""
    one = offered_to_us(request, public_id)
    if deed not in DEEDS:
        raise Http404
    service, said = DEEDS[deed]
    attempt(request, lambda: service(one, **with_dice(request)), said)
    return redirect("engagement", public_id=public_id)


@open_to(EVALUATOR_WRITES)
@require_POST
def name_person(request: Asking, public_id: str) -> HttpResponse:
    """Name one more person, within the number agreed; nothing is open to them before the developer signs."""
    one = offered_to_us(request, public_id)
    form = PersonForm(request.POST, colleagues=people.unnamed(request, one), auto_id="person_%s")
    if form.is_valid():
        try:
            services.name_person(one, form.cleaned_data["person"], **with_dice(request))
        except REFUSALS as error:
            form.add_error(None, told(error))
        else:
            messages.success(request, _("They are named. The developer lets them in by its signature, or does not."))
            return redirect("engagement", public_id=public_id)
    return show(request, one, {"person": form})


@open_to(EVALUATOR_WRITES)
@require_http_methods(["GET", "HEAD", "POST"])
def take_token(request: Asking, public_id: str) -> HttpResponse:
    """Make a token for the signed-in person, and show its text once."""
    one = offered_to_us(request, public_id)
    form = TokenForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            minted = _mint(request, one, form.cleaned_data)
        except REFUSALS as error:
            form.add_error(None, told(error))
        else:
            address = gateway_address()
            models = services.models_in_scope(one, keys=keys.keystore())  # the token's line says who saw them
            shown = clients(address, minted.text, models, one.grant.dialects)
            context = {"engagement": one, "token": minted.token, "text": minted.text, "address": address}
            return render(request, "early_access/token_made.html", {**context, "clients": shown})
    context = {
        "engagement": one,
        "form": form,
        "developer": Names().of(one.developer),
        "interfaces": interfaces_of(one),
        "has_seat": people.has_seat(one, request.actor),
    }
    return render(request, "early_access/token_new.html", context)


def _mint(request: Asking, one: Any, answers: dict[str, Any]) -> services.Minted:
    lasts = timedelta(hours=answers["hours"])
    return evaluation.mint_token(one, Purpose(answers["purpose"]), lasts=lasts, **with_dice(request))
