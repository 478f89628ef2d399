"""This will leave a large list to a job: received and looked at at once, loaded in parts, in force when all is there.

Killed at any part it goes on behind it. Nobody sees any of it before the whole is in
force, and whoever hands in another list for the same asset meanwhile wins.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime

from django.db import IntegrityError, transaction

from watchbell.apps.files import queries as files
from watchbell.apps.inventory import contents
from watchbell.apps.inventory.contents import Contents
from watchbell.apps.inventory.models import Asset, Document, Listing, Load
from watchbell.apps.inventory.services import building, listings, loading
from watchbell.apps.inventory.services.equipment import NamedPick
from watchbell.apps.inventory.services.loading import ChangedMeanwhile, Loaded, Received
from watchbell.apps.inventory.services.rights import require_operator
from watchbell.apps.jobs import queries as work
from watchbell.apps.jobs import services as jobs
from watchbell.apps.jobs.progress import Cancelled, GiveUp, Progress
from watchbell.apps.journal import services as journal
from watchbell.domain.handling import Actor, system
from watchbell.domain.identity import Dice, new_id
from watchbell.outside.blobs import BlobStore

LOAD = "inventory.load"
LOADER = system(LOAD)
MANY_LINES = 2000
"""Lines of a document that are loaded at once: a fifth of a second; with more, a job does it."""

MOST_WAITING = 50
"""Large lists of one operator that may wait at a time, so that the others' get their turn."""


class TooManyWaiting(Exception):
    """Many large lists of yours are still being loaded; send this one when some of them are over."""


class NotWaiting(LookupError):
    """This list is not being loaded any more; look at the asset again."""


@dataclass(frozen=True, slots=True)
class _At:
    """A load at work: its row, its job, and now."""

    row: Load
    progress: Progress
    now: datetime


def hand_in_sbom(
    received: Received, *, asset: Asset, by: Actor, now: datetime, rng: Dice, as_seen: bool = False
) -> Loaded:
    """Load a bill of materials as `load_sbom` does, but leave a large one to a job; sending it again asks for the same.

    With `as_seen` only where the asset is still as the row in hand says: when it is put in force, or left to a
    job. Raises as `load_sbom` does, and TooManyWaiting.
    """
    require_operator(by, asset.organisation_id)
    if loading.is_in_force(asset, received.digest):
        return loading.unchanged(asset)
    name, found = contents.read_sbom(received.content)
    if received.store is None or building.lines_of(found) <= MANY_LINES:
        return loading.load_read(received, name, found, asset=asset, by=by, now=now, rng=rng, as_seen=as_seen)
    waiting = Load.objects.filter(asset=asset, stage=Load.Stage.WAITING, document__digest=received.digest).first()
    if waiting is not None:
        _go_on(waiting, now=now, rng=rng)
        return Loaded(load=waiting.public_id)
    _require_turn(asset.organisation_id)
    document = loading.document_of(received, name, asset.organisation_id, by, now, rng)
    try:
        with transaction.atomic():
            if as_seen:
                loading.claim(asset)
            return Loaded(load=_receive(document, found, asset=asset, by=by, now=now, rng=rng).public_id)
    except IntegrityError as error:  # two lists for one asset at the same moment
        raise ChangedMeanwhile(str(ChangedMeanwhile.__doc__)) from error


@transaction.atomic
def _receive(document: Document, found: Contents, *, asset: Asset, by: Actor, now: datetime, rng: Dice) -> Load:
    """Put the list's job on the list of work, in place of one that waits for the same asset."""
    Load.objects.filter(asset=asset, stage=Load.Stage.WAITING).update(stage=Load.Stage.REPLACED, settled_at=now)
    row = Load.objects.create(
        public_id=new_id(rng),
        asset=asset,
        document=document,
        total=building.lines_of(found),
        received_at=now,
    )
    journal.record(
        at=now,
        by=by,
        action="inventory.received",
        subject=asset,
        concerns=[asset.organisation_id],
        digests={"document": document.digest},
        rng=rng,
    )
    _go_on(row, now=now, rng=rng)
    return row


