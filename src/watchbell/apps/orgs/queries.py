"""Every look at people and organisations, on behalf of someone."""

import hashlib
import hmac
from collections.abc import Iterable
from datetime import datetime

from allauth.mfa.models import Authenticator
from django.db import connection
from django.db.models import QuerySet

from watchbell.apps import statements
from watchbell.apps.orgs.models import (
    Identity,
    IdentityProvider,
    Invitation,
    Membership,
    Organisation,
    Person,
    Token,
)
from watchbell.domain.handling import Actor, ActorKind, OrganisationKind, Role, Scope, Viewer


def actor_for_person(
    person: Person, organisation: str | None, *, strong: bool, authenticated_at: datetime | None
) -> Actor:
    """Return the actor a signed-in person is at this moment; read anew on every request.

    `organisation` is the public id they chose to act for; when they do not belong to it
    (any more) they act for the first one they do belong to, or for none.
    """
    memberships = list(
        Membership.objects.filter(person=person, organisation__closed_at__isnull=True)
        .select_related("organisation")
        .prefetch_related("organisation__kinds")
        .order_by("organisation__name")
    )
    chosen = next((one for one in memberships if one.organisation.public_id == organisation), None)
    membership = chosen or (memberships[0] if memberships else None)
    return Actor(
        kind=ActorKind.PERSON,
        person=person.public_id,
        organisation=membership.organisation.public_id if membership else None,
        organisation_kinds=_kinds(membership.organisation) if membership else frozenset(),
        role=Role(membership.role) if membership else None,
        scopes=frozenset(Scope),
        is_node_admin=person.is_node_admin,
        authenticated_at=authenticated_at,
        strong=strong,
    )


def actor_on_behalf(person: str, organisation: str, *, asked_at: datetime) -> Actor | None:
    """Return who a person is for work they asked for at that moment, signed in with a second factor.

    What they may do is read anew. None once they are gone, or do not belong to the organisation any more.
    """
    found = Person.objects.filter(public_id=person, is_active=True).first()
    actor = actor_for_person(found, organisation, strong=True, authenticated_at=asked_at) if found else None
    return actor if actor is not None and actor.organisation == organisation else None


def actor_for_token(text: str, *, now: datetime) -> Actor | None:
    """Return who presents this bearer token, or None when it is unknown, ended or its holder left."""
    prefix, _, rest = text.partition("_")
    public_id, _, secret = rest.partition("_")
    token = (
        Token.objects.select_related("person", "organisation")
        .prefetch_related("organisation__kinds")
        .filter(public_id=public_id)
        .first()
        if prefix == "wb"
        else None
    )
    if token is None or not hmac.compare_digest(bytes(token.secret_digest), hashlib.sha256(secret.encode()).digest()):
        return None
    membership = Membership.objects.filter(person=token.person, organisation=token.organisation).first()
    ended = token.revoked_at is not None or now >= token.expires_at or token.organisation.closed_at is not None
    if ended or membership is None or not token.person.is_active:
        return None
    return Actor(
        kind=ActorKind.TOKEN,
        person=token.person.public_id,
        organisation=token.organisation.public_id,
        organisation_kinds=_kinds(token.organisation),
        role=Role(membership.role),
        scopes=frozenset(Scope(scope) for scope in token.scopes),
        authenticated_at=token.created_at,
        strong=True,
    )


def _kinds(organisation: Organisation) -> frozenset[OrganisationKind]:
    return frozenset(OrganisationKind(row.kind) for row in organisation.kinds.all())


def visible_to(viewer: Actor, *, now: datetime) -> QuerySet[Organisation]:
    """Return the organisations this actor may know of: their own; coordinators and administrators see all."""
    everyone = Organisation.objects.filter(closed_at__isnull=True, created_at__lte=now)
    if viewer.is_node_admin or viewer.kind is ActorKind.SYSTEM or viewer.acts_as(OrganisationKind.COORDINATOR):
        return everyone
    return everyone.filter(memberships__person__public_id=viewer.person) if viewer.person else everyone.none()


def members_of(viewer: Actor, *, now: datetime) -> QuerySet[Membership]:
    """Return the memberships of the organisation acted for; administrators see every one."""
    rows = Membership.objects.select_related("person", "organisation").filter(since__lte=now)
    if viewer.is_node_admin:
        return rows.order_by("organisation__name", "person__email")
    return rows.filter(organisation__public_id=viewer.organisation).order_by("person__email")


def open_invitations(viewer: Actor, *, now: datetime) -> QuerySet[Invitation]:
    """Return the invitations nobody has used yet: of the organisation acted for; the console sees the node's own."""
    waiting = Invitation.objects.select_related("organisation").filter(
        accepted_at__isnull=True, revoked_at__isnull=True, expires_at__gt=now
    )
    if viewer.kind is ActorKind.SYSTEM:
        return waiting.filter(organisation__isnull=True)
    return waiting.filter(organisation__public_id=viewer.organisation).order_by("created_at")


def tokens_of(viewer: Actor, *, now: datetime) -> QuerySet[Token]:
    """Return the tokens this person made, and for an owner those of the organisation, newest first."""
    rows = Token.objects.select_related("person", "organisation").filter(created_at__lte=now).order_by("-created_at")
    if viewer.role is Role.OWNER:
        return rows.filter(organisation__public_id=viewer.organisation)
    return rows.filter(person__public_id=viewer.person, organisation__public_id=viewer.organisation)


