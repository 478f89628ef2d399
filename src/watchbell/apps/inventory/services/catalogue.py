"""What is there to recognise machines as? Every product that records designate, built once for each state of them."""

from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256

from watchbell.apps.inventory.models import Cursor
from watchbell.apps.vulnerabilities import queries as published
from watchbell.apps.vulnerabilities.queries import DesignatedProduct
from watchbell.domain.matching.equipment.catalogue import Catalogue, catalogue_of
from watchbell.domain.matching.products import ProductClaim, ProductName
from watchbell.domain.matching.ranges import Ranges
from watchbell.domain.versions import Scheme

RECOGNISED_AS = 1
"""Grows when machines are recognised otherwise than before; all are then laid beside the catalogue again."""

LABEL_LENGTH = 401
_SOMETHING_ELSE = (ProductName(name="?"),)


@dataclass(frozen=True, slots=True)
class Held:
    """The catalogue, a digest of all it says, and the mark of the records it was made from.

    Its products stand under their public ids, in place of a record's.
    """

    catalogue: Catalogue
    digest: str
    mark: str


def current() -> Held:
    """Return the catalogue of what stands now; the last one is used again while nothing in it has changed."""
    mark = _mark()  # before the products: one that comes in between is seen at the next look
    products = tuple(published.designated_products())
    catalogue, digest = _built(products)
    Cursor.objects.update_or_create(id=1, defaults={"catalogue": digest, "catalogue_mark": mark})
    return Held(catalogue, digest, mark)


def known_digest() -> str:
    """Return the digest of the catalogue as it stands now if it was made before, in any process, else ""."""
    made = Cursor.objects.filter(id=1, catalogue_mark=_mark())
    return made.values_list("catalogue", flat=True).first() or ""


def is_current(held: Held) -> bool:
    """Return whether nothing has changed since."""
    return _mark() == held.mark


def _mark() -> str:
    return f"{RECOGNISED_AS}:{published.designation_mark()}"


def label_of(product: ProductName) -> str:
    """Return maker and name as people read them."""
    return f"{product.vendor} {product.name}".strip()[:LABEL_LENGTH]


@lru_cache(maxsize=1)
def _built(products: tuple[DesignatedProduct, ...]) -> tuple[Catalogue, str]:
    said = sha256(repr((RECOGNISED_AS, products)).encode()).hexdigest()[:32]
    return catalogue_of((one.public_id, _claim(one)) for one in products), said


def _claim(one: DesignatedProduct) -> ProductClaim:
    named = ProductName(vendor=one.vendor, name=one.name, model_numbers=one.numbers)
    return ProductClaim(product=named, ranges=Ranges(Scheme.GENERIC), within=_SOMETHING_ELSE if one.is_part else ())
