"""Every deed of early access that somebody can ask for, with sensible and hostile arguments, as things to be tried.

Whoever adds a service adds it here: a check counts them against the room's own list.
"""

import hashlib
from collections.abc import Callable, Iterator, Set
from copy import copy
from dataclasses import fields, replace
from datetime import timedelta
from functools import cached_property, partial
from typing import Any

from watchbell.apps.engagements import determinations, queries, services
from watchbell.apps.engagements.services import Release, Signing, metering
from watchbell.apps.engagements.words import Outcome
from watchbell.domain.handling import Actor
from watchbell.domain.terms import EvidenceOnWithdrawal, Purpose, Safeguards, Terms, signed_bytes
from watchbell.voluntary.keystore import pen
from watchbell.voluntary.stage import ELSEWHERE, ENDPOINT, TERMS, Stage, ask

Attempt = Callable[[], object]
Deed = Callable[[Stage, Actor], Iterator[Attempt]]
DAY = timedelta(days=1)
WIDER = replace(
    TERMS,
    personnel_at_most=500,
    egress=("exfiltrate.example",),
    safeguards=Safeguards.REMOVED,
    models=("northlight-1", "northlight-2"),
    evidence_days=365,
    evidence_on_withdrawal=EvidenceOnWithdrawal.KEEP_TO_ITS_DATE,
)
NO_DEEDS = {
    *(
        "name_of",
        "open_sealed",
        "seal",
        "list_sealed",
        "terms_of",
        "offered_terms",
        "evidence_is_due",
        "evidence_is_lost",
        "require_own_people",
        "require_reader",
        "note_reading",
        "models_in_scope",
    ),
    *("offer_to_sign", "agreement_to_sign", "start_to_sign", "admission_to_sign"),
}
"""What the room's services give away beside deeds: they change nothing, but that a look of others is a line."""


def _penned(stage: Stage, by: Actor, make: Callable[[], Signing]) -> list[bytes]:
    """Return the signatures somebody could come with: their own, the developer's copied, none."""
    try:
        statement = signed_bytes(make().statement.payload)
    except Exception:
        return [bytes(64)]  # there is nothing to be signed yet
    own = [name for name, place in stage.cast.places.items() if place.public_id == by.organisation]
    return [*(pen(name).sign(statement) for name in own), pen("lab").sign(statement), bytes(64)]


def _own(stage: Stage, by: Actor) -> list[str]:
    """Return people somebody could name: themselves, the evaluator's, a stranger."""
    people = stage.cast.people
    ids = [by.person or "", people["evaluator colleague"].public_id, people["stranger"].public_id]
    return [one for one in ids if one]


def _terms(stage: Stage, terms: Terms) -> Terms:
    return replace(terms, model_digest=stage.digest)


def register(stage: Stage, by: Actor) -> Iterator[Attempt]:
    """Register the developer's model again, and another one."""
    for digest in (stage.digest, hashlib.sha256((by.person or by.name).encode()).hexdigest()):
        yield partial(services.register_model, "Northlight 1", digest, **stage.deed(by))


def release(stage: Stage, by: Actor) -> Iterator[Attempt]:
    """Release the model to partners and to everyone."""
    for to in Release:
        yield partial(services.release, stage.model, to, **stage.deed(by))


def plan(stage: Stage, by: Actor) -> Iterator[Attempt]:
    """Plan a release soon and late, take a plan back, and name one that has come."""
    for at in (stage.now + DAY, stage.now + 400 * DAY, None, stage.now - DAY):
        yield partial(services.plan_release, stage.model, Release.PARTNERS, at, **stage.deed(by))


def draft(stage: Stage, by: Actor) -> Iterator[Attempt]:
    """Begin an engagement, with the evaluator, with oneself, with another."""
    for place in ("evaluator", "lab that evaluates", "other evaluator"):
        chosen = stage.cast.organisation(place)
        yield partial(services.draft, stage.model, chosen, _terms(stage, TERMS), **stage.deed(by))


def change_terms(stage: Stage, by: Actor) -> Iterator[Attempt]:
    """Write wider terms."""
    terms = _terms(stage, WIDER)
    yield partial(services.change_terms, stage.engagement, terms, **stage.by(by), keys=stage.keys)


def offer(stage: Stage, by: Actor) -> Iterator[Attempt]:
    """Offer the latest terms, also for an answer in a year."""
    engagement = stage.engagement
    for signature in _penned(stage, by, lambda: services.offer_to_sign(engagement, keys=stage.keys)):
        yield partial(services.offer, engagement, signature, **stage.by(by), keys=stage.keys)
    yield partial(services.offer, engagement, bytes(64), **stage.by(by), keys=stage.keys, answer_within=365 * DAY)


def rescind(stage: Stage, by: Actor) -> Iterator[Attempt]:
    """Take the offer back."""
    yield partial(services.rescind, stage.engagement, **stage.deed(by))


