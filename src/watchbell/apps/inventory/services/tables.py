"""This will leave a large table of many assets to a job; asset by asset it goes on where it was killed.

Each asset's list is in force as soon as it is built. One that got another list since the
table was handed in keeps that one.
"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from django.db import transaction

from watchbell.apps.files import queries as files
from watchbell.apps.inventory.contents import TableAsset
from watchbell.apps.inventory.models import Document
from watchbell.apps.inventory.services import building, loading, loads
from watchbell.apps.inventory.services.loading import Loaded, Received
from watchbell.apps.inventory.services.rights import require_operator
from watchbell.apps.inventory.tables import LOADER, TABLE, key_of
from watchbell.apps.jobs import queries as work
from watchbell.apps.jobs import services as jobs
from watchbell.apps.jobs.progress import GiveUp, Progress
from watchbell.apps.journal import services as journal
from watchbell.domain.handling import Actor
from watchbell.domain.identity import Dice
from watchbell.outside.blobs import BlobStore

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def hand_in_table(received: Received, *, organisation: str, by: Actor, now: datetime, rng: Dice) -> Loaded:
    """Load a table as `load_csv` does, but leave a large one to a job; `load` then is its document's id.

    Raises as `load_csv` does, and TooManyWaiting.
    """
    require_operator(by, organisation)
    tables, refused = loading.read_table(received.content)
    if received.store is None or lines_of(tables) <= loads.MANY_LINES:
        return loading.load_csv(received, organisation=organisation, by=by, now=now, rng=rng)
    if work.count_unfinished_of(key_of(organisation)) >= loads.MOST_WAITING:
        raise loads.TooManyWaiting(str(loads.TooManyWaiting.__doc__))
    document = loading.document_of(received, "CSV", organisation, by, now, rng, len(refused))
    _put_on_the_list(document, by=by, now=now, rng=rng)
    return Loaded(load=document.public_id)


def lines_of(tables: list[TableAsset]) -> int:
    """Return how many lines there are to load."""
    return sum(building.lines_of(one.contents) for one in tables)


def load_table(document: str, *, received: int, store: BlobStore, progress: Progress, now: datetime, rng: Dice) -> None:
    """Load what is left of a large table, as its job; `received` is when it was handed in, in microseconds."""
    row = Document.objects.filter(public_id=document).first()
    if row is None:
        return
    file = files.open_for(LOADER, row.blob_id, now=now, store=store)
    if file is None:
        raise GiveUp("The sealed document is gone.")
    loading.load_csv(
        Received(content=b"".join(file.pieces), store=store),
        organisation=row.organisation_id,
        by=replace(LOADER, organisation=row.organisation_id),
        now=now,
        rng=rng,
        handed_in_at=_EPOCH + timedelta(microseconds=received),
        told=lambda done, total: _tell(progress, done, total),
    )


def _tell(progress: Progress, done: int, total: int) -> None:
    progress.report(done=done, total=total)
    progress.checkpoint()


@transaction.atomic
def _put_on_the_list(document: Document, *, by: Actor, now: datetime, rng: Dice) -> None:
    """This will ask for the job unless it waits or runs; the key names the one before, so two ask for one."""
    begin = key_of(document.organisation_id, document.public_id)
    before = work.latest_of(begin)
    if before is not None and before.state in work.ACTIVE:
        return
    received = (now - _EPOCH) // timedelta(microseconds=1)
    args: dict[str, str | int | bool | None] = {"document": document.public_id, "received": received}
    jobs.enqueue(kind=TABLE, key=f"{begin}{before.public_id if before else ''}", args=args, now=now, rng=rng)
    journal.record(
        at=now,
        by=by,
        action="inventory.received",
        subject=document,
        concerns=[document.organisation_id],
        digests={"document": document.digest},
        rng=rng,
    )
