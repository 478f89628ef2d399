"""What is claimed here, and is it real? One finding, those that look alike beside it, and the decisions."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from watchbell.apps.cases import queries as cases
from watchbell.apps.findings import queries, services
from watchbell.apps.findings.words import Channel, RejectionReason
from watchbell.domain.advisory import AiUsage, Claim, EvidenceLevel
from watchbell.domain.handling import Tlp
from watchbell.domain.lifecycle import FINDING, Finding, NotPossible
from watchbell.doors import moment
from watchbell.doors.policy import COORDINATOR, COORDINATOR_WRITES, open_to
from watchbell.web.asking import Asking
from watchbell.web.coordination import words
from watchbell.web.coordination.finding_forms import DuplicateForm, EvidenceForm, RejectForm
from watchbell.web.coordination.finding_list import product_of
from watchbell.web.coordination.names import Names
from watchbell.web.speaking import spoken

REFUSALS = (
    services.AlreadySettled,
    services.NotAllowed,
    services.NotAnOriginal,
    services.NotEvidence,
    services.WordsMissing,
    NotPossible,
)


@open_to(COORDINATOR)
@require_safe
def finding(request: Asking, public_id: str) -> HttpResponse:
    """Show one finding."""
    return show(request, _one(request, public_id))


@open_to(COORDINATOR_WRITES)
@require_POST
def decide(request: Asking, public_id: str, deed: str) -> HttpResponse:
    """Take one decision about a finding."""
    one = _one(request, public_id)
    if deed not in DEEDS:
        raise Http404
    _form_class, act, said = DEEDS[deed]
    form = _form(one, deed, request.POST)
    if not form.is_valid():
        return show(request, one, {deed: form})
    try:
        act(request, one, form.cleaned_data)
    except REFUSALS as error:
        form.add_error(None, spoken(error))
        one.refresh_from_db()
        return show(request, one, {deed: form, "refused": form})
    messages.success(request, str(said))
    return redirect("finding", public_id=public_id)


def show(request: Asking, one: Any, bound: dict[str, forms.Form] | None = None) -> HttpResponse:
    """Show a finding with its forms; those in `bound` carry what was typed and why it was not taken."""
    claim = queries.claim_of(one)
    state = Finding(one.state)
    names = Names()
    context = {
        "finding": one,
        "claim": claim,
        "product": product_of(one),
        "state": words.FINDING_STATES[state],
        "badge": words.FINDING_BADGES[state],
        "level": words.level(one.level),
        "level_badge": words.level_badge(one.level),
        "level_label": EvidenceLevel(one.level).label,
        "source": names.submitter(one.submission),
        "channel": words.CHANNELS[Channel(one.submission.channel)],
        "ai": _ai(claim.ai_usage),
        "extra": _extra(claim),
        "receipts": [(row, words.level(row.level), names.of(row.party)) for row in one.receipts.order_by("at")],
        "alike": [
            (other, queries.claim_of(other), product_of(other), names.submitter(other.submission), likened)
            for other, likened in _alike(request, one)
        ],
        "case": cases.case_of(one.public_id, request.actor, now=request.now),
        "rejection": words.REJECTIONS[RejectionReason(one.rejection)] if one.rejection else "",
        "may": {event.name.lower() for event in FINDING.possible(state)} if request.actor.writes else set(),
        "forms": _forms(one, bound or {}),
        "linked": queries.linked_finders(one),
        "marking": Tlp(one.marking),
    }
    return render(request, "coordination/finding.html", context)


def _alike(request: Asking, one: Any) -> list[tuple[Any, queries.Likened | None]]:
    """Return what to compare a finding with: by its keys first, then by what it says; each with why, where known."""
    likened = {row.other.pk: row for row in queries.likenesses(one, request.actor, now=request.now)}
    keyed = queries.look_alikes(one, request.actor, now=request.now)
    others = {row.pk: row for row in keyed} | {key: row.other for key, row in likened.items()}
    return [(other, likened.get(key)) for key, other in others.items()]


def _one(request: Asking, public_id: str) -> Any:
    return get_object_or_404(queries.visible_to(request.actor, now=request.now), public_id=public_id)


def _forms(one: Any, bound: dict[str, forms.Form]) -> dict[str, forms.Form]:
    return {deed: _form(one, deed) for deed in ("reject", "duplicate", "evidence")} | bound


def _form(one: Any, deed: str, data: Any = None) -> forms.Form:
    """Return a deed's form; whoever rejects has words for the other finders too, where there are any."""
    if deed == "reject":
        return RejectForm(data, auto_id="reject_%s", others=queries.linked_finders(one))
    return DEEDS[deed][0](data, auto_id=f"{deed}_%s")


def _ai(usage: AiUsage) -> str:
    if not usage.is_known:
        return _("not said")
    if usage.activities == frozenset():
        return _("none used")
    activities = ", ".join(sorted(usage.activities or ()))
    return "; ".join(part for part in (usage.model, activities, usage.text) if part)


def _extra(claim: Claim) -> list[tuple[str, str]]:
    return [(str(name), str(value)) for name, value in sorted(claim.extra.items())]


def _confirm(request: Asking, one: Any, answers: dict[str, Any]) -> None:
    services.confirm_valid(finding=one, by=request.actor, now=request.now)


def _reject(request: Asking, one: Any, answers: dict[str, Any]) -> None:
    reason = RejectionReason(answers["reason"])
    services.reject(
        finding=one,
        reason=reason,
        note=answers["note"],
        others_note=answers.get("others_note", ""),
        by=request.actor,
        now=request.now,
    )


def _duplicate(request: Asking, one: Any, answers: dict[str, Any]) -> None:
    known = queries.visible_to(request.actor, now=request.now)
    original = known.filter(public_id=answers["original"].strip()).first()
    if original is None:
        raise services.NotAnOriginal(_("There is no finding of this number."))
    services.mark_duplicate(finding=one, original=original, note=answers["note"], by=request.actor, now=request.now)


def _evidence(request: Asking, one: Any, answers: dict[str, Any]) -> None:
    evidence = services.Evidence(
        level=EvidenceLevel(int(answers["level"])),
        entry_point=answers["entry_point"],
        controlled_by=answers["controlled_by"],
        note=answers["note"],
    )
    services.raise_evidence(finding=one, evidence=evidence, by=request.actor, now=request.now, rng=moment.dice())


def _reopen(request: Asking, one: Any, answers: dict[str, Any]) -> None:
    services.reopen(finding=one, by=request.actor, now=request.now)


Act = Callable[[Asking, Any, dict[str, Any]], None]
DEEDS: dict[str, tuple[type[forms.Form], Act, Any]] = {
    "valid": (forms.Form, _confirm, words.SETTLED),
    "reject": (RejectForm, _reject, words.SETTLED),
    "duplicate": (DuplicateForm, _duplicate, words.LINKED),
    "evidence": (EvidenceForm, _evidence, words.SHOWN),
    "reopen": (forms.Form, _reopen, words.REOPENED),
}
