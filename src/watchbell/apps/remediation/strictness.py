"""How many lines would move if this operator counted what is not known the other way? For that operator alone."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import F

from watchbell.apps.remediation import queries
from watchbell.domain.handling import Actor
from watchbell.domain.priority import POLICY, Inputs, Outcome, outcome_of


@dataclass(frozen=True, slots=True)
class Preview:
    """Of `of` lines to do, `moves` would get another outcome; `dated` of these another due date, the rest a rank."""

    moves: int
    dated: int
    of: int


def preview(viewer: Actor, *, strict: bool, now: datetime) -> Preview:
    """Return what counting at the worst (or, with `strict` False, by the policy again) would move."""
    to_do = queries.visible_to(viewer, now=now).filter(is_settled=False)
    open_ones = to_do.exclude(low=F("high")).order_by()  # elsewhere every answer that matters is known
    moves = dated = 0
    for outcome, backlog, reason in open_ones.values_list("outcome", "backlog", "reason").iterator(chunk_size=1000):
        if not reason:
            continue
        other = outcome_of(Inputs.restored(reason["inputs"]), strict=strict)
        moves += other is not Outcome(outcome)
        dated += not backlog and POLICY.terms[other] != POLICY.terms[Outcome(outcome)]
    return Preview(moves, dated, to_do.count())
