"""This will take a person's name out of the node; what they did stays, under an opaque id."""

from datetime import datetime

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.contrib.sessions.models import Session
from django.db import transaction

from watchbell.apps.journal import services as journal
from watchbell.apps.orgs.models import Identity, Invitation, Person, Token
from watchbell.apps.orgs.services.taking_part import keep_an_owner, require_administration
from watchbell.domain.handling import Actor

SIGNED_IN_AS = "_auth_user_id"  # Django's own name for it in a session


@transaction.atomic
def erase_person(person: Person, *, by: Actor, now: datetime) -> None:
    """Blank a person's name and address and end every way in; what they did stays under an opaque id.

    Twice is the same as once. Raises NotAllowed, and LastOwner while an organisation has nobody else.
    """
    if by.person != person.public_id:
        require_administration(by)
    person.set_unusable_password()
    claimed = Person.objects.filter(pk=person.pk, erased_at__isnull=True).update(
        email=f"{person.public_id}@erased.invalid",
        display_name="",
        password=person.password,
        language="",
        is_active=False,
        is_node_admin=False,
        erased_at=now,
    )
    if not claimed:
        return
    for membership in person.memberships.select_related("organisation", "person").order_by("pk"):
        keep_an_owner(membership)
    _end_every_way_in(person, now=now)
    person.memberships.all().delete()
    Invitation.objects.filter(email__iexact=person.email).delete()
    journal.record(at=now, by=by, action="person.erased", subject=person)


def _end_every_way_in(person: Person, *, now: datetime) -> None:
    Token.objects.filter(person=person, revoked_at__isnull=True).update(revoked_at=now)
    Token.objects.filter(person=person).update(label="")
    Identity.objects.filter(person=person).delete()
    Authenticator.objects.filter(user=person).delete()
    EmailAddress.objects.filter(user=person).delete()
    own = str(person.pk)
    rows = Session.objects.iterator(chunk_size=500)  # a session's content is opaque to the database
    keys = [row.session_key for row in rows if row.get_decoded().get(SIGNED_IN_AS) == own]
    Session.objects.filter(session_key__in=keys).delete()
