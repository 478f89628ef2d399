"""How does somebody without an account report a flaw, and hear what became of it? By a form and a secret code."""

import base64
import hashlib
from datetime import timedelta

from django.core.cache import cache
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from watchbell.apps.findings import queries, reading, services
from watchbell.apps.findings.services import AlreadyReceived
from watchbell.domain.canonical import canonical
from watchbell.domain.identity import new_id
from watchbell.domain.refusal import Refusal, Refused
from watchbell.doors import keys, moment
from watchbell.doors.policy import PUBLIC, open_to
from watchbell.doors.throttle import Throttle
from watchbell.outside.keystore import aad
from watchbell.web.asking import Asking
from watchbell.web.coordination import words
from watchbell.web.public.forms import NO_SUCH_CODE, ReceiptForm, ReportForm
from watchbell.web.speaking import spoken

REPORTS = Throttle("report", from_one=12, altogether=600)
STATUSES = Throttle("report-status", from_one=60, altogether=6000)
SHOWN_AGAIN_FOR = timedelta(minutes=10)
PLACE = aad("web", "report", "receipt", "code")


@open_to(PUBLIC)
@require_http_methods(["GET", "HEAD", "POST"])
def report(request: Asking) -> HttpResponse:
    """Ask for a flaw, take it in, and show the receipt code."""
    if request.method != "POST":
        form = ReportForm(initial={"key": new_id(moment.dice())})
        return render(request, "public/report.html", {"form": form})
    if not REPORTS.admits(request, now=request.now):
        return too_many(request, REPORTS)
    form = ReportForm(request.POST)
    if not form.is_valid():
        return render(request, "public/report.html", {"form": form})
    return _take(request, form)


def _take(request: Asking, form: ReportForm) -> HttpResponse:
    answers = {name: value for name, value in form.cleaned_data.items() if name != "key"}
    upload = reading.form(form.claim(), canonical(answers), key=form.cleaned_data["key"])
    try:
        received, code = services.report(
            upload, store=keys.blob_store(), by=request.actor, now=request.now, rng=moment.dice()
        )
    except AlreadyReceived:
        return render(request, "public/report_received.html", {"code": _kept_code(upload.key)})
    except Refused as error:
        form.add_error(None, _told(error.refusal))
        return render(request, "public/report.html", {"form": form})
    refused = next((one.refusal for one in received.results if one.refusal), None)
    if refused is not None:
        form.add_error(None, _told(refused))
        return render(request, "public/report.html", {"form": form})
    _keep_code(upload.key, code)
    return render(request, "public/report_received.html", {"code": code, "is_new": True})


def _told(why: Refusal) -> str:
    """Return what is wrong and what to do; the place within our own form would only puzzle."""
    return f"{spoken(why.message)} {spoken(why.todo)}".rstrip()


@open_to(PUBLIC)
@require_http_methods(["GET", "HEAD", "POST"])
def status(request: Asking) -> HttpResponse:
    """Say what became of the report a receipt code was given for."""
    if request.method != "POST":
        return render(request, "public/report_status.html", {"form": ReceiptForm()})
    if not STATUSES.admits(request, now=request.now):
        return too_many(request, STATUSES)
    form = ReceiptForm(request.POST)
    found = queries.status_by_receipt(form.cleaned_data["code"], now=request.now) if form.is_valid() else None
    if found is None:
        if form.is_valid():
            form.add_error("code", NO_SUCH_CODE)
        return render(request, "public/report_status.html", {"form": form})
    rows = [
        {"finding": one, "state": words.FINDING_STATES[one.state], "badge": words.FINDING_BADGES[one.state]}
        for one in found.findings
    ]
    return render(request, "public/report_status.html", {"found": found, "rows": rows})


def too_many(request: Asking, throttle: Throttle) -> HttpResponse:
    """Answer that this door was knocked at too often, and for how long it stays shut."""
    answer = render(request, "429.html", status=429)
    answer.headers["Retry-After"] = str(throttle.seconds)
    return answer


def _keep_code(key: str, code: str) -> None:
    """Keep the code sealed for a moment, so that a form sent twice is answered alike both times."""
    sealed = keys.keystore().seal(keys.CURSORS, PLACE, code.encode())
    cache.set(_shelf(key), base64.b64encode(sealed).decode(), timeout=int(SHOWN_AGAIN_FOR.total_seconds()))


def _kept_code(key: str) -> str:
    kept = cache.get(_shelf(key))
    return keys.keystore().open(keys.CURSORS, PLACE, base64.b64decode(kept)).decode() if kept else ""


def _shelf(key: str) -> str:
    return f"receipt:{hashlib.sha256(key.encode()).hexdigest()}"
