"""Of which dates is somebody reminded, and how long before? A table; the people are found in each case.

An answer that is asked for and an embargo's end are the two dates in a case that somebody
else waits for. Nothing happens by itself when they pass, so whoever must act hears of them in time.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final


class Awaited(StrEnum):
    """What comes due in a case."""

    ANSWER = "answer"
    EMBARGO_END = "embargo end"


AHEAD: Final[Mapping[Awaited, tuple[timedelta, ...]]] = {
    Awaited.ANSWER: (timedelta(days=3), timedelta(days=1)),
    Awaited.EMBARGO_END: (timedelta(days=3), timedelta(days=1)),
}
"""How long before each date people are reminded, the longest first."""

FARTHEST: Final = max(span for spans in AHEAD.values() for span in spans)


@dataclass(frozen=True, slots=True)
class Slot:
    """One moment to remind: it opens `ahead` of the date and closes when the next one opens, or with the date."""

    ahead: timedelta
    opens_at: datetime


def open_slot(awaited: Awaited, *, due_at: datetime, since: datetime, now: datetime) -> Slot | None:
    """Return the slot that is open at this moment, or None.

    One that would have opened before `since`, when people heard of the date anyway, never opens.
    """
    if now >= due_at:
        return None
    begun = [Slot(ahead, due_at - ahead) for ahead in AHEAD[awaited] if due_at - ahead <= now]
    latest = min(begun, key=lambda slot: slot.ahead, default=None)
    return latest if latest is not None and latest.opens_at > since else None
