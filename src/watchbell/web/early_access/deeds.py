"""This will do one deed of the developer's in an engagement: one click, one service, and what happened in words.

Release and Withdraw ask nothing back. A refusal is told on the page the deed came from.
"""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from watchbell.apps.engagements import queries, services
from watchbell.apps.engagements.services import Endpoint, Release
from watchbell.domain.metering import Scheme
from watchbell.domain.terms import Purpose
from watchbell.doors.policy import EARLY_ACCESS_WRITES, LAB_WRITES, open_to
from watchbell.web import moments
from watchbell.web.asking import Asking
from watchbell.web.context import Page
from watchbell.web.early_access.acting import (
    REFUSALS,
    Said,
    among,
    attempt,
    by,
    known,
    offered_by_us,
    told,
    with_dice,
)
from watchbell.web.early_access.engagement import show
from watchbell.web.early_access.forms import EndpointForm, MomentForm

Deed = tuple[Callable[[Asking, Any], object], Said]

DEEDS: dict[str, Deed] = {
    "release": (
        lambda request, one: services.release(one.model, Release.PARTNERS, **with_dice(request)),
        gettext_lazy("Recorded: the model is released to your trusted partners. Every window onto it is over."),
    ),
    "withdraw": (
        lambda request, one: services.withdraw(one, **with_dice(request)),
        gettext_lazy("You withdrew. Access is over and its key is destroyed."),
    ),
    "rescind": (
        lambda request, one: services.rescind(one, **with_dice(request)),
        gettext_lazy("The offer is taken back."),
    ),
    "pause": (
        lambda request, one: services.pause(one, **by(request)),
        gettext_lazy("Paused: from this moment no call goes through. The window goes on."),
    ),
    "resume": (
        lambda request, one: services.resume(one, **by(request)),
        gettext_lazy("Resumed. The window has not grown meanwhile."),
    ),
}


@open_to(LAB_WRITES)
@require_POST
def do(request: Asking, public_id: str, deed: str) -> HttpResponse:
    """Do one deed that needs nothing but a click."""
    one = offered_by_us(request, public_id)
    if deed not in DEEDS:
        raise Http404
    act, said = DEEDS[deed]
    attempt(request, lambda: act(request, one), said)
    return redirect("engagement", public_id=public_id)


@open_to(LAB_WRITES)
@require_POST
def shorten(request: Asking, public_id: str) -> HttpResponse:
    """Let the window end earlier."""
    one = offered_by_us(request, public_id)
    form = MomentForm(
        request.POST,
        zone=moments.zone(Page(request).time_zone),
        label=_("When is it to end?"),
        auto_id="shorten_%s",
    )
    if form.is_valid():
        at = form.cleaned_data["at"]
        if one.ends_at is None or at < one.ends_at:
            said = _("The window ends then. Nothing lengthens it again.")
            attempt(request, lambda: services.shorten(one, at, **with_dice(request)), said)
            return redirect("engagement", public_id=public_id)
        form.add_error("at", _("That is no earlier than its end. A window only ever gets shorter."))
    return show(request, one, {"shorten": form})


@open_to(LAB_WRITES)
@require_http_methods(["GET", "HEAD", "POST"])
def set_endpoint(request: Asking, public_id: str) -> HttpResponse:
    """Point access at the developer's endpoint; what is typed as a credential is never sent back.

    The page names the models in scope. They stand in the terms, so that opening it leaves a line.
    """
    one = offered_by_us(request, public_id)
    try:
        models = services.open_models(one, Purpose.HOUSEKEEPING, **with_dice(request))
    except REFUSALS as error:
        messages.error(request, told(error))
        return redirect("engagement", public_id=public_id)
    form = EndpointForm(request.POST or None, models=models, auto_id="endpoint_%s")
    if request.method == "POST" and form.is_valid():
        try:
            services.set_endpoint(one, _endpoint(form), allow=settings.WATCHBELL.egress_allow, **with_dice(request))
        except REFUSALS as error:
            form.add_error(None, told(error))
        else:
            messages.success(request, _("The endpoint is set. Its credential is sealed and never shown again."))
            return redirect("engagement", public_id=public_id)
    return render(request, "early_access/endpoint.html", {"engagement": one, "form": form})


@open_to(EARLY_ACCESS_WRITES)
@require_POST
def end_seat(request: Asking, public_id: str, seat: str) -> HttpResponse:
    """Take a person's access away; either side may."""
    one = known(request, public_id)
    row = among(queries.seats_of(one), seat)
    said = _("Their access has ended, with every token of theirs.")
    attempt(request, lambda: services.end_seat(row, **by(request)), said)
    return redirect("engagement", public_id=public_id)


@open_to(EARLY_ACCESS_WRITES)
@require_POST
def end_token(request: Asking, public_id: str, token: str) -> HttpResponse:
    """End a token: its holder may, and the developer."""
    one = known(request, public_id)
    row = among(queries.own_tokens(one, request.actor, now=request.now), token)
    attempt(request, lambda: services.end_token(row, **by(request)), _("The token has ended; its next use is refused."))
    return redirect("engagement", public_id=public_id)


def _endpoint(form: EndpointForm) -> Endpoint:
    answers = form.cleaned_data
    return Endpoint(
        base_url=answers["base_url"].rstrip("/").removesuffix("/v1"),
        credential=answers["credential"],
        scheme=Scheme(answers["scheme"]),
        models=form.models,
        pin=answers["pin"],
    )
