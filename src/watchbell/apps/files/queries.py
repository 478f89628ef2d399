"""Who may read which file? The door every reader goes through; "not yours" and "not there" answer alike."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from watchbell.apps.files.models import Blob
from watchbell.domain.handling import Actor, ActorKind, Tlp, Viewer, may_see
from watchbell.outside.blobs import BlobStore, StoredBlob


@dataclass(frozen=True, slots=True)
class OpenFile:
    """A file someone may read: what is known of it, and its bytes, piece by piece, each verified."""

    public_id: str
    digest: str
    size: int
    marking: Tlp
    pieces: Iterator[bytes]


def open_for(viewer: Actor, public_id: str, *, now: datetime, store: BlobStore) -> OpenFile | None:
    """Return the file if this actor may read it at this moment, else None, whether or not it exists.

    Its organisation may, within its marking and once it is out of quarantine. A room that lets
    others see a file (a case its participants) decides that itself and opens it as its own system actor.
    """
    blob = Blob.objects.filter(public_id=public_id).first()
    if blob is None or not _may_read(viewer, blob, now):
        return None
    stored = StoredBlob(blob.token, blob.digest, blob.size)
    pieces = store.read(stored, key_id=blob.key_id)
    return OpenFile(blob.public_id, blob.digest, blob.size, Tlp(blob.marking), pieces)


def has_any() -> bool:
    """Return whether any file lies here, for whoever asks whether their key is needed."""
    return Blob.objects.exists()


def _may_read(viewer: Actor, blob: Blob, now: datetime) -> bool:
    if blob.keep_until is not None and blob.keep_until <= now:
        return False
    if viewer.kind is ActorKind.SYSTEM:
        return True
    is_owner = bool(blob.organisation_id) and viewer.organisation == blob.organisation_id
    is_named = is_owner and viewer.person is not None and viewer.person == blob.kept_by
    if not is_owner or blob.is_quarantined:
        return False
    return may_see(Tlp(blob.marking), Viewer(is_named=is_named, in_recipient_organisation=True))
