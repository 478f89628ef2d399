"""This will start access, point it at the developer's endpoint, pause it, shorten it, and seat the people named.

All of it is the developer's, except that either party may take a seat away. Nothing here lengthens anything.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from django.db import transaction

from watchbell.apps.engagements.models import Engagement, Grant, ModelVersion, Seat, Signature, UsedWindow
from watchbell.apps.engagements.queries import works_on
from watchbell.apps.engagements.services import log
from watchbell.apps.engagements.services.ending import close, end_if_over
from watchbell.apps.engagements.services.material import open_sealed, seal
from watchbell.apps.engagements.services.offering import Signing, offered_terms, require_own_people
from watchbell.apps.engagements.services.registering import cut_short, release_dates
from watchbell.apps.engagements.services.signing import take_signature
from watchbell.apps.engagements.services.standing import (
    IsOver,
    NotAllowed,
    NotYet,
    held,
    moment,
    record,
    require_developer,
    require_evaluator,
    require_open,
    require_rights,
)
from watchbell.apps.engagements.words import Material, Signed, What
from watchbell.domain.canonical import canonical
from watchbell.domain.handling import Actor
from watchbell.domain.identity import Dice, new_id
from watchbell.domain.lifecycle.engagement import ENGAGEMENT, EngagementEvent
from watchbell.domain.lifecycle.engagement import Engagement as State
from watchbell.domain.lifecycle.window import Window, latest_end
from watchbell.domain.metering import Scheme
from watchbell.domain.sentence import Sentence
from watchbell.domain.terms import Terms, statements
from watchbell.formats import strictjson
from watchbell.outside.egress import EgressDenied
from watchbell.outside.keystore import KeyKind, Keystore
from watchbell.outside.upstream.places import endpoint as place_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """The developer's own endpoint: where it is, what opens it, and its names for the models in scope.

    `base_url` ends before `/v1`; `pin` is the SHA-256 of the certificate's public key in hex, or empty.
    """

    base_url: str
    credential: str = field(repr=False)
    scheme: Scheme = Scheme.BEARER
    models: dict[str, str]
    pin: str = ""

    @property
    def content(self) -> bytes:
        """Return the canonical bytes that are sealed."""
        return canonical(
            {
                "base_url": self.base_url,
                "credential": self.credential,
                "scheme": self.scheme.value,
                "models": self.models,
                "pin": self.pin,
            }
        )


def start_to_sign(engagement: Engagement) -> Signing:
    """Return what the developer signs to open the window for the people of the latest agreement."""
    statement = statements.start(engagement=engagement.public_id, agreement=_agreement(engagement).statement_digest)
    return Signing(kind=Signed.START, statement=statement)


@transaction.atomic
def start(
    engagement: Engagement, signature: bytes, *, by: Actor, now: datetime, keys: Keystore, rng: Dice
) -> Engagement:
    """Open the window under the developer's signature: it ends after the hours agreed, at a release, or when the
    model's thirty days are used up, whichever is first.

    Raises NotAllowed for anyone but the developer, NotPossible, NotSigned, IsOver for an agreement that lapsed,
    and NotYet when no time is left.
    """
    require_developer(engagement, by)
    model = ModelVersion.objects.select_for_update(no_key=True).get(pk=engagement.model_id)
    engagement = held(engagement)
    after = ENGAGEMENT.next(engagement.stands, EngagementEvent.START)
    if engagement.reply_by is not None and now >= engagement.reply_by:
        raise IsOver(str(IsOver.__doc__))  # written down by the clock's round
    terms = offered_terms(engagement, keys=keys)
    now = moment(engagement, now)
    ends_at = latest_end(
        now,
        used=_used(model),
        no_later_than=[now.astimezone(UTC) + timedelta(hours=terms.hours), *release_dates(model)],
    )
    if ends_at <= now:
        raise NotYet("No time is left: the model is released, or its thirty days are used up.")
    signing = start_to_sign(engagement)
    take_signature(engagement, signing.kind, signing.statement, signature, by=by, now=now, keys=keys)
    keys.ensure(engagement.access_key, KeyKind.AEAD)  # a start that was undone may have left it, with nothing under it
    _open_window(engagement, model, terms, now=now, ends_at=ends_at)
    people = _people_agreed(engagement, keys=keys)
    engagement.seats.filter(ended_at__isnull=True, person__in=people).update(admitted_at=now)
    Engagement.objects.filter(pk=engagement.pk).update(
        state=after, starts_at=now, ends_at=ends_at, seen_at=now, reply_by=None
    )
    engagement.refresh_from_db()
    record("engagement.started", engagement, by=by, now=now, digests={"start": signing.statement.digest})
    log.write(engagement, [log.touched(by, What.STARTED)], now=now)
    return engagement


def set_endpoint(
    engagement: Engagement,
    endpoint: Endpoint,
    *,
    by: Actor,
    now: datetime,
    keys: Keystore,
    rng: Dice,
    allow: Iterable[str] = (),
) -> None:
    """Point running access at the developer's endpoint; address and credential lie under the access key.

    `allow` are the places inside a network that whoever runs this node named on purpose (WATCHBELL_EGRESS_ALLOW).
    Raises NotAllowed for anyone but the developer, IsOver, and NotYet for names outside the scope agreed and for an
    address nobody may be sent to.
    """
    require_developer(engagement, by)
    _require_place(endpoint.base_url, frozenset(allow))
    require_running(engagement, now=now, keys=keys, rng=rng)
    with transaction.atomic():
        engagement = held(engagement)
        require_open(engagement)
        if not set(endpoint.models) <= set(offered_terms(engagement, keys=keys).models) or not endpoint.models:
            raise NotYet("Give your endpoint's name for models of the agreed scope, and for no others.")
        sealed = seal(engagement, "endpoint", endpoint.content, key=Material.ACCESS, now=now, keys=keys)
        Grant.objects.filter(engagement=engagement).update(sealed_endpoint=sealed, endpoint_set_at=now)
        record("engagement.endpoint_set", engagement, by=by, now=now)
        log.write(engagement, [log.touched(by, What.ENDPOINT_SET)], now=now)


@transaction.atomic
def pause(engagement: Engagement, *, by: Actor, now: datetime) -> None:
    """Stop every call at once until the developer resumes; the window goes on. Raises NotAllowed, IsOver."""
    require_developer(engagement, by)
    engagement = held(engagement)
    require_open(engagement)
    if Engagement.objects.filter(pk=engagement.pk, paused_at__isnull=True).update(paused_at=now):
        record("engagement.paused", engagement, by=by, now=now)
        log.write(engagement, [log.touched(by, What.PAUSED)], now=now)


@transaction.atomic
def resume(engagement: Engagement, *, by: Actor, now: datetime) -> None:
    """Let calls through again; the window has not grown meanwhile. Raises NotAllowed, IsOver."""
    require_developer(engagement, by)
    engagement = held(engagement)
    require_open(engagement)
    if Engagement.objects.filter(pk=engagement.pk, paused_at__isnull=False).update(paused_at=None):
        record("engagement.resumed", engagement, by=by, now=now)
        log.write(engagement, [log.touched(by, What.RESUMED)], now=now)


@transaction.atomic
def shorten(
    engagement: Engagement, ends_at: datetime, *, by: Actor, now: datetime, keys: Keystore, rng: Dice
) -> Engagement:
    """Let the window end earlier; a moment that has come ends it now, a later one than before changes nothing.

    Raises NotAllowed for anyone but the developer, IsOver.
    """
    require_developer(engagement, by)
    engagement = held(engagement)
    require_open(engagement)
    if engagement.stands is not State.ACTIVE or engagement.ends_at is None:
        raise NotYet("There is no window yet; change the hours in the terms.")
    if ends_at <= moment(engagement, now):
        close(engagement, EngagementEvent.END, by=by, now=now, keys=keys, rng=rng)
    elif ends_at < engagement.ends_at:
        cut_short(engagement, ends_at, by=by, now=now)
    return held(engagement)


@transaction.atomic
def name_person(engagement: Engagement, person: str, *, by: Actor, now: datetime, keys: Keystore, rng: Dice) -> Seat:
    """Name one more person of the evaluator's; without the developer's signature nothing is open to them.

    Raises NotAllowed for anyone but the evaluator, and NotYet beyond the number agreed.
    """
    require_evaluator(engagement, by)
    engagement = held(engagement)
    if engagement.stands not in (State.AGREED, State.ACTIVE):
        raise NotYet("People are named when the terms are agreed to.")
    live = engagement.seats.filter(ended_at__isnull=True)
    there = live.filter(person=person).first()
    if there is not None:
        return there
    people = [*live.values_list("person", flat=True), person]
    require_own_people(engagement, people, offered_terms(engagement, keys=keys))
    seat = Seat.objects.create(public_id=new_id(rng), engagement=engagement, person=person, named_at=now)
    record("engagement.person_named", engagement, by=by, now=now, seat=seat.public_id)
    return seat


def admission_to_sign(seat: Seat) -> Signing:
    """Return what the developer signs to let in a person who was named after the agreement."""
    engagement = seat.engagement
    statement = statements.admission(
        engagement=engagement.public_id, agreement=_agreement(engagement).statement_digest, person=seat.person
    )
    return Signing(kind=Signed.ADMISSION, statement=statement)


@transaction.atomic
def admit_person(seat: Seat, signature: bytes, *, by: Actor, now: datetime, keys: Keystore) -> Seat:
    """Let in a person who was named later, under the developer's signature; doing it again changes nothing.

    Raises NotAllowed, NotSigned, IsOver, and NotYet for a seat that was taken away.
    """
    require_developer(seat.engagement, by)
    engagement = held(seat.engagement)
    require_open(engagement)
    seat.refresh_from_db()
    if seat.ended_at is not None:
        raise NotYet("This seat was taken away; the evaluator names the person again.")
    if seat.admitted_at is not None:
        return seat
    signing = admission_to_sign(seat)
    take_signature(engagement, signing.kind, signing.statement, signature, by=by, now=now, keys=keys)
    Seat.objects.filter(pk=seat.pk).update(admitted_at=now)
    record("engagement.person_admitted", engagement, by=by, now=now, seat=seat.public_id)
    log.write(engagement, [log.touched(by, What.SEAT_ADMITTED, seat=seat.public_id)], now=now)
    seat.refresh_from_db()
    return seat


@transaction.atomic
def end_seat(seat: Seat, *, by: Actor, now: datetime) -> None:
    """Take a person's access away, at the next request; either party may. Raises NotAllowed for anyone else."""
    if require_rights(by) != seat.engagement.developer and not works_on(seat.engagement, by):
        raise NotAllowed("Only the two parties take a seat away.")
    engagement = held(seat.engagement)
    if Seat.objects.filter(pk=seat.pk, ended_at__isnull=True).update(ended_at=now):
        engagement.gateway_tokens.filter(person=seat.person, ended_at__isnull=True).update(ended_at=now)
        record("engagement.seat_ended", engagement, by=by, now=now, seat=seat.public_id)
        log.write(engagement, [log.touched(by, What.SEAT_ENDED, seat=seat.public_id)], now=now)


