"""Which vulnerabilities name a picked product? Kept once for each product and version, however many assets have it."""

from collections.abc import Iterable

from watchbell.apps.inventory.models import PickedProduct, ProductMatch
from watchbell.apps.inventory.services import assessing, named
from watchbell.apps.inventory.services.turns import take_turn
from watchbell.apps.vulnerabilities import queries as published
from watchbell.apps.vulnerabilities.queries import ProductChoice
from watchbell.apps.vulnerabilities.services import bulk
from watchbell.domain.matching.equipment.vendors import is_same_vendor
from watchbell.domain.matching.tiers import Tier


def called(vendor: str, name: str) -> ProductChoice | None:
    """Return the one product records list under this name, of this vendor if one is given; None for none or several.

    The vendor may go by another of its names, unless a product stands under the very one that is given.
    """
    given = " ".join(vendor.casefold().split())
    named = published.products_called(name) if name.strip() else []
    same = [one for one in named if given in ("", " ".join(one.vendor.casefold().split()))]
    fitting = same or [one for one in named if is_same_vendor(one.vendor, vendor)]
    return fitting[0] if len(fitting) == 1 else None


def chosen(product: str, label: str) -> ProductChoice | None:
    """Return the product of this id among those the picker answers for the label it showed, or None."""
    return next((one for one in published.products(label) if one.public_id == product), None)


def label_of(choice: ProductChoice) -> str:
    """Return a product's vendor and name as people read them."""
    return f"{choice.vendor} {choice.name}"


def match_products(products: Iterable[str]) -> set[str]:
    """Bring the matches of these products up to date in the caller's transaction; return those that changed.

    It takes the matchers' turn first: another could take a version that is picked at this moment for one nobody has.
    """
    take_turn()
    changed = {product for product in sorted(set(products)) if _match(product)}
    assessing.of_products(changed)
    return changed


def _match(product: str) -> bool:
    picked = PickedProduct.objects.filter(product_id=product).values_list("version", "helped").distinct()
    wanted = {
        (version, helped, *key): told
        for version, helped in picked
        for key, told in named.on_product(product, version, helped).items()
    }
    there = {
        (row.version, row.helped, row.group_id, row.record_id): (
            row.pk,
            named.Told(Tier(row.tier), row.because, row.fixed, row.helper),
        )
        for row in ProductMatch.objects.filter(product_id=product)
    }
    stale = [pk for key, (pk, told) in there.items() if wanted.get(key) != told]
    for part in bulk.slices(stale):
        ProductMatch.objects.filter(pk__in=part).delete()
    fresh = [(key, told) for key, told in wanted.items() if key not in there or there[key][1] != told]
    rows = [
        ProductMatch(
            product_id=product, version=version, helped=helped, group_id=group, record_id=record, tier=told.tier,
            because=told.because, fixed=told.fixed, helper=told.helper,
        )
        for (version, helped, group, record), told in fresh
    ]  # fmt: skip
    ProductMatch.objects.bulk_create(rows, ignore_conflicts=True, batch_size=100)
    return bool(stale or fresh)


def picked_products(after: str, *, limit: int) -> list[str]:
    """Return picked products after this one in order, each once."""
    rows = PickedProduct.objects.filter(product_id__gt=after).order_by("product_id")
    return list(rows.values_list("product_id", flat=True).distinct()[:limit])


def organisations_with(products: Iterable[str]) -> set[str]:
    """Return who picked any of these products."""
    found: set[str] = set()
    for part in bulk.slices(products):
        rows = PickedProduct.objects.filter(product_id__in=part)
        found.update(rows.values_list("asset__organisation_id", flat=True).distinct())
    return found
