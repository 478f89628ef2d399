"""By what is a product looked up that no package names? One spelling of all that a record gives to recognise it by.

Two products are the same here when vendor and name are, letters and digits alone compared;
nothing is guessed from parts of a name. That is what `equipment` is for, beside a person.
"""

import re
from collections.abc import Iterable, Iterator
from enum import StrEnum
from functools import lru_cache
from hashlib import sha256
from itertools import islice
from urllib.parse import unquote

from watchbell.domain.matching.cpe import read_cpe
from watchbell.domain.matching.equipment.vendors import key_of as vendor_key
from watchbell.domain.matching.equipment.words import SHORTEST_NUMBER, atoms, compact, numbers_in
from watchbell.domain.matching.products import ProductName, hash_pair
from watchbell.domain.sentence import Sentence

__all__ = ["HELPED_BY", "Helper", "cpe_key", "helpers_of", "marks_of", "name_key", "numbers_of", "vendor_key"]

LONGEST = 200
"""Characters of a helper that are kept; a longer one is kept as its digest."""

MOST_MARKS = 40
"""By so many marks one thing of a list is looked up, the surest first."""

_NOTHING = frozenset({"multiple-products", "various-products", "multiple", "various", "all-products", "n-a"})
_WILD = re.compile(r"[*?]")
_ANY_CASE = re.compile(r"urn:(?:cdx|uuid):[^#]*|[A-Za-z][A-Za-z0-9+.-]*:(?://[^/?#]*)?", re.IGNORECASE)
"""What of an address is the same in capital and small letters: all of a UUID, else scheme and host."""


class Helper(StrEnum):
    """What else than its name may stand for a product, the surest first; a CPE is only a guess."""

    DIGEST = "digest"
    SERIAL = "serial number"
    SBOM = "sbom address"
    URI = "generic uri"
    NUMBER = "order number"
    CPE = "cpe"


_SUREST = list(Helper).index
_vendor = lru_cache(maxsize=8192)(vendor_key)

HELPED_BY = {
    Helper.DIGEST: Sentence("recognised by its digest"),
    Helper.SERIAL: Sentence("recognised by vendor and serial number"),
    Helper.SBOM: Sentence("recognised by the address of its bill of materials"),
    Helper.URI: Sentence("recognised by a URI that its vendor gives"),
    Helper.NUMBER: Sentence("recognised by vendor and order number"),
}

Mark = tuple[Helper, str]
"""A helper as it is compared: a thing of a list is the product whose record gives an equal one."""


def name_key(name: str) -> str:
    """Return a product's name as it is compared, or "" for words that name no product."""
    found = "-".join(atoms(name))
    return "" if found in _NOTHING else found


def helpers_of(product: ProductName) -> Iterator[Mark]:
    """Yield what a record gives to recognise a product by; wildcards and numbers that say too little are left out.

    A number is one only together with its vendor: two vendors count alike.
    """
    yield from _worldwide(product.hashes, product.sbom_urls, product.uris)
    if vendor := vendor_key(product.vendor):
        yield from ((Helper.SERIAL, _of(vendor, one)) for one in _whole(product.serial_numbers))
        yield from ((Helper.NUMBER, _of(vendor, one)) for one in _whole((*product.model_numbers, *product.skus)))
    for cpe in product.cpes:
        if found := cpe_key(cpe):
            yield Helper.CPE, found


def marks_of(
    *,
    makers: Iterable[str],
    words: Iterable[str],
    hashes: Iterable[tuple[str, str]] = (),
    serials: Iterable[str] = (),
    sbom_urls: Iterable[str] = (),
    uris: Iterable[str] = (),
) -> tuple[Mark, ...]:
    """Return by what a thing of a list may be recognised, each mark once and spelled as `helpers_of` does.

    Whatever may be an order number is looked for in its `words`: its name, its model. At most `MOST_MARKS`.
    """
    vendors = sorted({_vendor(one) for one in makers} - {""})
    numbers = sorted({number for text in words for number in numbers_of(text)})
    found = [
        *((Helper.SERIAL, _of(vendor, one)) for vendor in vendors for one in _whole(serials)),
        *_worldwide(hashes, sbom_urls, uris),
        *((Helper.NUMBER, _of(vendor, one)) for vendor in vendors for one in numbers),
    ]
    return tuple(islice(sorted(dict.fromkeys(found), key=lambda one: _SUREST(one[0])), MOST_MARKS))


def numbers_given(product: ProductName) -> tuple[str, ...]:
    """Return a record's order numbers as they are compared: with others of its own, a variant is another product."""
    return tuple(sorted(set(_whole((*product.model_numbers, *product.skus)))))


def digest_key(algorithm: str, value: str) -> str:
    """Return a digest as it is compared."""
    return ":".join(hash_pair(algorithm, value))


def address_key(text: str) -> str:
    """Return an address or URI as it is compared: as written, but for what means the same in either case."""
    whole, mark, inside = text.strip().partition("#")
    begin = found[0] if (found := _ANY_CASE.match(whole)) else ""
    return begin.lower() + whole.removeprefix(begin) + mark + unquote(inside)


def numbers_of(text: str) -> frozenset[str]:
    """Return everything in a line that may be an order number, as it is compared."""
    return frozenset(number for number, _ in numbers_in(text))


def cpe_key(cpe: str) -> str:
    """Return what `read_cpe` says a CPE name names, or "" when that is left open."""
    found = read_cpe(cpe)
    return found.key if found else ""


def _worldwide(hashes: Iterable[tuple[str, str]], sbom_urls: Iterable[str], uris: Iterable[str]) -> Iterator[Mark]:
    """Yield the marks that are one thing's, whoever made it."""
    for kind, value in hashes:
        yield Helper.DIGEST, _short(digest_key(kind, value))
    for helper, addresses in ((Helper.SBOM, sbom_urls), (Helper.URI, uris)):
        for one in addresses:
            if one.strip():
                yield helper, _short(address_key(one))


def _whole(numbers: Iterable[str]) -> Iterator[str]:
    """Yield numbers as they are compared, without those that stand for several or say too little."""
    for number in numbers:
        if not _WILD.search(number) and len(found := compact(number)) >= SHORTEST_NUMBER:
            yield found


def _of(vendor: str, number: str) -> str:
    return _short(f"{number} {vendor}")


def _short(value: str) -> str:
    """Return the value, or its digest where a column would not hold it as it is."""
    if len(value) <= LONGEST and value.isprintable():
        return value
    return f"={sha256(value.encode(errors='surrogatepass')).hexdigest()}"
