"""Read and write moments as RFC 3339 texts, always in UTC when we write."""

import re
from datetime import UTC, datetime

from watchbell.domain.refusal import refuse
from watchbell.domain.sentence import Sentence

_RFC3339 = re.compile(r"^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d(:\d\d(\.\d{1,12})?)?([Zz]|[+-]\d\d:\d\d)$")


def written(moment: datetime) -> str:
    """Return an aware moment as RFC 3339 in UTC, without a fraction when there is none."""
    text = moment.astimezone(UTC).isoformat(timespec="microseconds" if moment.microsecond else "seconds")
    return text.replace("+00:00", "Z")


def read(text: str, *, place: str = "") -> datetime:
    """Return the aware moment in `text`; fractions finer than a microsecond are cut.

    Raises Refused with code wrong-time for a missing zone, an impossible date or a leap second.
    """
    if not _RFC3339.match(text):
        raise _wrong(text, place)
    try:
        return datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", text.upper())).astimezone(UTC)
    except (ValueError, OverflowError):
        raise _wrong(text, place) from None


def _wrong(text: str, place: str) -> ValueError:
    expected = "a moment with its zone, such as 2026-01-31T12:00:00Z"
    return refuse(
        "wrong-time",
        Sentence("{found} is not a moment in time.", found=repr(text[:40])),
        place=place,
        expected=expected,
    )
