"""How far along is a piece of work, how fast does it go, and when may it be over?"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from watchbell.apps.jobs.queries import Line

LEAST_TIME = timedelta(seconds=2)


@dataclass(frozen=True, slots=True)
class Pace:
    """One job's pace; what cannot be told honestly is None.

    `per_minute` and `over_at` are worked out for a first attempt only: a later one carries
    on from what an earlier one had done, so its count says nothing about its speed.
    """

    done: int
    total: int | None
    per_minute: int | None
    over_at: datetime | None

    @property
    def has_bar(self) -> bool:
        """Return whether there is an end to show a bar towards."""
        return bool(self.total)

    @property
    def shown(self) -> int:
        """Return how much of the bar is filled; never more than there is."""
        return min(self.done, self.total or 0)


def pace_of(line: Line, *, now: datetime) -> Pace:
    """Return how fast this job goes, from its start until now."""
    spent = now - line.started_at if line.started_at else timedelta(0)
    if line.attempts != 1 or spent < LEAST_TIME or not line.done:
        return Pace(line.done, line.total, None, None)
    per_minute = round(line.done * timedelta(minutes=1) / spent)
    left = (line.total - line.done) if line.total else 0
    over_at = now + spent * (left / line.done) if left > 0 else None
    return Pace(line.done, line.total, per_minute, over_at)
