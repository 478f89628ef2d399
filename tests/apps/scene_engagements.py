"""An engagement of the cast's lab and evaluator, as far as a test wants it, signed with keys the parties hold."""

import random
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tests.conftest import NOON
from tests.support.cast import Cast, Player

from watchbell.apps.engagements import services
from watchbell.apps.engagements.models import Engagement, ModelVersion
from watchbell.apps.engagements.services import Endpoint, Signing, metering
from watchbell.domain.metering import Admission, Ask, Dialect, TurnedAway, Usage
from watchbell.domain.terms import Limits, Purpose, Terms, signed_bytes
from watchbell.doors.keys import keystore

DIGEST = "5e" * 32
DICE = random.Random(14409)
SMALL = Usage(100, 100)
LIMITS = Limits(requests=1000, tokens=1_000_000)
TERMS = Terms(model_digest=DIGEST, models=("northlight-1",), limits=LIMITS)
ENDPOINT = Endpoint(
    base_url="https://models.lab.example", credential="sk-canary-of-the-lab", models={"northlight-1": "nl-1-2026-11"}
)


@dataclass
class Scene:
    """The two parties with their own keys, and the engagement between them."""

    cast: Cast
    lab: Player
    evaluator: Player
    pens: dict[str, Ed25519PrivateKey]
    model: ModelVersion
    engagement: Engagement

    def by(self, who: str) -> dict[str, Any]:
        """Return the arguments of a deed of one party at noon."""
        return {"by": getattr(self, who).actor, "now": NOON, "keys": keystore(), "rng": DICE}

    def sign(self, who: str, signing: Signing) -> bytes:
        """Return a party's signature, made as its own tool would."""
        return self.pens[who].sign(signed_bytes(signing.statement.payload))

    def fresh(self) -> Engagement:
        """Return the engagement as the database has it now."""
        self.engagement = Engagement.objects.get(pk=self.engagement.pk)
        return self.engagement


def drafted(cast: Cast, terms: Terms = TERMS, *, now: datetime = NOON, digest: str = DIGEST) -> Scene:
    """Return a scene in which the lab has written terms and offered nothing yet."""
    pens = {who: Ed25519PrivateKey.from_private_bytes(DICE.randbytes(32)) for who in ("lab", "evaluator")}
    for who, pen in pens.items():
        public = pen.public_key().public_bytes_raw()
        services.add_signing_key(public, by=getattr(cast, who).actor, now=now, rng=DICE)
    deed: dict[str, Any] = {"by": cast.lab.actor, "now": now, "keys": keystore(), "rng": DICE}
    model = services.register_model("Northlight 1", digest, **deed)
    terms = replace(terms, model_digest=digest)
    engagement = services.draft(model, cast.evaluator.organisation.public_id, terms, **deed)
    return Scene(cast, cast.lab, cast.evaluator, pens, model, engagement)


def offered(cast: Cast, terms: Terms = TERMS, *, now: datetime = NOON, digest: str = DIGEST) -> Scene:
    """Return a scene in which the evaluator may answer."""
    scene = drafted(cast, terms, now=now, digest=digest)
    signature = scene.sign("lab", services.offer_to_sign(scene.engagement, keys=keystore()))
    services.offer(scene.engagement, signature, by=cast.lab.actor, now=now, keys=keystore())
    scene.fresh()
    return scene


def agreed(cast: Cast, terms: Terms = TERMS, *, now: datetime = NOON, digest: str = DIGEST) -> Scene:
    """Return a scene in which both have signed, and the evaluator's owner is named."""
    scene = offered(cast, terms, now=now, digest=digest)
    people = [cast.evaluator.person.public_id]
    signature = scene.sign("evaluator", services.agreement_to_sign(scene.engagement, people))
    deed: dict[str, Any] = {"by": cast.evaluator.actor, "now": now, "keys": keystore(), "rng": DICE}
    services.agree(scene.engagement, people, signature, **deed)
    scene.fresh()
    return scene


def started(cast: Cast, terms: Terms = TERMS, *, now: datetime = NOON, digest: str = DIGEST) -> Scene:
    """Return a scene in which access runs, and the endpoint is given."""
    scene = agreed(cast, terms, now=now, digest=digest)
    deed: dict[str, Any] = {"by": cast.lab.actor, "now": now, "keys": keystore(), "rng": DICE}
    services.start(scene.engagement, scene.sign("lab", services.start_to_sign(scene.engagement)), **deed)
    services.set_endpoint(scene.fresh(), ENDPOINT, **deed)
    scene.fresh()
    return scene


def token(scene: Scene, *, now: datetime = NOON) -> str:
    """Return the text of a new token of the evaluator's owner."""
    deed: dict[str, Any] = {"by": scene.evaluator.actor, "now": now, "keys": keystore(), "rng": DICE}
    return services.mint(scene.engagement, Purpose.RUN, **deed).text


def ask(text: str, *, model: str = "northlight-1", most: Usage = SMALL) -> Ask:
    """Return one call with this token."""
    return Ask(token=text, dialect=Dialect.CHAT, model=model, most=most, request_digest="ab" * 32)


def admit(*asks: Ask, now: datetime = NOON, chain: str = "gateway-1") -> list[Admission | TurnedAway]:
    """Return what the ledger answers to these calls."""
    return metering.admit(asks, chain=chain, now=now, keys=keystore(), rng=DICE)
