"""Is this version affected by what a record says? The plain answer, one interval after the other.

It is the yardstick that the range join is tested against, and what the offline
matcher says to people.
"""

from collections.abc import Iterable

from watchbell.domain.matching.outcomes import Doubt, Outcome, Reason, Status, cannot_tell
from watchbell.domain.matching.ranges import Interval, Ranges
from watchbell.domain.versions import Unparsable, is_only_convention, key


def holds(intervals: Iterable[Interval], place: bytes) -> Interval | None:
    """Return the first interval that holds this key, or None."""
    return next((interval for interval in intervals if interval.lo <= place < interval.hi), None)


def judge(version: str | None, ranges: Ranges, *, record: str) -> Outcome:
    """Return whether `version` is affected by the entry `ranges` of the record with this id.

    What is certain comes first: a version inside an interval is affected, whatever
    else could not be read. Only then does a doubt make it "cannot tell".
    """
    if not version:
        return cannot_tell(Doubt(Reason.NO_VERSION, f"{record} names this package, but the component has no version"))
    if version in ranges.named:
        return Outcome(Status.AFFECTED, f"{version} is listed in {record}")
    if ranges.scheme is None:
        return cannot_tell(_about(record, ranges.doubts[0]))
    try:
        place = key(ranges.scheme, version)
    except Unparsable as error:
        return cannot_tell(Doubt(Reason.UNPARSABLE_VERSION, f"{record} names this package, but {error}"))
    inside = [interval for interval in ranges.intervals if interval.lo <= place < interval.hi]
    if inside:
        fixes = tuple(dict.fromkeys(interval.fixed for interval in inside if interval.fixed is not None))
        return Outcome(Status.AFFECTED, f"{version} is in {inside[0]} of {record}", fixed_in=fixes)
    if ranges.doubts:
        return cannot_tell(_about(record, ranges.doubts[0]))
    if is_only_convention(ranges.scheme, place):
        return cannot_tell(
            Doubt(Reason.UNPARSABLE_VERSION, f"{version} has no certain place among the versions of {record}")
        )
    return _outside(version, place, ranges, record)


def judge_commit(commit: str, ranges: Ranges, *, record: str) -> Outcome:
    """Return whether this very commit is named as affected or fixed; any other cannot be told without the history."""
    for commits in ranges.commits:
        if commit.lower() in commits.affected:
            return Outcome(Status.AFFECTED, f"commit {commit} is named as affected in {record}")
        if commit.lower() in commits.fixed:
            return Outcome(Status.FIXED, f"commit {commit} is named as a fix in {record}")
    return cannot_tell(Doubt(Reason.ONLY_COMMITS, f"commit {commit} is not one of those that {record} names"))


def _about(record: str, doubt: Doubt) -> Doubt:
    return Doubt(doubt.reason, f"{record}: {doubt.because}")


def _outside(version: str, place: bytes, ranges: Ranges, record: str) -> Outcome:
    """Return `fixed` when the nearest interval below ends with a fix, else `not affected`."""
    below = [interval for interval in ranges.intervals if interval.hi <= place]
    nearest = max(below, key=lambda interval: interval.hi, default=None)
    if nearest is not None and nearest.fixed is not None:
        return Outcome(Status.FIXED, f"{version} is at or after {nearest.fixed}, which fixes {record}")
    shown = ", ".join(str(interval) for interval in ranges.intervals[:3]) or "any range"
    more = ", ..." if len(ranges.intervals) > 3 else ""
    return Outcome(Status.NOT_AFFECTED, f"{version} is outside {shown}{more} of {record}")
