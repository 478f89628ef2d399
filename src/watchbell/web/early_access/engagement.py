"""Where does this engagement stand? One address; the developer and the evaluator each find their own page there."""

from datetime import datetime
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from watchbell.apps.engagements import queries, services
from watchbell.apps.evaluation import queries as evaluation
from watchbell.domain.lifecycle.engagement import Engagement as State
from watchbell.domain.metering import Dialect
from watchbell.domain.terms import Purpose
from watchbell.doors import keys
from watchbell.doors.policy import EARLY_ACCESS, open_to
from watchbell.web import moments
from watchbell.web.asking import Asking
from watchbell.web.context import Page
from watchbell.web.early_access import live, next_step, people, showing, words
from watchbell.web.early_access.acting import known, lost
from watchbell.web.early_access.forms import MomentForm, PersonForm, PurposeForm
from watchbell.web.early_access.names import Names, model_name

Bound = dict[str, Any]


@open_to(EARLY_ACCESS)
@require_safe
def engagement(request: Asking, public_id: str) -> HttpResponse:
    """Show one engagement, to each side its own."""
    return show(request, known(request, public_id), {})


def show(request: Asking, one: Any, bound: Bound) -> HttpResponse:
    """Show an engagement with its forms; those in `bound` carry what was typed and why it was not taken."""
    if one.developer == request.actor.organisation:
        return _to_developer(request, one, bound)
    if one.evaluator == request.actor.organisation:
        return _to_evaluator(request, one, bound)
    raise Http404


def _to_developer(request: Asking, one: Any, bound: Bound) -> HttpResponse:
    names = Names()
    context = {
        **_both(request, one, names, bound),
        "name": model_name(one.model),
        "next": next_step.for_developer(
            one, names, has_waiting=people.has_waiting(one), has_incident=evaluation.has_open_incident(one.public_id)
        ),
        **live.context_of(request, one, names),
        "versions": one.versions.count(),
        "is_unsigned": _is_unsigned(one),
        "is_before_start": may_offer(one),
        "evidence_is_there": one.evidence_gone_at is None,
        "purpose_form": bound.get("purpose") or PurposeForm(auto_id="purpose_%s"),
        "shorten_form": bound.get("shorten") or _shorten_form(request),
        "tokens": _tokens(request, one, names),
    }
    return render(request, "early_access/developer.html", context)


def _to_evaluator(request: Asking, one: Any, bound: Bound) -> HttpResponse:
    names, has_seat = Names(), people.has_seat(one, request.actor)
    has_incident = evaluation.has_open_incident(one.public_id)
    context = {
        **_both(request, one, names, bound),
        "next": next_step.for_evaluator(one, names, has_seat=has_seat, has_incident=has_incident),
        "purpose_form": bound.get("purpose") or PurposeForm(auto_id="purpose_%s"),
        "person_form": bound.get("person") or PersonForm(colleagues=people.unnamed(request, one), auto_id="person_%s"),
        "has_seat": has_seat,
        "tokens": _tokens(request, one, names),
        "evidence_is_there": one.evidence_gone_at is None,
    }
    return render(request, "early_access/evaluator.html", context)


def _both(request: Asking, one: Any, names: Names, bound: Bound) -> dict[str, Any]:
    """Return what both sides' pages say."""
    state, zone = one.stands, Page(request).time_zone
    clock = queries.clock_of(one, now=request.now)
    is_paused = state is State.ACTIVE and one.paused_at is not None
    return {
        "engagement": one,
        "lost": lost() if services.evidence_is_lost(one, keys=keys.keystore()) else "",
        "refused": [text for form in bound.values() for text in form.non_field_errors()],
        "state": state,
        "said": _("Paused") if is_paused else words.STATES[state],
        "badge": words.badge(state) if not is_paused else words.badge(State.OFFERED),
        "is_open": state.is_open,
        "is_active": state is State.ACTIVE,
        "is_draft": state is State.DRAFT,
        "is_offered": state is State.OFFERED,
        "is_agreed": state is State.AGREED,
        "is_paused": is_paused,
        "over": words.OVER.get(state, ""),
        "developer": names.of(one.developer),
        "evaluator": names.of(one.evaluator),
        "ring": showing.ring(clock, zone, now=request.now),
        "seats": people.seats(one, names),
        "interfaces": interfaces_of(one),
        "spent": showing.spent(one.grant),
        "receipts": [_receipt(row) for row in queries.receipts_of(one)],
        "signatures": [_signature(row, names) for row in queries.signatures_of(one)],
    }


def interfaces_of(one: Any) -> list[Any]:
    """Return which interfaces may be spoken, as they were set at the start."""
    return [words.DIALECTS[Dialect(name)] for name in one.grant.dialects]


def may_offer(one: Any) -> bool:
    """Return whether the developer may still write and sign other terms."""
    return one.stands in (State.DRAFT, State.OFFERED, State.AGREED)


def _is_unsigned(one: Any) -> bool:
    """Return whether the latest version of the terms waits for the developer's own signature."""
    latest = one.versions.order_by("-number").first()
    signed = queries.signatures_of(one).filter(statement_digest=latest.offer_digest) if latest else None
    return may_offer(one) and signed is not None and not signed.exists()


def _shorten_form(request: Asking) -> MomentForm:
    zone = moments.zone(Page(request).time_zone)
    return MomentForm(zone=zone, label=_("When is it to end?"), auto_id="shorten_%s")


def _tokens(request: Asking, one: Any, names: Names) -> list[dict[str, Any]]:
    live_ones = queries.own_tokens(one, request.actor, now=request.now)
    return [
        {"one": row, "who": names.person(row.person), "purpose": words.PURPOSES[Purpose(row.purpose)]}
        for row in live_ones
    ]


def _receipt(row: Any) -> dict[str, Any]:
    return {"one": row, "key": words.MATERIALS[row.key]}


def _signature(row: Any, names: Names) -> dict[str, Any]:
    at: datetime = row.at
    said = {
        "offer": _("Offer"),
        "agreement": _("Agreement"),
        "start": _("Start"),
        "admission": _("Admission"),
    }
    return {"kind": said[row.kind], "who": names.of(row.organisation), "at": at}
