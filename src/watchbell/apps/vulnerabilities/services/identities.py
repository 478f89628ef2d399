"""This will keep by what else than names and package URLs records identify products: digests, numbers, addresses."""

from collections.abc import Iterable, Mapping
from hashlib import sha256

from watchbell.apps.vulnerabilities.models import ProductHelper
from watchbell.apps.vulnerabilities.services import bulk, products
from watchbell.apps.vulnerabilities.services.drafts import Draft
from watchbell.domain.matching.designations import Helper, Mark, helpers_of, name_key, numbers_given, vendor_key
from watchbell.domain.matching.products import ProductClaim, ProductName

COLUMNS = ("product_id", "record_id", "entry", "kind", "value", "retracted")
MOST_FOR_ONE = 1000
"""Helpers of one product of one record that are kept: a number for each variant, a digest for each file."""


def add(draft: Draft, claim: ProductClaim, *, entry: int) -> None:
    """Add what identifies a product whose versions are told in this entry of the draft's claims.

    A CPE is a guess by itself and kept apart, see `cpes`; so is anything that finds a part of another product.
    """
    if claim.within:
        return
    helpers = [one for one in dict.fromkeys(helpers_of(claim.product)) if one[0] is not Helper.CPE]
    same = _same(claim.product, helpers, str(claim.ranges.scheme or ""))
    if same:
        draft.helpers[entry, ProductHelper.SAME, same] = None
        draft.helpers.update({(entry, kind.value, value): None for kind, value in helpers[:MOST_FOR_ONE]})


def _same(product: ProductName, helpers: list[Mark], scheme: str) -> str:
    """Return what is equal wherever records speak of this product, "" where neither name nor helper tells it apart."""
    name = name_key(product.name or product.full_name) or next((value for _, value in helpers), "")
    said = (name, vendor_key(product.vendor), scheme, *numbers_given(product))
    return sha256(repr(said).encode()).hexdigest()[:20] if name else ""


def rows_of(placed: Iterable[tuple[int, Draft]], ids: Mapping[tuple[str, str], int]) -> list[bulk.Row]:
    """Return the rows of these drafts, by the number of each record; `ids` are those of the products they name."""
    found: list[bulk.Row] = []
    for pk, draft in placed:
        off = draft.withdrawn_at is not None
        for entry, kind, value in sorted(draft.helpers):
            named = draft.claims[entry]
            product = ids.get(products.key_of(named.vendor, named.product))
            if product is not None:
                found.append((product, pk, entry, kind, value, off))
    return found
