"""This will take in a list of what an asset contains: built beside the one in force, then put in its place at once."""

import hashlib
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction

from watchbell.apps.files import services as files
from watchbell.apps.inventory import contents
from watchbell.apps.inventory.contents import Contents, TableAsset, Version
from watchbell.apps.inventory.models import Asset, Component, Document, Gap, Listing, PickedProduct, Unassessable
from watchbell.apps.inventory.services import dictionary, listings, products
from watchbell.apps.inventory.services.assets import NewAsset, add_asset, answer_exposed
from watchbell.apps.inventory.services.rights import require_operator
from watchbell.apps.journal import services as journal
from watchbell.apps.vulnerabilities.services import bulk
from watchbell.domain.handling import Actor
from watchbell.domain.identity import Dice, new_id
from watchbell.domain.priority import Exposure
from watchbell.domain.refusal import Refusal, refuse
from watchbell.outside.blobs import BlobStore

ROWS_AT_ONCE = 1000


class ChangedMeanwhile(Exception):
    """Someone loaded another list for this asset at the same time; look at it, and load yours again if it is newer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """A document as it was handed in; with a `store`, its bytes are kept sealed beside their digest."""

    content: bytes
    store: BlobStore | None = None

    @property
    def digest(self) -> str:
        """Return the SHA-256 of the bytes in hex."""
        return hashlib.sha256(self.content).hexdigest()


@dataclass(slots=True)
class Loaded:
    """What came of loading: components counted once each, and the assets whose list is another one now."""

    components: int = 0
    assessed: int = 0
    changed: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)

    @property
    def not_assessed(self) -> int:
        """Return how many components no record could be compared with."""
        return self.components - self.assessed


@dataclass(frozen=True, slots=True)
class _Pick:
    """A product a table names that records list too."""

    product: str
    name: str
    version: str


@dataclass(frozen=True, slots=True)
class _Load:
    """Who loads which document when."""

    document: Document
    by: Actor
    now: datetime
    rng: Dice


def load_sbom(received: Received, *, asset: Asset, by: Actor, now: datetime, rng: Dice) -> Loaded:
    """Put what this bill of materials lists in place of what the asset contained; the same document changes nothing.

    Raises NotAllowed, Refused with the place (and nothing is stored), ChangedMeanwhile.
    """
    require_operator(by, asset.organisation_id)
    result = Loaded()
    if not _is_in_force(asset, received.digest):
        name, found = contents.read_sbom(received.content)
        load = _Load(_document(received, name, asset.organisation_id, by, now, rng), by, now, rng)
        _replace(asset, found, load)
        _settle_counts(load.document, [asset.pk])
        result.changed.append(asset.public_id)
    else:
        result.unchanged.append(asset.public_id)
    return _counted(result, [asset.pk])


def load_csv(received: Received, *, organisation: str, by: Actor, now: datetime, rng: Dice) -> Loaded:
    """Take in a table: one asset for each name, with all its lines; bad lines are refused alone, with their place.

    A line without a package URL is a product; it counts as assessed when records list exactly one
    of this vendor and name. Raises NotAllowed, and Refused when the table as a whole cannot be read.
    """
    require_operator(by, organisation)
    tables, refused = contents.read_table(_text(received.content).splitlines(keepends=True))
    result = Loaded(refusals=[one.refusal for one in refused])
    load = _Load(_document(received, "CSV", organisation, by, now, rng, len(refused)), by, now, rng)
    touched: list[int] = []
    for table in tables:
        asset = _asset_of(table, organisation, load)
        touched.append(asset.pk)
        if _is_in_force(asset, received.digest):
            result.unchanged.append(asset.public_id)
            continue
        _answer(asset, table.exposed, load)
        _replace(asset, table.contents, load)
        result.changed.append(asset.public_id)
    _settle_counts(load.document, touched)
    return _counted(result, touched)


def _text(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise refuse("not-utf8", "The table is not UTF-8 text", place=f"line {line}", todo="Save it as UTF-8") from None


def _asset_of(table: TableAsset, organisation: str, load: _Load) -> Asset:
    details = NewAsset(name=table.name, exposed=table.exposed, patched_by=table.owner)
    return add_asset(details, organisation=organisation, by=load.by, now=load.now, rng=load.rng)


def _answer(asset: Asset, exposed: Exposure, load: _Load) -> None:
    """This will take a table's yes or no; its silence leaves what a person answered."""
    if exposed is not Exposure.UNKNOWN:
        answer_exposed(asset=asset, answer=exposed, by=load.by, now=load.now)


def _is_in_force(asset: Asset, digest: str) -> bool:
    return Asset.objects.filter(pk=asset.pk, listing__document__digest=digest).exists()


