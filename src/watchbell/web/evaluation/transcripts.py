"""What did a model really say? One sample's transcript, opened with a purpose, and what its readers noted on it.

The list holds no text. Opening a transcript is a line of the access log, and everything in it is shown as inert.
"""

from collections import defaultdict
from typing import Any, Final

from django import forms
from django.contrib import messages
from django.db.models import Count
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from watchbell.apps.engagements.services import NotAllowed
from watchbell.apps.evaluation import queries, services
from watchbell.apps.evaluation.services.reviewing import MOST_NOTE
from watchbell.apps.evaluation.words import ReviewKind
from watchbell.domain import evaluation as rules
from watchbell.domain.evaluation import Outcome
from watchbell.domain.inert import shown
from watchbell.domain.terms import Purpose
from watchbell.doors import keys
from watchbell.doors.policy import EARLY_ACCESS, EVALUATOR_WRITES, open_to
from watchbell.formats import eval_transcript
from watchbell.web.asking import Asking
from watchbell.web.early_access.acting import attempt, with_dice
from watchbell.web.early_access.forms import PurposeForm
from watchbell.web.early_access.names import Names
from watchbell.web.evaluation import words
from watchbell.web.evaluation.acting import REFUSALS, evaluators_protocol, is_evaluator, protocol_of, told

A_PAGE: Final = 100
MOST_SHOWN: Final = 20_000
"""Letters of one message that are shown; the log itself has all of them."""
ROLES: Final = {
    "system": gettext_lazy("System"),
    "user": gettext_lazy("Task"),
    "assistant": gettext_lazy("Model"),
    "tool": gettext_lazy("Tool"),
}


class NoteForm(forms.Form):
    """What a reader saw in a transcript."""

    kind = forms.ChoiceField(
        label=gettext_lazy("What did you see?"),
        choices=[("", gettext_lazy("Choose")), *((one.value, word) for one, word in words.REVIEWS.items())],
        error_messages={"required": gettext_lazy("Say what you saw.")},
    )
    text = forms.CharField(
        label=gettext_lazy("In your words"),
        required=False,
        max_length=MOST_NOTE,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=gettext_lazy("Sealed with the evidence. Nothing that was noted is changed or removed later."),
    )


@open_to(EARLY_ACCESS)
@require_safe
def transcripts(request: Asking, public_id: str, protocol: str) -> HttpResponse:
    """List the samples of a protocol, by what came of them."""
    one, row = protocol_of(request, public_id, protocol)
    try:
        value = services.open_protocol(row, Purpose.READ_RESULTS, **with_dice(request))
    except (NotAllowed, *REFUSALS) as error:
        messages.error(request, told(error))
        return redirect("evaluation", public_id=one.public_id)
    rows = queries.samples_of(row, request.actor, now=request.now)
    counts = dict(rows.order_by().values_list("outcome").annotate(number=Count("pk")))
    chosen = request.GET.get("outcome", "")
    if chosen in counts:
        rows = rows.filter(outcome=chosen)
    start = int(given) if (given := request.GET.get("from", "0")).isdecimal() and len(given) < 8 else 0
    found = list(rows[start : start + A_PAGE + 1])
    context = {
        "engagement": one,
        "row": row,
        "title": value.title,
        "number": sum(counts.values()),
        "chosen": chosen if chosen in counts else "",
        "chips": [(key.value, words.OUTCOMES[key], counts[key.value]) for key in Outcome if key.value in counts],
        "lines": _lines(request, row, value, found[:A_PAGE]),
        "before": max(start - A_PAGE, 0) if start else None,
        "after": start + A_PAGE if len(found) > A_PAGE else None,
    }
    return render(request, "evaluation/transcripts.html", context)


@open_to(EARLY_ACCESS)
@require_http_methods(["GET", "HEAD", "POST"])
def transcript(request: Asking, public_id: str, protocol: str, sample: str) -> HttpResponse:
    """Ask what somebody opens a transcript for; then show it with what its readers wrote."""
    one, row = protocol_of(request, public_id, protocol)
    found = _sample(request, row, sample)
    form = PurposeForm(request.POST) if request.method == "POST" else PurposeForm()
    opened: dict[str, Any] = {}
    if form.is_bound and form.is_valid():
        try:
            opened = _opened(request, row, found, Purpose(form.cleaned_data["purpose"]))
        except (NotAllowed, *REFUSALS) as error:
            messages.error(request, told(error))
            return redirect("transcript", public_id=public_id, protocol=protocol, sample=sample)
    names = Names()
    reviews = queries.reviews_of(row, request.actor, now=request.now).filter(sample=found.digest)
    context = {
        "engagement": one,
        "row": row,
        "sample": found,
        "outcome": words.OUTCOMES[Outcome(found.outcome)],
        "is_evaluator": is_evaluator(request, one),
        "form": form,
        "note_form": NoteForm(auto_id="note_%s"),
        "notes": [
            {
                "row": each,
                "kind": words.REVIEWS[ReviewKind(each.kind)],
                "who": names.person(each.person),
                "text": shown(services.words_of(each, keys=keys.keystore()), most=MOST_NOTE) if opened else "",
            }
            for each in reviews
        ],
        "opened": opened,
    }
    return render(request, "evaluation/transcript.html", context)


@open_to(EVALUATOR_WRITES)
@require_POST
def note(request: Asking, public_id: str, protocol: str, sample: str) -> HttpResponse:
    """Write a note on a transcript."""
    _one, row = evaluators_protocol(request, public_id, protocol)
    found, form = _sample(request, row, sample), NoteForm(request.POST)
    if form.is_valid():
        noted = services.Noted(kind=ReviewKind(form.cleaned_data["kind"]), text=form.cleaned_data["text"])
        attempt(
            request, lambda: services.note_transcript(found, noted, **with_dice(request)), _("Your note is written.")
        )
    else:
        messages.error(request, " ".join(str(error) for errors in form.errors.values() for error in errors))
    return redirect("transcript", public_id=public_id, protocol=protocol, sample=sample)


def _sample(request: Asking, row: Any, digest: str) -> Any:
    """Return the sample with this digest, or answer that there is nothing here."""
    found = queries.samples_of(row, request.actor, now=request.now).filter(digest=digest).first()
    if found is None:
        raise Http404
    return found


def _opened(request: Asking, row: Any, sample: Any, purpose: Purpose) -> dict[str, Any]:
    data = services.open_transcript(sample, purpose, store=keys.blob_store(), **with_dice(request))
    told_all = eval_transcript.transcript_from(data)
    value = services.opened(row, keys=keys.keystore())
    return {
        "model": value.models[sample.arm],
        "number": told_all.number,
        "said": [(ROLES.get(one.role, one.role), shown(one.text, most=MOST_SHOWN)) for one in told_all.said],
        "scored": [(shown(one.role, most=100), shown(one.text, most=MOST_SHOWN)) for one in told_all.scored],
    }


def _lines(request: Asking, row: Any, value: rules.Protocol, samples: list[Any]) -> list[dict[str, Any]]:
    noted: dict[str, list[Any]] = defaultdict(list)
    rows = queries.reviews_of(row, request.actor, now=request.now)
    for review in rows.filter(sample__in=[one.digest for one in samples]):
        noted[review.sample].append(words.REVIEWS[ReviewKind(review.kind)])
    return [
        {
            "one": one,
            "model": value.models[one.arm],
            "outcome": words.OUTCOMES[Outcome(one.outcome)],
            "notes": noted[one.digest],
        }
        for one in samples
    ]
