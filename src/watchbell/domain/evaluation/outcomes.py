"""What came of one sample, and is enough there to compare? Worked out anew from the log, never from its status.

A runner's "success" says that it came to its end: an endpoint that was away for all of it reads there as accuracy 0.
So an outage, a refusal and a sample that is not there each have a place of their own, and none is a wrong answer.
"""

from collections.abc import Collection, Iterable, Mapping
from enum import StrEnum
from typing import Final

from watchbell.domain.records import record


class Outcome(StrEnum):
    """What came of one item, at one budget, in one epoch."""

    SOLVED = "solved"
    UNSOLVED = "unsolved"
    REFUSED = "refused"
    """The model, or a filter in front of it, would not answer."""
    LIMIT = "limit"
    """Tokens, turns or time ran out before it was solved."""
    INFRASTRUCTURE = "infrastructure"
    """An error, another model than the one asked for, or no answer at all: nothing was learnt of the model."""
    MISSING = "missing"


MOST_MISSING_PERCENT: Final = 2
"""With more than this missing, a comparison stays open (reference: every release of ours says so)."""
BY_HAND: Final = "operator"
OF_TIME: Final = ("time", "working")

Cell = tuple[str, int, int]
"""One place in the table: item, budget in tokens, epoch from 1."""


@record(frozen=True, slots=True, kw_only=True)
class Told:
    """What a log tells of one sample. `solved` is None without a usable score; `limit` is its kind, or "".

    `filtered`: the last answer was stopped by a content filter; `declined`: the scorer says it is a refusal. `stalled`:
    the endpoint was waited for, out of all proportion, when the time was over.
    `answered_as` are the names under which the model's answers came, none when it never answered.
    """

    is_error: bool = False
    limit: str = ""
    filtered: bool = False
    declined: bool = False
    solved: bool | None = None
    answered_as: tuple[str, ...] = ()
    stalled: bool = False
    taken_back: bool = False


@record(frozen=True, slots=True, kw_only=True)
class Completeness:
    """How much of what a protocol asks for is there: counts by outcome, which add up to `expected`."""

    expected: int
    counts: Mapping[Outcome, int]

    @property
    def absent(self) -> int:
        """Return how many cells say nothing of the model: missing, or lost to the infrastructure."""
        return self.counts[Outcome.MISSING] + self.counts[Outcome.INFRASTRUCTURE]

    @property
    def absent_share(self) -> float:
        """Return which part says nothing of the model, 0 to 1; all of nothing is 1."""
        return self.absent / self.expected if self.expected else 1.0

    @property
    def is_open(self) -> bool:
        """Return whether too much is missing to compare anything."""
        return self.expected == 0 or self.absent * 100 > self.expected * MOST_MISSING_PERCENT


def outcome_of(told: Told, *, names: Collection[str]) -> Outcome:
    """Return what came of a sample; `names` are those under which the model measured may answer.

    A limit that was reached before the model said anything is the endpoint's silence, not the model's inability; and so
    is a limit of time that went by while a call hung.
    """
    if told.taken_back:
        return Outcome.MISSING
    if told.is_error or told.limit == BY_HAND or any(name not in names for name in told.answered_as):
        return Outcome.INFRASTRUCTURE
    if told.limit and not told.answered_as:
        return Outcome.INFRASTRUCTURE
    if told.limit in OF_TIME and told.stalled and not told.solved:
        return Outcome.INFRASTRUCTURE
    if told.filtered or (told.declined and not told.solved):
        return Outcome.REFUSED
    if told.solved:
        return Outcome.SOLVED
    if told.limit:
        return Outcome.LIMIT
    return Outcome.MISSING if told.solved is None else Outcome.UNSOLVED


def completeness(expected: Iterable[Cell], got: Mapping[Cell, Outcome]) -> Completeness:
    """Return what is there of the cells expected; those not there are missing, those not expected do not count."""
    counts = dict.fromkeys(Outcome, 0)
    cells = set(expected)
    for cell in cells:
        counts[got.get(cell, Outcome.MISSING)] += 1
    return Completeness(expected=len(cells), counts=counts)
