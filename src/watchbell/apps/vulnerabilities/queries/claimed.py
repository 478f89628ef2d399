"""What do records claim of a product that people pick, and what do catalogues list it under?"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from watchbell.apps.vulnerabilities.models import ProductClaim, ProductHelper, Says
from watchbell.apps.vulnerabilities.queries.records import GroupName, groups_of_records
from watchbell.apps.vulnerabilities.services import bulk
from watchbell.domain.matching.designations import Helper
from watchbell.domain.matching.outcomes import Doubt, Reason
from watchbell.domain.matching.ranges import Interval, Ranges
from watchbell.domain.sentence import Sentence
from watchbell.domain.versions import Scheme


@dataclass(frozen=True, slots=True)
class Claim:
    """What one record (its number and id) says of a product in one breath, and which vulnerability it is about.

    `same` is which product that is, variants told apart (`identified.Identity`), "" where the record does not say;
    `has_numbers` where it is a variant with order numbers of its own.
    """

    record: int
    record_id: str
    group: GroupName
    ranges: Ranges
    same: str = ""
    has_numbers: bool = False


def claims_about(product: str) -> list[Claim]:
    """Return what standing records claim of a product (its public id), by record and in the record's order."""
    rows = ProductClaim.objects.filter(product__public_id=product, retracted=False).select_related("record")
    entries: defaultdict[tuple[str, int, int], list[ProductClaim]] = defaultdict(list)
    for row in rows.order_by("record__record_id", "record_id", "entry", "pk"):
        entries[row.record.record_id, row.record_id, row.entry].append(row)
    records = {record for _, record, _ in entries}
    groups, told_apart = groups_of_records(records), _told_apart(product, records)
    return [
        Claim(record, name, groups[record], ranges_of_lines(lines), *told_apart.get((record, entry), ("", False)))
        for (name, record, entry), lines in entries.items()
        if record in groups
    ]


def _told_apart(product: str, records: Iterable[int]) -> dict[tuple[int, int], tuple[str, bool]]:
    """Return which variant of a product each claim of these records is about, and whether it has its own numbers."""
    same: dict[tuple[int, int], str] = {}
    numbered: set[tuple[int, int]] = set()
    for part in bulk.slices(records):
        rows = ProductHelper.objects.filter(record__in=part, product__public_id=product, retracted=False)
        rows = rows.filter(kind__in=[ProductHelper.SAME, Helper.NUMBER])
        for record, entry, kind, value in rows.values_list("record_id", "entry", "kind", "value"):
            if kind == ProductHelper.SAME:
                same[record, entry] = value
            else:
                numbered.add((record, entry))
    return {one: (same.get(one, ""), one in numbered) for one in same.keys() | numbered}


def ranges_of_lines(lines: list[ProductClaim]) -> Ranges:
    """Return what the lines of one entry say together."""
    scheme = next((Scheme(one.scheme) for one in lines if one.scheme), None)
    doubts = [Doubt(Reason(one.reason), Sentence.unpacked(one.because)) for one in _that(lines, Says.DOUBT)]
    return Ranges(
        scheme,
        tuple(map(_interval, _that(lines, Says.AFFECTED))),
        named=frozenset(one.introduced for one in _that(lines, Says.NAMED)),
        doubts=tuple(doubts),
        safe=tuple(map(_interval, _that(lines, Says.SAFE))),
    )


def _that(lines: Iterable[ProductClaim], says: Says) -> list[ProductClaim]:
    return [one for one in lines if one.says == says]


def _interval(one: ProductClaim) -> Interval:
    lo, hi = bytes(one.lo or b""), bytes(one.hi or b"")
    return Interval(lo, hi, one.introduced, one.fixed, one.last_affected, one.by_line)
