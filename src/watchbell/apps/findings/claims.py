"""Which row does a claim become, and which claims look alike? Digest and root-cause key, both of ours.

The digest is the claim's identity whatever its finder calls it. The root-cause key joins
the product, the file and the kinds of flaw, lines aside; it only ever suggests.
"""

import hashlib
from dataclasses import replace
from typing import Final

from watchbell.apps.findings.models import LONGEST_ITEM_ID, LONGEST_TITLE
from watchbell.apps.findings.written import plain, restored
from watchbell.domain.advisory import Claim, ClaimedProduct
from watchbell.domain.canonical import NotCanonical, canonical
from watchbell.domain.refusal import refuse
from watchbell.formats import strictjson

LARGEST_CLAIM: Final = 1024 * 1024
"""Bytes of one claim; evidence beyond that belongs into a file."""


def written(claim: Claim, place: str) -> bytes:
    """Return the canonical bytes of a claim; raises Refused where it cannot be kept as it is."""
    if not claim.title.strip():
        raise refuse("no-title", "The finding has no title.", place=place, todo="Say in one line what the flaw is")
    if len(claim.submitter_item_id) > LONGEST_ITEM_ID:
        raise refuse("too-large", "The item's own id is too long.", place=place, expected=f"At most {LONGEST_ITEM_ID}")
    try:
        octets = canonical(plain(claim))
    except NotCanonical as error:
        raise refuse("not-json", str(error), place=place) from error
    if len(octets) > LARGEST_CLAIM:
        raise refuse("too-large", "The finding is too large.", place=place, expected=f"At most {LARGEST_CLAIM} bytes")
    if b"\\u0000" in octets:
        strictjson.loads(octets)  # knows whether that is the NUL character or text that looks like it
    return octets


def read(octets: bytes) -> Claim:
    """Return the claim that these bytes of ours keep."""
    return restored(Claim, strictjson.loads(octets))


def identity(claim: Claim) -> str:
    """Return the SHA-256 in hex of what is claimed, whatever the finder calls it."""
    return hashlib.sha256(canonical(plain(replace(claim, submitter_item_id="")))).hexdigest()


def root_cause(claim: Claim) -> str:
    """Return the key under which claims of the same flaw tend to meet, or "" when too little was said."""
    product = _product_key(claim.product)
    path = claim.locations[0].uri.replace("\\", "/").removeprefix("file://").lstrip("./") if claim.locations else ""
    if not product or not (path or claim.cwes):
        return ""
    return hashlib.sha256(canonical([product, path, sorted(set(claim.cwes))])).hexdigest()


def columns(claim: Claim) -> dict[str, str]:
    """Return the few fields that lists and filters need, cut to their columns."""
    product = claim.product
    named = {
        "title": " ".join(claim.title.split()),
        "vendor": product.vendor,
        "product": product.name or product.repository or product.cpe or product.purl,
        "version": product.version,
        "purl": product.purl,
    }
    return {name: text[:LONGEST_TITLE] for name, text in named.items()}


def _product_key(product: ClaimedProduct) -> str:
    """Return the product without its version, in one spelling."""
    package = product.purl.split("?")[0].split("#")[0]
    package = package.rpartition("@")[0] if "@" in package.rpartition("/")[2] else package
    named = f"{product.vendor}/{product.name}" if product.name else ""
    return (package or product.repository.removesuffix(".git").rstrip("/") or named).lower()
