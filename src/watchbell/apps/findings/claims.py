"""Which row does a claim become, and which claims look alike? Digest and root-cause key, both of ours.

The digest is the claim's identity whatever its finder calls it. The root-cause key joins
the product, the file and the kinds of flaw, lines aside; it only ever suggests.
"""

import hashlib
from dataclasses import dataclass
from typing import Any, Final

from watchbell.apps.findings.models import LONGEST_ITEM_ID, LONGEST_TITLE
from watchbell.domain.advisory import Claim, ClaimedProduct
from watchbell.domain.advisory.written import plain, restored
from watchbell.domain.canonical import NotCanonical, canonical
from watchbell.domain.refusal import refuse
from watchbell.domain.sentence import Sentence
from watchbell.formats import strictjson

LARGEST_CLAIM: Final = 1024 * 1024
"""Bytes of one claim; evidence beyond that belongs into a file."""


@dataclass(frozen=True, slots=True)
class Written:
    """A claim as it is kept: its canonical bytes, and the SHA-256 in hex of what is claimed (see `identity`)."""

    octets: bytes
    identity: str


def written(claim: Claim, place: str) -> Written:
    """Return the claim as it is kept; raises Refused where it cannot be kept as it is."""
    if not claim.title.strip():
        raise refuse("no-title", "The finding has no title.", place=place, todo="Say in one line what the flaw is")
    if len(claim.submitter_item_id) > LONGEST_ITEM_ID:
        raise refuse(
            "too-large",
            "The item's own id is too long.",
            place=place,
            expected=Sentence("At most {limit} characters", limit=LONGEST_ITEM_ID),
        )
    said = plain(claim)
    try:
        octets = canonical(said)
    except NotCanonical as error:
        raise refuse("not-json", str(error), place=place) from error
    if len(octets) > LARGEST_CLAIM:
        raise refuse(
            "too-large",
            "The finding is too large.",
            place=place,
            expected=Sentence("At most {limit} bytes", limit=LARGEST_CLAIM),
        )
    if b"\\u0000" in octets:
        strictjson.loads(octets)  # knows whether that is the NUL character or text that looks like it
    return Written(octets, _digest(said))


def read(octets: bytes) -> Claim:
    """Return the claim that these bytes of ours keep."""
    return restored(Claim, strictjson.loads(octets))


def identity(claim: Claim) -> str:
    """Return the SHA-256 in hex of what is claimed, whatever the finder calls it."""
    return _digest(plain(claim))


def _digest(said: dict[str, Any]) -> str:
    return _hashed(b"claim", canonical(said | {"submitter_item_id": ""}))


def _hashed(*parts: bytes) -> str:
    """Return the SHA-256 of these parts, each behind its length, so that no other parts give the same bytes."""
    return hashlib.sha256(b"".join(len(one).to_bytes(8, "big") + one for one in parts)).hexdigest()


def root_cause(claim: Claim) -> str:
    """Return the key under which claims of the same flaw tend to meet, or "" when too little was said."""
    product = _product_key(claim.product)
    path = claim.locations[0].uri.replace("\\", "/").removeprefix("file://").lstrip("./") if claim.locations else ""
    if not product or not (path or claim.cwes):
        return ""
    return _hashed(b"root cause", canonical([product, path, sorted(set(claim.cwes))]))


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
