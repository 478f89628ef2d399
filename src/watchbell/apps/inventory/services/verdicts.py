"""What can be said of these versions and those records? The range join and its doubts, read and never written.

Both directions ask the same: new versions against all records, or changed records against
all versions in use. What is certain comes first; then a doubt makes it "cannot tell", never
"not affected". `domain.matching.evaluate.judge` is the yardstick it is tested against.
"""

from collections import defaultdict
from collections.abc import Callable, Collection
from dataclasses import dataclass

from django.db import connection

from watchbell.apps.inventory.models import VERSION_LENGTH, PackageVersion
from watchbell.apps.vulnerabilities.services import bulk
from watchbell.domain.matching import join
from watchbell.domain.matching.outcomes import Reason, Status

Pair = tuple[int, int]
"""A version's number and a record's."""

SHOWN = 200
"""Characters of a version that a sentence shows."""

_NAMED = "SELECT v.id, n.record_id FROM {loops} WHERE {column} IN ({{}}) AND {same} AND n.version = v.raw"
_DOUBTS = "SELECT v.id, n.record_id, n.reason, n.because FROM {loops} WHERE {column} IN ({{}}) AND {same}"
_SPOKEN_OF = "SELECT DISTINCT v.id, n.record_id FROM {loops} WHERE {column} IN ({{}}) AND {same} AND v.doubt <> ''"
_RANGES = (
    "SELECT package_id, record_id, lo, hi, introduced, fixed, last_affected "
    "FROM vulnerabilities_range_view WHERE package_id IN ({})"
)
_VIEWS = (join.RANGES, "vulnerabilities_named_view", "vulnerabilities_doubt_view")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a record says of a version: affected (`fixed` ends it, "" when nothing does), or why it cannot be told."""

    status: Status
    because: str
    reason: str = ""
    fixed: str = ""


@dataclass(frozen=True, slots=True)
class _Range:
    lo: bytes
    hi: bytes
    introduced: str
    fixed: str | None
    last_affected: str | None

    def __str__(self) -> str:
        if self.last_affected is not None:
            return f"[{self.introduced[:SHOWN]}, {self.last_affected[:SHOWN]}]"
        return f"[{self.introduced[:SHOWN]}, {(self.fixed or 'no end')[:SHOWN]})"


def on_versions(ids: Collection[int]) -> dict[Pair, Verdict]:
    """Return what every record says of these versions; what is not there is not affected."""
    return _decide(ids, join.by_versions, of_versions=True)


def on_records(ids: Collection[int]) -> dict[Pair, Verdict]:
    """Return what these records say of every version in use; what is not there is not affected."""
    return _decide(ids, join.by_advisories, of_versions=False)


def _decide(ids: Collection[int], statement: Callable[[int], str], *, of_versions: bool) -> dict[Pair, Verdict]:
    inside = _joined(ids, statement)
    named = set(_pairs(_NAMED, "vulnerabilities_named_view", ids, of_versions))
    doubts = _rows(_DOUBTS, "vulnerabilities_doubt_view", ids, of_versions)
    spoken = {pair for view in _VIEWS for pair in _pairs(_SPOKEN_OF, view, ids, of_versions)}
    everything = inside | named | spoken | {(row[0], row[1]) for row in doubts}
    versions = _versions({pair[0] for pair in everything})
    verdicts: dict[Pair, Verdict] = {}
    for pair in spoken:
        verdicts[pair] = _without_a_place(versions[pair[0]])
    for version, record, reason, because in doubts:
        if versions[version].key is not None or (version, record) not in verdicts:
            verdicts[version, record] = Verdict(Status.CANNOT_TELL, because, reason=reason)
    verdicts |= _inside(inside, versions)
    for pair in named - inside:
        verdicts[pair] = Verdict(Status.AFFECTED, f"{versions[pair[0]].raw[:SHOWN]} is listed by name")
    return verdicts


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
        Reason.NO_VERSION: "the package is named, but the component has no version",
        Reason.UNKNOWN_ECOSYSTEM: "the package is named, and its versions cannot be put in order here",
    }.get(Reason(version.doubt), f"{version.raw[:SHOWN]} has no certain place among the versions that are named")
    return Verdict(Status.CANNOT_TELL, because, reason=version.doubt)


def _inside(pairs: set[Pair], versions: dict[int, PackageVersion]) -> dict[Pair, Verdict]:
    """Return the answer for versions inside a range, with the range that reaches furthest: leaving it leaves all."""
    ranges: dict[Pair, list[_Range]] = defaultdict(list)
    for package, record, lo, hi, *texts in bulk.rows_where_in(
        _RANGES, {versions[pair[0]].package_id for pair in pairs}
    ):
        ranges[package, record].append(_Range(bytes(lo), bytes(hi), *texts))
    verdicts: dict[Pair, Verdict] = {}
    for pair in pairs:
        version = versions[pair[0]]
        place = bytes(version.key or b"")
        holding = [one for one in ranges[version.package_id, pair[1]] if one.lo <= place < one.hi]
        last = max(holding, key=lambda one: (one.hi, one.fixed is None))
        because = f"{version.raw[:SHOWN]} is in {last}"
        verdicts[pair] = Verdict(Status.AFFECTED, because, fixed=(last.fixed or "")[:VERSION_LENGTH])
    return verdicts
