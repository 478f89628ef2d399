"""What left its scope, what was halted, when did the developer have it? The evaluator tells, the developer settles.

An incident ends every token; runs go on when the developer has said why they may.
"""

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from watchbell.apps.engagements import services as access
from watchbell.apps.evaluation import queries, services
from watchbell.apps.evaluation.services.containing import MOST_NOTE
from watchbell.apps.evaluation.words import IncidentKind
from watchbell.domain.canonical import canonical
from watchbell.domain.terms import Purpose
from watchbell.doors.headers import as_download
from watchbell.doors.policy import EARLY_ACCESS, EVALUATOR_WRITES, LAB_WRITES, open_to
from watchbell.web import moments
from watchbell.web.asking import Asking
from watchbell.web.context import Page
from watchbell.web.early_access.acting import known, offered_by_us, offered_to_us, with_dice, with_keys
from watchbell.web.early_access.forms import MomentForm
from watchbell.web.early_access.names import Names
from watchbell.web.evaluation import words
from watchbell.web.evaluation.acting import REFUSALS, among, is_evaluator, told
from watchbell.web.evaluation.flaws import runs_to_choose

AT_MOST = 200
TALL = {"rows": 5}


class IncidentForm(MomentForm):
    """What happened, when it was noticed, and in which run."""

    kind = forms.ChoiceField(label=gettext_lazy("What happened?"), widget=forms.RadioSelect)
    run = forms.ChoiceField(
        label=gettext_lazy("In which run, if in one?"),
        required=False,
        help_text=gettext_lazy("It is halted, and nothing more of it is taken in."),
    )
    note = forms.CharField(
        label=gettext_lazy("What did you see?"), max_length=MOST_NOTE, widget=forms.Textarea(attrs=TALL)
    )
    field_order = ("kind", "at", "run", "note")

    def __init__(self, *args: Any, runs: list[tuple[str, str]], **named: Any) -> None:
        super().__init__(*args, label=gettext_lazy("When was it noticed?"), **named)
        kinds = [(one.value, words.INCIDENTS[one]) for one in IncidentKind]
        for name, choices in (("kind", kinds), ("run", [("", "–"), *runs])):
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)
            field.choices = choices


class SettleForm(forms.Form):
    """Why runs may go on."""

    reason = forms.CharField(
        label=gettext_lazy("What was found, and why may runs go on?"),
        max_length=MOST_NOTE,
        widget=forms.Textarea(attrs=TALL),
        help_text=gettext_lazy("Both parties read it, and it stands in the record that is taken along."),
    )


@open_to(EARLY_ACCESS)
@require_safe
def incidents(request: Asking, public_id: str) -> HttpResponse:
    """List the incidents of an engagement, open ones first, to both parties alike."""
    one = known(request, public_id)
    rows = list(queries.incidents_of(one.public_id, request.actor, now=request.now)[:AT_MOST])
    context = {
        "engagement": one,
        "rows": [line(row) for row in rows],
        "waiting": sum(row.settled_at is None for row in rows),
        "may_report": is_evaluator(request, one) and one.starts_at is not None,
        "is_developer": one.developer == request.actor.organisation,
    }
    return render(request, "evaluation/incidents.html", context)


@open_to(EVALUATOR_WRITES)
@require_http_methods(["GET", "HEAD", "POST"])
def report(request: Asking, public_id: str) -> HttpResponse:
    """Ask what happened; the run is halted, every token ended and the developer told before the page answers."""
    one, zone = offered_to_us(request, public_id), moments.zone(Page(request).time_zone)
    how: dict[str, Any] = {"zone": zone, "runs": runs_to_choose(request, one)}
    sent = request.method == "POST"
    form = (
        IncidentForm(request.POST, **how) if sent else IncidentForm(initial={"at": request.now.astimezone(zone)}, **how)
    )
    if sent and form.is_valid():
        answers = form.cleaned_data
        run = queries.runs_in(one.public_id, request.actor, now=request.now).filter(public_id=answers["run"]).first()
        what = services.Happened(
            kind=IncidentKind(answers["kind"]), noticed_at=answers["at"], run=run, note=answers["note"]
        )
        try:
            made = services.report_incident(one, what, **with_dice(request))
        except REFUSALS as error:
            form.add_error(None, told(error))
        else:
            messages.success(request, _("The developer has it. Every token is ended, and a run you named is halted."))
            return redirect("incident", public_id=public_id, incident=made.public_id)
    return render(request, "evaluation/incident_new.html", {"engagement": one, "form": form})


