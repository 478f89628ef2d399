"""This will take in a list of what an asset contains: built beside the one in force, then put in its place at once.

What is too much to wait for is left to a job, see `loads`; both build and put in force here.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction

from watchbell.apps.files import services as files
from watchbell.apps.inventory import contents, names
from watchbell.apps.inventory.contents import Contents, TableAsset
from watchbell.apps.inventory.models import (
    Asset,
    Document,
    Gap,
    Listing,
    Load,
    PickedProduct,
)
from watchbell.apps.inventory.services import building, counting, equipment, identified, listings, products
from watchbell.apps.inventory.services.assets import NewAsset, add_asset, answer_exposed
from watchbell.apps.inventory.services.equipment import NamedPick
from watchbell.apps.inventory.services.rights import require_operator
from watchbell.apps.inventory.services.turns import take_turn
from watchbell.apps.journal import services as journal
from watchbell.apps.vulnerabilities.services import bulk
from watchbell.domain.handling import Actor
from watchbell.domain.identity import Dice, new_id
from watchbell.domain.priority import Exposure
from watchbell.domain.refusal import Refusal, Refused, refuse
from watchbell.outside.blobs import BlobStore


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
    load: str = ""

    @property
    def is_over(self) -> bool:
        """Return whether it is in force; else a job loads it, and `load` says which."""
        return not self.load

    @property
    def not_assessed(self) -> int:
        """Return how many components no record could be compared with."""
        return self.components - self.assessed


@dataclass(frozen=True, slots=True)
class _Load:
    """Who loads which document when."""

    document: Document
    by: Actor
    now: datetime
    rng: Dice
    as_seen: bool = False


def load_sbom(received: Received, *, asset: Asset, by: Actor, now: datetime, rng: Dice) -> Loaded:
    """Put what this bill of materials lists in place of what the asset contained; the same document changes nothing.

    Raises NotAllowed, Refused with the place (and nothing is stored), ChangedMeanwhile.
    """
    require_operator(by, asset.organisation_id)
    if is_in_force(asset, received.digest):
        return unchanged(asset)
    name, found = contents.read_sbom(received.content)
    return load_read(received, name, found, asset=asset, by=by, now=now, rng=rng)


def load_read(
    received: Received,
    name: str,
    found: Contents,
    *,
    asset: Asset,
    by: Actor,
    now: datetime,
    rng: Dice,
    as_seen: bool = False,
) -> Loaded:
    """Put in place what was read from a bill of materials; `name` is its format. Raises ChangedMeanwhile.

    With `as_seen` only where the asset is still as the row in hand says.
    """
    load = _Load(document_of(received, name, asset.organisation_id, by, now, rng), by, now, rng, as_seen)
    _replace(asset, found, load)
    settle_counts(load.document, [asset.pk])
    return _counted(Loaded(changed=[asset.public_id]), [asset.pk])


def unchanged(asset: Asset) -> Loaded:
    """Return what is said of a list that is in force already."""
    return _counted(Loaded(unchanged=[asset.public_id]), [asset.pk])


def load_csv(
    received: Received,
    *,
    organisation: str,
    by: Actor,
    now: datetime,
    rng: Dice,
    handed_in_at: datetime | None = None,
    told: Callable[[int, int], None] = lambda _done, _total: None,
) -> Loaded:
    """Take in a table: one asset for each name, with all its lines; bad lines are refused alone, with their place.

    A line without a package URL is a product or a machine; it counts as assessed when records list exactly one
    of this vendor and name, or once a job has recognised it. An asset that got another list after `handed_in_at`
    keeps it. `told` hears after each asset how many of them are done, of how many. Raises NotAllowed, and Refused
    when the table as a whole cannot be read.
    """
    require_operator(by, organisation)
    tables, refused = read_table(received.content)
    result = Loaded(refusals=[one.refusal for one in refused])
    load = _Load(document_of(received, "CSV", organisation, by, now, rng, len(refused)), by, now, rng)
    touched: list[int] = []
    for done, table in enumerate(tables, start=1):
        asset = _asset_of(table, organisation, load)
        touched.append(asset.pk)
        if is_in_force(asset, received.digest) or (handed_in_at and _has_newer(asset, handed_in_at)):
            result.unchanged.append(asset.public_id)
        else:
            _answer(asset, table.exposed, load)
            _replace(asset, table.contents, load)
            result.changed.append(asset.public_id)
        told(done, len(tables))
    settle_counts(load.document, touched)
    return _counted(result, touched)


def read_table(content: bytes) -> tuple[list[TableAsset], list[Refused]]:
    """Return what a table says of each asset, and the lines that say nothing. Raises Refused for the whole of it."""
    return contents.read_table(_text(content).splitlines(keepends=True))


def _has_newer(asset: Asset, since: datetime) -> bool:
    return Asset.objects.filter(pk=asset.pk, listing__started_at__gt=since).exists()


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


def is_in_force(asset: Asset, digest: str) -> bool:
    """Return whether this document's list is the asset's."""
    return Asset.objects.filter(pk=asset.pk, listing__document__digest=digest).exists()


def document_of(
    received: Received, name: str, organisation: str, by: Actor, now: datetime, rng: Dice, refused: int = 0
) -> Document:
    """Return the document of these bytes, keeping them if it is new."""
    there = Document.objects.filter(organisation_id=organisation, digest=received.digest).first()
    if there is not None and (there.blob_id or received.store is None):
        return there
    how = files.Keeping(organisation=organisation, is_quarantined=False)
    sealed = files.put_away(received.content, how=how, store=received.store) if received.store else None
    with transaction.atomic():
        blob_id = ""
        if sealed is not None and received.store is not None:
            blob_id = files.keep(sealed, how=how, store=received.store, by=by, now=now, rng=rng).public_id
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
        same = Document.objects.filter(organisation_id=organisation, digest=received.digest)
        same.filter(blob_id="").update(blob_id=blob_id)
    return same.get()


def _replace(asset: Asset, found: Contents, load: _Load) -> None:
    """This will build the new list in small transactions, put it in force in one, and clear the old one away."""
    seen = asset.listing_id if load.as_seen else _listing_of(asset)
    listing = begin(asset, load.document, now=load.now)
    picks = picks_of(asset, found)
    building.build(listing, found, done=0, step=lambda _: transaction.atomic())
    with transaction.atomic():
        if load.as_seen:
            claim(asset)
        Load.objects.filter(asset=asset, stage=Load.Stage.WAITING).update(
            stage=Load.Stage.REPLACED, settled_at=load.now
        )  # before the asset's row, in the order in which a job takes them
        put_in_force(listing, found, picks, seen=seen, by=load.by, now=load.now, rng=load.rng)
    asset.refresh_from_db()
    listings.clear_away(asset, now=load.now)


def _listing_of(asset: Asset) -> int | None:
    return Asset.objects.values_list("listing_id", flat=True).get(pk=asset.pk)


def claim(asset: Asset) -> None:
    """Hold the asset until the transaction ends, as the row in hand says it is; raises ChangedMeanwhile if it is not.

    An UPDATE that changes nothing: whoever writes at the same moment waits for it, or it for them.
    """
    seen = {"listing": asset.listing_id, "exposed": asset.exposed, "updated_at": asset.updated_at}
    same = Asset.objects.filter(pk=asset.pk, **seen)
    if not same.update(updated_at=asset.updated_at):
        raise ChangedMeanwhile(str(ChangedMeanwhile.__doc__))


def begin(asset: Asset, document: Document, *, now: datetime) -> Listing:
    """Return a list to be built; it stands first of all, so that no version it names is forgotten meanwhile."""
    return Listing.objects.create(asset=asset, document=document, components=0, assessed=0, started_at=now)


def put_in_force(
    listing: Listing,
    found: Contents,
    picks: list[NamedPick],
    *,
    seen: int | None,
    by: Actor,
    now: datetime,
    rng: Dice,
) -> None:
    """Count a list that is built and make it its asset's, in the caller's transaction; `seen` is the one it replaces.

    What it names without a package is recognised as far as records can; `picks` are from `picks_of`. Raises
    ChangedMeanwhile when another is in force by now.
    """
    take_turn()  # before any pick is held: a matcher may be about to take back the same one
    _swap_picks(listing, picks, now=now, rng=rng)
    equipment.put_units(listing, [one.named for one in picks], now=now, rng=rng)
    identified.settle_listing(listing, now=now, rng=rng)
    gaps = counting.gaps_of(listing)
    listing.components, listing.assessed = found.components, found.components - gaps.total()
    listing.product = names.packed_product(found.product)
    Listing.objects.filter(pk=listing.pk).update(
        components=listing.components, assessed=listing.assessed, product=listing.product
    )
    Gap.objects.bulk_create(Gap(listing=listing, reason=reason, components=count) for reason, count in gaps.items())
    if not Asset.objects.filter(pk=listing.asset_id, listing=seen).update(listing=listing, updated_at=now):
        raise ChangedMeanwhile(str(ChangedMeanwhile.__doc__))
    journal.record(
        at=now,
        by=by,
        action="inventory.loaded",
        subject=listing.asset,
        concerns=[listing.asset.organisation_id],
        digests={"document": listing.document.digest},
        facts={"components": listing.components, "assessed": listing.assessed},
        rng=rng,
    )


def picks_of(asset: Asset, found: Contents) -> list[NamedPick]:
    """Return the products records list under the very names that equipment goes by on a list."""
    picks = []
    for one in sorted(found.products):
        choice = products.called(one.vendor, one.product)
        if choice is not None:
            picks.append(NamedPick(choice.public_id, products.label_of(choice), one))
    return equipment.without_declined(asset.organisation_id, picks)


def _swap_picks(listing: Listing, picks: list[NamedPick], *, now: datetime, rng: Dice) -> None:
    """This will put a list's products in place of those the list before it named; those a person picked stay."""
    PickedProduct.objects.filter(asset=listing.asset, listing__isnull=False).delete()
    once = {one.product: one for one in picks}
    fresh = [
        PickedProduct(
            public_id=new_id(rng), asset=listing.asset, listing=listing, product_id=one.product, name=one.name,
            version=one.named.version, picked_at=now,
        )
        for _, one in sorted(once.items())
    ]  # fmt: skip
    PickedProduct.objects.bulk_create(fresh, ignore_conflicts=True, batch_size=100)
    products.match_products(one.product for one in picks)


def settle_counts(document: Document, assets: list[int]) -> None:
    """This will note how much of a document could be assessed, in all the assets it is about."""
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
