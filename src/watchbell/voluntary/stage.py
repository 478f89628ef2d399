"""One engagement on a scratch node, as far as a check wants it, moved on by its parties through the real services."""

import random
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from watchbell.apps.engagements import determinations, queries, services
from watchbell.apps.engagements.services import Endpoint, Signing, metering
from watchbell.apps.engagements.words import Outcome
from watchbell.apps.journal.services import HEAD_KEY
from watchbell.domain.handling import Actor
from watchbell.domain.lifecycle.engagement import Engagement as State
from watchbell.domain.metering import Admission, Ask, Dialect, Ending, Settlement, TurnedAway, Usage
from watchbell.domain.terms import Limits, Purpose, Terms, signed_bytes
from watchbell.outside.keystore import KeyKind, Keystore
from watchbell.voluntary.cast import Cast
from watchbell.voluntary.keystore import MemoryKeystore, pen

if TYPE_CHECKING:
    from watchbell.apps.engagements.models import Engagement, ModelVersion

NOON = datetime(2026, 11, 4, 12, 0, tzinfo=UTC)
LONGEST = timedelta(hours=720)
DIGEST = "5e" * 32
TERMS = Terms(
    model_digest=DIGEST, models=("northlight-1",), limits=Limits(requests=100_000, tokens=100_000_000, per_minute=1000)
)
ENDPOINT = Endpoint(
    base_url="https://models.lab.example", credential="sk-canary-of-the-lab", models={"northlight-1": "nl-1-2026-11"}
)
ELSEWHERE = replace(ENDPOINT, base_url="https://models.elsewhere.example", credential="sk-somebody-elses")
AGREE_AT = ("draft", "offered", "agreed", "active")


def node_keys(keys: Keystore) -> None:
    """This will make the keys that every node has and early access needs."""
    keys.ensure(services.MODEL_NAMES, KeyKind.AEAD)
    for name in (services.RECEIPTS, HEAD_KEY):
        keys.ensure(name, KeyKind.SIGNING)


