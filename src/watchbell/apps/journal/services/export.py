"""This will write what one organisation may know of the record, so that a stranger can check every line of it.

NDJSON, one canonical object a line: a signed header with the head, the entries that
concern the organisation (each with salt, opening and inclusion proof, and the hash of
the line before), and a signed last line with their number. See `docs/decisions/0004-journal.md`.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from watchbell.apps.journal.body import instant
from watchbell.apps.journal.models import EntryConcern, Seal, TreeHead
from watchbell.apps.journal.services.heads import HEAD_KEY, Signer, head_mapping, private_head
from watchbell.apps.journal.services.recording import SALTS, Subject, record
from watchbell.apps.journal.services.sealing import concerns_of, deed_of
from watchbell.domain.canonical import canonical
from watchbell.domain.handling import Actor
from watchbell.domain.identity import Dice
from watchbell.domain.sealing import Tree, leaf_hash

AT_ONCE = 500


class NoOrganisation(PermissionError):
    """An export was asked for by someone who acts for no organisation; nobody exports the whole record."""


@dataclass(frozen=True, slots=True)
class Export:
    """The lines of one export, made as they are read."""

    lines: Iterator[bytes]
    head: TreeHead


def export(*, by: Actor, now: datetime, keys: Signer, rng: Dice = SALTS) -> Export:
    """Return the entries that concern the actor's organisation, under a head signed for this export.

    The export is itself an entry, so two exports never show whether others were idle in between.
    Raises NoOrganisation for an actor who acts for none.
    """
    if by.organisation is None:
        raise NoOrganisation("Sign in for an organisation first: an export holds what concerns one organisation.")
    with transaction.atomic():
        record(at=now, by=by, action="journal.export", subject=Subject("orgs.organisation", by.organisation), rng=rng)
    head = private_head(now=now, keys=keys, rng=rng)
    return Export(_lines(by.organisation, head, keys), head)


def public_lines(heads: list[TreeHead]) -> Iterator[bytes]:
    """Yield the list of published heads for everyone: one canonical line each, oldest first."""
    for head in heads:
        yield canonical({"head": _signed_head(head)}) + b"\n"


def _lines(organisation: str, head: TreeHead, keys: Signer) -> Iterator[bytes]:
    line = _signed(
        {
            "head": _signed_head(head),
            "made_at": instant(head.at),
            "organisation": organisation,
            "type": "watchbell-journal-export-1",
        },
        keys,
    )
    yield line
    tree, count = _tree(head.size), 0
    for seals in _pages(organisation, head.size):
        concerns = concerns_of([seal.entry for seal in seals if seal.entry])
        for seal in seals:
            assert seal.entry is not None
            tree_of_concerns = concerns[seal.entry.id]
            line = _line(
                {
                    "concern": tree_of_concerns.opening(organisation).as_mapping(),
                    "entry": deed_of(seal.entry).as_mapping(tree_of_concerns.root),
                    "previous": hashlib.sha256(line).hexdigest(),
                    "proof": [step.hex() for step in tree.inclusion_proof(seal.seq)],
                    "salt": bytes(seal.entry.salt).hex(),
                    "seq": seal.seq,
                }
            )
            yield line
            count += 1
    yield _signed({"entries": count, "previous": hashlib.sha256(line).hexdigest()}, keys)


def _pages(organisation: str, size: int) -> Iterator[list[Seal]]:
    """Yield the seals of this organisation's entries under the head, in order, some hundreds at a time."""
    under = {"entry__seal__seq__lt": size, "organisation_id": organisation}
    places = sorted(EntryConcern.objects.filter(**under).values_list("entry__seal__seq", flat=True))
    for start in range(0, len(places), AT_ONCE):
        page = Seal.objects.filter(seq__in=places[start : start + AT_ONCE])
        yield list(page.select_related("entry").order_by("seq"))


def _tree(size: int) -> Tree:
    commitments = Seal.objects.filter(seq__lt=size).order_by("seq").values_list("commitment", flat=True)
    return Tree([leaf_hash(bytes(value)) for value in commitments.iterator(chunk_size=5000)])


def _signed_head(head: TreeHead) -> dict[str, object]:
    signature = {"public_key": bytes(head.public_key).hex(), "signature": bytes(head.signature).hex()}
    return {**head_mapping(head), **signature}


def _signed(mapping: dict[str, object], keys: Signer) -> bytes:
    return _line({**mapping, "signature": keys.sign(HEAD_KEY, canonical(mapping)).hex()})


def _line(mapping: dict[str, object]) -> bytes:
    return canonical(mapping) + b"\n"
