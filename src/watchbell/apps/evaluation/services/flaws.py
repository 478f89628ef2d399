"""This will send a flaw that a model found in somebody else's software where the signed terms say, at once.

The report, its way to coordinated disclosure and the entry in the record are one transaction: whatever ends the
engagement a moment later, nothing is lost. What goes without a name carries none, and nothing in the open leads back.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from django.db import transaction

from watchbell.apps.engagements import queries as engagements
from watchbell.apps.engagements import services as access
from watchbell.apps.engagements.services.standing import (
    IsOver,
    NotAllowed,
    NotYet,
    held,
    record,
    require_developer,
    require_evaluator,
)
from watchbell.apps.engagements.words import Material
from watchbell.apps.evaluation.models import Flaw, Sample
from watchbell.apps.orgs import queries as orgs
from watchbell.domain import evaluation as rules
from watchbell.domain.advisory import Claim
from watchbell.domain.advisory.written import plain, restored
from watchbell.domain.canonical import canonical
from watchbell.domain.evaluation import SentAs
from watchbell.domain.handling import Actor
from watchbell.domain.identity import Dice, new_id
from watchbell.domain.refusal import refuse
from watchbell.domain.sentence import Sentence
from watchbell.domain.terms import Purpose, Routing, Terms
from watchbell.formats import strictjson
from watchbell.outside.keystore import Keystore

if TYPE_CHECKING:
    from watchbell.apps.engagements.models import Engagement

CARRIED_BY = {Routing.ROUTE_TO_CVD: SentAs.NAMED, Routing.ROUTE_ANONYMISED: SentAs.NAMELESS}


@dataclass(frozen=True, slots=True)
class Sent:
    """What took a claim in: a submission under an organisation's name, or a receipt code without one."""

    submission: str = ""
    code: str = ""


Send = Callable[[Claim, SentAs, str], Sent]
"""Hands a claim to coordinated disclosure in the caller's transaction; the text is its key, "" for one without."""


@transaction.atomic
def report_flaw(
    engagement: "Engagement",
    value: rules.Flaw,
    *,
    key: str,
    send: Send,
    by: Actor,
    now: datetime,
    keys: Keystore,
    rng: Dice,
) -> Flaw:
    """Keep a flaw sealed and send it where the signed terms say; the same `key` again changes nothing.

    Raises NotAllowed for anyone but the evaluator's people, NotYet before access began, IsOver once the evidence is
    due, and Refused: for a model or sample that is not there, and for a name in what goes without one.
    """
    require_evaluator(engagement, by)
    engagement = held(engagement)
    there = Flaw.objects.filter(engagement=engagement.public_id, key=key).first()
    if there is not None:
        return _same(there, engagement, value, now=now, keys=keys)
    terms = _terms_in_force(engagement, now=now, keys=keys)
    _check(engagement, value, terms)
    name, how = new_id(rng), CARRIED_BY.get(terms.routing)
    sent = _sent(engagement, value, how, name, send, by=by, keys=keys) if how else Sent()
    octets = canonical(plain(value))
    row = Flaw.objects.create(
        public_id=name,
        engagement=engagement.public_id,
        key=key,
        route=terms.routing,
        sealed=access.seal(engagement, "flaw", octets, key=Material.EVIDENCE, place=name, now=now, keys=keys),
        sealed_code=_sealed_code(engagement, name, sent.code, now=now, keys=keys),
        submission=sent.submission,
        person=by.person or "",
        reported_at=now,
        sent_as=how or "",
        sent_at=now if how else None,
    )
    record("evaluation.flaw_reported", engagement, by=by, now=now, flaw=name, route=terms.routing.value)
    return row


@transaction.atomic
def send_flaw_on(row: Flaw, how: SentAs, *, send: Send, by: Actor, now: datetime, keys: Keystore, rng: Dice) -> Flaw:
    """Send on what came back to the developer, under its name or without any; doing it again changes nothing.

    Raises NotAllowed for anyone but the developer, IsOver once the evidence is due, and Refused as `report_flaw`.
    """
    engagement = engagements.named(row.engagement)
    require_developer(engagement, by)
    if row.route != Routing.RETURN_TO_LAB:
        raise NotAllowed("This flaw went where your terms say when it was reported.")
    engagement = held(engagement)
    row.refresh_from_db()
    if row.sent_at is not None:
        return row
    _require_evidence(engagement, now)
    sent = _sent(engagement, opened_flaw(row, keys=keys), how, row.public_id, send, by=by, keys=keys)
    Flaw.objects.filter(pk=row.pk, sent_at__isnull=True).update(
        sealed_code=_sealed_code(engagement, row.public_id, sent.code, now=now, keys=keys),
        submission=sent.submission,
        sent_as=how,
        sent_at=now,
    )
    record("evaluation.flaw_sent_on", engagement, by=by, now=now, flaw=row.public_id)
    row.refresh_from_db()
    return row