@open_to(EARLY_ACCESS)
@require_safe
def incident(request: Asking, public_id: str, incident: str) -> HttpResponse:
    """Show one incident, to both parties alike."""
    one = known(request, public_id)
    row = among(queries.incidents_of(one.public_id, request.actor, now=request.now), incident)
    return _show(request, one, row, SettleForm())


@open_to(LAB_WRITES)
@require_POST
def settle(request: Asking, public_id: str, incident: str) -> HttpResponse:
    """Let runs go on, and keep why."""
    one = offered_by_us(request, public_id)
    row = among(queries.incidents_of(one.public_id, request.actor, now=request.now), incident)
    form = SettleForm(request.POST)
    if form.is_valid():
        try:
            services.settle_incident(row, form.cleaned_data["reason"], **with_keys(request))
        except REFUSALS as error:
            form.add_error(None, told(error))
        else:
            messages.success(request, _("It is settled. Runs may go on with new tokens."))
            return redirect("incident", public_id=public_id, incident=incident)
    return _show(request, one, row, form)


@open_to(EARLY_ACCESS)
@require_safe
def incident_file(request: Asking, public_id: str, incident: str) -> HttpResponse:
    """Send the record of an incident as JSON."""
    one = known(request, public_id)
    row = among(queries.incidents_of(one.public_id, request.actor, now=request.now), incident)
    try:
        record = services.incident_record(row, Purpose.INCIDENT, **with_dice(request))
    except REFUSALS as error:
        messages.error(request, told(error))
        return redirect("incidents", public_id=public_id)
    answer = HttpResponse(canonical(record), content_type="application/json")
    return as_download(answer, f"incident-{row.public_id[:8]}.json")


def line(row: Any) -> dict[str, Any]:
    """Return one incident in words: what was halted, and how long the developer waited for it."""
    took = row.told_at - row.noticed_at
    return {
        "one": row,
        "said": words.INCIDENTS[IncidentKind(row.kind)],
        "halted": _halted(row),
        "after": after(row.told_at, row.noticed_at),
        "in_time": took <= services.TOLD_WITHIN,
    }


def after(later: datetime, earlier: datetime) -> str:
    """Return how long after another a moment came."""
    took = later - earlier
    minutes, hours = int(took / timedelta(minutes=1)), int(took / timedelta(hours=1))
    if not minutes:
        return _("at once")
    if hours < 2:
        return ngettext("%(count)s minute later", "%(count)s minutes later", minutes) % {"count": minutes}
    return ngettext("%(count)s hour later", "%(count)s hours later", hours) % {"count": hours}


def _halted(row: Any) -> str:
    tokens = ngettext("%(count)s token ended", "%(count)s tokens ended", row.tokens_ended) % {"count": row.tokens_ended}
    return (
        _("a run of %(suite)s halted, %(tokens)s") % {"suite": row.run.suite, "tokens": tokens} if row.run else tokens
    )


def _show(request: Asking, one: Any, row: Any, form: SettleForm) -> HttpResponse:
    note, reason, gone, names = "", "", "", Names()
    try:
        note, reason = services.open_incident(row, Purpose.INCIDENT, **with_dice(request))
    except (access.NotAllowed, *REFUSALS) as error:
        gone = told(error)
    is_developer = one.developer == request.actor.organisation
    context = {
        **line(row),
        "engagement": one,
        "note": note,
        "reason": reason,
        "gone": gone,
        "may_settle": is_developer and request.actor.writes and row.settled_at is None and not gone,
        "reported_by": names.of(one.evaluator) if row.person else names.person(""),
        "form": form,
    }
    return render(request, "evaluation/incident.html", context)
