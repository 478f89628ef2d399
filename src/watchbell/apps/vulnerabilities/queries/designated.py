"""By which makers, names and numbers do standing records name equipment? What machines are recognised by."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Max

from watchbell.apps.vulnerabilities.models import Designation


@dataclass(frozen=True, slots=True)
class DesignatedProduct:
    """A product (its public id) with all that records say of it; `vendor` is "" where none says whose it is."""

    public_id: str
    vendor: str
    name: str
    numbers: tuple[str, ...]
    is_part: bool


def designation_mark() -> str:
    """Return a mark that is another one after every change of what is designated; it costs one look at an index."""
    held: dict[str, Any] = Designation.objects.aggregate(last=Max("pk"))
    standing = Designation.objects.filter(retracted=False).aggregate(n=Count("pk"))
    return f"{held['last'] or 0}-{standing['n']}"


def designated_products() -> list[DesignatedProduct]:
    """Return every product that a standing record designates, each once, by vendor, name and public id."""
    rows = Designation.objects.filter(retracted=False).values_list(
        "product__public_id", "product__name", "vendor", "numbers", "is_part"
    )
    names: dict[str, str] = {}
    vendors: dict[str, set[str]] = {}
    numbers: dict[str, set[str]] = {}
    parts: set[str] = set()
    for product, name, vendor, given, is_part in rows:
        names[product] = name
        vendors.setdefault(product, set()).update({vendor} - {""})
        numbers.setdefault(product, set()).update(given.splitlines())
        parts.update({product} if is_part else ())
    found = [
        DesignatedProduct(
            one, min(vendors[one], default=""), names[one], tuple(sorted(numbers[one] - {""})), one in parts
        )
        for one in names
    ]
    return sorted(found, key=lambda one: (one.vendor, one.name, one.public_id))
