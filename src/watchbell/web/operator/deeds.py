"""What did we do about it? Each deed says what it means, takes a note where it needs one, and stays on record."""

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_safe

from watchbell.apps.files import queries as files_seen
from watchbell.apps.files import services as files
from watchbell.apps.remediation import queries, services
from watchbell.apps.remediation.sheet import Step
from watchbell.domain.lifecycle import REMEDIATION, NotPossible, Remediation, RemediationEvent
from watchbell.domain.lifecycle.remediation import NEEDS_EVIDENCE
from watchbell.domain.refusal import Refused
from watchbell.doors import keys, moment
from watchbell.doors.headers import as_download
from watchbell.doors.policy import OPERATOR, OPERATOR_WRITES, open_to
from watchbell.web.asking import Asking
from watchbell.web.operator import lines
from watchbell.web.operator.forms import LARGEST_PROOF, AcceptForm, NoteForm
from watchbell.web.operator.words import DEEDS
from watchbell.web.operator.worklist import sheet_of, zone_of
from watchbell.web.speaking import spoken

AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class Deed:
    """One deed: its word in the address, its event, and what it means."""

    slug: str
    event: RemediationEvent
    meaning: str | Promise

    @property
    def label(self) -> str | Promise:
        """Return the deed in words."""
        return DEEDS[self.event]


ALL = (
    Deed("plan", RemediationEvent.PLAN, gettext_lazy("It stays on the sheet with its date until it is done.")),
    Deed(
        "wait",
        RemediationEvent.WAIT_ON_VENDOR,
        gettext_lazy("It leaves the sheet and stays on the list with its date: the maker's silence moves no date."),
    ),
    Deed(
        "mitigate",
        RemediationEvent.MITIGATE,
        gettext_lazy("It leaves the sheet and stays on the list: what you did lowers the risk, and the flaw is there."),
    ),
    Deed(
        "patch",
        RemediationEvent.PATCH,
        gettext_lazy("It leaves the sheet. Somebody still looks whether the update works, or the next list shows it."),
    ),
    Deed("verify", RemediationEvent.VERIFY, gettext_lazy("It is over. It comes back by itself if the flaw does.")),
    Deed(
        "accept",
        RemediationEvent.ACCEPT_UNTIL,
        gettext_lazy("It leaves the list until the day you name, with your reason on record. Then it is back."),
    ),
    Deed("reopen", RemediationEvent.REOPEN, gettext_lazy("It is open again, with the date it had.")),
)
BY_SLUG = {one.slug: one for one in ALL}
WITH_OTHERS = (
    RemediationEvent.PLAN,
    RemediationEvent.WAIT_ON_VENDOR,
    RemediationEvent.MITIGATE,
    RemediationEvent.PATCH,
)


def mine(request: Asking, public_id: str) -> Any:
    """Return the operator's own row of this id; 404 for "not yours" and "not there" alike."""
    row = queries.row(request.actor, public_id, now=request.now)
    if row is None:
        raise Http404
    return row


def possible_for(row: Any) -> list[Deed]:
    """Return the deeds this row allows now."""
    if row.closed_because:
        return []
    allowed = REMEDIATION.possible(Remediation(row.state))
    return [one for one in ALL if one.event in allowed and one.event.value != row.state]


@open_to(OPERATOR_WRITES)
@require_http_methods(["GET", "HEAD", "POST"])
def do(request: Asking, row: str, slug: str) -> HttpResponse:
    """Say what the deed means and what it closes, then do it."""
    found = mine(request, row)
    deed = BY_SLUG.get(slug)
    if deed is None:
        raise Http404
    step = _step_of(request, found, deed)
    together = _together(step, found, deed)
    form = _form(request, deed)
    if request.method == "POST" and form.is_valid():
        answer = _try(request, form, deed, found, together)
        if answer is not None:
            return answer
    context = {
        "row": found,
        "deed": deed,
        "form": form,
        "line": lines.of_step(step, now=request.now) if step else lines.of_row(found, now=request.now),
        "together": together if len(together) > 1 else [],
        "is_possible": deed in possible_for(found),
        "forensics_owed": found.forensics_required and found.forensics_done_at is None,
    }
    return render(request, "operator/deed.html", context)


def _form(request: Asking, deed: Deed) -> Any:
    data = (request.POST, request.FILES) if request.method == "POST" else ()
    if deed.event is RemediationEvent.ACCEPT_UNTIL:
        zone = zone_of(request)
        return AcceptForm(*data, needs_note=True, today=request.now.astimezone(zone).date(), zone=zone)
    return NoteForm(*data, needs_note=deed.event in NEEDS_EVIDENCE)


def _step_of(request: Asking, row: Any, deed: Deed) -> Step | None:
    """Return the action on the sheet that this row belongs to, where the deed is meant for all of it."""
    if "all" not in request.GET or deed.event not in WITH_OTHERS:
        return None
    week = sheet_of(request)
    return next((one for one in (*week.dated, *week.backlog) if any(each.pk == row.pk for each in one.rows)), None)


