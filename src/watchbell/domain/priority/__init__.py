"""How urgent is it, by when is it due, and why? BOD 26-04 and our policy, both as data."""

from watchbell.domain.priority.assess import assess, outcome_of
from watchbell.domain.priority.bod import TABLE_ID, Impact, Outcome, decide
from watchbell.domain.priority.due import clock_starts_at, due_at, is_overdue, last_day, zone_named
from watchbell.domain.priority.facts import Band, Because, Drawn, Exposure, Facts, Inputs, Priority
from watchbell.domain.priority.policy import POLICY, Policy
from watchbell.domain.priority.rank import rank

__all__ = [
    "POLICY",
    "TABLE_ID",
    "Band",
    "Because",
    "Drawn",
    "Exposure",
    "Facts",
    "Impact",
    "Inputs",
    "Outcome",
    "Policy",
    "Priority",
    "assess",
    "clock_starts_at",
    "decide",
    "due_at",
    "is_overdue",
    "last_day",
    "outcome_of",
    "rank",
    "zone_named",
]
