"""What did we hand in, and what became of each item? Followed from received to published, as far as we may know."""

from dataclasses import dataclass, replace
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from watchbell.apps.advisories import queries as advisories
from watchbell.apps.cases import queries as cases
from watchbell.apps.findings import queries, services
from watchbell.apps.findings.words import Channel, RejectionReason
from watchbell.domain.advisory import EvidenceLevel
from watchbell.domain.handling import Tlp
from watchbell.domain.lifecycle import Finding
from watchbell.domain.lifecycle.rules import CaseRole
from watchbell.domain.refusal import Refused
from watchbell.doors import keys, moment, uploads
from watchbell.doors.headers import as_download
from watchbell.doors.policy import STRONG, SUBMITTER_WRITES, open_to
from watchbell.formats import findings_csv
from watchbell.outside.reader import UPLOAD
from watchbell.web.asking import Asking
from watchbell.web.coordination import taking, words
from watchbell.web.coordination.finding_forms import UploadForm
from watchbell.web.coordination.finding_list import strictest
from watchbell.web.coordination.names import Names
from watchbell.web.coordination.paging import slice_of
from watchbell.web.speaking import spoken
from watchbell.web.states import State

MOST_SHOWN = 1000
MOST_REFUSALS = 200


@dataclass(frozen=True, slots=True)
class Reached:
    """How far one finding has come, in words, with the page that says more where there is one."""

    word: words.Words
    badge: State
    case: str = ""
    advisory: str = ""


@open_to(STRONG)
@require_safe
def submissions(request: Asking) -> HttpResponse:
    """List the uploads one may know of, latest first."""
    found = queries.submissions_of(request.actor, now=request.now)
    page = slice_of(found, by=("-received_at", "public_id"), name="submissions", request=request)
    names = Names()
    rows = [
        {"row": one, "channel": words.CHANNELS[Channel(one.channel)], "source": names.submitter(one)}
        for one in page.rows
    ]
    marking = strictest(page.rows)
    context = {"rows": rows, "slice": page, "total": found.count(), "marking": marking, "may": request.actor.writes}
    return render(request, "coordination/submissions.html", context)


@open_to(STRONG)
@require_safe
def submission(request: Asking, public_id: str) -> HttpResponse:
    """Show one upload, item by item."""
    actor, now = request.actor, request.now
    row = get_object_or_404(queries.submissions_of(actor, now=now), public_id=public_id)
    found = queries.visible_to(actor, now=now).filter(submission__public_id=public_id)
    page = slice_of(found, by=("received_at", "public_id"), name="items", request=request)
    items = []
    for one in page.rows:
        shown = queries.shown(one, actor)
        items.append(
            {
                "shown": shown,
                "reached": reached(shown, request),
                "level": shown.level.label,
                "level_words": words.LEVELS[shown.level],
                "level_badge": words.level_badge(shown.level),
                "needs_evidence": shown.level < EvidenceLevel.E2_REPRODUCED,
                "rejection": words.REJECTIONS[RejectionReason(shown.rejection)] if shown.rejection else "",
            }
        )
    context = {
        "row": row,
        "items": items,
        "slice": page,
        "total": found.count(),
        "channel": words.CHANNELS[Channel(row.channel)],
        "marking": Tlp(row.marking),
        "refused": queries.refused_in(actor, public_id, now=now, limit=MOST_REFUSALS) if row.refused else [],
        **taking.context_of(request, row),
    }
    return render(request, "coordination/submission.html", context)


@open_to(STRONG)
@require_safe
def table(request: Asking, public_id: str) -> HttpResponse:
    """Send what its findings claim as CSV, its label in the name; no cell of it is a formula to a spreadsheet."""
    row = get_object_or_404(queries.submissions_of(request.actor, now=request.now), public_id=public_id)
    written = findings_csv.dumps(queries.claims_in(request.actor, public_id, now=request.now))
    label = Tlp(row.marking).label.replace(":", "-")
    answer = HttpResponse(written, content_type="text/csv; charset=utf-8")
    return as_download(answer, f"{label}-findings-{public_id[:8]}.csv")


def reached(shown: queries.Shown, request: Asking) -> Reached:
    """Return how far a finding has come: the furthest its reader may know of."""
    if shown.state is not Finding.VALID:
        return Reached(words.FINDING_STATES[shown.state], words.FINDING_BADGES[shown.state])
    case = cases.case_of(shown.public_id, request.actor, now=request.now)
    if case is None:
        return Reached(words.FINDING_STATES[shown.state], State.LATER)
    page = cases.page(case, request.actor, now=request.now)
    vendors = [one for one in page.participants if CaseRole.VENDOR in one.role_set] if page else []
    published = advisories.of_case(case.public_id, request.actor, now=request.now)
    number = published.tracking_id if published and published.tracking_id else ""
    if vendors and all(one.fix_deployed_at for one in vendors):
        return Reached(_("Deployed"), State.DONE, case.public_id, number)
    if number:
        return Reached(_("Published"), State.DONE, case.public_id, number)
    if any(one.fix_ready_at for one in vendors):
        return Reached(_("Fix ready"), State.LATER, case.public_id)
    if any(one.report_sent_at for one in vendors):
        return Reached(_("With the vendor"), State.LATER, case.public_id)
    return Reached(_("In a case"), State.LATER, case.public_id)


@open_to(SUBMITTER_WRITES)
@require_http_methods(["GET", "HEAD", "POST"])
def upload(request: Asking) -> HttpResponse:
    """Take a file of findings in, and say of each item what became of it."""
    is_post = request.method == "POST"
    form = UploadForm(request.POST if is_post else None, request.FILES if is_post else None)
    if not is_post or not form.is_valid():
        return render(request, "coordination/upload.html", {"form": form})
    try:
        received = _taken(request, form)
    except (Refused, services.TooManyWaiting) as error:
        form.add_error("file", spoken(error))
        return render(request, "coordination/upload.html", {"form": form})
    except services.NotAllowed as error:
        raise PermissionDenied from error
    if not received.is_over:
        return redirect("submission", public_id=received.submission.public_id)
    results = [
        {"row": one, "word": words.OUTCOMES[one.outcome], "badge": words.OUTCOME_BADGES[one.outcome]}
        for one in received.results[:MOST_SHOWN]
    ]
    row = received.submission
    context = {"row": row, "results": results, "total": len(received.results), "marking": Tlp(row.marking)}
    return render(request, "coordination/uploaded.html", context)


def _taken(request: Asking, form: UploadForm) -> services.Received:
    file = form.cleaned_data["file"]
    content = file.read(UPLOAD.max_bytes + 1)
    found = uploads.read_upload(content, name=str(file.name)[:200], channel=Channel.SUBMIT)
    found = _marked(found, form.cleaned_data["marking"])
    return services.hand_in(found, store=keys.blob_store(), by=request.actor, now=request.now, rng=moment.dice())


def _marked(found: Any, label: str) -> Any:
    """Return the upload under the label chosen, unless its own is stricter: a label is never lowered."""
    return replace(found, marking=max(Tlp[label], found.marking or Tlp.CLEAR)) if label else found
