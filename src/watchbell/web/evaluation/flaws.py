"""What did the model find in other people's software, and where did the signed terms send it?

The evaluator's person reports it here, and it is on its way before the page answers. Its text is read by whom the
terms give it to; the other party sees that it was found, when, and where it went.
"""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from watchbell.apps.engagements import services as access
from watchbell.apps.evaluation import queries, services
from watchbell.apps.findings import services as findings
from watchbell.domain.advisory.written import plain
from watchbell.domain.canonical import canonical
from watchbell.domain.evaluation import Flaw, SentAs
from watchbell.domain.identity import new_id
from watchbell.domain.refusal import Refused
from watchbell.domain.terms import Purpose, Routing, Terms
from watchbell.doors import keys, moment
from watchbell.doors.headers import as_download
from watchbell.doors.policy import EARLY_ACCESS, EVALUATOR_WRITES, LAB_WRITES, open_to
from watchbell.web.asking import Asking
from watchbell.web.early_access.acting import known, offered_by_us, offered_to_us, with_dice
from watchbell.web.early_access.names import Names
from watchbell.web.evaluation import words
from watchbell.web.evaluation.acting import REFUSALS, among, is_evaluator, told
from watchbell.web.speaking import spoken

AT_MOST = 200
LONGEST = 50_000
TALL = {"rows": 6}


class FlawForm(forms.Form):
    """What was found, in whose software, and which sample it came from."""

    key = forms.CharField(widget=forms.HiddenInput, max_length=64)
    title = forms.CharField(label=gettext_lazy("What is the flaw, in one line?"), max_length=300)
    vendor = forms.CharField(label=gettext_lazy("Who makes the product?"), max_length=200, required=False)
    product = forms.CharField(label=gettext_lazy("What is the product called?"), max_length=200)
    version = forms.CharField(label=gettext_lazy("Which versions have it?"), max_length=100, required=False)
    purl = forms.CharField(
        label=gettext_lazy("Its package URL, if it has one"),
        max_length=300,
        required=False,
        help_text=gettext_lazy("Such as pkg:pypi/requests@2.30.0."),
    )
    description = forms.CharField(
        label=gettext_lazy("What is wrong?"), max_length=LONGEST, widget=forms.Textarea(attrs=TALL)
    )
    evidence = forms.CharField(
        label=gettext_lazy("How can somebody else see it happen?"),
        max_length=LONGEST,
        widget=forms.Textarea(attrs=TALL),
        required=False,
        help_text=gettext_lazy("Step by step, and who would have to control what. Plain text, and nothing classified."),
    )
    model = forms.ChoiceField(label=gettext_lazy("Which model found it?"))
    run = forms.ChoiceField(
        label=gettext_lazy("In which run, if in one?"),
        required=False,
        help_text=gettext_lazy("Run and sample stay between you and the developer."),
    )
    item = forms.CharField(label=gettext_lazy("Which item of it?"), max_length=150, required=False)
    epoch = forms.IntegerField(label=gettext_lazy("In which epoch?"), min_value=1, required=False)

    def __init__(self, *args: Any, models: tuple[str, ...], runs: list[tuple[str, str]], **named: Any) -> None:
        super().__init__(*args, **named)
        for name, choices in (("model", [(one, one) for one in models]), ("run", [("", "–"), *runs])):
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)
            field.choices = choices

    def clean(self) -> dict[str, Any]:
        """Return the answers when a sample is named whole or not at all."""
        answers = super().clean() or {}
        sample = ("run", "item", "epoch")
        for name in sample:
            if any(answers.get(one) for one in sample) and not answers.get(name) and name not in self.errors:
                self.add_error(name, _("Give run, item and epoch, or none of them."))
        return answers

    def flaw(self) -> Flaw:
        """Return the answers as a value."""
        said = {name: value for name, value in self.cleaned_data.items() if name != "key"}
        return Flaw(**{**said, "epoch": said["epoch"] or 0})


@open_to(EARLY_ACCESS)
@require_safe
def flaws(request: Asking, public_id: str) -> HttpResponse:
    """Show both parties what was found and where it went, and its titles to whom they belong."""
    one, names = known(request, public_id), Names()
    rows = list(queries.flaws_of(one.public_id, request.actor, now=request.now)[:AT_MOST])
    own = [row for row in rows if services.is_read_by(row, one, request.actor)]
    titles, gone = _titles(request, one, own)
    context = {
        "engagement": one,
        "rows": [_line(row, titles) for row in rows],
        "gone": gone,
        "developer": names.of(one.developer),
        "evaluator": names.of(one.evaluator),
        "may_report": is_evaluator(request, one) and one.starts_at is not None,
    }
    return render(request, "evaluation/flaws.html", context)


