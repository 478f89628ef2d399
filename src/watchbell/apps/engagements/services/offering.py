"""This will let a developer draft and offer early access, and let the evaluator answer; nobody else begins anything."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from watchbell.apps.engagements.models import Engagement, Grant, ModelVersion, Seat, TermsVersion
from watchbell.apps.engagements.services.ending import close, end_if_over
from watchbell.apps.engagements.services.material import seal, terms_of
from watchbell.apps.engagements.services.signing import take_signature
from watchbell.apps.engagements.services.standing import (
    ChangedMeanwhile,
    IsOver,
    NotAllowed,
    NotYet,
    held,
    record,
    require_developer,
    require_evaluator,
    require_lab,
    require_open,
    working_for,
)
from watchbell.apps.engagements.words import Material, Signed
from watchbell.apps.orgs import queries as orgs
from watchbell.domain.handling import Actor, OrganisationKind
from watchbell.domain.identity import Dice, new_id
from watchbell.domain.lifecycle.engagement import ENGAGEMENT, EngagementEvent
from watchbell.domain.lifecycle.engagement import Engagement as State
from watchbell.domain.sentence import Sentence
from watchbell.domain.terms import EvidenceOnWithdrawal, Statement, Terms, Unacceptable, statements
from watchbell.outside.keystore import KeyKind, Keystore, KeystoreError

ANSWER_WITHIN = timedelta(days=14)


@dataclass(frozen=True, slots=True, kw_only=True)
class Signing:
    """What a party must sign to go on: the statement, and which one it is."""

    kind: Signed
    statement: Statement


@transaction.atomic
def draft(
    model: ModelVersion, evaluator: str, terms: Terms, *, by: Actor, now: datetime, keys: Keystore, rng: Dice
) -> Engagement:
    """Begin an engagement on the developer's own terms; nobody else sees it before it is offered.

    Raises NotAllowed for anyone but the model's developer, NotAllowed for somebody who is no evaluator here,
    and Unacceptable for terms about another model.
    """
    if require_lab(by) != model.organisation:
        raise NotAllowed("Only the developer of a model offers access to it.")
    whom = orgs.find(evaluator)
    if whom is None or evaluator == by.organisation or not whom.kinds.filter(kind=OrganisationKind.EVALUATOR).exists():
        raise NotAllowed("Choose an evaluator of this node.")
    _require_same_model(model, terms)
    engagement = Engagement.objects.create(
        public_id=new_id(rng), model=model, developer=model.organisation, evaluator=evaluator, created_at=now
    )
    keys.create(KeyKind.AEAD, key_id=engagement.evidence_key)
    Grant.objects.create(engagement=engagement)
    _write_terms(engagement, terms, now=now, keys=keys)
    record("engagement.drafted", engagement, by=by, now=now)
    return engagement


@transaction.atomic
def change_terms(
    engagement: Engagement, terms: Terms, *, by: Actor, now: datetime, keys: Keystore, seen: int | None = None
) -> Engagement:
    """Write a new version of the terms before the start; what was offered or agreed waits for new signatures.

    With `seen`, only if that is still the latest version. Raises NotAllowed for anyone but the developer,
    NotPossible once access runs, Unacceptable, ChangedMeanwhile.
    """
    require_developer(engagement, by)
    engagement = held(engagement)
    require_open(engagement)
    if seen is not None and seen != engagement.versions.count():
        raise ChangedMeanwhile(str(ChangedMeanwhile.__doc__))
    if engagement.stands is not State.DRAFT:
        ENGAGEMENT.next(engagement.stands, EngagementEvent.OFFER)
    _require_same_model(engagement.model, terms)
    _write_terms(engagement, terms, now=now, keys=keys)
    record("engagement.terms_written", engagement, by=by, now=now)
    return engagement


def offer_to_sign(engagement: Engagement, *, keys: Keystore) -> Signing:
    """Return what the developer signs to offer the latest version of the terms."""
    number = engagement.versions.order_by("-number").values_list("number", flat=True)[0]
    return Signing(kind=Signed.OFFER, statement=_offer(engagement, number, terms_of(engagement, keys=keys)))


@transaction.atomic
def offer(
    engagement: Engagement,
    signature: bytes,
    *,
    by: Actor,
    now: datetime,
    keys: Keystore,
    answer_within: timedelta = ANSWER_WITHIN,
) -> Engagement:
    """Offer the latest terms under the developer's signature; without an answer in time the offer lapses.

    Raises NotAllowed for anyone but the developer, NotPossible, NotSigned.
    """
    require_developer(engagement, by)
    engagement = held(engagement)
    after = ENGAGEMENT.next(engagement.stands, EngagementEvent.OFFER)
    signing = offer_to_sign(engagement, keys=keys)
    if not engagement.signatures.filter(statement_digest=signing.statement.digest).exists():
        take_signature(engagement, signing.kind, signing.statement, signature, by=by, now=now, keys=keys)
    engagement.seats.filter(ended_at__isnull=True).update(ended_at=now)
    Engagement.objects.filter(pk=engagement.pk).update(state=after, reply_by=now + answer_within)
    engagement.refresh_from_db()
    digests = {"offer": signing.statement.digest}
    record("engagement.offered", engagement, by=by, now=now, digests=digests)
    return engagement


@transaction.atomic
def rescind(engagement: Engagement, *, by: Actor, now: datetime, keys: Keystore, rng: Dice) -> Engagement:
    """Take an offer back before access began; doing it again changes nothing. Raises NotAllowed, NotPossible."""
    require_developer(engagement, by)
    engagement = held(engagement)
    if engagement.stands is not State.RESCINDED:
        close(engagement, EngagementEvent.RESCIND, by=by, now=now, keys=keys, rng=rng)
    return held(engagement)


def agreement_to_sign(engagement: Engagement, personnel: Iterable[str]) -> Signing:
    """Return what the evaluator signs to agree to the latest offer with these people of its own."""
    offered = offered_version(engagement)
    statement = statements.agreement(engagement=engagement.public_id, offer=offered.offer_digest, personnel=personnel)
    return Signing(kind=Signed.AGREEMENT, statement=statement)


def agree(
    engagement: Engagement,
    personnel: Iterable[str],
    signature: bytes,
    *,
    by: Actor,
    now: datetime,
    keys: Keystore,
    rng: Dice,
) -> Engagement:
    """Agree to an offer and name the people who are to have access; they wait for the developer's start.

    Raises NotAllowed for anyone but the evaluator, IsOver for an offer that lapsed, NotPossible, NotSigned,
    and NotYet for too many people or somebody else's.
    """
    require_evaluator(engagement, by)
    if end_if_over(engagement, now=now, keys=keys, rng=rng):
        raise IsOver(str(IsOver.__doc__))
    return _agree(engagement, sorted(set(personnel)), signature, by=by, now=now, keys=keys, rng=rng)


@transaction.atomic
def _agree(
    engagement: Engagement, people: list[str], signature: bytes, *, by: Actor, now: datetime, keys: Keystore, rng: Dice
) -> Engagement:
    engagement = held(engagement)
    after = ENGAGEMENT.next(engagement.stands, EngagementEvent.AGREE)
    require_own_people(engagement, people, offered_terms(engagement, keys=keys))
    signing = agreement_to_sign(engagement, people)
    take_signature(engagement, signing.kind, signing.statement, signature, by=by, now=now, keys=keys)
    Seat.objects.bulk_create(
        [Seat(public_id=new_id(rng), engagement=engagement, person=one, named_at=now) for one in people]
    )
    Engagement.objects.filter(pk=engagement.pk).update(state=after, reply_by=now + ANSWER_WITHIN)
    engagement.refresh_from_db()
    digests = {"agreement": signing.statement.digest}
    record("engagement.agreed", engagement, by=by, now=now, digests=digests, people=len(people))
    return engagement


@transaction.atomic
def decline(engagement: Engagement, *, by: Actor, now: datetime, keys: Keystore, rng: Dice) -> Engagement:
    """Decline an offer; doing it again changes nothing. Raises NotAllowed, NotPossible."""
    require_evaluator(engagement, by)
    engagement = held(engagement)
    if engagement.stands is not State.DECLINED:
        close(engagement, EngagementEvent.DECLINE, by=by, now=now, keys=keys, rng=rng)
    return held(engagement)


@transaction.atomic
def leave(engagement: Engagement, *, by: Actor, now: datetime, keys: Keystore, rng: Dice) -> Engagement:
    """End an agreed or running engagement by the evaluator's will. Raises NotAllowed, NotPossible."""
    require_evaluator(engagement, by)
    engagement = held(engagement)
    close(engagement, EngagementEvent.LEAVE, by=by, now=now, keys=keys, rng=rng)
    return held(engagement)


