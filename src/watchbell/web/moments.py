"""How is an instant said to a person? As a distance in words and as the exact time with its zone."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.utils import formats
from django.utils.translation import gettext, ngettext

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def zone(name: str) -> ZoneInfo:
    """Return the time zone of this name, or UTC when nobody knows it."""
    try:
        return ZoneInfo(name or "UTC")
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


def exactly(at: datetime, where: ZoneInfo) -> str:
    """Return the instant as written in that zone, such as `Wed 4 Nov 2026, 12:00 UTC`."""
    local = at.astimezone(where)
    return f"{formats.date_format(local, 'D j M Y, H:i')} {local.tzname()}"


def distance(at: datetime, now: datetime) -> str:
    """Return how far away an instant is, in the largest unit that fits: "in 3 days", "2 hours ago", "now"."""
    span = abs(at - now)
    ahead = at > now
    if span < MINUTE:
        return gettext("now")
    if span < HOUR:
        count = span // MINUTE
        words = ngettext("in %d minute", "in %d minutes", count) if ahead else _minutes_ago(count)
    elif span < 2 * DAY:
        count = span // HOUR
        words = ngettext("in %d hour", "in %d hours", count) if ahead else _hours_ago(count)
    else:
        count = span // DAY
        words = ngettext("in %d day", "in %d days", count) if ahead else _days_ago(count)
    return words % count


def _minutes_ago(count: int) -> str:
    return ngettext("%d minute ago", "%d minutes ago", count)


def _hours_ago(count: int) -> str:
    return ngettext("%d hour ago", "%d hours ago", count)


def _days_ago(count: int) -> str:
    return ngettext("%d day ago", "%d days ago", count)
