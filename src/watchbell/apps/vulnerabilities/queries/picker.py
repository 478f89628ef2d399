"""Which products can people pick, and which vulnerabilities name them?"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from watchbell.apps.vulnerabilities.models import Group, Product, ProductClaim, ProductListing, ProductWord
from watchbell.apps.vulnerabilities.queries.records import _LAST, MOST_FOUND, GroupName
from watchbell.apps.vulnerabilities.services import bulk
from watchbell.apps.vulnerabilities.services.products import folded, words
from watchbell.domain.matching.equipment.vendors import spellings

MOST_CANDIDATES = 500


@dataclass(frozen=True, slots=True)
class ProductChoice:
    """A product to pick; `listings` is how many vulnerabilities name it."""

    public_id: str
    vendor: str
    name: str
    listings: int


def products(text: str) -> list[ProductChoice]:
    """Return up to 50 products for the picker, whose vendor and name hold every word of `text`.

    The longest word must begin a word of the name (that is what the index answers); the
    others may stand anywhere in it. A vendor is found under each of its names: HPE is Hewlett Packard Enterprise.
    """
    found: dict[str, ProductChoice] = {}
    for spelling in spellings(text):
        for one in _under(spelling):
            found.setdefault(one.public_id, one)
    return list(found.values())[:MOST_FOUND]


def _under(text: str) -> list[ProductChoice]:
    wanted = sorted(words(text), key=len, reverse=True)
    if not wanted or len(wanted[0]) < 2:
        return []
    begins = ProductWord.objects.filter(word__gte=wanted[0], word__lt=wanted[0] + _LAST).order_by("word", "product_id")
    candidates = list(dict.fromkeys(begins.values_list("product_id", flat=True)[:MOST_CANDIDATES]))
    rows = Product.objects.filter(pk__in=candidates).select_related("supplier")
    fitting = [row for row in rows if all(word in row.folded for word in wanted)]
    fitting.sort(key=lambda row: (not row.folded.startswith(folded(text)), row.folded))
    counts = _listings([row.pk for row in fitting[:MOST_FOUND]])
    return [ProductChoice(row.public_id, row.supplier.name, row.name, counts[row.pk]) for row in fitting[:MOST_FOUND]]


def products_called(name: str) -> list[ProductChoice]:
    """Return the products of exactly this name, whoever makes them, in any case and spacing; nobody counts listings."""
    rows = Product.objects.filter(folded_name=folded(name)).select_related("supplier").order_by("folded", "pk")
    return [ProductChoice(row.public_id, row.supplier.name, row.name, 0) for row in rows[:MOST_CANDIDATES]]


def _listings(products: list[int]) -> dict[int, int]:
    counts: defaultdict[int, int] = defaultdict(int)
    listed = ProductListing.objects.filter(product_id__in=products).values_list("product_id", "identifier")
    claimed = ProductClaim.objects.filter(product_id__in=products, retracted=False)
    names = claimed.values_list("product_id", "record__record_id")
    for product, _ in {*listed, *names}:
        counts[product] += 1
    return counts


def listed_for(product: str) -> list[GroupName]:
    """Return the vulnerabilities that name a product (its public id): possible ones, since no version is known."""
    identifiers = ProductListing.objects.filter(product__public_id=product).values("identifier")
    rows = Group.objects.filter(members__identifier__in=identifiers).distinct().order_by("display_id")
    return [GroupName(row.public_id, row.display_id) for row in rows]


def products_listing(cves: Iterable[str]) -> dict[str, list[str]]:
    """Return the public ids of the products that each of these ids lists."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for part in bulk.slices(cves):
        rows = ProductListing.objects.filter(identifier__in=part).order_by("identifier", "product_id")
        for identifier, product in rows.values_list("identifier", "product__public_id").distinct():
            found[identifier].append(product)
    return dict(found)
