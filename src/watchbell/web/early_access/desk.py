"""What do I have of early access? A lab its models and engagements, an evaluator its desk, a partner its own."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from watchbell.apps.engagements import queries, services
from watchbell.apps.engagements.services.ending import LIMITS
from watchbell.domain.handling import OrganisationKind
from watchbell.domain.lifecycle.engagement import Engagement as State
from watchbell.domain.terms import Purpose
from watchbell.doors.policy import PUBLIC, STRONG, SUBMITTER_WRITES, open_to
from watchbell.web.asking import Asking
from watchbell.web.context import Page
from watchbell.web.early_access import not_promised, showing, words
from watchbell.web.early_access.acting import among, attempt, by
from watchbell.web.early_access.names import Names, model_name

AT_MOST = 200


@open_to(STRONG)
@require_safe
def desk(request: Asking) -> HttpResponse:
    """Show what this organisation has of early access."""
    actor, names = request.actor, Names()
    rows = [_row(one, request, names) for one in queries.visible_to(actor, now=request.now)[:AT_MOST]]
    offered = [row for row in rows if row["one"].evaluator == actor.organisation]
    context = {
        "is_lab": actor.acts_as(OrganisationKind.LAB),
        "is_evaluator": actor.acts_as(OrganisationKind.EVALUATOR),
        "models": [_model(one, request) for one in queries.models_of(actor, now=request.now)[:AT_MOST]],
        "engagements": [row for row in rows if row["one"].developer == actor.organisation],
        "offers": [row for row in offered if row["state"] is State.OFFERED],
        "running": [row for row in offered if row["state"] in (State.AGREED, State.ACTIVE)],
        "over": [row for row in offered if not row["state"].is_open],
        "tokens": [token for row in offered for token in _tokens(row, request)],
        "partnerships": [_partnership(one, names) for one in _partnerships(request)],
        "keys": queries.signing_keys_of(actor).filter(retired_at__isnull=True).count(),
    }
    return render(request, "early_access/desk.html", context)


@open_to(PUBLIC)
@require_safe
def limits(request: Asking) -> HttpResponse:
    """Say what Watchbell cannot promise: the sentences that stand in every destruction receipt, and the whole text."""
    text = {"bounds": not_promised.BOUNDS, "lasting": not_promised.LASTING, "instead": not_promised.INSTEAD}
    return render(request, "early_access/limits.html", {"limits": LIMITS, **text})


@open_to(SUBMITTER_WRITES)
@require_POST
def consent(request: Asking, public_id: str) -> HttpResponse:
    """Become a developer's trusted partner for one model."""
    one = among(_partnerships(request), public_id)
    said = _("You consented. What it leads to is between you and the developer; either of you can end it.")
    attempt(request, lambda: services.consent(one, **by(request)), said)
    return redirect("early_access")


@open_to(SUBMITTER_WRITES)
@require_POST
def end_partnership(request: Asking, public_id: str) -> HttpResponse:
    """End a partnership by either's will."""
    one = among(queries.partners_of(request.actor, now=request.now), public_id)
    is_developer = one.model.organisation == request.actor.organisation
    attempt(request, lambda: services.end_partnership(one, **by(request)), _("The partnership has ended."))
    return redirect("model", public_id=one.model.public_id) if is_developer else redirect("early_access")


def _partnerships(request: Asking) -> Any:
    return queries.partners_of(request.actor, now=request.now).filter(partner=request.actor.organisation or "-")


def _row(one: Any, request: Asking, names: Names) -> dict[str, Any]:
    clock = queries.clock_of(one, now=request.now)
    is_ours = one.developer == request.actor.organisation
    return {
        "one": one,
        "state": one.stands,
        "said": _("Paused") if _is_paused(one) else words.STATES[one.stands],
        "badge": words.badge(one.stands),
        "name": model_name(one.model) if is_ours else "",
        "with": names.of(one.evaluator if is_ours else one.developer),
        "ring": showing.ring(clock, Page(request).time_zone, now=request.now),
    }


def _is_paused(one: Any) -> bool:
    return one.stands is State.ACTIVE and one.paused_at is not None


def _model(one: Any, request: Asking) -> dict[str, Any]:
    released = [at for at in (one.partner_release_at, one.public_release_at) if at is not None and at <= request.now]
    return {
        "one": one,
        "name": model_name(one),
        "used": showing.used(one, now=request.now),
        "is_public": one.public_release_at is not None and one.public_release_at <= request.now,
        "is_released": bool(released),
    }


def _tokens(row: dict[str, Any], request: Asking) -> list[dict[str, Any]]:
    live = queries.own_tokens(row["one"], request.actor, now=request.now)
    return [{"one": one, "with": row["with"], "purpose": words.PURPOSES[Purpose(one.purpose)]} for one in live]


def _partnership(one: Any, names: Names) -> dict[str, Any]:
    return {"one": one, "developer": names.of(one.model.organisation)}
