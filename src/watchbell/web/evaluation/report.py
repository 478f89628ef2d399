"""What came of it? The same report for both parties from the same moment; others read it where the developer consents.

Every look at it, and at its picture or its files, is a line of the access log.
"""

import csv
import io
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from watchbell.apps.evaluation import services
from watchbell.domain.evaluation.report import Reader
from watchbell.domain.inert import cell
from watchbell.doors import keys
from watchbell.doors.headers import as_download
from watchbell.doors.policy import EARLY_ACCESS, EVALUATOR_WRITES, LAB_WRITES, open_to
from watchbell.web.asking import Asking
from watchbell.web.early_access.acting import attempt, with_dice, with_keys
from watchbell.web.early_access.names import Names
from watchbell.web.evaluation import papers, pictures, reading, showing, words
from watchbell.web.evaluation.acting import REFUSALS, evaluators_protocol, report_of, told
from watchbell.web.evaluation.handing_on import own_report

COLUMNS = ("suite", "model", "budget", "item", "family", "level", "epoch", "outcome", "credit", "tokens")


class CommentForm(forms.Form):
    """What the developer says to a report."""

    text = forms.CharField(
        label=gettext_lazy("Your comment"),
        max_length=services.MOST_COMMENT,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 8}),
        help_text=gettext_lazy("It stands beside the report word for word, for everyone who reads it."),
    )


@open_to(EVALUATOR_WRITES)
@require_POST
def issue(request: Asking, public_id: str, protocol: str) -> HttpResponse:
    """Issue a report on everything taken in so far; the developer has it at once."""
    _one, row = evaluators_protocol(request, public_id, protocol)
    try:
        made = services.issue_report(row, **with_dice(request))
    except REFUSALS as error:
        messages.error(request, told(error))
        return redirect("protocol", public_id=public_id, protocol=protocol)
    if made.issued_at == request.now:
        messages.success(request, _("The report is issued and signed. The developer has it from this moment too."))
    else:
        messages.info(request, _("Nothing has changed since this report was issued, so there is no newer one."))
    return redirect("evaluation_report", public_id=public_id, report=made.public_id)


@open_to(EARLY_ACCESS)
@require_safe
def report(request: Asking, public_id: str, report: str) -> HttpResponse:
    """Show a report, to both parties alike."""
    one, row = report_of(request, public_id, report)
    return _show(request, one, row)


@open_to(EARLY_ACCESS)
@require_safe
def picture(request: Asking, public_id: str, report: str) -> HttpResponse:
    """Draw the profile of a report."""
    one, row = report_of(request, public_id, report)
    try:
        found = _opened(request, one, row)
    except REFUSALS as error:
        raise Http404 from error
    size = pictures.NARROW if "narrow" in request.GET else pictures.WIDE
    drawn = pictures.profile(found, reading.picture_words(found), size)
    answer = HttpResponse(drawn, content_type="image/svg+xml")
    answer.headers["Content-Security-Policy"] = pictures.POLICY
    return answer


@open_to(EARLY_ACCESS)
@require_safe
def signed_file(request: Asking, public_id: str, report: str) -> HttpResponse:
    """Send the bytes that were signed, with signature and public key; or the version `for` others, signed too."""
    one, row = report_of(request, public_id, report)
    others = request.GET.get("for", "")
    if others and others not in words.PLACES:
        raise Http404
    try:
        content, *proof = _whole(request, one, row) if not others else _for_others(request, row, Reader(others))
    except REFUSALS as error:
        return _back(request, one, error)
    name = "-".join(part for part in (_name(row), others) if part)
    return as_download(signed_answer(content, *(bytes(part) for part in proof)), f"{name}.json")


@open_to(EARLY_ACCESS)
@require_safe
def paper(request: Asking, public_id: str, report: str) -> HttpResponse:
    """Send the whole report as PDF, to both parties alike."""
    one, row = report_of(request, public_id, report)
    try:
        found = _opened(request, one, row)
    except REFUSALS as error:
        return _back(request, one, error)
    names = Names()
    return papers.answer(
        request,
        found,
        developer=str(names.of(one.developer)),
        whom=f"{names.of(one.developer)}, {names.of(one.evaluator)}",
        key=bytes(row.public_key),
        name=_name(row),
        page=reverse("evaluation_report", args=[public_id, report]),
    )


