"""What exactly does a party sign? Short canonical statements, each about one engagement, in DSSE's envelope.

A signature covers the statement's kind as well as its bytes (DSSE v1, "PAE"), so that none can be used as another.
Whoever holds the key can sign with any tool; the node only ever sees public halves.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from watchbell.domain.canonical import canonical, digest
from watchbell.domain.terms.terms import Terms

PAYLOAD_TYPE: Final = "application/vnd.watchbell.engagement+json"


class StatementKind(StrEnum):
    """What a party says by signing; the value stands in the statement, with the version of its form."""

    OFFER = "watchbell-offer-1"
    AGREEMENT = "watchbell-agreement-1"
    START = "watchbell-start-1"
    ADMISSION = "watchbell-admission-1"


@dataclass(frozen=True, slots=True)
class Statement:
    """One thing to be signed: its JSON values."""

    content: dict[str, object]

    @property
    def kind(self) -> StatementKind:
        """Return what a party says by signing it."""
        return StatementKind(str(self.content["statement"]))

    @property
    def payload(self) -> bytes:
        """Return the canonical bytes (RFC 8785): the file a party signs."""
        return canonical(self.content)

    @property
    def digest(self) -> str:
        """Return the SHA-256 of the payload, in hex."""
        return digest(self.content).hex()


def offer(*, engagement: str, number: int, developer: str, evaluator: str, terms: Terms) -> Statement:
    """Return what the developer signs to offer these terms, as their `number`-th version, to one evaluator."""
    return Statement(
        {
            "statement": StatementKind.OFFER.value,
            "engagement": engagement,
            "number": number,
            "developer": developer,
            "evaluator": evaluator,
            "terms": terms.as_mapping(),
        }
    )


def agreement(*, engagement: str, offer: str, personnel: Iterable[str]) -> Statement:
    """Return what the evaluator signs to agree to an offer, by its digest, naming its people by their opaque ids."""
    return Statement(
        {
            "statement": StatementKind.AGREEMENT.value,
            "engagement": engagement,
            "offer": offer,
            "personnel": sorted(set(personnel)),
        }
    )


def start(*, engagement: str, agreement: str) -> Statement:
    """Return what the developer signs to open the window for the people of an agreement, by its digest."""
    return Statement({"statement": StatementKind.START.value, "engagement": engagement, "agreement": agreement})


def admission(*, engagement: str, agreement: str, person: str) -> Statement:
    """Return what the developer signs to let in one more person whom the evaluator named."""
    content = {"statement": StatementKind.ADMISSION.value, "engagement": engagement, "agreement": agreement}
    return Statement({**content, "person": person})


def signed_bytes(payload: bytes, payload_type: str = PAYLOAD_TYPE) -> bytes:
    """Return the bytes a signature is made over: DSSE's pre-authentication encoding."""
    kind = payload_type.encode()
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)
