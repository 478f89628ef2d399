"""What do the terms say? Whoever opens them says what for, and that stands in the access log before they see them."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST

from watchbell.apps.engagements import services
from watchbell.domain.lifecycle.engagement import Engagement as State
from watchbell.domain.terms import Purpose, in_plain_words
from watchbell.doors.policy import EARLY_ACCESS, open_to
from watchbell.web.asking import Asking
from watchbell.web.early_access import people
from watchbell.web.early_access.acting import REFUSALS, known, told, with_dice
from watchbell.web.early_access.engagement import may_offer, show
from watchbell.web.early_access.forms import PurposeForm
from watchbell.web.early_access.names import Names


@open_to(EARLY_ACCESS)
@require_POST
def read_terms(request: Asking, public_id: str) -> HttpResponse:
    """Show the terms, to the evaluator as offered, after writing down who opens them and what for."""
    one = known(request, public_id)
    form = PurposeForm(request.POST, auto_id="purpose_%s")
    if not form.is_valid():
        return show(request, one, {"purpose": form})
    try:
        version, terms = services.open_version(one, Purpose(form.cleaned_data["purpose"]), **with_dice(request))
    except REFUSALS as error:
        form.add_error(None, told(error))
        return show(request, one, {"purpose": form})
    context = {
        "engagement": one,
        "number": version.number,
        "developer": Names().of(one.developer),
        "points": in_plain_words(terms),
        "most": terms.personnel_at_most,
        **_next(request, one),
    }
    return render(request, "early_access/terms_read.html", context)


def _next(request: Asking, one: Any) -> dict[str, Any]:
    """Return what the reader may do with them next."""
    if one.developer == request.actor.organisation:
        return {"is_ours": True, "may_change": may_offer(one) and request.actor.writes}
    may_agree = one.stands is State.OFFERED and request.actor.writes
    return {"may_agree": may_agree, "colleagues": people.colleagues(request)}
