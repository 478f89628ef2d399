"""This will store what this node publishes beside everyone else's records, so that it matches like theirs."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from watchbell.apps.vulnerabilities.listed import OURS
from watchbell.apps.vulnerabilities.models import SourceKind, SourceRecord
from watchbell.apps.vulnerabilities.services import drafts, products, storing
from watchbell.apps.vulnerabilities.services.products import Listing
from watchbell.apps.vulnerabilities.services.sources import ensure_source
from watchbell.domain.handling import Actor
from watchbell.domain.identity import Dice


@dataclass(frozen=True, slots=True)
class Told:
    """What a record names, in the one spelling that is searched: ids, and packages as (ecosystem, name)."""

    ids: frozenset[str]
    packages: frozenset[tuple[str, str]]


def told_by(record: bytes) -> Told:
    """Return what this OSV record names, without storing anything. Raises Refused when it is not one."""
    draft = drafts.read(record, hashlib.sha256(record).digest(), place="")
    return Told(frozenset({draft.record_id, *draft.aliases}), frozenset(draft.packages))


def store_advisory(
    record: bytes,
    *,
    by: Actor,
    now: datetime,
    rng: Dice,
    source: str = OURS,
    products_named: Iterable[tuple[str, str]] = (),
) -> SourceRecord:
    """Store the OSV record of an advisory in the caller's transaction, and return its row.

    `products_named` are (vendor, product) for what has no package, so that people can pick it.
    Raises Refused when the record is not one.
    """
    draft = drafts.read(record, hashlib.sha256(record).digest(), place="")
    row = ensure_source(name=source, kind=SourceKind.OSV, rng=rng)
    chunk = storing.Chunk(row, [draft], by, now, rng, action="record.published", sets_first_import=False)
    storing.store(chunk)
    identifier = next((alias for alias in draft.aliases if alias.startswith("CVE-")), draft.record_id)
    listings = [Listing(vendor, product, identifier) for vendor, product in products_named]
    products.list_products(listings, asserter=source, now=now, rng=rng)
    return SourceRecord.objects.get(source=row, record_id=draft.record_id)