def agree(stage: Stage, by: Actor) -> Iterator[Attempt]:
    """Agree with own people, and with a stranger."""
    engagement = stage.engagement
    for person in _own(stage, by):
        for signature in _penned(stage, by, partial(services.agreement_to_sign, engagement, [person])):
            yield partial(services.agree, engagement, [person], signature, **stage.deed(by))


def decline(stage: Stage, by: Actor) -> Iterator[Attempt]:
    """Decline."""
    yield partial(services.decline, stage.engagement, **stage.deed(by))


def leave(stage: Stage, by: Actor) -> Iterator[Attempt]:
    """Leave."""
    yield partial(services.leave, stage.engagement, **stage.deed(by))


def withdraw(stage: Stage, by: Actor) -> Iterator[Attempt]:
    """Withdraw."""
    yield partial(services.withdraw, stage.engagement, **stage.deed(by))


def start(stage: Stage, by: Actor) -> Iterator[Attempt]:
    """Open the window."""
    engagement = stage.engagement
    for signature in _penned(stage, by, lambda: services.start_to_sign(engagement)):
        yield partial(services.start, engagement, signature, **stage.deed(by))


def point(stage: Stage, by: Actor) -> Iterator[Attempt]:
    """Give an endpoint: the developer's, and one's own."""
    for endpoint in (ENDPOINT, ELSEWHERE):
        yield partial(services.set_endpoint, stage.engagement, endpoint, **stage.deed(by))


def pause(stage: Stage, by: Actor) -> Iterator[Attempt]:
    """Pause."""
    yield partial(services.pause, stage.engagement, **stage.by(by))


def resume(stage: Stage, by: Actor) -> Iterator[Attempt]:
    """Resume."""
    yield partial(services.resume, stage.engagement, **stage.by(by))


def shorten(stage: Stage, by: Actor) -> Iterator[Attempt]:
    """Move the end: later than it is, sooner, and to now."""
    for ends_at in (stage.now + 4000 * DAY, stage.now + DAY, stage.now):
        yield partial(services.shorten, stage.engagement, ends_at, **stage.deed(by))


def name_person(stage: Stage, by: Actor) -> Iterator[Attempt]:
    """Name one more person, of one's own and a stranger."""
    for person in _own(stage, by):
        yield partial(services.name_person, stage.engagement, person, **stage.deed(by))


def admit_person(stage: Stage, by: Actor) -> Iterator[Attempt]:
    """Let in whoever was named, under every signature there is."""
    for seat in queries.seats_of(stage.engagement):
        for signature in _penned(stage, by, partial(services.admission_to_sign, seat)):
            yield partial(services.admit_person, seat, signature, **stage.by(by), keys=stage.keys)


def end_seat(stage: Stage, by: Actor) -> Iterator[Attempt]:
    """Take every seat away."""
    for seat in queries.seats_of(stage.engagement):
        yield partial(services.end_seat, seat, **stage.by(by))


def mint(stage: Stage, by: Actor) -> Iterator[Attempt]:
    """Ask for a token, and for one that lasts a year."""
    for lasts in (timedelta(hours=1), 365 * DAY):
        yield partial(services.mint, stage.engagement, Purpose.RUN, **stage.deed(by), lasts=lasts)


def end_token(stage: Stage, by: Actor) -> Iterator[Attempt]:
    """End every token."""
    for token in queries.own_tokens(stage.engagement, stage.cast.actors["lab"], now=stage.now):
        yield partial(services.end_token, token, **stage.by(by))


def end_every_token(stage: Stage, by: Actor) -> Iterator[Attempt]:
    """End all of them at once."""
    yield partial(services.end_every_token, stage.engagement, **stage.by(by))


def look(stage: Stage, by: Actor) -> Iterator[Attempt]:
    """Open the terms, the offer, the names in scope, and anything else that may be called material."""
    yield partial(services.open_terms, stage.engagement, Purpose.AUDIT, **stage.deed(by))
    for opened in (services.open_version, services.open_offer, services.open_models):
        yield partial(opened, stage.engagement, Purpose.AUDIT, **stage.deed(by))
    for noted in (services.note_opening, services.note_sitting):
        yield partial(noted, stage.engagement, "results", Purpose.READ_RESULTS, **stage.deed(by))


def partner(stage: Stage, by: Actor) -> Iterator[Attempt]:
    """Choose a partner: the bank, and oneself."""
    for chosen in {stage.cast.organisation("bank"), by.organisation or ""}:
        yield partial(services.choose_partner, stage.model, chosen, **stage.by(by), rng=stage.rng)


def consent(stage: Stage, by: Actor) -> Iterator[Attempt]:
    """Consent to every partnership there is."""
    for one in queries.partners_of(stage.cast.actors["lab"], now=stage.now):
        yield partial(services.consent, one, **stage.by(by))


def end_partnership(stage: Stage, by: Actor) -> Iterator[Attempt]:
    """End every partnership there is."""
    for one in queries.partners_of(stage.cast.actors["lab"], now=stage.now):
        yield partial(services.end_partnership, one, **stage.by(by))


