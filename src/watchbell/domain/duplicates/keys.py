"""Under which keys do two reports of one flaw meet? A ladder of keys, the surest first; each says what it is worth.

A key is the SHA-256, in hex, of a named rung and canonical JSON (RFC 8785), each with its
length before it, so that no value of one field can be read as the end of another. Lines
never enter a key: code moves. Source: SARIF 2.1.0, 3.27.16 and 3.27.17 (fingerprints).
"""

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import IntEnum
from posixpath import normpath
from typing import Final

from watchbell.domain.advisory import Claim, ClaimedProduct
from watchbell.domain.advisory.written import plain
from watchbell.domain.canonical import canonical
from watchbell.domain.matching.aliases import canonical_id
from watchbell.domain.matching.canonical_purl import canonical_purl


class Rung(IntEnum):
    """What makes two reports meet; a lower rung is surer."""

    JUDGED = 0
    """A person compared them and said so."""
    SUBMITTER_ID = 1
    """One finder sent them under one id of their own."""
    CONTENT = 2
    """They claim the same, letter by letter."""
    CAUSE = 3
    """One product, file and kinds of flaw, and the same function or code around it."""
    ALIAS = 4
    """They name the same published id."""
    PLACE = 5
    """One product, file and kinds of flaw: worth a look, no more."""

    @property
    def confidence(self) -> float:
        """Return how probable it is that reports that meet here are one flaw; a stated judgement, not measured."""
        return _CONFIDENCE[self]

    @property
    def joins(self) -> bool:
        """Return whether meeting here puts reports into one group; else it is shown as a suggestion."""
        return self is not Rung.PLACE


_CONFIDENCE: Final = {
    Rung.JUDGED: 1.0,
    Rung.SUBMITTER_ID: 1.0,
    Rung.CONTENT: 1.0,
    Rung.CAUSE: 0.95,
    Rung.ALIAS: 0.95,
    Rung.PLACE: 0.6,
}


@dataclass(frozen=True, slots=True, order=True)
class Mark:
    """`asserter` (a rule of ours, a record or a person) says that `report` carries this key on this rung."""

    report: str
    rung: Rung
    key: str
    asserter: str


LADDER: Final = "ladder 1"
"""Who asserts what is worked out here; another number means keys made in another way."""


def marks_of(report: str, claim: Claim, *, submitter: str, code: str = "") -> frozenset[Mark]:
    """Return the marks of a claim; `report` is our id of it, `code` the lines around the place, where anyone has them.

    An alias is asserted by its finder, all else by us. A claim that names no product has no cause and no place.
    """
    found = [(Rung.CONTENT, key("content", plain(claim) | {"submitter_item_id": ""}))]
    if claim.submitter_item_id:
        found.append((Rung.SUBMITTER_ID, key("submitter id", [submitter, claim.submitter_item_id])))
    for place in _places(claim):
        found.append((Rung.PLACE, key("place", place)))
        found += [(Rung.CAUSE, key("cause", [place, context])) for context in _contexts(claim, code)]
    marks = {Mark(report, rung, text, LADDER) for rung, text in found}
    return frozenset(marks | {Mark(report, Rung.ALIAS, canonical_id(one), submitter) for one in claim.aliases if one})


def key(rung: str, value: object) -> str:
    """Return the SHA-256 in hex of a rung's name and a JSON value, each behind its length (8 bytes, big-endian)."""
    parts = (rung.encode(), canonical(value))
    return hashlib.sha256(b"".join(len(part).to_bytes(8) + part for part in parts)).hexdigest()


def product_key(product: ClaimedProduct) -> str:
    """Return a product without its version, in one spelling: its package, else its repository, else its names."""
    if product.purl and (package := canonical_purl(product.purl)) is not None:
        where = dict(package.qualifiers).get("repository_url", "")
        return f"pkg:{package.type}/{where or package.name}"
    if product.repository:
        return _repository(product.repository)
    return " ".join(f"{product.vendor} / {product.name}".lower().split()) if product.name else ""


def path_key(uri: str) -> str:
    """Return a file's path in one spelling: slashes, no drive, host, leading dots or doubled parts; case is kept."""
    path = re.sub(r"^(?:file:/*|[A-Za-z]:/|[a-z]+://[^/]*/)", "", uri.replace("\\", "/"))
    path = normpath(path.split("?")[0].split("#")[0]) if path else ""
    return re.sub(r"^(?:\.\.?/|/)+", "", path) if path != "." else ""


def context_hash(code: str) -> str:
    """Return what stays of lines of code when they move, are indented anew or end otherwise; "" for blank ones."""
    lines = ("".join(line.split()) for line in code.splitlines())
    kept = [line for line in lines if line]
    return key("context", kept) if kept else ""


def _places(claim: Claim) -> Iterator[list[object]]:
    """Yield each product with each file and the kinds of flaw, where a product and one of the others is known."""
    cwes = sorted({one.strip().upper() for one in claim.cwes if one.strip()})
    products = sorted({product_key(one) for one in claim.products} - {""})
    files = sorted({path_key(one.uri) for one in claim.locations[:1]} - {""}) or [""]
    for product in products:
        for file in files:
            if file or cwes:
                yield [product, file, cwes]


def _contexts(claim: Claim, code: str) -> Iterable[str]:
    """Return what says "the same code" without saying where it stands: the tool's own fingerprints first."""
    if claim.fingerprints:
        return sorted(f"{name}={text}" for name, text in claim.fingerprints)
    around = context_hash(code)
    symbol = claim.locations[0].symbol.strip() if claim.locations else ""
    return [one for one in (f"code={around}" if around else "", f"symbol={symbol}" if symbol else "") if one]


def _repository(address: str) -> str:
    """Return "host/owner/name" of a repository's address, in small letters."""
    plain_form = re.sub(r"^(?:git\+)?[a-z+]+://(?:[^@/]*@)?|^[^@/]+@", "", address.strip().lower())
    return plain_form.replace(":", "/", 1).rstrip("/").removesuffix(".git")
