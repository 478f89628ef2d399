"""Is this version affected by what a record says? The plain answer, one interval after the other.

It is the yardstick that the range join is tested against, and what the offline
matcher says to people.
"""

from collections.abc import Iterable
from functools import lru_cache

from watchbell.domain.matching.outcomes import Doubt, Outcome, Reason, Status, cannot_tell
from watchbell.domain.matching.ranges import ABOVE, Interval, Ranges
from watchbell.domain.versions import (
    LOWEST,
    NOT_ALWAYS_ORDERED,
    Scheme,
    Unparsable,
    compare_exactly,
    is_ambiguous,
    is_only_convention,
    key,
)

# The bounds of one record are asked about for every component of its package.
_is_ambiguous = lru_cache(maxsize=16384)(is_ambiguous)


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
    inside, is_open = _inside(ranges.scheme, version, place, ranges.intervals)
    if inside:
        fixes = tuple(dict.fromkeys(interval.fixed for interval in inside if interval.fixed is not None))
        return Outcome(Status.AFFECTED, f"{version} is in {inside[0]} of {record}", fixed_in=fixes)
    if not is_open and _is_surely_safe(version, place, ranges):
        return _outside(version, place, ranges, record)
    if is_open or ranges.doubts:
        return cannot_tell(_about(record, _no_one_order(version, ranges.scheme) if is_open else ranges.doubts[0]))
    if is_only_convention(ranges.scheme, place):
        return cannot_tell(
            Doubt(Reason.UNPARSABLE_VERSION, f"{version} has no certain place among the versions of {record}")
        )
    return _outside(version, place, ranges, record)


def _is_surely_safe(version: str, place: bytes, ranges: Ranges) -> bool:
    """Return whether the record itself calls this version safe, so that its doubts about others do not matter."""
    if not ranges.safe or ranges.scheme is None or is_only_convention(ranges.scheme, place):
        return False
    held, is_open = _inside(ranges.scheme, version, place, ranges.safe)
    return bool(held) and not is_open


def _inside(scheme: Scheme, version: str, place: bytes, intervals: Iterable[Interval]) -> tuple[list[Interval], bool]:
    """Return the intervals that hold this version, and whether it stays open if another does.

    Where no key can follow the ecosystem's own tool, the tool's answer for the very pair
    counts. If it takes a version out of an interval that the specification puts it in, that
    stays open: one of the two would be shown as safe on a doubt.
    """
    held = [interval for interval in intervals if interval.lo <= place < interval.hi]
    if scheme not in NOT_ALWAYS_ORDERED:
        return held, False
    exactly = [(interval, _holds_exactly(scheme, version, place, interval)) for interval in intervals]
    is_open = any(answer is None or (answer is False and interval in held) for interval, answer in exactly)
    return [interval for interval, answer in exactly if answer], is_open


def _holds_exactly(scheme: Scheme, version: str, place: bytes, interval: Interval) -> bool | None:
    """Return whether the ecosystem's own tool puts this version in the interval, or None if nobody can tell."""
    end = interval.fixed if interval.fixed is not None else interval.last_affected
    begin = interval.introduced.removeprefix(ABOVE) if interval.lo != LOWEST else None
    bounds = [bound for bound in (begin, end) if bound is not None]
    if interval.by_line or not any(_is_ambiguous(scheme, one) for one in (version, *bounds)):
        return interval.lo <= place < interval.hi
    above = 0 if begin is None else compare_exactly(scheme, version, begin)
    below = -1 if end is None else compare_exactly(scheme, version, end)
    if above is None or below is None:
        return None
    ends_before = below < 0 or (below == 0 and interval.fixed is None)
    starts_before = above > 0 or (above == 0 and not interval.introduced.startswith(ABOVE))
    return starts_before and ends_before and (end is not None or place < interval.hi)


def _no_one_order(version: str, scheme: Scheme) -> Doubt:
    return Doubt(
        Reason.UNPARSABLE_VERSION,
        f"{version} has no certain place among the versions it names ({scheme}); compare it by hand",
    )


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
