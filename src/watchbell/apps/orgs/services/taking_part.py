"""This will create, invite, join, part, and make and end tokens."""

import hashlib
import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from watchbell.apps.journal import services as journal
from watchbell.apps.orgs.models import (
    Client,
    Community,
    Invitation,
    Membership,
    Organisation,
    OrganisationKindOf,
    Person,
    Token,
)
from watchbell.domain.handling import Actor, ActorKind, OrganisationKind, Role, Scope
from watchbell.domain.identity import Dice, new_id
from watchbell.domain.sentence import Sentence

INVITATION_LASTS = timedelta(days=7)
TOKEN_LASTS_AT_MOST = timedelta(days=90)
STRENGTH = {Role.READER: 0, Role.MEMBER: 1, Role.OWNER: 2}


class NotAllowed(Exception):
    """You may not do this; an owner of the organisation or a node administrator can."""


class LastOwner(Exception):
    """This is the organisation's last owner; make someone else an owner first."""


class BadInvitation(Exception):
    """This link is used, expired, withdrawn or mistyped; ask for a new one."""


class AlreadyThere(Exception):
    """That name or address is taken on this node; choose another."""


@dataclass(frozen=True, slots=True)
class NewOrganisation:
    """What is needed to set up an organisation."""

    name: str
    kinds: frozenset[OrganisationKind]
    sector: str = ""
    time_zone: str = "UTC"
    language: str = "en"
    is_government: bool = False


def require_administration(by: Actor) -> None:
    """This will raise NotAllowed unless a node administrator or the console acts."""
    if not (by.is_node_admin or by.kind is ActorKind.SYSTEM):
        raise NotAllowed("Only a node administrator manages organisations and accounts.")


def require_ownership(by: Actor, organisation: Organisation) -> None:
    """This will raise NotAllowed unless an owner of the organisation or an administrator acts."""
    owns = by.role is Role.OWNER and by.organisation == organisation.public_id
    if not (owns or by.is_node_admin or by.kind is ActorKind.SYSTEM):
        raise NotAllowed("Only an owner of this organisation may change who belongs to it.")


@transaction.atomic
def create_organisation(details: NewOrganisation, *, by: Actor, now: datetime, rng: Dice) -> Organisation:
    """Set up an organisation of these kinds. Raises NotAllowed, AlreadyThere."""
    require_administration(by)
    if Organisation.objects.filter(name__iexact=details.name).exists():
        raise AlreadyThere(Sentence("There is already an organisation named {name}.", name=repr(details.name)))
    organisation = Organisation.objects.create(
        public_id=new_id(rng),
        name=details.name,
        sector=details.sector,
        time_zone=details.time_zone,
        language=details.language,
        is_government=details.is_government,
        created_at=now,
    )
    OrganisationKindOf.objects.bulk_create(
        OrganisationKindOf(organisation=organisation, kind=kind) for kind in sorted(details.kinds)
    )
    journal.record(
        at=now, by=by, action="organisation.created", subject=organisation, concerns=[organisation.public_id]
    )
    return organisation


@transaction.atomic
def create_person(
    email: str,
    *,
    by: Actor,
    now: datetime,
    rng: Dice,
    name: str = "",
    password: str | None = None,
    node_admin: bool = False,
) -> Person:
    """Add an account; without a password nobody can sign in to it yet. Raises NotAllowed, AlreadyThere."""
    require_administration(by)
    if Person.objects.filter(email__iexact=email).exists():
        raise AlreadyThere("There is already an account with this address.")
    person = Person(public_id=new_id(rng), email=email, display_name=name, is_node_admin=node_admin, created_at=now)
    person.set_password(password)
    person.save(force_insert=True)
    journal.record(at=now, by=by, action="person.created", subject=person)
    return person


@transaction.atomic
def share_counts(organisation: Organisation, *, shares: bool, by: Actor, now: datetime) -> None:
    """Say whether this organisation's counts may join sums of at least five. Raises NotAllowed."""
    require_ownership(by, organisation)
    if Organisation.objects.filter(pk=organisation.pk).exclude(shares_counts=shares).update(shares_counts=shares):
        journal.record(
            at=now,
            by=by,
            action="organisation.shares_counts",
            subject=organisation,
            concerns=[organisation.public_id],
            facts={"shares": shares},
        )


@transaction.atomic
def add_member(person: Person, organisation: Organisation, role: Role, *, by: Actor, now: datetime) -> Membership:
    """Let a person act for an organisation. Raises NotAllowed when someone weaker than `role` tries."""
    require_ownership(by, organisation)
    existing = Membership.objects.filter(person=person, organisation=organisation).first()
    if existing is not None and role is not Role.OWNER:
        keep_an_owner(existing)
    membership, _ = Membership.objects.update_or_create(
        person=person, organisation=organisation, defaults={"role": role}, create_defaults={"role": role, "since": now}
    )
    _record_membership("member.added", membership, by=by, now=now)
    return membership


