"""This will commit to the seed of held-out items before anybody sees an answer, and reveal it at the end."""

from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from watchbell.apps.evaluation import queries, services
from watchbell.doors.policy import EVALUATOR_WRITES, open_to
from watchbell.web.asking import Asking
from watchbell.web.early_access.acting import among, attempt, offered_to_us, with_dice, with_keys


@open_to(EVALUATOR_WRITES)
@require_POST
def commit(request: Asking, public_id: str, benchmark: str) -> HttpResponse:
    """Draw a seed, and write its hash into the record."""
    one = offered_to_us(request, public_id)
    row = among(queries.benchmarks_for(request.actor), benchmark)
    said = _("The seed is drawn, and its hash stands in the record. It is revealed when the engagement is over.")
    attempt(request, lambda: services.commit_seed(one, row, **with_dice(request)), said)
    return redirect("evaluation", public_id=public_id)


@open_to(EVALUATOR_WRITES)
@require_POST
def reveal(request: Asking, public_id: str, commitment: str) -> HttpResponse:
    """Put a seed into the open, so that both parties draw the same items again."""
    one = offered_to_us(request, public_id)
    row = among(queries.commitments_of(one.public_id, request.actor, now=request.now), commitment)
    said = _("Seed and salt are in the open. Both of you can draw the same items again and check the hash.")
    attempt(request, lambda: services.reveal_seed(row, **with_keys(request)), said)
    return redirect("evaluation", public_id=public_id)