@dataclass
class Stage:
    """The cast, the keys, the moment, and the engagement it is about; `texts` are the tokens shown so far."""

    cast: Cast
    keys: Keystore
    rng: random.Random
    now: datetime = NOON
    digest: str = DIGEST
    engagement_id: str = ""
    model_id: str = ""
    texts: list[str] = field(default_factory=list)

    @property
    def engagement(self) -> "Engagement":
        """Return the engagement as the database has it now."""
        return queries.named(self.engagement_id)

    @property
    def model(self) -> "ModelVersion":
        """Return the lab's model as the database has it now."""
        return queries.models_of(self.cast.actors["lab"], now=datetime.max.replace(tzinfo=UTC)).get(
            public_id=self.model_id
        )

    @property
    def stands(self) -> State:
        """Return where the engagement stands."""
        return self.engagement.stands

    def deed(self, who: str | Actor = "lab", *, now: datetime | None = None) -> dict[str, Any]:
        """Return what every deed is told: by whom, when, with which keys and dice."""
        by = self.cast.actors[who] if isinstance(who, str) else who
        return {"by": by, "now": now or self.now, "keys": self.keys, "rng": self.rng}

    def by(self, who: str | Actor = "lab") -> dict[str, Any]:
        """Return what the deeds are told that need neither keys nor dice."""
        return {name: value for name, value in self.deed(who).items() if name in ("by", "now")}

    def sign(self, who: str, signing: Signing) -> bytes:
        """Return a party's signature under a statement, made as its own tool would."""
        return pen(who).sign(signed_bytes(signing.statement.payload))

    def keep(self) -> tuple[Any, ...]:
        """Return what `put_back` needs to make this as it is now; the database is put back by its transaction."""
        keys = self.keys.keep() if isinstance(self.keys, MemoryKeystore) else None
        return keys, self.now, self.engagement_id, list(self.texts)

    def put_back(self, kept: tuple[Any, ...]) -> None:
        """This will forget what happened since `keep`."""
        keys, self.now, self.engagement_id, texts = kept
        self.texts = list(texts)
        if isinstance(self.keys, MemoryKeystore):
            self.keys.put_back(keys)

    def draft(self, terms: Terms = TERMS) -> None:
        """Let the lab register its model and write terms for the evaluator."""
        model = services.register_model("Northlight 1", self.digest, **self.deed())
        self.model_id = model.public_id
        terms = replace(terms, model_digest=self.digest)
        chosen = self.cast.organisation("evaluator")
        self.engagement_id = services.draft(model, chosen, terms, **self.deed()).public_id

    def offer(self) -> None:
        """Let the lab offer its latest terms."""
        engagement = self.engagement
        signature = self.sign("lab", services.offer_to_sign(engagement, keys=self.keys))
        services.offer(engagement, signature, **self.by(), keys=self.keys)

    def agree(self, *people: str) -> None:
        """Let the evaluator agree and name people of its own."""
        named = [self.cast.people[one].public_id for one in people or ("evaluator",)]
        engagement = self.engagement
        signature = self.sign("evaluator", services.agreement_to_sign(engagement, named))
        services.agree(engagement, named, signature, **self.deed("evaluator"))

    def start(self) -> None:
        """Let the lab open the window."""
        engagement = self.engagement
        services.start(engagement, self.sign("lab", services.start_to_sign(engagement)), **self.deed())

    def point(self, endpoint: Endpoint = ENDPOINT) -> None:
        """Let the lab give its endpoint."""
        services.set_endpoint(self.engagement, endpoint, **self.deed())

    def reach(self, state: str, terms: Terms = TERMS) -> "Stage":
        """Go from nothing to this state on the usual way, the endpoint given where access runs."""
        self.draft(terms)
        for name, step in (("offered", self.offer), ("agreed", self.agree), ("active", self.start)):
            if AGREE_AT.index(name) <= AGREE_AT.index(state):
                step()
        if state == "active":
            self.point()
        return self

    def mint(self, who: str = "evaluator") -> str:
        """Return the text of a new token of a person with a seat."""
        text = services.mint(self.engagement, Purpose.RUN, **self.deed(who)).text
        self.texts.append(text)
        return text

    def call(self, text: str, *, now: datetime | None = None) -> Admission | TurnedAway:
        """Return what the ledger answers to one call with this token."""
        return metering.admit([ask(text)], chain="gateway-1", now=now or self.now, keys=self.keys, rng=self.rng)[0]

    def settle(self, *answers: Admission | TurnedAway) -> None:
        """Settle those of these calls that were admitted."""
        ends = [
            Settlement(
                call=answer.call,
                ending=Ending.ANSWERED,
                status=200,
                usage=Usage(10, 10),
                response_digest="cd" * 32,
                response_bytes=9,
            )
            for answer in answers
            if isinstance(answer, Admission)
        ]
        metering.settle(ends, now=self.now)

    def determine(self, outcome: Outcome | None = None) -> None:
        """Let the lab note that it asked for a determination, and what it was told if it was told anything."""
        asked = determinations.note_request(self.model, **self.by(), rng=self.rng)
        if outcome is not None:
            determinations.note_outcome(asked, outcome, on=self.now.date(), signer="A director", **self.by())

    def lets_in(self, text: str, *, now: datetime | None = None) -> bool:
        """Return whether a call with this token may be made."""
        return isinstance(self.call(text, now=now), Admission)


def ask(text: str) -> Ask:
    """Return one small call with this token."""
    return Ask(token=text, dialect=Dialect.CHAT, model="northlight-1", most=Usage(100, 100), request_digest="ab" * 32)


def give_pens(stage: Stage) -> None:
    """This will let everyone who owns an organisation give the public half of a key they hold."""
    for name in ("lab", "evaluator", "other evaluator", "rival lab", "lab that evaluates"):
        public = pen(name).public_key().public_bytes_raw()
        services.add_signing_key(public, by=stage.cast.actors[name], now=stage.now, rng=stage.rng)