def require_running(engagement: Engagement, *, now: datetime, keys: Keystore, rng: Dice) -> None:
    """Raise IsOver, or NotYet before the start; an ending found here is written down first."""
    if end_if_over(engagement, now=now, keys=keys, rng=rng):
        raise IsOver(str(IsOver.__doc__))
    engagement.refresh_from_db()
    if engagement.stands is not State.ACTIVE:
        raise NotYet("Access has not begun.")


def _require_place(base_url: str, allow: frozenset[str]) -> None:
    try:
        place_of(base_url, allow=allow)
    except EgressDenied as error:
        raise NotYet(Sentence("This cannot be an endpoint's address. {why}", why=str(error))) from None


def _used(model: ModelVersion) -> list[Window]:
    rows = UsedWindow.objects.filter(organisation=model.organisation, digest=model.digest)
    return [Window(row.starts_at, row.ends_at) for row in rows]


def _agreement(engagement: Engagement) -> Signature:
    found = engagement.signatures.filter(kind=Signed.AGREEMENT).order_by("-pk").first()
    if found is None:
        raise NotYet("The evaluator has not agreed yet.")
    return found


def _people_agreed(engagement: Engagement, *, keys: Keystore) -> list[str]:
    """Return the people of the agreement that the developer's start is about; who was named later is not in it."""
    signed = _agreement(engagement)
    sealed, place = bytes(signed.sealed_payload), signed.statement_digest
    found = open_sealed(engagement, signed.kind, sealed, key=Material.EVIDENCE, place=place, keys=keys)
    return list(strictjson.loads(found)["personnel"])


def _open_window(
    engagement: Engagement, model: ModelVersion, terms: Terms, *, now: datetime, ends_at: datetime
) -> None:
    """Write what the window uses of the model's time, and set the limits agreed on."""
    UsedWindow.objects.create(
        organisation=model.organisation,
        digest=model.digest,
        engagement=engagement.public_id,
        starts_at=now,
        ends_at=ends_at,
    )
    limits = terms.limits
    Grant.objects.filter(engagement=engagement).update(
        requests=limits.requests,
        tokens=limits.tokens,
        cost=limits.cost,
        currency=limits.currency,
        input_per_million=limits.prices.input_per_million,
        output_per_million=limits.prices.output_per_million,
        per_minute=limits.per_minute,
        at_once=limits.at_once,
        opened_a_day=limits.opened_a_day,
        dialects=[one.value for one in terms.dialects],
    )
