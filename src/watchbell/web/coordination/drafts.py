"""How does a case become an advisory? Drafted from what its parties said, edited by people, published by one deed."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from watchbell.apps.advisories import queries, services
from watchbell.apps.advisories.words import State
from watchbell.apps.orgs import queries as orgs
from watchbell.domain.advisory import Advisory, Publisher
from watchbell.domain.handling import Tlp
from watchbell.domain.lifecycle import NotPossible
from watchbell.domain.refusal import Refused
from watchbell.doors import moment
from watchbell.doors.policy import CASE_PARTY, COORDINATOR, COORDINATOR_WRITES, open_to
from watchbell.web import states
from watchbell.web.asking import Asking
from watchbell.web.coordination import telling
from watchbell.web.coordination.editing import Editor
from watchbell.web.coordination.finding_list import strictest
from watchbell.web.coordination.paging import slice_of
from watchbell.web.coordination.words import Words
from watchbell.web.speaking import spoken

STATES: dict[State, tuple[Words, states.State]] = {
    State.DRAFT: (gettext_lazy("Draft"), states.State.SOON),
    State.PUBLISHED: (gettext_lazy("Published"), states.State.DONE),
    State.WITHDRAWN: (gettext_lazy("Withdrawn"), states.State.LATER),
}
LABELS: dict[str, Words] = {
    Tlp.CLEAR.name: gettext_lazy("TLP:CLEAR – to everyone. The flaw is public from then on."),
    Tlp.GREEN.name: gettext_lazy(
        "TLP:GREEN – to the members of the communities we belong to. The public and the inventories hear nothing."
    ),
}
REFUSALS = (services.ChangedMeanwhile, services.NotAllowed, NotPossible, Refused)


class ReasonForm(forms.Form):
    """Why an advisory is withdrawn, or what changed since its last version."""

    summary = forms.CharField(label=gettext_lazy("In one line, for everyone"), max_length=500)


class PublishForm(forms.Form):
    """How far an advisory travels: nothing is chosen beforehand."""

    label = forms.ChoiceField(
        label=gettext_lazy("How far does it travel?"), choices=list(LABELS.items()), widget=forms.RadioSelect
    )


class NextForMoreForm(PublishForm, ReasonForm):
    """What changed since a version that only our circles read, and how far this one travels."""


@open_to(COORDINATOR)
@require_safe
def drafts(request: Asking) -> HttpResponse:
    """List the advisories this organisation writes, published ones among them."""
    own = queries.drafts(request.actor, now=request.now)
    page = slice_of(own, by=("-edited_at", "public_id"), name="drafts", request=request)
    rows = [
        {"row": one, "word": STATES[State(one.state)][0], "badge": STATES[State(one.state)][1]} for one in page.rows
    ]
    marking = strictest(page.rows)
    context = {"rows": rows, "slice": page, "total": own.count(), "marking": marking}
    return render(request, "coordination/drafts.html", context)


@open_to(COORDINATOR_WRITES)
@require_POST
def start(request: Asking, public_id: str) -> HttpResponse:
    """Write a case's first draft, or go to the one it has."""
    name = orgs.organisation(str(request.actor.organisation)).name
    publisher = Publisher(name=name, namespace=settings.WATCHBELL.base_url)
    try:
        row = services.draft_from_case(
            public_id, publisher=publisher, by=request.actor, now=request.now, rng=moment.dice()
        )
    except services.NotThere as error:
        raise Http404 from error
    except services.NotAllowed as error:
        raise PermissionDenied from error
    return redirect("edit_draft", public_id=row.public_id)


@open_to(COORDINATOR_WRITES)
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: Asking, public_id: str) -> HttpResponse:
    """Edit a working copy."""
    row = _own(request, public_id)
    if row.state == State.WITHDRAWN:
        return redirect("draft", public_id=public_id)
    editor = Editor(queries.working_copy(row), row.etag, request.POST if request.method == "POST" else None)
    if request.method == "POST" and editor.is_valid():
        etag = editor.head.cleaned_data["etag"]
        try:
            services.edit(row, editor.edited(), etag=etag, by=request.actor, now=request.now)
        except REFUSALS as error:
            editor.head.add_error(None, spoken(error))
        else:
            messages.success(request, _("Saved. Nothing is public yet."))
            return redirect("draft", public_id=public_id)
    context = {"row": row, "editor": editor, "marking": queries.label(row)}
    return render(request, "coordination/edit_draft.html", context)


