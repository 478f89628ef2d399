"""Which entry came first? One sealer at a time says so, in seals that hold one another."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db import transaction

from watchbell.apps.journal.body import Deed, crowd_of, sealed_bytes
from watchbell.apps.journal.models import Entry, EntryConcern, Fence, OwnLog, Seal, Unsealed
from watchbell.domain.sealing import GENESIS, Frontier, chain, commitment, leaf_hash

MOST_AT_ONCE = 250  # 42 ms on SQLite: no write transaction holds people up for longer than 50
PADDING_BODY = b"padding"


@dataclass(frozen=True, slots=True)
class Leaf:
    """What goes under one seal: the commitment, where its opening is kept, and in whose own logs it stands too."""

    commitment: bytes
    entry_id: int | None = None
    padding_salt: bytes | None = None
    concerns: tuple[str, ...] = ()


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
    """This will write one seal a leaf, append to the own logs, and move the fence; the caller holds the fence."""
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
    _append_to_own_logs(leaves)


def _append_to_own_logs(leaves: Sequence[Leaf]) -> None:
    """This will append each leaf to the log of each organisation it concerns."""
    concerned = {name for leaf in leaves for name in leaf.concerns}
    if not concerned:
        return
    known = OwnLog.objects.filter(organisation_id__in=concerned)
    edges = dict.fromkeys(concerned, Frontier())
    edges |= {log.organisation_id: Frontier.from_bytes(bytes(log.frontier)) for log in known}
    for leaf in leaves:
        for name in leaf.concerns:
            edges[name] = edges[name].append(leaf_hash(leaf.commitment))
    logs = [OwnLog(organisation_id=name, size=edge.size, frontier=edge.to_bytes()) for name, edge in edges.items()]
    OwnLog.objects.bulk_create(
        logs,
        update_conflicts=True,
        unique_fields=["organisation_id"],
        update_fields=["size", "frontier"],
        batch_size=150,
    )


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


def concerned_by(entry_ids: Iterable[int]) -> dict[int, tuple[str, ...]]:
    """Return the organisations each entry concerns, by the entry's id; one look for all of them."""
    names: dict[int, tuple[str, ...]] = dict.fromkeys(entry_ids, ())
    for entry_id, name in EntryConcern.objects.filter(entry_id__in=names).values_list("entry_id", "organisation_id"):
        names[entry_id] += (name,)
    return names


def _leaves_of(entry_ids: Sequence[int]) -> list[Leaf]:
    concerned = concerned_by(entry_ids)
    leaves = []
    for entry in Entry.objects.filter(id__in=entry_ids).order_by("id"):
        names = concerned[entry.id]
        body = sealed_bytes(deed_of(entry), crowd_of(names, bytes(entry.concern_salt)).root)
        leaves.append(Leaf(commitment(bytes(entry.salt), body), entry_id=entry.id, concerns=names))
    return leaves


def padding(salt: bytes) -> Leaf:
    """Return a leaf that stands for nothing and can be opened to show it."""
    return Leaf(commitment(salt, PADDING_BODY), padding_salt=salt)