@transaction.atomic
def change_role(membership: Membership, role: Role, *, by: Actor, now: datetime) -> None:
    """Give a member another role, effective on their next request. Raises NotAllowed, LastOwner."""
    require_ownership(by, membership.organisation)
    if role is not Role.OWNER:
        keep_an_owner(membership)
        _end_links_an_owner_made(membership, now=now)
    Membership.objects.filter(pk=membership.pk).update(role=role)
    _record_membership("member.role_changed", membership, by=by, now=now)


@transaction.atomic
def remove_member(membership: Membership, *, by: Actor, now: datetime) -> None:
    """End a membership; the person's next request and every token for this organisation are refused.

    Anyone may leave by themselves. Raises NotAllowed, LastOwner.
    """
    if by.person != membership.person.public_id:
        require_ownership(by, membership.organisation)
    keep_an_owner(membership)
    Token.objects.filter(
        person=membership.person, organisation=membership.organisation, revoked_at__isnull=True
    ).update(revoked_at=now)
    _end_links_an_owner_made(membership, now=now)
    _record_membership("member.removed", membership, by=by, now=now)
    membership.delete()


def _end_links_an_owner_made(membership: Membership, *, now: datetime) -> None:
    """Withdraw the organisation's open invitations when an owner goes: one of them may be a way back in."""
    if membership.role == Role.OWNER:
        waiting = Invitation.objects.filter(organisation=membership.organisation, accepted_at__isnull=True)
        waiting.filter(revoked_at__isnull=True).update(revoked_at=now)


def keep_an_owner(membership: Membership) -> None:
    """This will raise LastOwner when nobody else owns the organisation; it holds the membership and all owners'.

    In the order in which everybody takes several: two who go at once, or one who goes while the others are asked
    for, wait for each other in turn.
    """
    own = Q(pk=membership.pk) | Q(role=Role.OWNER)
    rows = Membership.objects.select_for_update().filter(own, organisation=membership.organisation).order_by("pk")
    others = [row for row in rows if row.pk != membership.pk and row.role == Role.OWNER]
    if membership.role == Role.OWNER and not others:
        raise LastOwner(str(LastOwner.__doc__))


def _record_membership(action: str, membership: Membership, *, by: Actor, now: datetime) -> None:
    journal.record(
        at=now,
        by=by,
        action=action,
        subject=membership.organisation,
        concerns=[membership.organisation.public_id],
        facts={"person": membership.person.public_id, "role": str(membership.role)},
    )


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()


@transaction.atomic
def invite(
    email: str, organisation: Organisation | None, role: Role | None, *, by: Actor, now: datetime, rng: Dice
) -> tuple[Invitation, str]:
    """Make a link, good once within seven days; without organisation and role it makes a node administrator.

    Returns the invitation and the secret for its link, which is kept nowhere. Raises NotAllowed.
    """
    if organisation is None or role is None:
        require_administration(by)
    else:
        require_ownership(by, organisation)
    secret = new_id(rng)
    invitation = Invitation.objects.create(
        public_id=new_id(rng),
        organisation=organisation,
        email=email,
        role=role or "",
        secret_digest=_digest(secret),
        created_at=now,
        expires_at=now + INVITATION_LASTS,
    )
    journal.record(
        at=now,
        by=by,
        action="invitation.made",
        subject=invitation,
        concerns=[organisation.public_id] if organisation else [],
    )
    return invitation, secret


@transaction.atomic
def withdraw_invitation(invitation: Invitation, *, by: Actor, now: datetime) -> None:
    """Make an open invitation's link useless; one that was used or withdrawn stays as it is. Raises NotAllowed."""
    if invitation.organisation is None:
        require_administration(by)
    else:
        require_ownership(by, invitation.organisation)
    open_one = Invitation.objects.filter(pk=invitation.pk, accepted_at__isnull=True, revoked_at__isnull=True)
    if open_one.update(revoked_at=now):
        concerns = [invitation.organisation.public_id] if invitation.organisation else []
        journal.record(at=now, by=by, action="invitation.withdrawn", subject=invitation, concerns=concerns)