@open_to(EARLY_ACCESS)
@require_safe
def samples(request: Asking, public_id: str, report: str) -> HttpResponse:
    """Send the sample table as CSV; no cell of it is a formula to a spreadsheet."""
    one, row = report_of(request, public_id, report)
    try:
        found = _opened(request, one, row)
    except REFUSALS as error:
        return _back(request, one, error)
    written = io.StringIO()
    table = csv.writer(written)
    table.writerow(COLUMNS)
    table.writerows([_cell(value) for value in line] for line in found["samples"])
    answer = HttpResponse(written.getvalue(), content_type="text/csv; charset=utf-8")
    return as_download(answer, f"{_name(row)}-samples.csv")


@open_to(LAB_WRITES)
@require_POST
def comment(request: Asking, public_id: str, report: str) -> HttpResponse:
    """Put the developer's comment beside a report."""
    one, row = own_report(request, public_id, report)
    form = CommentForm(request.POST)
    if not form.is_valid():
        return _show(request, one, row, form)
    said = _("Your comment stands beside the report.")
    attempt(request, lambda: services.comment(row, form.cleaned_data["text"], **with_keys(request)), said)
    return redirect("evaluation_report", public_id=public_id, report=report)


def signed_answer(content: bytes, public_key: bytes, signature: bytes) -> HttpResponse:
    """Return the bytes of a report as they were signed, within the object that carries key and signature."""
    key, under = public_key.hex().encode(), signature.hex().encode()
    whole = b'{"public_key":"%b","report":%b,"signature":"%b"}\n' % (key, content, under)
    return HttpResponse(whole, content_type="application/json")


def _whole(request: Asking, one: Any, row: Any) -> tuple[bytes, bytes, bytes]:
    _opened(request, one, row)
    return services.signed_bytes(row, keys=keys.keystore()), row.public_key, row.signature


def _for_others(request: Asking, row: Any, reader: Reader) -> tuple[bytes, bytes, bytes]:
    return services.handed_on(row, reader, **with_dice(request))


def _opened(request: Asking, one: Any, row: Any) -> Mapping[str, Any]:
    is_ours = one.developer == request.actor.organisation
    reader = Reader.DEVELOPER if is_ours else Reader.EVALUATOR
    return services.open_report(row, reader, **with_dice(request))


def _show(request: Asking, one: Any, row: Any, form: CommentForm | None = None) -> HttpResponse:
    try:
        found = _opened(request, one, row)
    except REFUSALS as error:
        return _back(request, one, error)
    shown = showing.context_of(found)
    if "profile" in shown["drawings"]:
        address = reverse("evaluation_picture", args=[one.public_id, row.public_id])
        shown["drawings"]["profile"] = replace(shown["drawings"]["profile"], address=address)
    names = Names()
    is_ours = one.developer == request.actor.organisation and request.actor.writes
    context = {
        "engagement": one,
        "row": row,
        "developer": names.of(one.developer),
        "evaluator": names.of(one.evaluator),
        **shown,
        "is_ours": is_ours,
        "is_developer": one.developer == request.actor.organisation,
        "form": form or CommentForm(initial={"text": found["comment"]}),
        "consents": [
            {"reader": each, "who": words.PLACES[each], "is_given": each in row.consents} for each in words.PLACES
        ],
    }
    return render(request, "evaluation/report.html", context)


def _cell(value: object) -> str:
    return "" if value is None else cell(value) if isinstance(value, str) else f"{value}"


def _name(row: Any) -> str:
    return f"evaluation-report-{row.number}-{row.digest[:8]}"


def _back(request: Asking, one: Any, error: Exception) -> HttpResponse:
    messages.error(request, told(error))
    return redirect("evaluation", public_id=one.public_id)