@open_to(COORDINATOR)
@require_safe
def draft(request: Asking, public_id: str) -> HttpResponse:
    """Show a working copy as it will be read, and the way to publish it."""
    return _preview(request, _own(request, public_id))


@open_to(COORDINATOR_WRITES)
@require_POST
def publish(request: Asking, public_id: str) -> HttpResponse:
    """Publish the working copy that was looked at."""
    row = _own(request, public_id)
    form = _publish_form(row, request.POST)
    if form.is_valid():
        said = {name: form.cleaned_data[name] for name in ("summary",) if name in form.cleaned_data}
        said["label"] = Tlp[form.cleaned_data.get("label", Tlp.CLEAR.name)]
        etag = request.POST.get("etag", "")
        try:
            done = services.publish(row, etag=etag, by=request.actor, now=request.now, rng=moment.dice(), **said)
        except REFUSALS as error:
            form.add_error(None, spoken(error))
        else:
            reach = _("Anyone can read it now.") if done.marking == Tlp.CLEAR else _("Our communities can read it now.")
            published = _("Published as %(id)s.") % {"id": done.tracking_id}
            messages.success(request, f"{published} {reach}")
            return redirect("advisory", tracking_id=done.tracking_id)
    return _preview(request, _own(request, public_id), publish=form)


@open_to(COORDINATOR_WRITES)
@require_POST
def share(request: Asking, public_id: str) -> HttpResponse:
    """Show the draft, as it is now, to its case."""
    row = _own(request, public_id)
    try:
        services.share(row, etag=request.POST.get("etag", ""), by=request.actor, now=request.now)
    except REFUSALS as error:
        messages.error(request, spoken(error))
    else:
        messages.success(request, _("They can read the draft as it is now, and hear of it."))
    return redirect("draft", public_id=public_id)


@open_to(CASE_PARTY)
@require_safe
def shared(request: Asking, public_id: str) -> HttpResponse:
    """Show the draft of a case's advisory to those in the case whom its coordinator has shown it."""
    row = queries.shown_to_case(public_id, request.actor, now=request.now)
    if row is None:
        raise Http404
    told = queries.shared_copy(row)
    context = {"row": row, "case_id": public_id, "marking": queries.label(row), **_told(told)}
    return render(request, "coordination/shared_draft.html", context)


@open_to(COORDINATOR_WRITES)
@require_POST
def withdraw(request: Asking, public_id: str) -> HttpResponse:
    """Withdraw a published advisory."""
    row = _own(request, public_id)
    form = ReasonForm(request.POST, auto_id="withdraw_%s")
    if form.is_valid():
        reason = form.cleaned_data["summary"]
        try:
            services.withdraw(row, reason=reason, by=request.actor, now=request.now, rng=moment.dice())
        except REFUSALS as error:
            form.add_error(None, spoken(error))
        else:
            messages.success(request, _("Withdrawn. It stays readable and says why."))
            return redirect("draft", public_id=public_id)
    return _preview(request, _own(request, public_id), withdraw=form)


def _own(request: Asking, public_id: str) -> Any:
    return get_object_or_404(queries.drafts(request.actor, now=request.now), public_id=public_id)


def _preview(request: Asking, row: Any, **bound: forms.Form) -> HttpResponse:
    word, badge = STATES[State(row.state)]
    context = {
        "row": row,
        **_told(queries.working_copy(row)),
        "word": word,
        "badge": badge,
        "is_draft": row.state == State.DRAFT,
        "is_published": row.state == State.PUBLISHED,
        "may": request.actor.writes and row.state != State.WITHDRAWN,
        "publish": bound.get("publish") or _publish_form(row),
        "withdraw": bound.get("withdraw") or ReasonForm(auto_id="withdraw_%s"),
        "marking": queries.label(row),
    }
    return render(request, "coordination/draft.html", context)


def _told(told: Advisory) -> dict[str, Any]:
    return {
        "advisory": told,
        "flaws": telling.flaws(told),
        "links": telling.links(told),
        "credits": telling.credits_of(told),
    }


def _publish_form(row: Any, data: Any = None) -> forms.Form:
    """Return what publishing asks: the label, until that is CLEAR, and from the second version on what changed."""
    if row.state == State.DRAFT:
        return PublishForm(data, auto_id="publish_%s")
    return (ReasonForm if row.marking == Tlp.CLEAR else NextForMoreForm)(data, auto_id="publish_%s")