def open_flaw(
    row: Flaw, purpose: Purpose, *, by: Actor, now: datetime, keys: Keystore, rng: Dice
) -> tuple[rules.Flaw, str]:
    """Return what was reported and the receipt code if there is one; the developer reads who opened it.

    It is read by whom the terms give it to: the developer where it comes back to it, else the evaluator.
    Raises NotAllowed for anyone else, IsOver once the evidence is due.
    """
    engagement = engagements.named(row.engagement)
    if not is_read_by(row, engagement, by):
        raise NotAllowed("Only those read a flaw to whom the signed terms give it.")
    access.note_opening(engagement, "flaw", purpose, by=by, now=now, keys=keys, rng=rng)
    return opened_flaw(row, keys=keys), _code_of(row, engagement, keys=keys)


def is_read_by(row: Flaw, engagement: "Engagement", viewer: Actor) -> bool:
    """Return whether the terms give this flaw's text to the viewer's organisation."""
    reader = engagement.developer if row.route == Routing.RETURN_TO_LAB else engagement.evaluator
    return viewer.organisation == reader


def opened_flaw(row: Flaw, *, keys: Keystore) -> rules.Flaw:
    """Return what was reported, for services that already decided; raises KeyMissing once the evidence is gone."""
    engagement, sealed = engagements.named(row.engagement), bytes(row.sealed)
    octets = access.open_sealed(engagement, "flaw", sealed, key=Material.EVIDENCE, place=row.public_id, keys=keys)
    return restored(rules.Flaw, strictjson.loads(octets))


def _terms_in_force(engagement: "Engagement", *, now: datetime, keys: Keystore) -> Terms:
    """Return the terms both have signed: once access began, no other version can be written."""
    if engagement.starts_at is None:
        raise NotYet("Access never began, so nothing was found with it.")
    _require_evidence(engagement, now)
    return access.terms_of(engagement, keys=keys)


def _require_evidence(engagement: "Engagement", now: datetime) -> None:
    if access.evidence_is_due(engagement, now):
        raise IsOver("The evidence of this engagement has been destroyed, as its terms say.")


def _same(there: Flaw, engagement: "Engagement", value: rules.Flaw, *, now: datetime, keys: Keystore) -> Flaw:
    """Return what was reported under this key; raises Refused where it was something else."""
    if not access.evidence_is_due(engagement, now) and opened_flaw(there, keys=keys) != value:
        todo = "Report this one anew, with a fresh form or key"
        raise refuse("reported-otherwise", "Another flaw was reported with this form or key.", todo=todo)
    return there


def _check(engagement: "Engagement", value: rules.Flaw, terms: Terms) -> None:
    if value.model not in terms.models:
        raise refuse("no-such-model", "The terms do not name this model.", todo="Choose one that they name")
    if value.item or value.run or value.epoch:
        found = Sample.objects.filter(run__public_id=value.run, protocol__engagement=engagement.public_id)
        if not found.filter(item=value.item, epoch=value.epoch).exists():
            raise refuse(
                "no-such-sample",
                "This run has no such sample.",
                todo="Give item and epoch as the sample table has them, or leave all three empty",
            )


def _sent(
    engagement: "Engagement", value: rules.Flaw, how: SentAs, name: str, send: Send, *, by: Actor, keys: Keystore
) -> Sent:
    if how is SentAs.NAMED:
        return send(value.claim(how), how, f"flaw:{name}")
    if found := value.names(_names_of(engagement, by, keys=keys)):
        raise refuse(
            "names-somebody",
            Sentence("The text names {names}, and it is to go without any name.", names=found),
            todo="Say it without them",
        )
    return send(value.claim(how), how, "")


def _names_of(engagement: "Engagement", by: Actor, *, keys: Keystore) -> Iterator[str]:
    """Return by what the engagement, its parties, their people and its model are known."""
    for party in (orgs.find(one) for one in (engagement.developer, engagement.evaluator)):
        if party is not None:
            yield party.name
    yield access.name_of(engagement.model, keys=keys)
    yield from access.terms_of(engagement, keys=keys).models
    yield from (engagement.public_id, engagement.model.public_id, engagement.model.digest)
    people = {by.person or "", *engagements.seats_of(engagement).values_list("person", flat=True)}
    yield from orgs.names_of(people - {""}).values()


def _code_of(row: Flaw, engagement: "Engagement", *, keys: Keystore) -> str:
    code, place = bytes(row.sealed_code), row.public_id
    if not code:
        return ""
    return access.open_sealed(engagement, "flaw-code", code, key=Material.EVIDENCE, place=place, keys=keys).decode()


def _sealed_code(engagement: "Engagement", name: str, code: str, *, now: datetime, keys: Keystore) -> bytes:
    if not code:
        return b""
    octets = code.encode()
    return access.seal(engagement, "flaw-code", octets, key=Material.EVIDENCE, place=name, now=now, keys=keys)
