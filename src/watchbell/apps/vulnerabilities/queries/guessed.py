"""Which records give these CPEs for a product, and what do they claim of its versions? Guesses, to be shown apart."""

from collections import defaultdict
from collections.abc import Iterable

from watchbell.apps.vulnerabilities.models import ProductClaim, ProductCpe
from watchbell.apps.vulnerabilities.queries.claimed import Claim, ranges_of_lines
from watchbell.apps.vulnerabilities.queries.records import groups_of_records
from watchbell.apps.vulnerabilities.services import bulk


def cpes_known(cpes: Iterable[str]) -> set[str]:
    """Return those of these CPEs ("a:vendor:product") that a standing record gives."""
    query = "SELECT DISTINCT cpe FROM vulnerabilities_productcpe WHERE NOT retracted AND cpe IN ({})"
    return {row[0] for row in bulk.rows_where_in(query, set(cpes))}


def claims_under(cpes: Iterable[str]) -> dict[str, list[Claim]]:
    """Return what standing records claim of the products they give these CPEs for, by record id."""
    given: dict[tuple[int, int], set[str]] = defaultdict(set)
    for part in bulk.slices(set(cpes)):
        for row in ProductCpe.objects.filter(cpe__in=part, retracted=False):
            given[row.record_id, row.entry].add(row.cpe)
    records = {record for record, _ in given}
    groups = groups_of_records(records)
    lines: dict[tuple[int, int], list[ProductClaim]] = defaultdict(list)
    for some in bulk.slices(records):
        for line in ProductClaim.objects.filter(record__in=some).select_related("record").order_by("pk"):
            lines[line.record_id, line.entry].append(line)
    found: dict[str, list[Claim]] = defaultdict(list)
    for (record, entry), keys in given.items():
        told = lines[record, entry]
        if told and record in groups:
            claim = Claim(record, told[0].record.record_id, groups[record], ranges_of_lines(told))
            for key in keys:
                found[key].append(claim)
    return {key: sorted(claims, key=lambda one: (one.record_id, one.record)) for key, claims in found.items()}
