"""What did the record look like then? One signed head a day, for everyone, over the record and everybody's own log."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from django.db import transaction

from watchbell.apps.journal.body import instant
from watchbell.apps.journal.crowd import Crowd
from watchbell.apps.journal.models import OwnLog, TreeHead
from watchbell.apps.journal.services.recording import SALT_BYTES, SALTS
from watchbell.apps.journal.services.sealing import append, hold_fence, padding, seal_everything
from watchbell.domain.canonical import canonical
from watchbell.domain.identity import Dice
from watchbell.domain.sealing import Frontier
from watchbell.outside.keystore import Signer, attest

HEAD_KEY = "journal-heads"
CADENCE = timedelta(days=1)
PADDED_TO = 256
FEWEST_VIEWS = 256
EPOCH = datetime(2020, 1, 1, tzinfo=UTC)


def publish_head(*, now: datetime, keys: Signer, rng: Dice = SALTS) -> TreeHead | None:
    """This will publish the head of the running slot of the cadence, once; None when it is there already.

    Every published head is at least one padding step larger than the one before,
    whether anything happened or not: size and hour say little about volume.
    """
    slot = EPOCH + (now - EPOCH) // CADENCE * CADENCE
    if TreeHead.objects.filter(published_for=slot).exists():
        return None
    return _head(at=now, slot=slot, keys=keys, rng=rng)


def signed_bytes(head: TreeHead) -> bytes:
    """Return what the signature of a head covers: canonical JSON (RFC 8785)."""
    return canonical(head_mapping(head))


def head_mapping(head: TreeHead) -> dict[str, object]:
    """Return a head as it is signed and published."""
    return {
        "at": instant(head.at),
        "chain": bytes(head.chain).hex(),
        "key": head.key_id,
        "published_for": instant(head.published_for),
        "root": bytes(head.root).hex(),
        "size": head.size,
        "type": "watchbell-journal-head-2",
        "views": bytes(head.views).hex(),
    }


def views_of(logs: Iterable[OwnLog], secret: bytes) -> Crowd:
    """Return the own logs as a head shows them, so that each organisation can be shown its own and no other."""
    return Crowd(map(view_of, logs), secret, label=b"view:", fewest=FEWEST_VIEWS)


def view_of(log: OwnLog) -> bytes:
    """Return what a head says of one organisation's log: canonical JSON (RFC 8785)."""
    shown = {"organisation": log.organisation_id, "root": bytes(log.shown_root).hex(), "size": log.shown_size}
    return canonical(shown)


def _head(*, at: datetime, slot: datetime, keys: Signer, rng: Dice) -> TreeHead:
    seal_everything()
    with transaction.atomic():
        fence = hold_fence()
        if there := TreeHead.objects.filter(published_for=slot).first():
            return there
        last = TreeHead.objects.order_by("-size").values_list("size", flat=True).first() or 0
        append(fence, [padding(rng.randbytes(SALT_BYTES)) for _ in range(_missing(fence.next_seq, last))])
        secret = rng.randbytes(SALT_BYTES)
        head = TreeHead(
            size=fence.next_seq,
            root=Frontier.from_bytes(bytes(fence.frontier)).root,
            chain=fence.chain,
            frontier=fence.frontier,
            views=views_of(_shown(), secret).root,
            views_secret=secret,
            at=at,
            published_for=slot,
            key_id=HEAD_KEY,
        )
        head.public_key, head.signature = attest(keys, HEAD_KEY, signed_bytes(head))
        head.save(force_insert=True)
        return head


def _shown() -> list[OwnLog]:
    """Return every log, noting that the next head shows all of it."""
    logs = list(OwnLog.objects.all())
    for log in logs:
        log.shown_size, log.shown_root = log.size, Frontier.from_bytes(bytes(log.frontier)).root
    OwnLog.objects.bulk_update(logs, ["shown_size", "shown_root"], batch_size=100)
    return logs


def _missing(size: int, last: int) -> int:
    """Return how much padding brings `size` to the next step after the last head."""
    steps = max(-(-size // PADDED_TO), last // PADDED_TO + 1)
    return steps * PADDED_TO - size
