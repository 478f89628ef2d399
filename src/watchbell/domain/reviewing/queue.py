"""Which claim is looked at next? The one that takes most risk away for a reviewer's minute; and nobody waits for ever.

The worth of looking is chance that it is real x impact x reach, divided by the minutes it takes. Four turns in five go
by that. Every fifth goes to the oldest claim of the source that has longest not had such a turn: so a claim that is its
source's k-th oldest, among n sources, is looked at within 5 x k x n decisions, however many others come in.

A source of which we are sure that fewer than one claim in ten is real has lost its turn: what it claims without showing
it waits for that fifth turn alone.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Final

from watchbell.domain.advisory import EvidenceLevel
from watchbell.domain.records import record
from watchbell.domain.reviewing.belief import Belief

EVERY: Final = 5
"""Every which turn goes to the longest waiting."""
TOO_SELDOM: Final = 0.1
"""A source loses its turn when the upper end of what is believed of it lies below this share."""


@record(frozen=True, slots=True, kw_only=True)
class Waiting:
    """One claim in the queue. `impact` is from 0 to 1, `reach` how many times over it counts, `minutes` of a reviewer.

    `of_source` is what is believed of its source whatever the kind, `belief` of this claim.
    """

    name: str
    source: str
    received_at: datetime
    belief: Belief
    of_source: Belief
    level: EvidenceLevel = EvidenceLevel.E0_ASSERTED
    impact: float = 0.5
    reach: float = 1.0
    minutes: float = 30.0

    @property
    def worth(self) -> float:
        """Return the risk that is expected to go for one minute of looking."""
        return self.belief.chance * self.impact * self.reach / self.minutes

    @property
    def has_its_turn(self) -> bool:
        """Return whether it stands among those ordered by worth: its source is right often enough, or it is shown."""
        return self.level >= EvidenceLevel.E2_REPRODUCED or self.of_source.high >= TOO_SELDOM


@record(frozen=True, slots=True, kw_only=True)
class Placed:
    """A claim at its place; `by_age` when it has that place for having waited, not for its worth."""

    waiting: Waiting
    by_age: bool


def in_order(
    waiting: Iterable[Waiting], *, decided: int = 0, latest: Mapping[str, int] = MappingProxyType({})
) -> Iterator[Placed]:
    """Yield every claim once, the next to look at first; the same for the same claims in whatever order they come.

    `decided` is how many decisions were taken before, and `latest` the number, from 1, of the latest one
    for which each source had its turn by age: whose turn it is goes on from there.
    """
    known = sorted(waiting, key=lambda one: (one.received_at, one.name))
    by_age = iter(_by_turns(known, latest))
    by_worth = iter(sorted((one for one in known if one.has_its_turn), key=lambda one: -one.worth))
    placed: set[str] = set()
    for turn in range(decided + 1, decided + len(known) + 1):
        is_aged = turn % EVERY == 0
        first, second = (by_age, by_worth) if is_aged else (by_worth, by_age)
        one = _next(first, placed)
        if one is None:
            one, is_aged = _next(second, placed), not is_aged
        assert one is not None
        placed.add(one.name)
        yield Placed(waiting=one, by_age=is_aged)


def _by_turns(known: list[Waiting], latest: Mapping[str, int]) -> list[Waiting]:
    """Return the claims, by age given, each source's first before any source's second."""
    seen: dict[str, int] = defaultdict(int)
    turns = []
    for one in known:
        seen[one.source] += 1
        turns.append((seen[one.source], latest.get(one.source, 0), one))
    return [one for *_, one in sorted(turns, key=lambda each: each[:2])]


def _next(line: Iterator[Waiting], placed: set[str]) -> Waiting | None:
    return next((one for one in line if one.name not in placed), None)