def _together(step: Step | None, row: Any, deed: Deed) -> list[Any]:
    """Return the rows that one update closes with this one, as far as the deed fits them."""
    rows = step.rows if step else (row,)
    return [one for one in rows if one.pk == row.pk or deed in possible_for(one)][:AT_ONCE]


def _try(request: Asking, form: Any, deed: Deed, row: Any, together: list[Any]) -> HttpResponse | None:
    """Do the deed to the rows that were ticked; return where to go on, or None when the form has to be shown again."""
    if request.POST.get("was", row.state) != row.state:
        form.add_error(None, _("Somebody changed this line first. Look at it again before you go on."))
        return None
    ticked = set(request.POST.getlist("row")) | {row.public_id}
    chosen = [one for one in together if one.public_id in ticked]
    try:
        evidence = services.Evidence(note=form.cleaned_data["note"], blob_id=_kept(request, form))
        done = [_do(request, deed, one, evidence, form) for one in chosen]
    except services.NotAllowed as error:
        raise PermissionDenied from error
    except Refused as error:
        form.add_error("proof", spoken(error))
        return None
    if not any(done):
        form.add_error(None, _("This cannot be done to the line as it stands now. Look at it again."))
        return None
    count = sum(done)
    said = ngettext("It is on record for %(count)d line.", "It is on record for %(count)d lines.", count)
    messages.success(request, said % {"count": count})
    if not all(done):
        messages.warning(request, _("Some lines had changed meanwhile and were left as they are."))
    return redirect("worklist") if "all" in request.GET else redirect("worklist_row", row=row.public_id)


def _do(request: Asking, deed: Deed, row: Any, evidence: services.Evidence, form: Any) -> bool:
    by, now, rng = request.actor, request.now, moment.dice()
    try:
        match deed.event:
            case RemediationEvent.PLAN:
                services.plan(row=row, evidence=evidence, by=by, now=now, rng=rng)
            case RemediationEvent.WAIT_ON_VENDOR:
                services.wait_on_vendor(row=row, evidence=evidence, by=by, now=now, rng=rng)
            case RemediationEvent.MITIGATE:
                services.mitigate(row=row, evidence=evidence, by=by, now=now, rng=rng)
            case RemediationEvent.PATCH:
                services.mark_patched(row=row, evidence=evidence, by=by, now=now, rng=rng)
            case RemediationEvent.VERIFY:
                services.verify(row=row, evidence=evidence, by=by, now=now, rng=rng)
            case RemediationEvent.ACCEPT_UNTIL:
                services.accept_until(row=row, until=form.until_at, evidence=evidence, by=by, now=now, rng=rng)
            case RemediationEvent.REOPEN:
                services.reopen(row=row, evidence=evidence, by=by, now=now, rng=rng)
    except (NotPossible, services.ChangedMeanwhile):
        return False
    return True


def _kept(request: Asking, form: Any) -> str:
    """Return the id under which the proof is kept, or "" where none was given. Raises Refused."""
    proof = form.cleaned_data.get("proof")
    if proof is None:
        return ""
    how = files.Keeping(organisation=str(request.actor.organisation), is_quarantined=False, max_bytes=LARGEST_PROOF)
    kept = files.keep(
        proof.file, how=how, store=keys.blob_store(), by=request.actor, now=request.now, rng=moment.dice()
    )
    return kept.public_id


@open_to(OPERATOR_WRITES)
@require_http_methods(["GET", "HEAD", "POST"])
def forensics(request: Asking, row: str) -> HttpResponse:
    """Take what a look for traces of an attack found."""
    found = mine(request, row)
    form = NoteForm(request.POST, request.FILES, needs_note=True) if request.method == "POST" else NoteForm()
    if request.method == "POST" and form.is_valid():
        try:
            evidence = services.Evidence(note=form.cleaned_data["note"], blob_id=_kept(request, form))
            services.record_forensics(
                row=found, evidence=evidence, by=request.actor, now=request.now, rng=moment.dice()
            )
        except Refused as error:
            form.add_error("proof", spoken(error))
        else:
            messages.success(request, _("What you found is on record."))
            return redirect("worklist_row", row=row)
    return render(request, "operator/forensics.html", {"row": found, "form": form})


@open_to(OPERATOR_WRITES)
@require_safe
def not_us(request: Asking, row: str) -> HttpResponse:
    """Say what to do when a line does not fit: correct the list, correct the answer, or accept it until a day."""
    found = mine(request, row)
    return render(request, "operator/not_us.html", {"row": found, "line": lines.of_row(found, now=request.now)})


@open_to(OPERATOR)
@require_safe
def proof(request: Asking, row: str, action: str) -> HttpResponse:
    """Send the file that was kept with a deed, as an inert download."""
    mine(request, row)
    told = queries.story(request.actor, row, now=request.now).filter(public_id=action).exclude(blob_id="").first()
    opened = told and files_seen.open_for(request.actor, told.blob_id, now=request.now, store=keys.blob_store())
    if not opened:
        raise Http404
    answer = HttpResponse(b"".join(opened.pieces), content_type="application/octet-stream")
    return as_download(answer, f"proof-{action}")