def organisations_of(person: str) -> QuerySet[Organisation]:
    """Return the organisations this person may act for."""
    return Organisation.objects.filter(memberships__person__public_id=person, closed_at__isnull=True).order_by("name")


def roles_in(organisation: str, people: Iterable[str]) -> dict[str, Role]:
    """Return what these people may do in an open organisation at this moment; who is not there does not belong to it.

    Within a transaction it stays so until that ends: whoever takes a membership or a role away waits for it.
    """
    wanted = tuple(set(people))
    asked = _roles_held if connection.in_atomic_block else _roles
    rows = asked(organisation=organisation, people=wanted) if wanted else []
    return {row.person.public_id: Role(row.role) for row in rows}


def _memberships(organisation: str, people: tuple[str, ...]) -> QuerySet[Membership]:
    rows = Membership.objects.filter(
        organisation__public_id=organisation,
        organisation__closed_at__isnull=True,
        person__public_id__in=people,
        person__is_active=True,
    )
    return rows.select_related("person").only("role", "person__public_id").order_by("pk")


_roles = statements.Look(_memberships)
_roles_held = statements.Look(
    lambda organisation, people: _memberships(organisation, people).select_for_update(of=("self",), no_key=True)
)


def organisation(public_id: str) -> Organisation:
    """Return one organisation by its opaque id, for services that already decided; raises DoesNotExist."""
    return Organisation.objects.get(public_id=public_id)


def find(public_id: str) -> Organisation | None:
    """Return one open organisation by its opaque id, or None."""
    return Organisation.objects.filter(public_id=public_id, closed_at__isnull=True).first()


def called(name: str) -> list[Organisation]:
    """Return the open organisations of exactly this name, in any case, for whoever names one by heart."""
    return list(Organisation.objects.filter(name__iexact=name.strip(), closed_at__isnull=True).order_by("pk"))


def names_of(people: Iterable[str]) -> dict[str, str]:
    """Return what these people are called, by opaque id, for those who may read it; nobody who was erased is there."""
    rows = Person.objects.filter(public_id__in=set(people), erased_at__isnull=True)
    return {row.public_id: row.get_full_name() for row in rows}


def person_by_email(email: str) -> Person | None:
    """Return the active person with this address, for the console and the door that signs people in."""
    return Person.objects.filter(email__iexact=email, is_active=True).first()


def accounts(viewer: Actor) -> QuerySet[Person]:
    """Return the accounts there are, for those who administer the node; erased ones are nobody's any more."""
    rows = Person.objects.filter(erased_at__isnull=True)
    return rows if viewer.is_node_admin else rows.none()


def of_kind(kind: OrganisationKind) -> QuerySet[Organisation]:
    """Return the open organisations of one kind, for services and jobs."""
    return Organisation.objects.filter(kinds__kind=kind, closed_at__isnull=True).order_by("pk")


def recipients(organisation: str) -> list[str]:
    """Return the addresses of an organisation's active members at this very moment; asked again at each sending."""
    rows = Membership.objects.filter(organisation__public_id=organisation, person__is_active=True)
    return sorted(rows.values_list("person__email", flat=True))


def circle_of(organisation: str) -> list[str]:
    """Return the organisations that share a community with this one, itself among them where it is in any."""
    shared = Organisation.objects.filter(communities__organisations__public_id=organisation, closed_at__isnull=True)
    return sorted(set(shared.values_list("public_id", flat=True)))


def standing(viewer: Actor, *, recipients: set[str], named: set[str], communities: set[str]) -> Viewer:
    """Return how this actor stands to an object shared with these organisations, people and communities."""
    if viewer.organisation is None:
        return Viewer(is_named=viewer.person in named)
    own = Organisation.objects.filter(public_id=viewer.organisation)
    return Viewer(
        is_named=viewer.person in named,
        in_recipient_organisation=viewer.organisation in recipients,
        is_client_of_recipient=bool(recipients) and own.filter(providers__provider__public_id__in=recipients).exists(),
        in_shared_community=bool(communities) and own.filter(communities__public_id__in=communities).exists(),
    )


def has_administrator() -> bool:
    """Return whether anyone administers this node yet."""
    return Person.objects.filter(is_node_admin=True, is_active=True).exists()


def providers() -> QuerySet[IdentityProvider]:
    """Return the providers people may sign in with: what the sign-in page shows to everyone."""
    return IdentityProvider.objects.order_by("label", "name")


def provider(name: str) -> IdentityProvider | None:
    """Return one provider by its name, or None."""
    return IdentityProvider.objects.filter(name=name).first()


def is_provider(public_id: str) -> bool:
    """Return whether this provider may still sign people in."""
    return IdentityProvider.objects.filter(public_id=public_id).exists()


def identified(provider: IdentityProvider, subject: str) -> Person | None:
    """Return the active person whom the provider knows as `subject`, or None."""
    return Person.objects.filter(identities__provider=provider, identities__subject=subject, is_active=True).first()


def identities_of(viewer: Actor) -> QuerySet[Identity]:
    """Return the viewer's own links to providers."""
    return Identity.objects.filter(person__public_id=viewer.person).select_related("provider", "person")


def anyone_has_a_factor() -> bool:
    """Return whether anybody set up a second factor, for whoever asks whether the key that seals them is needed."""
    return bool(Authenticator.objects.exists())
