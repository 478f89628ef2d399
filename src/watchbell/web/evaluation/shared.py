"""What do developers let others read of their reports? Everybody what is for everybody, a trusted partner its own too.

Not consented, withdrawn, no longer held, and never there are answered alike.
"""

from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from watchbell.apps.engagements import queries as engagements
from watchbell.apps.evaluation import queries, services
from watchbell.domain.evaluation.report import TLP, Reader
from watchbell.domain.handling import Tlp
from watchbell.doors.headers import as_download
from watchbell.doors.policy import PUBLIC, open_to
from watchbell.doors.throttle import Throttle
from watchbell.formats import strictjson
from watchbell.web.asking import Asking
from watchbell.web.early_access.acting import with_dice
from watchbell.web.early_access.names import Names
from watchbell.web.evaluation import papers, showing, words
from watchbell.web.evaluation.acting import REFUSALS
from watchbell.web.evaluation.report import signed_answer

MOST_LISTED = 200
PAPERS = Throttle("report-paper", from_one=60, altogether=1200)


@open_to(PUBLIC)
@require_safe
def reports(request: Asking) -> HttpResponse:
    """List what this reader may read, latest first; nothing sealed is opened for it."""
    found = queries.handed_on_to(request.actor, now=request.now)
    latest, names = list(found[:MOST_LISTED]), Names()
    rows = [{"one": one, "who": words.PLACES[one.reader], "developer": _developer(one, names)} for one in latest]
    marking = max((_marking(one) for one in latest), default=Tlp.CLEAR)
    context = {"rows": rows, "total": found.count(), "marking": marking}
    return render(request, "evaluation/shared_list.html", context)


@open_to(PUBLIC)
@require_safe
def report(request: Asking, copy: str) -> HttpResponse:
    """Show one report as this reader may have it."""
    row, content = opened(request, copy)
    context = {
        "copy": row,
        "row": row.report,
        "developer": _developer(row, Names()),
        "marking": _marking(row),
        "who": words.PLACES[row.reader],
        "key": bytes(row.public_key).hex(),
        "file_name": f"{name_of(row)}.json",
        **showing.context_of(strictjson.loads(content)),
    }
    return render(request, "evaluation/shared.html", context)


@open_to(PUBLIC)
@require_safe
def signed_file(request: Asking, copy: str) -> HttpResponse:
    """Send the bytes that were signed, with signature and public key."""
    row, content = opened(request, copy)
    answer = signed_answer(content, bytes(row.public_key), bytes(row.signature))
    return as_download(answer, f"{name_of(row)}.json")


@open_to(PUBLIC)
@require_safe
def paper(request: Asking, copy: str) -> HttpResponse:
    """Send one report as PDF; setting it costs, so a network that asks often waits."""
    row, content = opened(request, copy)
    if not PAPERS.admits(request, now=request.now):
        answer = render(request, "429.html", status=429)
        answer.headers["Retry-After"] = str(PAPERS.seconds)
        return answer
    return papers.answer(
        request,
        strictjson.loads(content),
        developer=_developer(row, Names()),
        whom=str(words.PLACES[row.reader]),
        key=bytes(row.public_key),
        name=name_of(row),
        page=reverse("shared_report", args=[copy]),
    )


def opened(request: Asking, copy: str) -> tuple[Any, bytes]:
    """Return one copy and its bytes, or answer that there is nothing here."""
    row = queries.handed_on_to(request.actor, now=request.now).filter(public_id=copy).first()
    if row is None:
        raise Http404
    try:
        return row, services.open_handed_on(row, **with_dice(request))
    except REFUSALS as error:
        raise Http404 from error


def name_of(row: Any) -> str:
    """Return what the files of a copy are called."""
    return f"evaluation-report-{row.report.number}-{row.report.digest[:8]}-{row.reader}"


def _developer(row: Any, names: Names) -> str:
    return str(names.of(engagements.named(row.report.protocol.engagement).developer))


def _marking(row: Any) -> Tlp:
    return TLP[Reader(row.reader)]