def open_invitation(public_id: str, secret: str, *, now: datetime) -> Invitation:
    """Return the invitation this link opens. Raises BadInvitation, alike for every reason."""
    invitation = Invitation.objects.select_related("organisation").filter(public_id=public_id).first()
    good = (
        invitation is not None
        and hmac.compare_digest(bytes(invitation.secret_digest), _digest(secret))
        and invitation.accepted_at is None
        and invitation.revoked_at is None
        and now < invitation.expires_at
    )
    if invitation is None or not good:
        raise BadInvitation(str(BadInvitation.__doc__))
    return invitation


@transaction.atomic
def accept_invitation(
    public_id: str, secret: str, *, password: str, display_name: str, now: datetime, rng: Dice
) -> Person:
    """Create the invited account, or add the membership to the one that has this address already.

    An account that exists keeps its password, and a member a stronger role: a link only ever adds.
    Raises BadInvitation, also when two people race for one link.
    """
    invitation = open_invitation(public_id, secret, now=now)
    claimed = Invitation.objects.filter(pk=invitation.pk, accepted_at__isnull=True, revoked_at__isnull=True).update(
        accepted_at=now
    )
    if not claimed:
        raise BadInvitation(str(BadInvitation.__doc__))
    person = Person.objects.filter(email__iexact=invitation.email).first()
    if person is None:
        person = Person(public_id=new_id(rng), email=invitation.email, display_name=display_name, created_at=now)
        person.set_password(password)
        person.save(force_insert=True)
    by = Actor(kind=ActorKind.LINK, person=person.public_id)
    if invitation.organisation is None:
        Person.objects.filter(pk=person.pk).update(is_node_admin=True)
    else:
        membership, is_new = Membership.objects.get_or_create(
            person=person,
            organisation=invitation.organisation,
            defaults={"role": invitation.role, "since": now},
        )
        if not is_new and STRENGTH[Role(invitation.role)] > STRENGTH[Role(membership.role)]:
            Membership.objects.filter(pk=membership.pk).update(role=invitation.role)
    concerns = [invitation.organisation.public_id] if invitation.organisation else []
    journal.record(at=now, by=by, action="invitation.accepted", subject=invitation, concerns=concerns)
    person.refresh_from_db()
    return person


@transaction.atomic
def mint_token(
    label: str, scopes: Iterable[Scope], *, by: Actor, lasts: timedelta, now: datetime, rng: Dice
) -> tuple[Token, str]:
    """Make a bearer token for the organisation acted for; its text is returned once and never kept.

    At most 90 days. Raises NotAllowed for anyone not signed in with a second factor.
    """
    if by.kind is not ActorKind.PERSON or not by.strong or by.organisation is None:
        raise NotAllowed("Sign in with your second factor, for an organisation, to make a token.")
    secret = new_id(rng) + new_id(rng)
    token = Token.objects.create(
        public_id=new_id(rng),
        person=Person.objects.get(public_id=by.person),
        organisation=Organisation.objects.get(public_id=by.organisation),
        label=label,
        secret_digest=_digest(secret),
        scopes=sorted(scopes),
        created_at=now,
        expires_at=now + min(lasts, TOKEN_LASTS_AT_MOST),
    )
    journal.record(at=now, by=by, action="token.made", subject=token, concerns=[by.organisation])
    return token, f"wb_{token.public_id}_{secret}"


@transaction.atomic
def revoke_token(token: Token, *, by: Actor, now: datetime) -> None:
    """End a token; its next use is refused. Its own person, an owner or an administrator may. Raises NotAllowed."""
    if by.person != token.person.public_id:
        require_ownership(by, token.organisation)
    if Token.objects.filter(pk=token.pk, revoked_at__isnull=True).update(revoked_at=now):
        journal.record(at=now, by=by, action="token.revoked", subject=token, concerns=[token.organisation.public_id])


@transaction.atomic
def create_community(
    name: str, organisations: Iterable[Organisation], *, by: Actor, now: datetime, rng: Dice
) -> Community:
    """Make a circle that TLP:GREEN may be shared with. Raises NotAllowed."""
    require_administration(by)
    community = Community.objects.create(public_id=new_id(rng), name=name, created_at=now)
    members = list(organisations)
    community.organisations.set(members)
    journal.record(
        at=now, by=by, action="community.created", subject=community, concerns=[one.public_id for one in members]
    )
    return community


@transaction.atomic
def declare_client(provider: Organisation, client: Organisation, *, by: Actor, now: datetime) -> None:
    """Say that TLP:AMBER material of `provider` may reach `client`. Raises NotAllowed."""
    require_ownership(by, provider)
    Client.objects.get_or_create(provider=provider, client=client, defaults={"declared_at": now})
    journal.record(
        at=now, by=by, action="client.declared", subject=provider, concerns=[provider.public_id, client.public_id]
    )
