"""What can be said of these versions and those records? The range join and its doubts, read and never written.

Both directions ask the same: new versions against all records, or changed records against
all versions in use. What is certain comes first; then a doubt makes it "cannot tell", never
"not affected". `domain.matching.evaluate.judge` is the yardstick it is tested against.
"""

from collections import defaultdict
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace

from django.db import connection

from watchbell.apps.inventory.models import BECAUSE_LENGTH, VERSION_LENGTH, PackageVersion
from watchbell.apps.vulnerabilities.services import bulk
from watchbell.domain.matching import join
from watchbell.domain.matching.evaluate import judge
from watchbell.domain.matching.outcomes import Doubt, Reason, Status
from watchbell.domain.matching.ranges import Interval, Ranges
from watchbell.domain.sentence import Sentence
from watchbell.domain.versions import scheme_for

Pair = tuple[int, int]
"""A version's number and a record's."""

SHOWN = 200
"""Characters of a version that a sentence shows."""

_NAMED = "SELECT v.id, n.record_id FROM {loops} WHERE {column} IN ({{}}) AND {same} AND n.version = v.raw"
_DOUBTS = "SELECT v.id, n.record_id, n.reason, n.because FROM {loops} WHERE {column} IN ({{}}) AND {same}"
_SPOKEN_OF = "SELECT DISTINCT v.id, n.record_id FROM {loops} WHERE {column} IN ({{}}) AND {same} AND v.doubt <> ''"
_ONE_BY_ONE = (
    "SELECT DISTINCT v.id, n.record_id FROM {loops} WHERE {column} IN ({{}}) AND {same} AND v.key IS NOT NULL "
    "AND v.doubt = '' AND "
)
_SAFE_BESIDE_DOUBT = (
    "SELECT DISTINCT v.id, n.record_id FROM {loops} WHERE {column} IN ({{}}) AND {same} AND v.key IS NOT NULL "
    "AND v.doubt = ''"
)
_BOUNDS = "SELECT package_id, record_id, lo, hi, introduced, fixed, last_affected, by_line FROM {view}"
_RANGES = _BOUNDS.format(view="vulnerabilities_range_view") + " WHERE package_id IN ({})"
_SAFE = _BOUNDS.format(view="vulnerabilities_safe_view") + " WHERE package_id IN ({})"
_VIEWS = (join.RANGES, "vulnerabilities_named_view", "vulnerabilities_doubt_view")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a record says of a version: affected (`fixed` ends it, "" when nothing does), or why it cannot be told."""

    status: Status
    because: str
    """A packed sentence."""

    reason: str = ""
    fixed: str = ""


def on_versions(ids: Collection[int]) -> dict[Pair, Verdict]:
    """Return what every record says of these versions; what is not there is not affected."""
    return _decide(ids, join.by_versions, of_versions=True)


def on_records(ids: Collection[int]) -> dict[Pair, Verdict]:
    """Return what these records say of every version in use; what is not there is not affected."""
    return _decide(ids, join.by_advisories, of_versions=False)


def _decide(ids: Collection[int], statement: Callable[[int], str], *, of_versions: bool) -> dict[Pair, Verdict]:
    inside = _joined(ids, statement)
    named = set(_pairs(_NAMED, "vulnerabilities_named_view", ids, of_versions))
    doubts = sorted(_rows(_DOUBTS, "vulnerabilities_doubt_view", ids, of_versions), reverse=True)
    spoken = {pair for view in _VIEWS for pair in _pairs(_SPOKEN_OF, view, ids, of_versions)}
    close = _to_be_compared(ids, of_versions)
    everything = inside | named | spoken | close | {(row[0], row[1]) for row in doubts}
    versions = _versions({pair[0] for pair in everything})
    verdicts: dict[Pair, Verdict] = {}
    for pair in spoken:
        verdicts[pair] = _without_a_place(versions[pair[0]])
    for version, record, reason, because in doubts:
        if versions[version].key is not None or (version, record) not in verdicts:
            verdicts[version, record] = Verdict(Status.CANNOT_TELL, because, reason=reason)
    ranges = _bounds(_RANGES, inside | close, versions)
    verdicts |= {pair: _inside(versions[pair[0]], _holding(versions[pair[0]], ranges, pair[1])) for pair in inside}
    for pair in named - inside:
        because = Sentence("{version} is listed by name", version=versions[pair[0]].raw[:SHOWN])
        verdicts[pair] = Verdict(Status.AFFECTED, because.packed(BECAUSE_LENGTH))
    _compare(close - named, verdicts, versions, ranges)
    return verdicts


def _to_be_compared(ids: Collection[int], of_versions: bool) -> set[Pair]:
    """Return the pairs that keys alone do not settle: an end is ambiguous, or a doubt stands beside what is safe."""
    near = [
        *_pairs(_ONE_BY_ONE + "v.is_ambiguous", join.RANGES, ids, of_versions),
        *_pairs(_ONE_BY_ONE + "n.is_ambiguous", join.RANGES, ids, of_versions),
    ]
    return {*near, *_pairs(_SAFE_BESIDE_DOUBT, "vulnerabilities_safe_view", ids, of_versions)}


def _compare(
    pairs: set[Pair], verdicts: dict[Pair, Verdict], versions: dict[int, PackageVersion], ranges: "_Bounds"
) -> None:
    """This will settle these pairs as `judge` does: version by version, with what the record itself calls safe."""
    safe = _bounds(_SAFE, pairs, versions)
    for pair in pairs:
        version = versions[pair[0]]
        told = verdicts.pop(pair, None)
        doubts = (Doubt(Reason(told.reason), told.because),) if told and told.reason else ()
        place = version.package_id, pair[1]
        held = Ranges(scheme_for(version.ecosystem), tuple(ranges[place]), doubts=doubts, safe=tuple(safe[place]))
        outcome = judge(version.raw, held, record="")
        if outcome.status is Status.AFFECTED:
            verdicts[pair] = _inside(version, [one for one in ranges[place] if _holds(version, one)])
        elif outcome.status is Status.CANNOT_TELL:
            is_open = judge(version.raw, replace(held, doubts=()), record="").status is Status.CANNOT_TELL
            verdicts[pair] = told if told and not is_open else _in_two_places(version)


def _holds(version: PackageVersion, one: Interval) -> bool:
    alone = Ranges(scheme_for(version.ecosystem), (one,))
    return judge(version.raw, alone, record="").status is Status.AFFECTED


def _in_two_places(version: PackageVersion) -> Verdict:
    because = Sentence(
        "{version} is placed otherwise by the tools of {ecosystem} than by its rules; compare it by hand",
        version=version.raw[:SHOWN],
        ecosystem=version.ecosystem,
    )
    return Verdict(Status.CANNOT_TELL, because.packed(BECAUSE_LENGTH), reason=Reason.UNPARSABLE_VERSION.value)


def _joined(ids: Collection[int], statement: Callable[[int], str]) -> set[Pair]:
    found: set[Pair] = set()
    with connection.cursor() as cursor:
        for part in bulk.slices(ids, join.MAX_IDS):
            cursor.execute(statement(len(part)), part)
            found.update((row[0], row[1]) for row in cursor.fetchall())
    return found


def _rows(template: str, view: str, ids: Collection[int], of_versions: bool) -> list[bulk.Row]:
    """Return the answer with the loops starting at what is asked about: SQLite keeps the order of a CROSS JOIN."""
    tables = ["inventory_packageversion AS v", f"{view} AS n"]
    loops = " CROSS JOIN ".join(tables if of_versions else reversed(tables))
    column = "v.id" if of_versions else "n.record_id"
    query = template.format(loops=loops, column=column, same="n.package_id = v.package_id")
    return bulk.rows_where_in(query, ids)


def _pairs(template: str, view: str, ids: Collection[int], of_versions: bool) -> list[Pair]:
    return [(row[0], row[1]) for row in _rows(template, view, ids, of_versions)]


def _versions(ids: Collection[int]) -> dict[int, PackageVersion]:
    found: dict[int, PackageVersion] = {}
    for part in bulk.slices(ids):
        found |= PackageVersion.objects.in_bulk(part)
    return found


def _without_a_place(version: PackageVersion) -> Verdict:
    """Return the answer for a version that has no certain place among versions."""
    because = {
        Reason.NO_VERSION: Sentence("the package is named, but the component has no version"),
        Reason.UNKNOWN_ECOSYSTEM: Sentence("the package is named, and its versions cannot be put in order here"),
    }.get(
        Reason(version.doubt),
        Sentence("{version} has no certain place among the versions that are named", version=version.raw[:SHOWN]),
    )
    return Verdict(Status.CANNOT_TELL, because.packed(BECAUSE_LENGTH), reason=version.doubt)


_Bounds = dict[tuple[int, int], list[Interval]]
"""Intervals by package and record."""


def _bounds(query: str, pairs: set[Pair], versions: dict[int, PackageVersion]) -> _Bounds:
    found: _Bounds = defaultdict(list)
    packages = {versions[pair[0]].package_id for pair in pairs}
    for package, record, lo, hi, introduced, fixed, last, by_line in bulk.rows_where_in(query, packages):
        one = Interval(bytes(lo), bytes(hi), introduced, fixed, last, bool(by_line))
        found[package, record].append(one)
    return found


def _holding(version: PackageVersion, ranges: _Bounds, record: int) -> list[Interval]:
    place = bytes(version.key or b"")
    return [one for one in ranges[version.package_id, record] if one.lo <= place < one.hi]


def _inside(version: PackageVersion, holding: list[Interval]) -> Verdict:
    """Return the answer for a version inside ranges, with the one that reaches furthest: leaving it leaves all."""
    last = max(holding, key=lambda one: (one.hi, one.fixed is None, one.lo, one.introduced, one.fixed or ""))
    because = Sentence("{version} is in {range}", version=version.raw[:SHOWN], range=said(last))
    return Verdict(Status.AFFECTED, because.packed(BECAUSE_LENGTH), fixed=(last.fixed or "")[:VERSION_LENGTH])


def said(one: Interval) -> str:
    """Return the range as people write it: [1.0.0, 1.2.3)."""
    first = one.introduced[:SHOWN]
    if one.last_affected is not None:
        return f"[{first}, {one.last_affected[:SHOWN]}]"
    return f"[{first}, {one.fixed[:SHOWN]})" if one.fixed else Sentence("[{first}, no end)", first=first)
