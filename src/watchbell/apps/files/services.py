"""This will keep bytes, let them out of quarantine, and remove what was kept long enough or belongs to no row."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import BinaryIO

from django.db import transaction

from watchbell.apps.files.models import Blob
from watchbell.apps.journal import services as journal
from watchbell.domain.handling import Actor, ActorKind, Tlp
from watchbell.domain.handling.tlp import UNMARKED
from watchbell.domain.identity import Dice, new_id
from watchbell.outside.blobs import BlobStore, StoredBlob

DEFAULT_LIMIT = 64 * 1024 * 1024
ORPHAN_AGE = timedelta(hours=24)
REMOVED_AT_ONCE = 200


class NotYours(PermissionError):
    """A file was to be let out of quarantine by someone who may not."""


class NotThere(LookupError):
    """There is no such file, or not in the state this needs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Keeping:
    """How a file is kept: whose it is, its label, its end, and the key that opens it."""

    organisation: str = ""
    key_id: str = "files"
    marking: Tlp = UNMARKED
    is_quarantined: bool = True
    keep_until: datetime | None = None
    max_bytes: int = DEFAULT_LIMIT


def keep(
    source: BinaryIO | bytes | StoredBlob, *, how: Keeping, store: BlobStore, by: Actor, now: datetime, rng: Dice
) -> Blob:
    """Seal the bytes onto the disk, and only then write the row that names them, in the caller's transaction if any.

    For large files call `put_away` before the transaction begins and give what it returned:
    sealing under SQLite's write lock would make everyone wait for the disk.

    A crash in between, or a caller that rolls back, leaves a sealed file that no row
    names; `sweep` removes it a day later. Raises Refused ("too-large") beyond `how.max_bytes`.
    """
    stored = source if isinstance(source, StoredBlob) else put_away(source, how=how, store=store)
    with transaction.atomic():
        blob = Blob.objects.create(
            public_id=new_id(rng),
            token=stored.token,
            digest=stored.digest,
            size=stored.size,
            key_id=how.key_id,
            organisation_id=how.organisation,
            kept_by=by.person or by.name,
            marking=how.marking,
            is_quarantined=how.is_quarantined,
            keep_until=how.keep_until,
            created_at=now,
        )
        journal.record(
            at=now,
            by=by,
            action="blob.kept",
            subject=blob,
            concerns=[how.organisation] if how.organisation else [],
            digests={"content": blob.digest},
            rng=rng,
        )
    return blob


def put_away(source: BinaryIO | bytes, *, how: Keeping, store: BlobStore) -> StoredBlob:
    """Seal the bytes onto the disk and return what their row will say; without a row they are swept a day later.

    Raises Refused ("too-large") beyond `how.max_bytes`.
    """
    return store.write(source, key_id=how.key_id, max_bytes=how.max_bytes)


@transaction.atomic
def release(*, public_id: str, by: Actor, now: datetime) -> None:
    """Let a file out of quarantine; only the node's own checks decide that. Raises NotYours, NotThere."""
    if by.kind is not ActorKind.SYSTEM:
        raise NotYours("A file leaves quarantine when the node's own checks have passed; nobody lets it out by hand.")
    if not Blob.objects.filter(public_id=public_id, is_quarantined=True).update(is_quarantined=False):
        raise NotThere("There is no file with this id in quarantine; it may have been released or removed already.")
    blob = Blob.objects.get(public_id=public_id)
    journal.record(at=now, by=by, action="blob.released", subject=blob, concerns=_owner(blob))


def end(*, public_ids: Iterable[str], now: datetime) -> None:
    """Let the time of these files be over now, so that `remove_expired` removes them next."""
    Blob.objects.filter(public_id__in=list(public_ids)).update(keep_until=now)


def remove_expired(*, store: BlobStore, by: Actor, now: datetime) -> int:
    """Remove the files whose time is over, each with its entry, and return how many.

    The row goes first: a crash in between leaves an orphan, never a row without bytes.
    """
    over = Blob.objects.filter(keep_until__lte=now).order_by("keep_until")[:REMOVED_AT_ONCE]
    return sum(_remove(blob, store=store, by=by, now=now) for blob in over)


def sweep(*, store: BlobStore, now: datetime) -> int:
    """Remove sealed files that no row names and that are older than a day; return how many."""
    return store.sweep(_NamedByARow(), older_than=ORPHAN_AGE, now=now)


class _NamedByARow:
    """Every token some row names, asked one by one so that a large store costs no memory."""

    def __contains__(self, token: object) -> bool:
        return Blob.objects.filter(token=token).exists()


def _remove(blob: Blob, *, store: BlobStore, by: Actor, now: datetime) -> int:
    with transaction.atomic():
        if not Blob.objects.filter(pk=blob.pk, keep_until__lte=now).delete()[0]:
            return 0  # someone extended or removed it meanwhile
        journal.record(
            at=now,
            by=by,
            action="blob.removed",
            subject=journal.Subject("files.blob", blob.public_id),
            concerns=_owner(blob),
            digests={"content": blob.digest},
        )
    store.delete(blob.token)
    return 1


def _owner(blob: Blob) -> list[str]:
    return [blob.organisation_id] if blob.organisation_id else []
