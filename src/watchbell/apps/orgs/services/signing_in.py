"""This will say how people sign in: factors, language, and the providers whose word is taken."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import F

from watchbell.apps.journal import services as journal
from watchbell.apps.orgs.models import Identity, IdentityProvider, Person
from watchbell.apps.orgs.services.taking_part import AlreadyThere, require_administration
from watchbell.domain.handling import Actor
from watchbell.domain.identity import Dice, new_id
from watchbell.domain.sentence import Sentence


class BadIdentity(Exception):
    """This identity belongs to somebody else, or you have another one at this provider; remove that link first."""


@dataclass(frozen=True, slots=True)
class NewProvider:
    """What is needed to let people sign in with a provider; `public_id` is what the secret was sealed for."""

    public_id: str
    name: str
    label: str
    issuer: str
    client_id: str
    sealed_secret: bytes
    trusts_email: bool = False
    asserts_mfa: bool = False


@transaction.atomic
def add_provider(details: NewProvider, *, by: Actor, now: datetime) -> IdentityProvider:
    """Let people sign in with this provider. Raises NotAllowed, AlreadyThere."""
    require_administration(by)
    if IdentityProvider.objects.filter(name=details.name).exists():
        raise AlreadyThere(Sentence("There is already a provider named {name}.", name=repr(details.name)))
    if IdentityProvider.objects.filter(issuer=details.issuer).exists():
        raise AlreadyThere(Sentence("There is already a provider with this issuer."))
    provider = IdentityProvider.objects.create(
        public_id=details.public_id,
        name=details.name,
        label=details.label,
        issuer=details.issuer,
        client_id=details.client_id,
        sealed_secret=details.sealed_secret,
        trusts_email=details.trusts_email,
        asserts_mfa=details.asserts_mfa,
        added_at=now,
    )
    facts = {"trusts_email": provider.trusts_email, "asserts_mfa": provider.asserts_mfa}
    journal.record(at=now, by=by, action="provider.added", subject=provider, facts=facts)
    return provider


@transaction.atomic
def remove_provider(provider: IdentityProvider, *, by: Actor, now: datetime) -> int:
    """End every sign-in through this provider; return how many people were linked. Raises NotAllowed."""
    require_administration(by)
    linked = provider.identities.count()
    journal.record(at=now, by=by, action="provider.removed", subject=provider, facts={"linked": linked})
    provider.delete()
    return linked


@transaction.atomic
def link_identity(
    provider: IdentityProvider, person: Person, subject: str, *, by: Actor, now: datetime, rng: Dice
) -> Identity:
    """Remember that the provider's `subject` is this person; the same link twice is one.

    Raises BadIdentity when either of them is linked otherwise already.
    """
    values = {"public_id": new_id(rng), "linked_at": now}
    rows = Identity.objects.filter(provider=provider)
    if rows.filter(subject=subject).exclude(person=person) or rows.filter(person=person).exclude(subject=subject):
        raise BadIdentity(str(BadIdentity.__doc__))
    link, is_new = Identity.objects.get_or_create(provider=provider, person=person, subject=subject, defaults=values)
    if is_new:
        facts = {"person": person.public_id, "provider": provider.public_id}
        journal.record(at=now, by=by, action="identity.linked", subject=link, facts=facts)
    return link


@transaction.atomic
def unlink_identity(link: Identity, *, by: Actor, now: datetime) -> None:
    """Forget a link; the provider's word no longer opens this account."""
    facts = {"person": link.person.public_id, "provider": link.provider.public_id}
    journal.record(at=now, by=by, action="identity.unlinked", subject=link, facts=facts)
    link.delete()


def count_removed_factor(person: Person) -> int:
    """Count one more removed factor, which ends the strength of every session there is; return the new count."""
    Person.objects.filter(pk=person.pk).update(factors_removed=F("factors_removed") + 1)
    person.refresh_from_db(fields=["factors_removed"])
    return person.factors_removed


def choose_language(person: Person, language: str) -> None:
    """Remember in which language this person reads; a code of the node's own list."""
    Person.objects.filter(pk=person.pk).update(language=language)
