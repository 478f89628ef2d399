"""Which versions does one `affected` entry of an OSV record name?

Ranges become half-open intervals of version keys; enumerated versions outside all
of them become points; commits stay commits. What cannot be read is kept as a doubt
beside what can: it never turns into "not affected".

Rules of the OSV schema (1.7) that surprise:
- events come in any order; `introduced: "0"` is below every version;
- `introduced` and `fixed` at one version leave the state as it was (some records end
  with such a pair, others join two ranges with one);
- `last_affected` counts as affected, `fixed` and `limit` do not;
- one range may not hold both `fixed` and `last_affected`, and needs an `introduced`.
"""

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from watchbell.domain.matching.outcomes import Doubt, Reason
from watchbell.domain.records import record
from watchbell.domain.sentence import Sentence
from watchbell.domain.versions import HIGHEST, LOWEST, Scheme, Unparsable, just_after, key, scheme_for

# Records of one project repeat the same bounds; a third of an import's time is saved.
_key = lru_cache(maxsize=16384)(key)
ABOVE = "above "
"""Stands before the version in `introduced` where that version itself is not in the interval."""

_ORDERED = frozenset({"ECOSYSTEM", "SEMVER"})
_KINDS = frozenset({"introduced", "fixed", "last_affected", "limit"})


@record(frozen=True, slots=True)
class Interval:
    """Versions whose key is in [lo, hi), with the bounds as the record writes them.

    `by_line` when a bound is a whole line of releases (2.x), whose words are no version to compare with.
    """

    lo: bytes
    hi: bytes
    introduced: str
    fixed: str | None = None
    last_affected: str | None = None
    by_line: bool = False

    def __str__(self) -> str:
        """Return the interval as people write it: [1.0.0, 1.2.3)."""
        if self.last_affected is not None:
            return f"[{self.introduced}, {self.last_affected}]"
        if self.fixed is not None:
            return f"[{self.introduced}, {self.fixed})"
        return f"[{self.introduced}, {'no end' if self.hi == HIGHEST else 'the limit given'})"


@record(frozen=True, slots=True)
class Commits:
    """The commits a GIT range names; without the repository's history only these very ones can be told."""

    repository: str
    affected: frozenset[str]
    fixed: frozenset[str]


@record(frozen=True, slots=True)
class Ranges:
    """All that one `affected` entry says: `named` are versions without an order, matched letter by letter.

    `safe` are stretches of which the record itself says that they are not affected, so
    that a doubt about other versions does not reach them.
    """

    scheme: Scheme | None
    intervals: tuple[Interval, ...] = ()
    commits: tuple[Commits, ...] = ()
    named: frozenset[str] = frozenset()
    doubts: tuple[Doubt, ...] = ()
    safe: tuple[Interval, ...] = ()


class _Reading:
    """What was found so far in one entry."""

    __slots__ = ("doubts", "intervals", "scheme")

    def __init__(self, scheme: Scheme) -> None:
        self.scheme = scheme
        self.intervals: list[Interval] = []
        self.doubts: list[Doubt] = []


def read_affected(ecosystem: str, ranges: Sequence[Mapping[str, object]], versions: Sequence[str] = ()) -> Ranges:
    """Return what `ranges` and `versions` of one affected entry name; faults become doubts, nothing is raised."""
    scheme = scheme_for(ecosystem)
    commits = tuple([_commits(entry) for entry in ranges if entry.get("type") == "GIT"])
    if scheme is None:
        doubt = Doubt(
            Reason.UNKNOWN_ECOSYSTEM,
            Sentence("versions of {ecosystem} cannot be put in order here", ecosystem=repr(ecosystem)),
        )
        return Ranges(None, commits=commits, named=frozenset(versions), doubts=(doubt,))
    reading = _Reading(scheme)
    for entry in ranges:
        kind = entry.get("type")
        if kind in _ORDERED:
            _read_range(reading, entry)
        elif kind != "GIT":
            reading.doubts.append(_not_understood(Sentence("it is of type {kind}", kind=repr(kind))))
    named = _add_enumerated(reading, versions) if versions else frozenset()
    _doubt_emptiness(reading, ranges, versions)
    return Ranges(scheme, tuple(reading.intervals), commits, named, tuple(reading.doubts))


def _doubt_emptiness(reading: _Reading, ranges: Sequence[Mapping[str, object]], versions: Sequence[str]) -> None:
    """This will keep an entry that names no versions from reading as "no version is affected"."""
    if versions or reading.intervals or reading.doubts:
        return
    if not ranges:
        reading.doubts.append(Doubt(Reason.RANGE_NOT_GIVEN, "the record names the package but no versions"))
    elif all(entry.get("type") == "GIT" for entry in ranges):
        reading.doubts.append(Doubt(Reason.ONLY_COMMITS, "the record names commits only, not versions"))


def _not_understood(what: str) -> Doubt:
    return Doubt(
        Reason.RANGE_NOT_UNDERSTOOD, Sentence("a range of the record cannot be read: {why}", why=Sentence(what))
    )


