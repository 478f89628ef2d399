"""This will take the parties' own public keys, and their signatures under what they agree on."""

from datetime import datetime

from django.db import transaction

from watchbell.apps.engagements.models import Engagement, Signature, SigningKey
from watchbell.apps.engagements.services.material import seal
from watchbell.apps.engagements.services.standing import NotAllowed, require_rights
from watchbell.apps.engagements.words import Material, Signed
from watchbell.apps.journal import services as journal
from watchbell.domain.handling import Actor, ActorKind, Role
from watchbell.domain.identity import Dice, new_id
from watchbell.domain.terms import Statement, signed_bytes
from watchbell.outside.keystore import Keystore
from watchbell.outside.keystore.interface import verify_signature

KEY_BYTES = 32


class NotSigned(Exception):
    """The signature does not fit: it is not over this statement, or by none of your organisation's keys."""


class NoKey(Exception):
    """That is no public key we can use; give the 32 bytes of an Ed25519 key, as `watchbell key new` makes them."""


@transaction.atomic
def add_signing_key(public_key: bytes, *, by: Actor, now: datetime, rng: Dice) -> SigningKey:
    """Take the public half of a key that the organisation holds itself; the same one again is the first.

    Raises NotAllowed unless a signed-in owner gives it, and NoKey.
    """
    organisation = require_rights(by)
    if by.kind is not ActorKind.PERSON or by.role is not Role.OWNER:
        raise NotAllowed("Only a signed-in owner of an organisation gives its keys.")
    if len(public_key) != KEY_BYTES:
        raise NoKey(str(NoKey.__doc__))
    there = SigningKey.objects.filter(public_key=public_key).first()
    if there is not None:
        if there.organisation != organisation or there.retired_at is not None:
            raise NoKey(str(NoKey.__doc__))
        return there
    key = SigningKey.objects.create(
        public_id=new_id(rng), organisation=organisation, person=by.person or "", public_key=public_key, added_at=now
    )
    journal.record(at=now, by=by, action="signing_key.added", subject=key)
    return key


@transaction.atomic
def retire_signing_key(key: SigningKey, *, by: Actor, now: datetime) -> None:
    """Take signatures by this key no longer; what it signed stays signed. Raises NotAllowed."""
    if require_rights(by) != key.organisation or by.role is not Role.OWNER:
        raise NotAllowed("Only an owner of an organisation retires its keys.")
    if SigningKey.objects.filter(pk=key.pk, retired_at__isnull=True).update(retired_at=now):
        journal.record(at=now, by=by, action="signing_key.retired", subject=key)


def take_signature(
    engagement: Engagement,
    kind: Signed,
    statement: Statement,
    signature: bytes,
    *,
    by: Actor,
    now: datetime,
    keys: Keystore,
) -> Signature:
    """Store a signature under a statement, if one of the organisation's keys made it; the statement lies sealed.

    The same statement signed once more (the same people agreed to the same offer again) takes the earlier one's
    place and is the latest. Raises NotSigned.
    """
    signed = signed_bytes(statement.payload)
    for key in SigningKey.objects.filter(organisation=by.organisation, retired_at__isnull=True).order_by("pk"):
        if verify_signature(bytes(key.public_key), signature, signed):
            break
    else:
        raise NotSigned(str(NotSigned.__doc__))
    engagement.signatures.filter(statement_digest=statement.digest).delete()
    sealed = seal(
        engagement,
        kind.value,
        statement.payload,
        key=Material.EVIDENCE,
        place=statement.digest,
        now=now,
        keys=keys,
    )
    return Signature.objects.create(
        engagement=engagement,
        kind=kind,
        statement_digest=statement.digest,
        sealed_payload=sealed,
        organisation=by.organisation or "",
        person=by.person or "",
        public_key=bytes(key.public_key),
        signature=signature,
        at=now,
    )
