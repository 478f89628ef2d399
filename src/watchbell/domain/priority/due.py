"""When is it due? At the end of the last day, where the organisation lives.

The clock starts when the listing became known to this node, or the fix if that
became known later; with no fix yet, the listing, for a workaround or a letter.
The directive's own wording on this was not seen: see `clock` in `data/policy.json`.
"""

from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

_ONE_DAY = timedelta(days=1)
_ONE_SECOND = timedelta(seconds=1)


def clock_starts_at(*, listing_known_at: datetime, fix_known_at: datetime | None = None) -> datetime:
    """Return the moment the term is counted from, in UTC.

    The listing is the one that sets the term: the KEV entry once there is one, else the record.
    Raises ValueError for times without a zone.
    """
    known = [at for at in (listing_known_at, fix_known_at) if at is not None]
    return max(_in_utc(at) for at in known)


def due_at(*, starts_at: datetime, days: int, zone: str) -> datetime:
    """Return the last second of the last day of the term, in UTC.

    Days are calendar days in `zone` (an IANA name); the day the clock starts is not counted.
    Days of 23, 24, 25 hours or without a midnight all end where the next one begins.
    Raises ValueError for an unknown zone, a time without a zone, or a negative term.
    """
    if days < 0:
        raise ValueError(f"a term of {days} days would end before it begins")
    place = zone_named(zone)
    first_day = _in_utc(starts_at).astimezone(place).date()
    return _begins_at(first_day + days * _ONE_DAY + _ONE_DAY, place) - _ONE_SECOND


def last_day(due_at: datetime, *, zone: str) -> date:
    """Return the day people in this zone see as the due date."""
    return _in_utc(due_at).astimezone(zone_named(zone)).date()


def is_overdue(due_at: datetime, *, now: datetime) -> bool:
    """Return whether the last second of the term has gone by."""
    return _in_utc(now) >= _in_utc(due_at) + _ONE_SECOND


def zone_named(name: str) -> "ZoneInfo":
    """Return the IANA time zone of this name; raises ValueError when there is none."""
    from zoneinfo import ZoneInfo  # imported late: an offline match knows no dates

    try:
        return ZoneInfo(name)
    except (ValueError, OSError, KeyError) as error:
        raise ValueError(f"{name!r} is not an IANA time zone; write one such as America/Chicago") from error


def _begins_at(day: date, zone: "ZoneInfo") -> datetime:
    """Return the first instant of a day: midnight, the first of two, or the end of the gap that swallowed it."""
    return datetime.combine(day, time.min, tzinfo=zone).astimezone(UTC)


def _in_utc(at: datetime) -> datetime:
    """Return this instant in UTC; a time without a zone could be any of 26 hours, so it is refused."""
    if at.tzinfo is None:
        raise ValueError(f"{at.isoformat()} has no time zone; give an instant, such as one in UTC")
    return at.astimezone(UTC)