def load(public_id: str, *, store: BlobStore, progress: Progress, now: datetime, rng: Dice) -> None:
    """Load what is left of a large list and put it in force, as its job; one that is settled needs nothing.

    Raises what `progress` raises when the job is stopped or lost.
    """
    row = Load.objects.select_related("asset", "document", "listing").filter(public_id=public_id).first()
    if row is None or row.stage != Load.Stage.WAITING:
        return
    file = files.open_for(LOADER, row.document.blob_id, now=now, store=store)
    if file is None:
        raise GiveUp("The sealed document is gone.")
    _, found = contents.read_sbom(b"".join(file.pieces))
    at = _At(row, progress, now)
    listing, done = _begun(at)
    picks = loading.picks_of(row.asset, found)
    try:
        building.build(listing, found, done=done, step=lambda lines: _step(at, lines))
        _finish(at, listing, found, picks, rng=rng)
    except Cancelled:
        if not Load.objects.filter(pk=row.pk, stage=Load.Stage.WAITING).exists():
            listings.remove(listing)
        raise
    loading.settle_counts(row.document, [row.asset_id])
    listings.clear_away(row.asset, now=now)


def stop(public_id: str, *, by: Actor, now: datetime) -> None:
    """Stop loading a large list; nothing of it was in force. Raises NotAllowed, NotWaiting."""
    row = Load.objects.select_related("asset").filter(public_id=public_id).first()
    if row is None:
        raise NotWaiting(str(NotWaiting.__doc__))
    require_operator(by, row.asset.organisation_id)
    with transaction.atomic():
        waiting = Load.objects.filter(pk=row.pk, stage=Load.Stage.WAITING)
        if not waiting.update(stage=Load.Stage.STOPPED, settled_at=now):
            raise NotWaiting(str(NotWaiting.__doc__))
        journal.record(
            at=now, by=by, action="inventory.load_stopped", subject=row.asset, concerns=[row.asset.organisation_id]
        )


def _begun(at: _At) -> tuple[Listing, int]:
    """Return the list that is being built and how many lines it has; new, or as an attempt before left it."""
    row = at.row
    at.progress.report(done=row.done, total=row.total)
    if row.listing is not None:
        Listing.objects.filter(pk=row.listing.pk).update(started_at=at.now)
        return row.listing, row.done
    with _step(at, 0):
        listing = loading.begin(row.asset, row.document, now=at.now)
        Load.objects.filter(pk=row.pk).update(listing=listing)
    return listing, 0


@contextmanager
def _step(at: _At, lines: int) -> Iterator[None]:
    """Run one part in the transaction of its job's progress; raises Cancelled when the load is settled by now."""
    with at.progress.step(done=lines):
        if not Load.objects.filter(pk=at.row.pk, stage=Load.Stage.WAITING).update(done=lines):
            raise Cancelled
        yield


def _finish(at: _At, listing: Listing, found: Contents, picks: list[NamedPick], *, rng: Dice) -> None:
    """Put the list in force; whoever settles the load first decides whether it is."""
    by = replace(LOADER, organisation=at.row.asset.organisation_id)
    with at.progress.step():
        waiting = Load.objects.filter(pk=at.row.pk, stage=Load.Stage.WAITING)
        if not waiting.update(stage=Load.Stage.LOADED, settled_at=at.now):
            raise Cancelled
        seen = Asset.objects.values_list("listing_id", flat=True).get(pk=at.row.asset_id)
        loading.put_in_force(listing, found, picks, seen=seen, by=by, now=at.now, rng=rng)


def _require_turn(organisation: str) -> None:
    """Raise TooManyWaiting when this operator has that many on the list, give or take what comes in just now."""
    waiting = Load.objects.filter(asset__organisation_id=organisation, stage=Load.Stage.WAITING)
    if waiting.count() >= MOST_WAITING:
        raise TooManyWaiting(str(TooManyWaiting.__doc__))


def _go_on(row: Load, *, now: datetime, rng: Dice) -> None:
    """Put the load's job on the list unless one waits or runs; the key names the one before, so two ask for one."""
    if row.job and work.count_unfinished([row.job]):
        return
    job = jobs.enqueue(
        kind=LOAD, key=f"{LOAD}:{row.public_id}:{row.job}", args={"load": row.public_id}, now=now, rng=rng
    )
    Load.objects.filter(pk=row.pk, job=row.job).update(job=job.public_id)
    row.job = job.public_id
