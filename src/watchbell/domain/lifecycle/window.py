"""When does an early-access window end? After thirty days at the latest, counted once for each model digest.

Times are compared in UTC, so that no change of clocks lengthens or shortens thirty times
twenty-four hours. Windows onto one model that run side by side count once; windows one
after the other add up, whoever they were for and whatever became of their engagements.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

LONGEST: Final = timedelta(hours=30 * 24)
"""How long one model may be looked at before its release to trusted partners (EO 14409, section 3(b)(ii))."""


@dataclass(frozen=True, slots=True)
class Window:
    """From `starts_at` up to, and not including, `ends_at`; empty when both are the same moment.

    Raises ValueError for a moment without a zone, and for an end before the beginning.
    """

    starts_at: datetime
    ends_at: datetime

    def __post_init__(self) -> None:
        """Keep both in UTC: moments of one zone are compared by its clock's hands, which go back once a year."""
        object.__setattr__(self, "starts_at", _utc(self.starts_at))
        object.__setattr__(self, "ends_at", _utc(self.ends_at))
        if self.ends_at < self.starts_at:
            raise ValueError("A window cannot end before it begins")

    def is_open(self, now: datetime) -> bool:
        """Return whether now is inside; at the end itself it is over."""
        return self.starts_at <= _utc(now) < self.ends_at


def used_up(windows: Iterable[Window]) -> timedelta:
    """Return the time these windows cover together; what several cover counts once."""
    return sum((end - start for start, end in _merged(windows)), timedelta(0))


def latest_end(starts_at: datetime, *, used: Iterable[Window], no_later_than: Iterable[datetime] = ()) -> datetime:
    """Return when a window that begins now has to end at the latest; the start itself when nothing is left.

    `used` are all earlier and running windows onto the same model digest, as long as they are
    or were to last; `no_later_than` are the developer's own ends: the release to partners, or an
    end of their choice. Raises ValueError for moments without a zone.
    """
    start = _utc(starts_at)
    spans = _merged(used)
    left = max(LONGEST - sum((until - at for at, until in spans), timedelta(0)), timedelta(0))
    end = start
    for at, until in spans:
        if until <= end:
            continue
        if at - end > left:
            break
        left -= max(at - end, timedelta(0))
        end = until
    return max(start, min([end + left, start + LONGEST, *map(_utc, no_later_than)]))


def _merged(windows: Iterable[Window]) -> list[tuple[datetime, datetime]]:
    """Return the covered time in UTC as spans that neither touch nor overlap, in order."""
    merged: list[tuple[datetime, datetime]] = []
    for start, end in sorted((one.starts_at, one.ends_at) for one in windows):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def _utc(at: datetime) -> datetime:
    if at.tzinfo is None:
        raise ValueError("A moment needs a time zone")
    return at.astimezone(UTC)
