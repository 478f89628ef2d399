"""This will take an evaluator's signed words about its machines, and halt what left its scope.

Watchbell cannot see those machines: it keeps the words, and every report says that nobody verified them. An incident
ends every token at once and is in the developer's record, and in its notices, in the same transaction.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.db import transaction

from watchbell.apps.engagements import queries as engagements
from watchbell.apps.engagements import services as access
from watchbell.apps.engagements.services import NotSigned
from watchbell.apps.engagements.services.standing import IsOver, NotYet, held, record, require_developer
from watchbell.apps.engagements.services.standing import require_evaluator as require_evaluators
from watchbell.apps.engagements.services.tokens import LONGEST
from watchbell.apps.engagements.words import Material
from watchbell.apps.evaluation.models import Containment, Incident, Protocol, Run
from watchbell.apps.evaluation.services.standing import engagement_of, require_evaluator_or_console
from watchbell.apps.evaluation.words import IncidentKind
from watchbell.domain.evaluation import containment
from watchbell.domain.handling import Actor
from watchbell.domain.identity import Dice, new_id
from watchbell.domain.lifecycle.run import RUN, RunEvent
from watchbell.domain.terms import Purpose, Statement, signed_bytes
from watchbell.outside.keystore import Keystore
from watchbell.outside.keystore.interface import verify_signature

if TYPE_CHECKING:
    from watchbell.apps.engagements.models import Engagement

MOST_NOTE = 4000


@dataclass(frozen=True, slots=True, kw_only=True)
class Happened:
    """What somebody saw: which kind, when, in which run if it is known, and in their words."""

    kind: IncidentKind
    noticed_at: datetime
    run: Run | None = None
    note: str = ""


def containment_to_sign(row: Protocol) -> Statement:
    """Return what the evaluator signs before the runs of a locked protocol. Raises NotYet for a draft."""
    if row.locked_at is None:
        raise NotYet("Lock the protocol first: the statement names it by its digest.")
    return containment(engagement=row.engagement, protocol=row.digest)


@transaction.atomic
def sign_containment(
    row: Protocol, signature: bytes, *, by: Actor, now: datetime, keys: Keystore, rng: Dice
) -> Containment:
    """Keep the statement under the evaluator's signature; signing again changes nothing.

    Raises NotAllowed for anyone but the evaluator's people, NotYet for a draft, NotSigned.
    """
    require_evaluators(engagement_of(row), by)
    engagement = held(engagement_of(row))
    statement = containment_to_sign(row)
    there = Containment.objects.filter(protocol=row).first()
    if there is not None:
        return there
    public_key = _signer(statement, signature, by)
    made = Containment.objects.create(
        public_id=new_id(rng),
        engagement=row.engagement,
        protocol=row,
        digest=statement.digest,
        sealed_payload=access.seal(
            engagement,
            "containment",
            statement.payload,
            key=Material.EVIDENCE,
            place=row.public_id,
            now=now,
            keys=keys,
        ),
        organisation=by.organisation or "",
        person=by.person or "",
        public_key=public_key,
        signature=signature,
        at=now,
    )
    digests = {"statement": made.digest}
    record("evaluation.containment_signed", engagement, by=by, now=now, digests=digests, protocol=row.public_id)
    return made


def mint_run_token(
    row: Protocol, *, by: Actor, now: datetime, keys: Keystore, rng: Dice, lasts: timedelta = LONGEST
) -> access.Minted:
    """Return a token to run a locked protocol with, shown once.

    Raises NotYet without the signed statement or while an incident is open, and what `engagements.mint` raises.
    """
    engagement = engagement_of(row)
    require_evaluators(engagement, by)
    require_contained(row)
    return access.mint(engagement, Purpose.RUN, lasts=lasts, by=by, now=now, keys=keys, rng=rng)


def mint_token(
    engagement: "Engagement", purpose: Purpose, *, lasts: timedelta, by: Actor, now: datetime, keys: Keystore, rng: Dice
) -> access.Minted:
    """Return a gateway token; one to run with only once every locked protocol of the engagement has its statement.

    An engagement without a protocol takes none: not everybody who tries a model measures it. Raises what
    `mint_run_token` raises.
    """
    if purpose is Purpose.RUN:
        require_evaluators(engagement, by)
        for row in Protocol.objects.filter(engagement=engagement.public_id, locked_at__isnull=False):
            if not Protocol.objects.filter(supersedes=row, locked_at__isnull=False).exists():
                require_contained(row)
    return access.mint(engagement, purpose, lasts=lasts, by=by, now=now, keys=keys, rng=rng)


def require_contained(row: Protocol) -> None:
    """Raise NotYet unless the protocol is locked, its statement signed, and no incident of its engagement open."""
    if row.locked_at is None:
        raise NotYet("Lock the protocol before its first call.")
    if not Containment.objects.filter(protocol=row).exists():
        raise NotYet("Sign the statement about containment before the first call.")
    if Incident.objects.filter(engagement=row.engagement, settled_at__isnull=True).exists():
        raise NotYet("An incident is open; runs go on when the developer has settled it.")


@transaction.atomic
def report_incident(
    engagement: "Engagement",
    what: Happened,
    *,
    by: Actor,
    now: datetime,
    keys: Keystore,
    rng: Dice,
    protocol: Protocol | None = None,
) -> Incident:
    """Halt the run, end every token, and tell the developer: all in one transaction, no later than anyone.

    Raises NotAllowed for anyone but the evaluator's people and this machine's console.
    """
    require_evaluator_or_console(engagement, by)
    engagement = held(engagement)
    name, run = new_id(rng), what.run
    incident = Incident.objects.create(
        public_id=name,
        engagement=engagement.public_id,
        protocol=protocol or (run.protocol if run else None),
        run=run,
        kind=what.kind,
        sealed_note=_sealed(engagement, "incident", name, what.note, now=now, keys=keys),
        person=by.person or "",
        tokens_ended=access.end_every_token(engagement, by=by, now=now),
        noticed_at=min(what.noticed_at, now),
        told_at=now,
    )
    if run is not None:
        halt(run, now=now)
    after = int((now - incident.noticed_at).total_seconds())
    record(
        "evaluation.incident",
        engagement,
        by=by,
        now=now,
        incident=name,
        kind=what.kind.value,
        run=run.public_id if run else "",
        seconds_after=after,
        tokens_ended=incident.tokens_ended,
    )
    return incident


@transaction.atomic
def settle_incident(incident: Incident, reason: str, *, by: Actor, now: datetime, keys: Keystore) -> Incident:
    """Let runs go on after an incident, and keep why, sealed; only the developer does. Again changes nothing.

    Raises NotAllowed, NotYet without a reason, IsOver once the evidence is due: then nothing runs any more.
    """
    engagement = engagements.named(incident.engagement)
    require_developer(engagement, by)
    engagement, name = held(engagement), incident.public_id
    if not reason.strip():
        raise NotYet("Say what was found and why runs may go on.")
    if access.evidence_is_due(engagement, now):
        raise IsOver("The evidence of this engagement has been destroyed, as its terms say.")
    open_still = Incident.objects.filter(pk=incident.pk, settled_at__isnull=True)
    if open_still.exists() and open_still.update(
        settled_at=max(now, incident.told_at),
        settled_by=by.person or "",
        sealed_reason=_sealed(engagement, "incident-reason", name, reason, now=now, keys=keys),
    ):
        record("evaluation.incident_settled", engagement, by=by, now=now, incident=incident.public_id)
    incident.refresh_from_db()
    return incident


def halt(run: Run, *, now: datetime) -> None:
    """Halt a run that goes on, in the caller's transaction; one that is over stays as it is."""
    run.refresh_from_db()
    if not run.stands.is_over:
        after = RUN.next(run.stands, RunEvent.HALT)
        Run.objects.filter(pk=run.pk, state=run.state).update(state=after, finished_at=now)
        run.refresh_from_db()


def _sealed(engagement: "Engagement", what: str, name: str, text: str, *, now: datetime, keys: Keystore) -> bytes:
    words = text.strip()[:MOST_NOTE].encode()
    if not words:
        return b""
    return access.seal(engagement, what, words, key=Material.EVIDENCE, place=name, now=now, keys=keys)


def _signer(statement: Statement, signature: bytes, by: Actor) -> bytes:
    signed = signed_bytes(statement.payload)
    for key in engagements.signing_keys_of(by).filter(retired_at__isnull=True):
        if verify_signature(bytes(key.public_key), signature, signed):
            return bytes(key.public_key)
    raise NotSigned(str(NotSigned.__doc__))
