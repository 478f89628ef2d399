"""What did the record look like then? Signed heads: one a day for everyone, and one for each export."""

from datetime import UTC, datetime, timedelta
from typing import Protocol

from django.db import transaction

from watchbell.apps.journal.body import instant
from watchbell.apps.journal.models import TreeHead
from watchbell.apps.journal.services.recording import SALT_BYTES, SALTS
from watchbell.apps.journal.services.sealing import append, hold_fence, padding, seal_everything
from watchbell.domain.canonical import canonical
from watchbell.domain.identity import Dice
from watchbell.domain.sealing import Frontier

HEAD_KEY = "journal-heads"
CADENCE = timedelta(days=1)
PADDED_TO = 256
EPOCH = datetime(2020, 1, 1, tzinfo=UTC)


class Signer(Protocol):
    """The part of a keystore that heads need: Ed25519, by the key's name."""

    def sign(self, key_id: str, data: bytes) -> bytes:
        """Return the signature of these bytes."""

    def public_key(self, key_id: str) -> bytes:
        """Return the 32 raw bytes of the key that checks it."""


def publish_head(*, now: datetime, keys: Signer, rng: Dice = SALTS) -> TreeHead | None:
    """This will publish the head of the running slot of the cadence, once; None when it is there already.

    Every published head is at least one padding step larger than the one before,
    whether anything happened or not: size and hour say little about volume.
    """
    slot = EPOCH + (now - EPOCH) // CADENCE * CADENCE
    if TreeHead.objects.filter(published_for=slot).exists():
        return None
    return _head(at=now, slot=slot, keys=keys, rng=rng)


def private_head(*, now: datetime, keys: Signer, rng: Dice = SALTS) -> TreeHead:
    """This will sign a head over everything recorded so far, for one export; it is not in the public list."""
    return _head(at=now, slot=None, keys=keys, rng=rng)


def signed_bytes(head: TreeHead) -> bytes:
    """Return what the signature of a head covers: canonical JSON (RFC 8785)."""
    return canonical(head_mapping(head))


def head_mapping(head: TreeHead) -> dict[str, object]:
    """Return a head as it is signed and published."""
    return {
        "at": instant(head.at),
        "chain": bytes(head.chain).hex(),
        "key": head.key_id,
        "published_for": instant(head.published_for) if head.published_for else "",
        "root": bytes(head.root).hex(),
        "size": head.size,
        "type": "watchbell-journal-head-1",
    }


def _head(*, at: datetime, slot: datetime | None, keys: Signer, rng: Dice) -> TreeHead:
    seal_everything()
    with transaction.atomic():
        fence = hold_fence()
        if slot is not None and (there := TreeHead.objects.filter(published_for=slot).first()):
            return there
        last = TreeHead.objects.order_by("-size").values_list("size", flat=True).first() or 0
        append(fence, [padding(rng.randbytes(SALT_BYTES)) for _ in range(_missing(fence.next_seq, last))])
        head = TreeHead(
            size=fence.next_seq,
            root=Frontier.from_bytes(bytes(fence.frontier)).root,
            chain=fence.chain,
            frontier=fence.frontier,
            at=at,
            published_for=slot,
            key_id=HEAD_KEY,
            public_key=keys.public_key(HEAD_KEY),
        )
        head.signature = keys.sign(HEAD_KEY, signed_bytes(head))
        head.save(force_insert=True)
        return head


def _missing(size: int, last: int) -> int:
    """Return how much padding brings `size` to the next step after the last head."""
    steps = max(-(-size // PADDED_TO), last // PADDED_TO + 1)
    return steps * PADDED_TO - size