def signing_key(stage: Stage, by: Actor) -> Iterator[Attempt]:
    """Give a key: one's own new one, and the developer's."""
    for name in (f"new one of {by.person}", "lab"):
        public = pen(name).public_key().public_bytes_raw()
        yield partial(services.add_signing_key, public, **stage.by(by), rng=stage.rng)


def retire_key(stage: Stage, by: Actor) -> Iterator[Attempt]:
    """Retire the developer's keys."""
    for key in queries.signing_keys_of(stage.cast.actors["lab"]):
        yield partial(services.retire_signing_key, key, **stage.by(by))


def determination(stage: Stage, by: Actor) -> Iterator[Attempt]:
    """Ask for a determination, note outcomes, take requests back."""
    yield partial(determinations.note_request, stage.model, **stage.by(by), rng=stage.rng)
    for one in determinations.visible_to(stage.cast.actors["lab"]):
        notice = {"on": stage.now.date(), "signer": "A director", **stage.by(by)}
        yield partial(determinations.note_outcome, one, Outcome.COVERED, **notice)
        yield partial(determinations.retract_request, one, **stage.by(by))


def call(stage: Stage, by: Actor) -> Iterator[Attempt]:
    """Call the model with every token shown so far, now and at odd moments, and settle the call."""
    for text in stage.texts:
        yield partial(_call_and_settle, stage, text)


def _call_and_settle(stage: Stage, text: str) -> None:
    answers = metering.admit([ask(text)] * 2, chain="gateway-1", now=stage.now, keys=stage.keys, rng=stage.rng)
    stage.settle(*answers)


def by_itself(stage: Stage, by: Actor) -> Iterator[Attempt]:
    """Whatever anybody's machine does without being told by whom."""
    deed = {name: value for name, value in stage.deed(by).items() if name != "by"}
    yield partial(services.make_round, **deed)
    yield partial(services.end_if_over, stage.engagement, **deed)
    yield partial(services.destroy_evidence_if_due, stage.engagement, **deed)
    yield partial(services.anchor, stage.engagement, now=stage.now)


def export(stage: Stage, by: Actor) -> Iterator[Attempt]:
    """Take the access log along."""
    yield lambda: list(services.export(stage.engagement, **stage.by(by), keys=stage.keys))


DEEDS: dict[str, Deed] = {
    "register_model": register,
    "release": release,
    "plan_release": plan,
    "draft": draft,
    "change_terms": change_terms,
    "offer": offer,
    "rescind": rescind,
    "agree": agree,
    "decline": decline,
    "leave": leave,
    "withdraw": withdraw,
    "start": start,
    "set_endpoint": point,
    "pause": pause,
    "resume": resume,
    "shorten": shorten,
    "name_person": name_person,
    "admit_person": admit_person,
    "end_seat": end_seat,
    "mint": mint,
    "end_token": end_token,
    "end_every_token": end_every_token,
    "open_terms": look,
    "open_version": look,
    "open_offer": look,
    "open_models": look,
    "note_opening": look,
    "note_sitting": look,
    "choose_partner": partner,
    "consent": consent,
    "end_partnership": end_partnership,
    "add_signing_key": signing_key,
    "retire_signing_key": retire_key,
    "determinations": determination,
    "metering": call,
    "make_round": by_itself,
    "end_if_over": by_itself,
    "destroy_evidence_if_due": by_itself,
    "anchor": by_itself,
    "export": export,
}


NOBODYS = frozenset({"metering", "make_round", "end_if_over", "destroy_evidence_if_due", "anchor"})
"""Deeds that nobody is named for: who is logged in makes no difference to them."""


class Still(Stage):
    """A stage in one state: the same rows for each attempt, as entrances would have fetched them."""

    @cached_property
    def _rows(self) -> tuple[Any, Any]:
        return super().engagement, super().model

    @property
    def engagement(self) -> Any:
        """Return a copy of the engagement: a deed that is undone leaves nothing in it."""
        return copy(self._rows[0])

    @property
    def model(self) -> Any:
        """Return a copy of the model."""
        return copy(self._rows[1])


def untried() -> set[str]:
    """Return the deeds that the room offers and nothing here tries."""
    offered = {name for name in services.__all__ if name.islower() and callable(getattr(services, name))}
    return offered - set(DEEDS) - NO_DEEDS


def things_to_try(stage: Stage, by: Actor, *, names: Set[str] | None = None) -> Iterator[tuple[str, Attempt]]:
    """Yield every attempt of this actor, by the deed's name."""
    chosen = {name: deed for name, deed in DEEDS.items() if names is None or name in names}
    still = Still(**{each.name: getattr(stage, each.name) for each in fields(stage)})
    for deed in dict.fromkeys(chosen.values()):
        for attempt in deed(still, by):
            yield next(name for name, one in chosen.items() if one is deed), attempt
