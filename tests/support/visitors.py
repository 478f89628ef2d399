"""Sign in to Django's test client as a member of the cast, second factor included."""

from datetime import datetime
from typing import Any

from allauth.account.authentication import AUTHENTICATION_METHODS_SESSION_KEY as METHODS
from allauth.account.internal.flows.login import _AUTHENTICATION_METHODS_USER_SESSION_KEY as METHODS_OF
from allauth.account.internal.userkit import user_id_to_str
from django.test import Client
from tests.conftest import NOON

from watchbell.apps.orgs.models import Person

ELSEWHERE = "203.0.113.9"


def signed_in(person: Person, now: datetime = NOON, *, strong: bool = True, address: str = ELSEWHERE) -> Client:
    """Return a browser that is signed in as this person, since this moment."""
    client = Client(REMOTE_ADDR=address, headers={"accept": "text/html"})
    client.force_login(person, backend="watchbell.doors.signin.Backend")
    at = now.timestamp()
    methods: list[dict[str, Any]] = [{"method": "password", "at": at}]
    if strong:
        methods.append({"method": "mfa", "type": "totp", "at": at})
    session = client.session
    session[METHODS] = methods
    session[METHODS_OF] = user_id_to_str(person)
    session["factors_removed"] = person.factors_removed
    session.save()
    return client
