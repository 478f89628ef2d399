"""By what is a product looked up that no package names? One spelling of names, order numbers, digests and CPEs.

Two products are the same here when vendor and name are, letters and digits alone compared;
nothing is guessed from parts of a name. That is what `equipment` is for, beside a person.
"""

import re
from collections.abc import Iterator
from enum import StrEnum

from watchbell.domain.matching.cpe import read_cpe
from watchbell.domain.matching.equipment.vendors import key_of as vendor_key
from watchbell.domain.matching.equipment.words import SHORTEST_NUMBER, atoms, compact, numbers_in
from watchbell.domain.matching.products import ProductName, hash_pair

__all__ = ["Helper", "cpe_key", "helpers_of", "name_key", "numbers_of", "vendor_key"]

_NOTHING = frozenset({"multiple-products", "various-products", "multiple", "various", "all-products", "n-a"})
_WILD = re.compile(r"[*?]")


class Helper(StrEnum):
    """What else than its name may stand for a product."""

    DIGEST = "digest"
    NUMBER = "order number"
    CPE = "cpe"


def name_key(name: str) -> str:
    """Return a product's name as it is compared, or "" for words that name no product."""
    found = "-".join(atoms(name))
    return "" if found in _NOTHING else found


def helpers_of(product: ProductName) -> Iterator[tuple[Helper, str]]:
    """Yield what a record gives to recognise a product by; wildcards and numbers that say too little are left out."""
    for kind, value in product.hashes:
        yield Helper.DIGEST, digest_key(kind, value)
    for number in (*product.model_numbers, *product.skus):
        if not _WILD.search(number) and len(compact(number)) >= SHORTEST_NUMBER:
            yield Helper.NUMBER, compact(number)
    for cpe in product.cpes:
        if found := cpe_key(cpe):
            yield Helper.CPE, found


def digest_key(algorithm: str, value: str) -> str:
    """Return a digest as it is compared."""
    return ":".join(hash_pair(algorithm, value))


def numbers_of(text: str) -> frozenset[str]:
    """Return everything in a line that may be an order number, as it is compared."""
    return frozenset(number for number, _ in numbers_in(text))


def cpe_key(cpe: str) -> str:
    """Return what `read_cpe` says a CPE name names, or "" when that is left open."""
    found = read_cpe(cpe)
    return found.key if found else ""
