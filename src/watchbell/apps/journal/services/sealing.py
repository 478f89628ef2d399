"""Which entry came first? One sealer at a time says so, in seals that hold one another."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db import transaction

from watchbell.apps.journal.body import Concerns, Deed, sealed_bytes
from watchbell.apps.journal.models import Entry, EntryConcern, Fence, Seal, Unsealed
from watchbell.domain.sealing import GENESIS, Frontier, chain, commitment, leaf_hash

MOST_AT_ONCE = 250  # 42 ms on SQLite: no write transaction holds people up for longer than 50
PADDING_BODY = b"padding"


@dataclass(frozen=True, slots=True)
class Leaf:
    """What goes under one seal: the commitment, and where its opening is kept."""

    commitment: bytes
    entry_id: int | None = None
    padding_salt: bytes | None = None


@transaction.atomic
def seal_waiting(*, limit: int = MOST_AT_ONCE) -> int:
    """This will seal up to `limit` waiting entries in the order of their ids, and return how many.

    Ids may commit out of order, so the order that counts is the seals': only the holder of
    the fence gives it, and a second sealer waits for the first and then sees its work.
    """
    fence = hold_fence()
    waiting = list(Unsealed.objects.order_by("entry_id").values_list("entry_id", flat=True)[:limit])
    if not waiting:
        return 0
    append(fence, _leaves_of(waiting))
    Unsealed.objects.filter(entry_id__in=waiting).delete()
    return len(waiting)


def seal_everything() -> int:
    """This will seal until nothing waits, in short transactions, and return how many entries that were."""
    total = 0
    while Unsealed.objects.exists():
        total += seal_waiting()
    return total


def hold_fence() -> Fence:
    """Return the fence, locked until the transaction ends.

    On SQLite the transaction itself is the lock: it is IMMEDIATE, so writers queue.
    """
    Fence.objects.get_or_create(id=1, defaults={"chain": GENESIS, "frontier": Frontier().to_bytes()})
    return Fence.objects.select_for_update().get(id=1)


def append(fence: Fence, leaves: Sequence[Leaf]) -> None:
    """This will write one seal a leaf and move the fence; the caller holds the fence."""
    edge, last, seals = Frontier.from_bytes(bytes(fence.frontier)), bytes(fence.chain), []
    for seq, leaf in enumerate(leaves, start=fence.next_seq):
        last, edge = chain(last, leaf.commitment), edge.append(leaf_hash(leaf.commitment))
        seals.append(
            Seal(
                seq=seq,
                entry_id=leaf.entry_id,
                padding_salt=leaf.padding_salt,
                commitment=leaf.commitment,
                chain=last,
            )
        )
    Seal.objects.bulk_create(seals, batch_size=150)  # 5 columns: under SQLite's 999 variables of old
    fence.next_seq, fence.chain, fence.frontier = edge.size, last, edge.to_bytes()
    fence.save(update_fields=["next_seq", "chain", "frontier"])


def deed_of(entry: Entry) -> Deed:
    """Return what an entry says, as it is sealed."""
    return Deed(
        public_id=entry.public_id,
        action=entry.action,
        at=entry.at,
        actor_kind=entry.actor_kind,
        actor_id=entry.actor_id,
        organisation_id=entry.organisation_id,
        subject_kind=entry.subject_kind,
        subject_id=entry.subject_id,
        digests=entry.digests,
        facts=entry.facts,
    )


def concerns_of(entries: Iterable[Entry]) -> dict[int, Concerns]:
    """Return the tree of concerned organisations of each entry, by the entry's id; one look for all of them."""
    secrets = {entry.id: bytes(entry.concern_salt) for entry in entries}
    names: dict[int, list[str]] = {entry_id: [] for entry_id in secrets}
    rows = EntryConcern.objects.filter(entry_id__in=secrets).values_list("entry_id", "organisation_id")
    for entry_id, organisation in rows:
        names[entry_id].append(organisation)
    return {entry_id: Concerns(names[entry_id], secret) for entry_id, secret in secrets.items()}


def _leaves_of(entry_ids: Sequence[int]) -> list[Leaf]:
    entries = list(Entry.objects.filter(id__in=entry_ids).order_by("id"))
    concerns = concerns_of(entries)
    return [
        Leaf(commitment(bytes(entry.salt), sealed_bytes(deed_of(entry), concerns[entry.id].root)), entry_id=entry.id)
        for entry in entries
    ]


def padding(salt: bytes) -> Leaf:
    """Return a leaf that stands for nothing and can be opened to show it."""
    return Leaf(commitment(salt, PADDING_BODY), padding_salt=salt)