def _events(entry: Mapping[str, object]) -> list[tuple[str, str]]:
    """Return (kind, value) of each event; raises ValueError naming what is not one."""
    events = entry.get("events")
    if not isinstance(events, list):
        raise ValueError("it has no list of events")
    found: list[tuple[str, str]] = []
    for event in events:
        if not isinstance(event, dict):
            raise ValueError("an event is not an object")
        for kind, value in event.items():
            if kind not in _KINDS or not isinstance(value, str):
                raise ValueError(Sentence("{kind} is not an event with a text", kind=repr(kind)))
            found.append((kind, value))
    return found


def _read_range(reading: _Reading, entry: Mapping[str, object]) -> None:
    """This will add the intervals of one range, or the doubt about it."""
    try:
        events = _events(entry)
        bounds = [(_place(reading, kind, value), kind, value) for kind, value in events if kind != "limit"]
        limits = [HIGHEST if value == "*" else _key(reading.scheme, value) for kind, value in events if kind == "limit"]
    except Unparsable as error:
        reading.doubts.append(
            Doubt(
                Reason.UNPARSABLE_VERSION,
                Sentence("a bound of the record cannot be compared: {why}", why=Sentence(str(error))),
            )
        )
        return
    except ValueError as error:
        reading.doubts.append(_not_understood(str(error)))
        return
    kinds = {kind for _, kind, _ in bounds}
    if "introduced" not in kinds:
        reading.doubts.append(_not_understood("no event says where it begins (introduced)"))
        return
    if "fixed" in kinds and "last_affected" in kinds:
        reading.doubts.append(_not_understood("it gives both fixed and last_affected, so its end is not certain"))
    _sweep(reading.intervals, bounds, max(limits, default=HIGHEST))


def _place(reading: _Reading, kind: str, version: str) -> bytes:
    """Return where the event changes the state."""
    if kind == "last_affected":
        return just_after(_key(reading.scheme, version))
    return LOWEST if version == "0" else _key(reading.scheme, version)


def _sweep(found: list[Interval], bounds: list[tuple[bytes, str, str]], limit: bytes) -> None:
    """This will walk the events in order of place and add an interval for each affected stretch."""
    opened: tuple[bytes, str] | None = None
    for place, kind, version in _changes(bounds):
        if kind == "introduced":
            opened = opened or (place, version)
        elif opened is not None:
            _add(found, opened, place, limit, kind, version)
            opened = None
    if opened is not None:
        _add(found, opened, HIGHEST, limit, "", "")


def _changes(bounds: list[tuple[bytes, str, str]]) -> list[tuple[bytes, str, str]]:
    """Return the events in order of place, without beginnings and ends at one place, which cancel each other."""
    bounds.sort()
    if len({place for place, _, _ in bounds}) == len(bounds):
        return bounds
    tied: dict[bytes, list[tuple[bytes, str, str]]] = {}
    for bound in bounds:
        tied.setdefault(bound[0], []).append(bound)
    return [same[0] for same in tied.values() if len({kind == "introduced" for _, kind, _ in same}) == 1]


def _add(found: list[Interval], opened: tuple[bytes, str], hi: bytes, limit: bytes, kind: str, version: str) -> None:
    lo, introduced = opened
    if hi > limit:
        hi, kind = limit, "limit"
    if lo < hi:
        fixed = version if kind == "fixed" else None
        found.append(Interval(lo, hi, introduced, fixed, version if kind == "last_affected" else None))


def _add_enumerated(reading: _Reading, versions: Iterable[str]) -> frozenset[str]:
    """This will add listed versions that no interval holds as points, and return those without an order."""
    lows, highs = _union(reading.intervals)
    points: set[bytes] = set()
    named: set[str] = set()
    for version in versions:
        try:
            place = _key(reading.scheme, version)
        except Unparsable:
            named.add(version)
            continue
        at = bisect_right(lows, place) - 1
        if place not in points and (at < 0 or place >= highs[at]):
            points.add(place)
            reading.intervals.append(Interval(place, just_after(place), version, None, version))
    return frozenset(named)


def _union(intervals: Iterable[Interval]) -> tuple[list[bytes], list[bytes]]:
    """Return where stretches that any interval holds begin and end, in order: a record may list 100,000 versions."""
    lows: list[bytes] = []
    highs: list[bytes] = []
    for lo, hi in sorted((one.lo, one.hi) for one in intervals):
        if highs and lo <= highs[-1]:
            highs[-1] = max(hi, highs[-1])
        else:
            lows.append(lo)
            highs.append(hi)
    return lows, highs


def _commits(entry: Mapping[str, object]) -> Commits:
    """Return the commits of a GIT range; `introduced: "0"` is the empty history and names none."""
    try:
        events = _events(entry)
    except ValueError:
        events = []
    repository = entry.get("repo")
    affected = frozenset(
        value.lower() for kind, value in events if kind in ("introduced", "last_affected") and value != "0"
    )
    fixed = frozenset(value.lower() for kind, value in events if kind in ("fixed", "limit"))
    return Commits(repository if isinstance(repository, str) else "", affected - fixed, fixed)
