"""Which products do standing records identify by these digests, numbers and addresses? Surer than any name."""

from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Max, QuerySet

from watchbell.apps.vulnerabilities.models import ProductHelper
from watchbell.apps.vulnerabilities.services import bulk
from watchbell.domain.matching.designations import Helper, Mark

_Entry = tuple[int, int]
"""A record's number, and the number of a claim in it."""


@dataclass(frozen=True, slots=True)
class Identity:
    """One product as records tell it apart from its variants, with every product (public id, label) people can pick."""

    same: str
    products: tuple[tuple[str, str], ...]


def identity_mark() -> str:
    """Return a mark that is another one after every change of what identifies products."""
    held: dict[str, Any] = ProductHelper.objects.aggregate(last=Max("pk"))
    standing = ProductHelper.objects.filter(retracted=False).aggregate(n=Count("pk"))
    return f"{held['last'] or 0}-{standing['n']}"


def marks_known() -> Iterator[list[Mark]]:
    """Yield every mark by which a standing record identifies a product, some at a time."""
    rows = _standing().exclude(kind=ProductHelper.SAME).order_by("value", "kind").values_list("kind", "value")
    for part in bulk.slices(rows.distinct()):
        yield [(Helper(kind), value) for kind, value in part]


def identified_by(marks: Collection[Mark]) -> dict[Mark, tuple[Identity, ...]]:
    """Return the products that standing records identify by each of these marks; one that none gives is not there."""
    entries: defaultdict[Mark, set[_Entry]] = defaultdict(set)
    for part in bulk.slices({value for _, value in marks}):
        rows = _standing().filter(value__in=part).exclude(kind=ProductHelper.SAME)
        for kind, value, record, entry in rows.values_list("kind", "value", "record_id", "entry"):
            entries[Helper(kind), value].add((record, entry))
    asked = {mark: entries[mark] for mark in set(marks) if mark in entries}
    same = identities_of({record for several in asked.values() for record, _ in several})
    identities = _identities({same[one] for several in asked.values() for one in several if one in same})
    return {
        mark: tuple(identities[one] for one in sorted({same[each] for each in several if each in same}))
        for mark, several in asked.items()
    }


def identities_of(records: Collection[int]) -> dict[_Entry, str]:
    """Return, for every claim of these records that identifies a product, which."""
    found: dict[_Entry, str] = {}
    for part in bulk.slices(records):
        rows = _standing().filter(kind=ProductHelper.SAME, record__in=part)
        found |= {(record, entry): value for record, entry, value in rows.values_list("record_id", "entry", "value")}
    return found


def _identities(same: Collection[str]) -> dict[str, Identity]:
    products: defaultdict[str, set[tuple[str, str]]] = defaultdict(set)
    columns = ("value", "product__public_id", "product__supplier__name", "product__name")
    for part in bulk.slices(same):
        rows = _standing().filter(kind=ProductHelper.SAME, value__in=part)
        for value, public_id, vendor, name in rows.values_list(*columns).distinct():
            products[value].add((public_id, f"{vendor} {name}"))
    return {one: Identity(one, tuple(sorted(named))) for one, named in products.items()}


def _standing() -> QuerySet[ProductHelper]:
    return ProductHelper.objects.filter(retracted=False)
