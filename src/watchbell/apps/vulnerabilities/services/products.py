"""This will remember which vendors and products the catalogues name, so that people can pick what they run."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from watchbell.apps.vulnerabilities.services import bulk
from watchbell.domain.identity import Dice, new_id

LONGEST_NAME = 200
LONGEST_WORD = 64

_WORDS = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Listing:
    """A vendor's product named in connection with an id."""

    vendor: str
    product: str
    identifier: str


def folded(text: str) -> str:
    """Return the spelling that searches compare: small letters, single spaces, at most 200 characters."""
    return " ".join(text.casefold().split())[:LONGEST_NAME]


def words(text: str) -> set[str]:
    """Return the words of a name, as the picker looks them up."""
    return {word[:LONGEST_WORD] for word in _WORDS.findall(text.casefold())}


def key_of(vendor: str, product: str) -> tuple[str, str]:
    """Return the spelling under which a product stands once."""
    return folded(vendor), folded(product)


def ensure(named: Iterable[Listing], *, rng: Dice) -> dict[tuple[str, str], int]:
    """Return the number of each product by `key_of`, adding those that are new; nameless ones are left out."""
    known = {key_of(one.vendor, one.product): one for one in named}
    known = {key: one for key, one in known.items() if key[0] and key[1]}
    suppliers = _suppliers({key[0]: one.vendor for key, one in known.items()})
    products = _products({(suppliers[key[0]], key[1]): one for key, one in known.items()}, rng)
    return {key: products[suppliers[key[0]], key[1]] for key in known}


def list_products(listings: Iterable[Listing], *, asserter: str, now: datetime, rng: Dice) -> None:
    """This will add suppliers, products and listings not there yet; part of the caller's transaction."""
    listed = list(listings)
    ids = ensure(listed, rng=rng)
    pairs = {(ids.get(key_of(one.vendor, one.product)), one.identifier) for one in listed}
    known_at = bulk.moment(now)
    bulk.insert_returning(
        "vulnerabilities_productlisting",
        ("product_id", "identifier", "asserter", "known_at"),
        [(product, name, asserter, known_at) for product, name in sorted((p, i) for p, i in pairs if p is not None)],
        "id",
        ignore_taken=True,
    )


def _suppliers(names: dict[str, str]) -> dict[str, int]:
    query = "SELECT folded, id FROM vulnerabilities_supplier WHERE folded IN ({})"
    known: dict[str, int] = {row[0]: row[1] for row in bulk.rows_where_in(query, names)}
    fresh = [(names[key].strip()[:LONGEST_NAME], key) for key in sorted(names) if key not in known]
    rows = bulk.insert_returning("vulnerabilities_supplier", ("name", "folded"), fresh, "folded, id")
    return known | {row[0]: row[1] for row in rows}


def _products(names: dict[tuple[int, str], Listing], rng: Dice) -> dict[tuple[int, str], int]:
    query = "SELECT supplier_id, folded_name, id FROM vulnerabilities_product WHERE folded_name IN ({})"
    known = {(row[0], row[1]): row[2] for row in bulk.rows_where_in(query, {name for _, name in names})}
    fresh = [key for key in sorted(names) if key not in known]
    rows = bulk.insert_returning(
        "vulnerabilities_product",
        ("public_id", "supplier_id", "name", "folded_name", "folded"),
        [(new_id(rng), key[0], names[key].product.strip()[:LONGEST_NAME], key[1], _full(names[key])) for key in fresh],
        "supplier_id, folded_name, id",
    )
    added = {(row[0], row[1]): row[2] for row in rows}
    bulk.insert(
        "vulnerabilities_productword",
        ("product_id", "word"),
        [(pk, word) for key, pk in added.items() for word in sorted(words(_full(names[key])))],
    )
    return known | added


def _full(one: Listing) -> str:
    return f"{folded(one.vendor)} {folded(one.product)}"
