"""By what is a product looked up that no package names? One spelling of names, order numbers, digests and CPEs.

Two products are the same here when vendor and name are, letters and digits alone compared;
nothing is guessed from parts of a name. That is what `equipment` is for, beside a person.
"""

import re
from collections.abc import Iterator
from enum import StrEnum

from watchbell.domain.matching.equipment.vendors import key_of as vendor_key
from watchbell.domain.matching.equipment.words import SHORTEST_NUMBER, atoms, compact, numbers_in
from watchbell.domain.matching.products import ProductName, hash_pair

__all__ = ["Helper", "cpe_key", "helpers_of", "name_key", "numbers_of", "vendor_key", "version_of_cpe"]

_NOTHING = frozenset({"multiple-products", "various-products", "multiple", "various", "all-products", "n-a"})
_WILD = re.compile(r"[*?]")
_PART = re.compile(r"(?:[^:\\]|\\.)*", re.DOTALL)
LONGEST_CPE = 1000


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
    """Return part, vendor and product of a CPE name (2.2 or 2.3) as "a:vendor:product", or "" when one is open."""
    found = _parts(cpe)
    named = found[:3]
    return ":".join(named) if len(named) == 3 and all(one not in ("", "*", "-") for one in named) else ""


def version_of_cpe(cpe: str) -> str:
    """Return the version in a CPE name, or "" when it holds for any or none."""
    version, update = (*_parts(cpe)[3:5], "", "")[:2]
    if version in ("", "*", "-"):
        return ""
    return version if update in ("", "*", "-") else f"{version} {update}"


def _parts(cpe: str) -> list[str]:
    """Return the parts of a name from the letter of its kind on, in small letters and without escapes."""
    text = cpe.strip()[:LONGEST_CPE].lower()
    if text.startswith("cpe:2.3:"):
        return [re.sub(r"\\(.)", r"\1", one) for one in _split(text.removeprefix("cpe:2.3:"))]
    if text.startswith("cpe:/"):
        return [_percent(one) for one in text.removeprefix("cpe:/").split(":")]
    return []


def _split(text: str) -> list[str]:
    found, at = [], 0
    while at <= len(text):
        part = _PART.match(text, at)
        found.append(part[0] if part else "")
        at += len(found[-1]) + 1
    return found


def _percent(text: str) -> str:
    return re.sub(r"%([0-9a-f]{2})", lambda one: chr(int(one[1], 16)), text)
