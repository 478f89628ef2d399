"""Which vulnerabilities list a picked product? Kept once for each product, however many assets it is in."""

from collections.abc import Iterable

from watchbell.apps.inventory.models import PickedProduct, ProductMatch
from watchbell.apps.vulnerabilities import queries as published
from watchbell.apps.vulnerabilities.queries import ProductChoice
from watchbell.apps.vulnerabilities.services import bulk


def called(vendor: str, name: str) -> ProductChoice | None:
    """Return the one product records list under this name, of this vendor if one is given; None for none or several."""
    wanted = (" ".join(vendor.casefold().split()), " ".join(name.casefold().split()))
    fitting = [
        one
        for one in published.products(f"{vendor} {name}")
        if wanted[1] == one.name.casefold() and wanted[0] in ("", one.vendor.casefold())
    ]
    return fitting[0] if len(fitting) == 1 else None


def chosen(product: str, label: str) -> ProductChoice | None:
    """Return the product of this id among those the picker answers for the label it showed, or None."""
    return next((one for one in published.products(label) if one.public_id == product), None)


def label_of(choice: ProductChoice) -> str:
    """Return a product's vendor and name as people read them."""
    return f"{choice.vendor} {choice.name}"


def match_products(products: Iterable[str]) -> set[str]:
    """Bring the matches of these products up to date in the caller's transaction; return those that changed."""
    return {product for product in sorted(set(products)) if _match(product)}


def _match(product: str) -> bool:
    wanted = {one.public_id for one in published.listed_for(product)}
    there = set(ProductMatch.objects.filter(product_id=product).values_list("group_id", flat=True))
    fresh = [ProductMatch(product_id=product, group_id=group) for group in sorted(wanted - there)]
    ProductMatch.objects.bulk_create(fresh, ignore_conflicts=True, batch_size=200)
    for part in bulk.slices(there - wanted):
        ProductMatch.objects.filter(product_id=product, group_id__in=part).delete()
    return wanted != there


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
