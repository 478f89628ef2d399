"""Is this the same thing? What the machines in the lists may be, asked once for each type; answers can be changed."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from watchbell.apps.inventory import queries, recognised, services
from watchbell.domain.matching.equipment.answers import Answer
from watchbell.domain.refusal import Refused
from watchbell.doors import moment
from watchbell.doors.policy import OPERATOR, OPERATOR_WRITES, open_to
from watchbell.web.asking import Asking
from watchbell.web.operator.assets import mine
from watchbell.web.operator.forms import MachineForm
from watchbell.web.operator.machines import SAID, TAKE_BACK
from watchbell.web.speaking import spoken

TYPES_AT_ONCE = 20
ANSWERS_AT_ONCE = 100
WORDS: dict[Answer, str | Promise] = {
    Answer.YES: gettext_lazy("Yes, it is"),
    Answer.NO: gettext_lazy("No"),
    Answer.UNSURE: gettext_lazy("Not sure"),
}


@open_to(OPERATOR)
@require_safe
def same(request: Asking) -> HttpResponse:
    """List what waits for an answer, type by type, and what was answered."""
    coverage = queries.coverage(request.actor, now=request.now)
    answered = recognised.answered(request.actor, now=request.now)
    context = {
        "questions": recognised.questions(request.actor, now=request.now, limit=TYPES_AT_ONCE),
        "total": coverage.questions,
        "coverage": coverage,
        "choices": WORDS.items(),
        "answered": [{"row": row, "said": SAID[Answer(row.says)]} for row in answered[:ANSWERS_AT_ONCE]],
        "answers": answered.count(),
        "take_back": TAKE_BACK,
    }
    return render(request, "operator/same.html", context)


@open_to(OPERATOR_WRITES)
@require_POST
def answer(request: Asking) -> HttpResponse:
    """Take the answers, for every machine of their types; those left open stay open."""
    known = recognised.visible_to(request.actor, now=request.now)
    given = {
        name.removeprefix("same-"): value for name, value in request.POST.dict().items() if name.startswith("same-")
    }
    none_of = request.POST.get("none", "")
    if none_of:
        asked = recognised.asked(request.actor, now=request.now).filter(type_key=none_of[:64])
        given = {row.public_id: Answer.NO.value for row in asked}
    for question in known.filter(public_id__in=list(given)[:1000]):
        said = given[question.public_id]
        if said in (*Answer, TAKE_BACK):
            what = Answer(said) if said != TAKE_BACK else None
            services.answer_same(question=question, answer=what, by=request.actor, now=request.now, rng=moment.dice())
    if given:
        messages.success(request, _("The answers are kept, and the worklist follows in a moment."))
    back = request.POST.get("asset", "")
    return redirect("asset", asset=mine(request, back).public_id) if back else redirect("same_things")


@open_to(OPERATOR_WRITES)
@require_http_methods(["GET", "HEAD", "POST"])
def describe(request: Asking, asset: str) -> HttpResponse:
    """Take what stands on a machine's plate."""
    found = mine(request, asset)
    form = MachineForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            services.describe(
                services.Described(**form.cleaned_data),
                asset=found,
                by=request.actor,
                now=request.now,
                rng=moment.dice(),
            )
        except Refused as error:
            form.add_error(None, spoken(error))
        else:
            messages.success(request, _("It is in the asset now, and is compared in a moment."))
            return redirect("asset", asset=asset)
    return render(request, "operator/describe.html", {"asset": found, "form": form})


@open_to(OPERATOR_WRITES)
@require_POST
def take_off(request: Asking, asset: str) -> HttpResponse:
    """Take a machine that a person described off the asset."""
    unit = mine(request, asset).units.filter(public_id=request.POST.get("unit", "")[:64]).first()
    if unit is None:
        raise Http404
    services.take_off(unit=unit, by=request.actor, now=request.now)
    messages.success(request, _("It is no longer in the asset."))
    return redirect("asset", asset=asset)
