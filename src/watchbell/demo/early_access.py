"""A lab offers early access to two models on its own terms, an evaluator uses them, and the lab takes one back.

Each party's signing key lies in a folder of its own beside the node's home, as it would on the party's machine.
"""

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings

from watchbell.apps.engagements import queries, services
from watchbell.apps.engagements.services import Endpoint, Signing, metering
from watchbell.domain.metering import Admission, Ask, Dialect, Ending, Settlement, Usage
from watchbell.domain.terms import Limits, Purpose, Terms, signed_bytes
from watchbell.doors import keys

if TYPE_CHECKING:
    from watchbell.apps.engagements.models import Engagement, ModelVersion
    from watchbell.demo.story import Story
    from watchbell.demo.telling import Step

MODELS: Final = {"northlight-3": "Northlight 3, before release", "northlight-3-mini": "Northlight 3 mini"}
LIMITS: Final = Limits(requests=20_000, tokens=40_000_000, per_minute=120, at_once=16)
TOKENS: Final = Usage(input_tokens=900, output_tokens=400)
RESERVED: Final = Usage(input_tokens=4000, output_tokens=2000)
CALLS: Final = 6


@dataclass(frozen=True, slots=True)
class Pen:
    """A party's own signing key, in a file that the node never reads."""

    file: Path

    def make(self) -> bytes:
        """Write a new key, readable by its owner only, and return its public half."""
        secret = Ed25519PrivateKey.generate()
        pem = secret.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        self.file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.file.touch(mode=0o600)
        self.file.write_bytes(pem)
        return secret.public_key().public_bytes_raw()

    def sign(self, signing: Signing) -> bytes:
        """Return the signature under what is to be signed."""
        return self.sign_bytes(signed_bytes(signing.statement.payload))

    def sign_bytes(self, data: bytes) -> bytes:
        """Return the signature under these bytes."""
        secret = serialization.load_pem_private_key(self.file.read_bytes(), password=None)
        if not isinstance(secret, Ed25519PrivateKey):
            raise RuntimeError(f"{self.file} is no Ed25519 key")
        return secret.sign(data)


def begin(story: "Story", step: "Step") -> None:
    """Let the lab register two models, both parties sign, and access to both begin."""
    for party in ("lab", "evaluator"):
        services.add_signing_key(pen(party).make(), by=story.actors[party], now=story.now, rng=story.rng)
    for name, title in MODELS.items():
        digest = hashlib.sha256(f"weights of {title}".encode()).hexdigest()
        model = services.register_model(title, digest, **_deed(story, "lab"))
        engagement = _started(story, model, Terms(model_digest=digest, models=(name,), limits=LIMITS))
        url = story.model_url or "https://models.lab.example"
        endpoint = Endpoint(base_url=url, credential="demo-only", models={name: f"{name}-2026-11"})
        services.set_endpoint(engagement, endpoint, allow=[url] if story.model_url else [], **_deed(story, "lab"))
        story.engagement_ids.append(engagement.public_id)
        ends_at = engagement.ends_at
    step.figure = f"{len(MODELS)} models by digest, terms signed by both; ends by itself {ends_at:%d %b %H:%M} UTC"
    step.counts = {"engagements": len(MODELS)}


def use_and_withdraw(story: "Story", step: "Step") -> None:
    """Let the evaluator call both models; the lab pauses one, reads the log, withdraws it, and leaves the other."""
    withdrawn, running = (queries.named(one) for one in story.engagement_ids)
    story.now = story.ends_at - timedelta(hours=6)
    texts = {one.pk: services.mint(one, Purpose.RUN, **_deed(story, "evaluator")).text for one in (withdrawn, running)}
    calls = sum(_call(story, texts[one.pk], name) for one, name in zip((withdrawn, running), MODELS, strict=True))
    lab = story.actors["lab"]
    services.pause(withdrawn, by=lab, now=story.now)
    if _call(story, texts[withdrawn.pk], next(iter(MODELS))):
        raise RuntimeError("a paused model answered")
    lines = queries.lines_of(withdrawn).count()
    story.now = story.ends_at - timedelta(hours=5)
    services.withdraw(withdrawn, **_deed(story, "lab"))
    if _call(story, texts[withdrawn.pk], next(iter(MODELS))):
        raise RuntimeError("a withdrawn model answered")
    story.now = story.ends_at
    story.gateway_token = services.mint(running, Purpose.RUN, **_deed(story, "evaluator")).text
    receipts = queries.receipts_of(withdrawn).count()
    clock = queries.clock_of(running, now=story.now)
    day = clock.day if clock else 0
    step.figure = (
        f"{calls} calls, {lines} lines in the lab's log; one withdrawn with {receipts} destruction receipts;"
        f" the other: day {day} of 30"
    )
    step.counts = {"model_calls": calls, "receipts": receipts}


def _started(story: "Story", model: "ModelVersion", terms: Terms) -> "Engagement":
    """Return an engagement that went from a draft to its start, each statement signed by its party's own key."""
    lab, theo = _deed(story, "lab"), _deed(story, "evaluator")
    store, people = keys.keystore(), [str(story.actors["evaluator"].person)]
    engagement = services.draft(model, str(story.actors["evaluator"].organisation), terms, **lab)
    offer = pen("lab").sign(services.offer_to_sign(engagement, keys=store))
    engagement = services.offer(engagement, offer, by=lab["by"], now=story.now, keys=store)
    services.open_terms(engagement, Purpose.READ_RESULTS, **theo)
    agreement = pen("evaluator").sign(services.agreement_to_sign(engagement, people))
    engagement = services.agree(engagement, people, agreement, **theo)
    return services.start(engagement, pen("lab").sign(services.start_to_sign(engagement)), **lab)


def _call(story: "Story", text: str, model: str) -> int:
    """Ask the ledger for some calls and settle them as the gateway would; return how many were let through."""
    chain = metering.open_chain(rng=story.rng)
    asked = [hashlib.sha256(f"{model} {number}".encode()).hexdigest() for number in range(CALLS)]
    asks = [
        Ask(token=text, dialect=Dialect.MESSAGES, model=model, most=RESERVED, request_digest=digest) for digest in asked
    ]
    answers = metering.admit(asks, chain=chain, now=story.now, keys=keys.keystore(), rng=story.rng)
    admitted = [one for one in answers if isinstance(one, Admission)]
    metering.settle([_settlement(one) for one in admitted], now=story.now)
    return len(admitted)


def _settlement(admission: Admission) -> Settlement:
    digest = hashlib.sha256(admission.call.encode()).hexdigest()
    return Settlement(
        call=admission.call,
        ending=Ending.ANSWERED,
        status=200,
        usage=TOKENS,
        response_digest=digest,
        response_bytes=1800,
    )


def pen(party: str) -> Pen:
    """Return a party's own signing key."""
    return Pen(settings.WATCHBELL.home / "parties" / party / "signing.key")


def _deed(story: "Story", party: str) -> dict[str, Any]:
    return {"by": story.actors[party], "now": story.now, "keys": keys.keystore(), "rng": story.rng}