@open_to(EVALUATOR_WRITES)
@require_http_methods(["GET", "HEAD", "POST"])
def report(request: Asking, public_id: str) -> HttpResponse:
    """Ask what was found, and send it where the signed terms say."""
    one = offered_to_us(request, public_id)
    try:
        terms = access.open_terms(one, Purpose.READ_RESULTS, **with_dice(request))
    except REFUSALS as error:
        messages.error(request, told(error))
        return redirect("flaws", public_id=public_id)
    how: dict[str, Any] = {"models": terms.models, "runs": runs_to_choose(request, one)}
    if request.method != "POST":
        return _ask(request, one, terms, FlawForm(initial={"key": new_id(moment.dice())}, **how))
    form = FlawForm(request.POST, **how)
    if not form.is_valid():
        return _ask(request, one, terms, form)
    store = keys.blob_store()
    try:
        row = findings.report_flaw(one, form.flaw(), key=form.cleaned_data["key"], store=store, **with_dice(request))
    except (Refused, *REFUSALS) as error:
        form.add_error(None, _why(error))
        return _ask(request, one, terms, form)
    messages.success(request, str(words.SENT[Routing(row.route)]))
    return redirect("flaws", public_id=public_id)


@open_to(EARLY_ACCESS)
@require_safe
def flaw(request: Asking, public_id: str, flaw: str) -> HttpResponse:
    """Show a flaw to whom the terms give it."""
    one, row = _found(request, public_id, flaw)
    try:
        value, code = services.open_flaw(row, Purpose.READ_RESULTS, **with_dice(request))
    except REFUSALS as error:
        messages.error(request, told(error))
        return redirect("flaws", public_id=public_id)
    context = {
        **_line(row, {row.public_id: value.title}),
        "engagement": one,
        "value": value,
        "code": code,
        "is_ours_to_send": one.developer == request.actor.organisation and request.actor.writes and not row.sent_at,
        "until": one.evidence_until,
    }
    return render(request, "evaluation/flaw.html", context)


@open_to(EARLY_ACCESS)
@require_safe
def flaw_file(request: Asking, public_id: str, flaw: str) -> HttpResponse:
    """Send a flaw as JSON to whom the terms give it: after the evidence is gone, this is what is left of it."""
    _one, row = _found(request, public_id, flaw)
    try:
        value, _code = services.open_flaw(row, Purpose.READ_RESULTS, **with_dice(request))
    except REFUSALS as error:
        messages.error(request, told(error))
        return redirect("flaws", public_id=public_id)
    answer = HttpResponse(canonical(plain(value)), content_type="application/json")
    return as_download(answer, f"flaw-{row.public_id[:8]}.json")


@open_to(LAB_WRITES)
@require_POST
def send_on(request: Asking, public_id: str, flaw: str) -> HttpResponse:
    """Send what came back to the developer on to coordinated disclosure."""
    one = offered_by_us(request, public_id)
    row = among(queries.flaws_of(one.public_id, request.actor, now=request.now), flaw)
    how = request.POST.get("as", "")
    if how not in set(SentAs):
        raise Http404
    try:
        findings.send_flaw_on(row, SentAs(how), store=keys.blob_store(), **with_dice(request))
    except (Refused, *REFUSALS) as error:
        messages.error(request, _why(error))
    else:
        messages.success(request, _("It went to coordinated disclosure."))
    return redirect("flaw", public_id=public_id, flaw=flaw)


def _found(request: Asking, public_id: str, flaw: str) -> tuple[Any, Any]:
    """Return an engagement and a flaw of it that the asker reads, or answer that there is nothing here."""
    one = known(request, public_id)
    row = among(queries.flaws_of(one.public_id, request.actor, now=request.now), flaw)
    if not services.is_read_by(row, one, request.actor):
        raise Http404
    return one, row


def _titles(request: Asking, one: Any, rows: list[Any]) -> tuple[dict[str, str], str]:
    """Return the titles of these flaws, after one line in the access log; or why nobody reads them."""
    if not rows:
        return {}, ""
    try:
        access.note_opening(one, "flaw", Purpose.READ_RESULTS, **with_dice(request))
        return {row.public_id: services.opened_flaw(row, keys=keys.keystore()).title for row in rows}, ""
    except REFUSALS as error:
        return {}, told(error)


def _line(row: Any, titles: dict[str, str]) -> dict[str, Any]:
    return {
        "row": row,
        "title": titles.get(row.public_id, ""),
        "route": words.ROUTES[Routing(row.route)],
        "sent": words.SENT_AS[SentAs(row.sent_as)] if row.sent_as else "",
    }


def runs_to_choose(request: Asking, one: Any) -> list[tuple[str, str]]:
    """Return the runs of an engagement as a form offers them."""
    rows = queries.runs_in(one.public_id, request.actor, now=request.now)[:AT_MOST]
    return [
        (row.public_id, f"{row.suite}, {number_format(row.budget, force_grouping=True)}, {row.log_digest[:8]}")
        for row in rows
    ]


def _ask(request: Asking, one: Any, terms: Terms, form: FlawForm) -> HttpResponse:
    context = {"engagement": one, "form": form, "route": terms.routing, "means": words.MEANS[terms.routing]}
    return render(request, "evaluation/flaw_new.html", context)


def _why(error: Exception) -> str:
    """Return what is wrong and what to do; the place within our own form would only puzzle."""
    if isinstance(error, Refused):
        return f"{spoken(error.refusal.message)} {spoken(error.refusal.todo)}".rstrip()
    return told(error)
