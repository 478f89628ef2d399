"""Every touch of a model and of its material leaves a line, in a chain of its writer, before the answer goes out.

One chain for each writer: the node's own deeds share one, each gateway process has its own. The heads
are anchored in the record, so that a line can be neither taken out nor put in later.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction

from watchbell.apps import statements
from watchbell.apps.engagements.models import AccessChain, AccessLine, Engagement
from watchbell.apps.engagements.queries import works_on
from watchbell.apps.engagements.services.standing import NotAllowed, held, record
from watchbell.apps.engagements.words import What
from watchbell.apps.journal.body import Scalar, instant
from watchbell.apps.journal.services import HEAD_KEY, Signer
from watchbell.domain.canonical import canonical
from watchbell.domain.handling import Actor, system
from watchbell.domain.sealing.chain import GENESIS, chain
from watchbell.outside.keystore import attest

NODE = "node"
ANCHORER = system("anchorer")
AT_ONCE = 500
_own = statements.Look(
    lambda engagement, writer: AccessChain.objects.select_for_update().filter(engagement=engagement, writer=writer)
)


@dataclass(frozen=True, slots=True)
class Touch:
    """One line to be written: what was done, by which person, and facts that are codes, counts, ids and digests."""

    what: What
    person: str = ""
    facts: Mapping[str, Scalar] = field(default_factory=dict)


def write(engagement: Engagement, touches: Sequence[Touch], *, now: datetime, writer: str = NODE) -> AccessChain:
    """Write these lines into the caller's transaction, in order, at the end of the writer's chain; return the chain.

    The engagement is held: whoever writes to one of its chains waits for everybody else who does.
    """
    own = _chain_of(engagement, writer)
    if not touches:
        return own
    head, lines = bytes(own.head), []
    for seq, touch in enumerate(touches, own.size):
        entry = canonical({**touch.facts, "at": instant(now), "what": touch.what.value, "person": touch.person})
        head = chain(head, hashlib.sha256(entry).digest())
        lines.append(
            AccessLine(
                chain=own,
                engagement=engagement,
                seq=seq,
                at=now,
                what=touch.what,
                person=touch.person,
                entry=entry,
                hash=head,
            )
        )
    statements.insert(lines)
    own.size, own.head = own.size + len(lines), head
    statements.update(AccessChain, own.pk, size=own.size, head=own.head)
    return own


def _chain_of(engagement: Engagement, writer: str) -> AccessChain:
    own = _own(engagement=engagement.pk, writer=writer)
    return own[0] if own else AccessChain.objects.create(engagement=engagement, writer=writer, head=GENESIS)


def touched(by: Actor, what: What, **facts: Scalar) -> Touch:
    """Return a line about somebody's deed."""
    return Touch(what, by.person or "", {"organisation": by.organisation or "", **facts})


@transaction.atomic
def anchor(engagement: Engagement, *, now: datetime) -> int:
    """Write the head of every chain that grew into the record, for those who may read it; return how many did."""
    engagement = held(engagement)
    grown = [one for one in engagement.chains.select_for_update().order_by("writer") if one.size > one.anchored_size]
    for own in grown:
        head = {"head": bytes(own.head).hex()}
        record(
            "engagement.log_anchored",
            engagement,
            by=ANCHORER,
            now=now,
            digests=head,
            chain=own.writer,
            size=own.size,
        )
        AccessChain.objects.filter(pk=own.pk).update(anchored_size=own.size)
    return len(grown)


@transaction.atomic
def export(engagement: Engagement, *, by: Actor, now: datetime, keys: Signer) -> Iterator[bytes]:
    """Return the whole log as NDJSON that a stranger can check: a signed header, then every line of every chain.

    The export is itself a line, and in it. See docs/standards/engagement-statements.md for the bytes.
    Raises NotAllowed for anyone but the two parties.
    """
    if by.organisation != engagement.developer and not works_on(engagement, by):
        raise NotAllowed("Only people of this engagement take its access log along.")
    engagement = held(engagement)
    write(engagement, [touched(by, What.EXPORTED, material="log")], now=now)
    anchor(engagement, now=now)
    chains = list(engagement.chains.order_by("writer").values_list("pk", "writer", "size", "head"))
    statement = {
        "chains": [{"chain": name, "head": bytes(head).hex(), "size": size} for _, name, size, head in chains],
        "engagement": engagement.public_id,
        "key": HEAD_KEY,
        "lines": sum(size for _, _, size, _ in chains),
        "made_at": instant(now),
        "type": "watchbell-access-log-1",
    }
    public_key, signature = attest(keys, HEAD_KEY, canonical(statement))
    first = {**statement, "public_key": public_key.hex(), "signature": signature.hex()}
    return _lines(canonical(first) + b"\n", [(pk, name, size) for pk, name, size, _ in chains])


def _lines(header: bytes, chains: list[tuple[int, str, int]]) -> Iterator[bytes]:
    yield header
    for pk, name, size in chains:
        previous = GENESIS
        for start in range(0, size, AT_ONCE):
            page = AccessLine.objects.filter(chain=pk, seq__gte=start, seq__lt=min(start + AT_ONCE, size))
            for line in page.order_by("seq"):
                yield b'{"chain":"%b","entry":%b,"hash":"%b","previous":"%b","seq":%d}\n' % (
                    name.encode(),
                    bytes(line.entry),
                    bytes(line.hash).hex().encode(),
                    previous.hex().encode(),
                    line.seq,
                )
                previous = bytes(line.hash)
