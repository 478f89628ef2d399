"""Did a sample of an Inspect log run out of time because of its model, or while its endpoint was waited for?

Inspect ends a sample at its limit of time and scores it, whatever the time went to. Two signs say that it went to an
endpoint: the last call never came back, though it had far longer than any call before it; or more than half of the time
was spent between calls that were tried again, which Inspect keeps apart as the time that was no work.
"""

from datetime import datetime, timedelta
from typing import Any, Final

from watchbell.formats import fields, moments
from watchbell.formats.fields import Json

TIMES: Final = 3
"""How many times as long as the longest call that was answered a call may take before it counts as hanging."""


def has_stalled(sample: Json, calls: list[Json]) -> bool:
    """Return whether the endpoint was waited for when the sample's time was over; `calls` are the model's, in order."""
    total, working = _seconds(sample, "total_time"), _seconds(sample, "working_time")
    counts_waiting = fields.text(fields.mapping(sample, "limit"), "type", "/limit") == "time"
    if counts_waiting and total is not None and working is not None and 2 * (total - working) > total:
        return True
    return bool(calls) and _is_cut(calls[-1]) and _hung(sample, calls, total)


def _hung(sample: Json, calls: list[Json], total: float | None) -> bool:
    begun, started = _moment(calls[-1], "timestamp"), _moment(sample, "started_at")
    ended = _moment(sample, "completed_at")
    if ended is None and started is not None and total is not None:
        ended = started + timedelta(seconds=total)
    if begun is None or ended is None:
        return False
    answered = [_took(one) for one in calls[:-1] if not _is_cut(one)]
    return (ended - begun).total_seconds() > TIMES * max(answered, default=0.0)


def _is_cut(call: Json) -> bool:
    """Return whether a call never came back: it is pending still, or was ended from outside."""
    return bool(call.get("pending") or call.get("error")) and not call.get("completed")


def _took(call: Json) -> float:
    begun, over = _moment(call, "timestamp"), _moment(call, "completed")
    return max(0.0, (over - begun).total_seconds()) if begun and over else 0.0


def _moment(holder: Json, key: str) -> datetime | None:
    text = fields.text(holder, key)
    return moments.read(text, place=f"/{key}") if text else None


def _seconds(sample: Json, key: str) -> float | None:
    value: Any = sample.get(key)
    return float(value) if type(value) in (int, float) and 0 <= value < 2**31 else None