def _document(
    received: Received, name: str, organisation: str, by: Actor, now: datetime, rng: Dice, refused: int = 0
) -> Document:
    there = Document.objects.filter(organisation_id=organisation, digest=received.digest).first()
    if there is not None:
        return there
    with transaction.atomic():
        blob_id = ""
        if received.store is not None:
            how = files.Keeping(organisation=organisation, is_quarantined=False)
            blob_id = files.keep(received.content, how=how, store=received.store, by=by, now=now, rng=rng).public_id
        fresh = Document(
            public_id=new_id(rng),
            organisation_id=organisation,
            digest=received.digest,
            format=name,
            size=len(received.content),
            blob_id=blob_id,
            refused=refused,
            loaded_by=by.person or by.name,
            loaded_at=now,
        )
        Document.objects.bulk_create([fresh], ignore_conflicts=True)
    return Document.objects.get(organisation_id=organisation, digest=received.digest)


def _replace(asset: Asset, found: Contents, load: _Load) -> None:
    """This will build the new list in small transactions, put it in force in one, and clear the old one away."""
    seen = Asset.objects.values_list("listing_id", flat=True).get(pk=asset.pk)
    listing = Listing.objects.create(
        asset=asset, document=load.document, components=0, assessed=0, started_at=load.now
    )  # first of all, so that no version it is about to name is forgotten meanwhile
    picks = _picks(found)
    versions = dictionary.ensure_versions(found.versions)
    gaps = _gaps(found, versions)
    listing.components, listing.assessed = found.components, found.components - gaps.total()
    Listing.objects.filter(pk=listing.pk).update(components=listing.components, assessed=listing.assessed)
    _fill(listing, found, versions, gaps)
    _put_in_force(asset, listing, seen, picks, load)
    listings.clear_away(asset, now=load.now)


def _picks(found: Contents) -> list[_Pick]:
    """Return the products records list, each with its version; the others move to the unassessable."""
    picks: dict[str, _Pick] = {}
    for one in sorted(found.products):
        choice = products.called(one.vendor, one.product)
        if choice is None:
            found.move_to_unknown(one)
        else:
            picks[choice.public_id] = _Pick(choice.public_id, products.label_of(choice), one.version)
    return [picks[product] for product in sorted(picks)]


def _gaps(found: Contents, versions: dict[Version, dictionary.Entry]) -> Counter[str]:
    gaps: Counter[str] = Counter()
    for unknown, times in found.unknown.items():
        gaps[unknown.reason.value] += times
    for version, times in found.versions.items():
        if doubt := versions[version].doubt:
            gaps[doubt] += times
    return gaps


def _fill(listing: Listing, found: Contents, versions: dict[Version, dictionary.Entry], gaps: Counter[str]) -> None:
    columns = ("listing_id", "version_id", "times")
    times: Counter[int] = Counter()
    for version, count in found.versions.items():
        times[versions[version].id] += count
    rows = [(listing.pk, version_id, count) for version_id, count in sorted(times.items())]
    for part in bulk.slices(rows, ROWS_AT_ONCE):
        with transaction.atomic():
            bulk.insert(Component._meta.db_table, columns, part)
    unknown = [
        Unassessable(
            listing=listing, name=one.name, version=one.version, purl=one.purl, word=one.word,
            reason=one.reason, times=count,
        )
        for one, count in sorted(found.unknown.items())
    ]  # fmt: skip
    for some in bulk.slices(unknown, ROWS_AT_ONCE):
        Unassessable.objects.bulk_create(some, batch_size=100)
    Gap.objects.bulk_create(Gap(listing=listing, reason=reason, components=count) for reason, count in gaps.items())


@transaction.atomic
def _put_in_force(asset: Asset, listing: Listing, seen: int | None, picks: list[_Pick], load: _Load) -> None:
    if not Asset.objects.filter(pk=asset.pk, listing=seen).update(listing=listing, updated_at=load.now):
        raise ChangedMeanwhile(str(ChangedMeanwhile.__doc__))
    _swap_picks(asset, listing, picks, load)
    journal.record(
        at=load.now,
        by=load.by,
        action="inventory.loaded",
        subject=asset,
        concerns=[asset.organisation_id],
        digests={"document": load.document.digest},
        facts={"components": listing.components, "assessed": listing.assessed},
        rng=load.rng,
    )
    asset.refresh_from_db()


def _swap_picks(asset: Asset, listing: Listing, picks: list[_Pick], load: _Load) -> None:
    """This will put a table's products in place of those the table before it named; those a person picked stay."""
    PickedProduct.objects.filter(asset=asset, listing__isnull=False).delete()
    fresh = [
        PickedProduct(
            public_id=new_id(load.rng), asset=asset, listing=listing, product_id=one.product, name=one.name,
            version=one.version, picked_at=load.now,
        )
        for one in picks
    ]  # fmt: skip
    PickedProduct.objects.bulk_create(fresh, ignore_conflicts=True, batch_size=100)
    products.match_products(one.product for one in picks)


def _settle_counts(document: Document, assets: list[int]) -> None:
    totals = _totals(assets)
    Document.objects.filter(pk=document.pk).update(components=totals[0], assessed=totals[1])


def _counted(result: Loaded, assets: list[int]) -> Loaded:
    result.components, result.assessed = _totals(assets)
    return result


def _totals(assets: list[int]) -> tuple[int, int]:
    components = assessed = 0
    for part in bulk.slices(assets):
        for one in Listing.objects.filter(in_force_for__in=part):
            components += one.components
            assessed += one.assessed
    return components, assessed
