"""This will write what one organisation may know of the record, so that a stranger can check every line of it.

NDJSON, one canonical object a line: a signed header with size and root of the organisation's own
log and what the latest head says of it, then every entry of that log with salt, opening and
inclusion proof. Nothing in it moves when somebody else does something: decision 10.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from watchbell.apps.journal.body import crowd_of, instant
from watchbell.apps.journal.models import EntryConcern, OwnLog, Seal, TreeHead
from watchbell.apps.journal.services.heads import HEAD_KEY, head_mapping, view_of, views_of
from watchbell.apps.journal.services.recording import SALTS, Subject, record
from watchbell.apps.journal.services.sealing import concerned_by, deed_of, hold_fence, seal_everything
from watchbell.domain.canonical import canonical
from watchbell.domain.handling import Actor
from watchbell.domain.identity import Dice
from watchbell.domain.sealing import Frontier, Tree, leaf_hash
from watchbell.outside.keystore import Signer, attest

AT_ONCE = 500


class NoOrganisation(PermissionError):
    """An export was asked for by someone who acts for no organisation; nobody exports the whole record."""


@dataclass(frozen=True, slots=True)
class Export:
    """The lines of one export, made as they are read, and how many entries it holds."""

    lines: Iterator[bytes]
    entries: int


def export(*, by: Actor, now: datetime, keys: Signer, rng: Dice = SALTS) -> Export:
    """Return every entry that concerns the actor's organisation, under size and root signed for this export.

    The export is itself an entry. Raises NoOrganisation for an actor who acts for none.
    """
    if by.organisation is None:
        raise NoOrganisation("Sign in for an organisation first: an export holds what concerns one organisation.")
    with transaction.atomic():
        record(at=now, by=by, action="journal.export", subject=Subject("orgs.organisation", by.organisation), rng=rng)
    seal_everything()
    header, size = _header(by.organisation, now, keys)
    return Export(_lines(by.organisation, header, size), size)


def public_lines(heads: list[TreeHead]) -> Iterator[bytes]:
    """Yield the list of published heads for everyone: one canonical line each, oldest first."""
    for head in heads:
        yield _line({"head": _signed_head(head)})


@transaction.atomic
def _header(organisation: str, now: datetime, keys: Signer) -> tuple[bytes, int]:
    """Return the signed first line, and how many entries it promises; under the fence, so that head and log agree."""
    hold_fence()
    log = OwnLog.objects.get(organisation_id=organisation)
    head = TreeHead.objects.order_by("-size").first()
    statement = {
        "head": _signed_head(head) if head else None,
        "key": HEAD_KEY,
        "made_at": instant(now),
        "organisation": organisation,
        "root": Frontier.from_bytes(bytes(log.frontier)).root.hex(),
        "size": log.size,
        "type": "watchbell-journal-export-2",
        "view": _view(log, head) if head and log.shown_size else None,
    }
    public_key, signature = attest(keys, HEAD_KEY, canonical(statement))
    return _line({**statement, "public_key": public_key.hex(), "signature": signature.hex()}), log.size


def _view(log: OwnLog, head: TreeHead) -> dict[str, object]:
    """Return what the head says of this log, and the way from there to the hash that the head signs."""
    everybody = views_of(OwnLog.objects.filter(shown_size__gt=0), bytes(head.views_secret))
    opening = everybody.opening(view_of(log)).as_mapping()
    return {"opening": opening, "root": bytes(log.shown_root).hex(), "size": log.shown_size}


def _lines(organisation: str, header: bytes, size: int) -> Iterator[bytes]:
    yield header
    places = _places(organisation, size)
    tree = Tree([leaf_hash(commitment) for _, commitment in places])
    for start in range(0, size, AT_ONCE):
        page = _page([seq for seq, _ in places[start : start + AT_ONCE]])
        concerned = concerned_by(seal.entry_id for seal in page if seal.entry_id)
        for place, seal in enumerate(page, start):
            assert seal.entry is not None
            crowd = crowd_of(concerned[seal.entry.id], bytes(seal.entry.concern_salt))
            yield _line(
                {
                    "concern": crowd.opening(organisation.encode()).as_mapping(),
                    "entry": deed_of(seal.entry).as_mapping(crowd.root),
                    "place": place,
                    "proof": [step.hex() for step in tree.inclusion_proof(place)],
                    "salt": bytes(seal.entry.salt).hex(),
                }
            )


def _places(organisation: str, size: int) -> list[tuple[int, bytes]]:
    """Return where the first entries that concern an organisation are sealed, in order, with their commitments."""
    concerns = EntryConcern.objects.filter(organisation_id=organisation, entry__seal__isnull=False)
    places = concerns.values_list("entry__seal__seq", "entry__seal__commitment").iterator(chunk_size=5000)
    return sorted((seq, bytes(commitment)) for seq, commitment in places)[:size]


def _page(seqs: Sequence[int]) -> list[Seal]:
    return list(Seal.objects.filter(seq__in=seqs).select_related("entry").order_by("seq"))


def _signed_head(head: TreeHead) -> dict[str, object]:
    signature = {"public_key": bytes(head.public_key).hex(), "signature": bytes(head.signature).hex()}
    return {**head_mapping(head), **signature}


def _line(mapping: dict[str, object]) -> bytes:
    return canonical(mapping) + b"\n"
