"""By which names does a list call what is in it? Kept as short as can be, so that statements about them can be told.

Most components are called what their package already says; only what goes beyond that is kept:
a package URL with qualifiers, the document's own reference, a CPE name, a maker.
"""

import json
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from watchbell.domain.matching.packages import REGISTRIES
from watchbell.domain.matching.products import ProductName, hash_pair
from watchbell.formats import strictjson
from watchbell.formats.sbom import Component, Sbom, SbomFormat, bom_link

MOST_NAMES = 50
"""Different names of one version in one list that are kept; the others are as if the list gave none."""

LONGEST = 2048
_TYPES = {ecosystem: kind for kind, ecosystem in REGISTRIES.items()}
_SAME = "="
"""Stands for a reference that is the package URL itself."""


@dataclass(frozen=True, slots=True, order=True)
class Called:
    """What a list calls one component; "" where its package and version say the same. `purl` is as the list has it."""

    purl: str = ""
    ref: str = ""
    cpe: str = ""
    name: str = ""
    vendor: str = ""


NOTHING_MORE = Called()


def called(one: Component, *, link: str) -> Called:
    """Return what a bill of materials calls this component; without a link nobody else can use its references."""
    ref = one.ref if link else ""
    return Called(one.purl, ref[:LONGEST], one.cpe[:LONGEST], one.name[:LONGEST], one.supplier[:LONGEST])


def plain_purl(ecosystem: str, name: str, version: str) -> str:
    """Return the package URL that says no more than these, or "" where a release of a system would be needed."""
    kind = _TYPES.get(ecosystem)
    if kind is None:
        return ""
    path = name.replace(":", "/", 1) if kind == "maven" else name.replace("@", "%40", 1)
    return f"pkg:{kind}/{path}@{version}" if version else f"pkg:{kind}/{path}"


def shortened(one: Called, ecosystem: str, name: str, version: str) -> Called:
    """Return the names without what this package and version say themselves."""
    purl = "" if one.purl == plain_purl(ecosystem, name, version) or len(one.purl) > LONGEST else one.purl
    ref = _SAME if one.ref and one.ref == one.purl else one.ref
    return Called(purl, ref, one.cpe, "" if one.name == name else one.name, one.vendor)


def packed(names: Collection[Called]) -> str:
    """Return these names for their column, "" where there is nothing but what the package says."""
    kept = sorted(names)
    if len(kept) > MOST_NAMES:
        kept = [NOTHING_MORE, *kept[:MOST_NAMES]]
    if not kept or kept == [NOTHING_MORE]:
        return ""
    return json.dumps([_trimmed(one) for one in kept], ensure_ascii=False, separators=(",", ":"))


def _trimmed(one: Called) -> list[str]:
    parts = [one.purl, one.ref, one.cpe, one.name, one.vendor]
    while parts and not parts[-1]:
        parts.pop()
    return parts


def unpacked(text: str, *, ecosystem: str, name: str, version: str, link: str) -> tuple[ProductName, ...]:
    """Return what `packed` kept, each as the name of one product; `link` is how others call the list."""
    kept = [Called(*parts) for parts in strictjson.loads(text.encode())] if text else [NOTHING_MORE]
    plain = plain_purl(ecosystem, name, version)
    return tuple(_named(one, plain, name, version, link) for one in kept)


def _named(one: Called, plain: str, name: str, version: str, link: str) -> ProductName:
    purl = one.purl or plain
    ref = purl if one.ref == _SAME else one.ref
    return ProductName(
        vendor=one.vendor,
        name=one.name or name,
        version=version,
        purls=(purl,) if purl else (),
        cpes=(one.cpe,) if one.cpe else (),
        refs=(f"{link}#{ref}",) if link and ref else (),
    )


def link_of(bill: Sbom) -> str:
    """Return how other documents call this bill of materials, "" where it has no serial number."""
    return bom_link(bill.serial, bill.version or "1") if bill.format is SbomFormat.CYCLONEDX else ""


def subject_of(bill: Sbom) -> ProductName:
    """Return what a bill of materials as a whole describes, under every name that a statement may use."""
    link, one = link_of(bill), bill.subject
    refs = (link,) if link else ()
    if one is None:
        return ProductName(refs=refs)
    return ProductName(
        vendor=one.supplier[:LONGEST],
        name=one.name[:LONGEST],
        version=one.version[:LONGEST],
        purls=(one.purl,) if one.purl else (),
        cpes=(one.cpe,) if one.cpe else (),
        hashes=tuple(hash_pair(kind, value) for kind, value in one.hashes),
        refs=(f"{link}#{one.ref}", link) if link else (),
    )


def packed_product(product: ProductName) -> str:
    """Return what a list describes for its column, "" where it does not say."""
    words = as_mapping(product)
    return json.dumps(words, ensure_ascii=False, separators=(",", ":")) if words else ""


def unpacked_product(text: str, *, document: str) -> tuple[ProductName, str]:
    """Return what `packed_product` kept and how others call the list; `document` calls it by its bytes as well."""
    kept = product_from(strictjson.loads(text.encode())) if text else ProductName()
    link = next((ref for ref in kept.refs if ref.startswith("urn:cdx:") and "#" not in ref), "")
    return product_from(as_mapping(kept) | {"refs": [*kept.refs, document]}), link


def by_digest(digest: str) -> str:
    """Return how a document without a serial number is called: by its bytes."""
    return f"sha256:{digest}"


def as_mapping(product: ProductName) -> dict[str, Any]:
    """Return a product's names that it has, for JSON."""
    held = {name: getattr(product, name) for name in ProductName.__slots__}
    return {name: list(value) if isinstance(value, tuple) else value for name, value in held.items() if value}


def product_from(words: dict[str, Any]) -> ProductName:
    """Return the product that `as_mapping` was given."""
    return ProductName(**{name: _frozen(value) for name, value in words.items()})


def _frozen(value: Any) -> Any:
    return tuple(_frozen(one) for one in value) if isinstance(value, list) else value
