"""Sign in to Django's test client as a member of the cast, second factor included."""

from datetime import datetime

from django.test import Client

from watchbell.apps.orgs.models import Person

ELSEWHERE = "203.0.113.9"


def signed_in(person: Person, now: datetime, *, strong: bool = True) -> Client:
    """Return a client that is signed in as this person, since this moment."""
    client = Client(REMOTE_ADDR=ELSEWHERE)
    client.force_login(person, backend="watchbell.doors.signin.Backend")
    at = now.timestamp()
    methods = [{"method": "password", "at": at}]
    if strong:
        methods.append({"method": "mfa", "type": "totp", "at": at})
    session = client.session
    session["account_authentication_methods"] = methods
    session.save()
    return client