def offered_version(engagement: Engagement) -> TermsVersion:
    """Return the latest version of the terms that the developer signed; raises NotYet when nothing was offered."""
    signed = engagement.signatures.filter(kind=Signed.OFFER).values("statement_digest")
    found = engagement.versions.filter(offer_digest__in=signed).order_by("-number").first()
    if found is None:
        raise NotYet("Nothing has been offered yet.")
    return found


def offered_terms(engagement: Engagement, *, keys: Keystore) -> Terms:
    """Return the terms as they were offered last; raises NotYet, and KeyMissing once the evidence is gone."""
    return terms_of(engagement, number=offered_version(engagement).number, keys=keys)


def models_in_scope(engagement: Engagement, *, keys: Keystore) -> tuple[str, ...]:
    """Return the names that evaluators ask for, from the start on; nothing when nobody can read the terms any more."""
    if engagement.starts_at is None:
        return ()
    try:
        return offered_terms(engagement, keys=keys).models
    except (KeystoreError, OSError):
        return ()


def require_own_people(engagement: Engagement, people: Iterable[str], terms: Terms) -> None:
    """Raise NotYet unless these are few enough, and the evaluator's own."""
    people = set(people)
    if not 1 <= len(people) <= terms.personnel_at_most:
        raise NotYet(Sentence("Name one to {most} people; the terms allow no more.", most=terms.personnel_at_most))
    if working_for(engagement.evaluator, people) != people:
        raise NotYet("Name people of your own organisation only.")


def _offer(engagement: Engagement, number: int, terms: Terms) -> Statement:
    return statements.offer(
        engagement=engagement.public_id,
        number=number,
        developer=engagement.developer,
        evaluator=engagement.evaluator,
        terms=terms,
    )


def _write_terms(engagement: Engagement, terms: Terms, *, now: datetime, keys: Keystore) -> None:
    number = engagement.versions.count() + 1
    sealed = seal(engagement, "terms", terms.content, key=Material.EVIDENCE, place=str(number), now=now, keys=keys)
    TermsVersion.objects.create(
        engagement=engagement,
        number=number,
        digest=terms.digest,
        offer_digest=_offer(engagement, number, terms).digest,
        sealed=sealed,
        at=now,
    )
    at_once = terms.evidence_on_withdrawal is EvidenceOnWithdrawal.DESTROY_AT_ONCE
    Engagement.objects.filter(pk=engagement.pk).update(
        evidence_days=terms.evidence_days, evidence_goes_on_withdrawal=at_once
    )
    engagement.refresh_from_db()


def _require_same_model(model: ModelVersion, terms: Terms) -> None:
    if terms.model_digest != model.digest:
        raise Unacceptable("/model_digest", Sentence("These terms are about another model."))
