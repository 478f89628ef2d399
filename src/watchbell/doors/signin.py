"""How does someone sign in? django-allauth with our answers: closed sign-up, sealed seeds, mail through `outside`."""

import base64
from datetime import datetime
from typing import TYPE_CHECKING

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.auth_backends import AuthenticationBackend
from allauth.account.authentication import get_authentication_records
from allauth.account.internal.flows.login import perform_login, record_authentication
from allauth.account.models import Login
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.mfa.stages import AuthenticateStage
from allauth.mfa.totp.internal import auth as totp
from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend
from django.db import transaction
from django.http import HttpRequest, HttpResponse

from watchbell.apps.journal import services as journal
from watchbell.apps.orgs import services as orgs
from watchbell.domain.handling import Actor
from watchbell.doors import moment, strength
from watchbell.doors.keys import MFA_SEEDS, keystore
from watchbell.outside.keystore import aad
from watchbell.outside.mail import Message, mailer_from
from watchbell.outside.settings import Settings

if TYPE_CHECKING:
    from watchbell.apps.orgs.models import Person

SEED_PLACE = aad("orgs", "authenticator", "data", "seed")


class Backend(AuthenticationBackend):  # type: ignore[misc]
    """Sign in with e-mail address and password; a closed account cannot."""


class Accounts(DefaultAccountAdapter):  # type: ignore[misc]
    """Accounts come from invitations only."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Return False: nobody signs themselves up."""
        return False

    def get_login_stages(self) -> list[str]:
        """Return the steps of a sign-in; ours knows when a provider has asked for the second factor already."""
        ours = f"{SecondFactorStage.__module__}.{SecondFactorStage.__qualname__}"
        theirs = f"{AuthenticateStage.__module__}.{AuthenticateStage.__qualname__}"
        return [ours if stage == theirs else stage for stage in super().get_login_stages()]

    def is_safe_url(self, url: str | None) -> bool:
        """Return whether a `next` address stays on this node."""
        return bool(url) and url.startswith("/") and not url.startswith(("//", "/\\")) and url.isprintable()  # type: ignore[union-attr]


class SecondFactorStage(AuthenticateStage):  # type: ignore[misc]
    """Ask for the second factor, except after a provider that is trusted to say it was used, and said so."""

    def _should_handle(self, request: HttpRequest) -> bool:
        steps = get_authentication_records(request, self.login.user)
        said = any(step.get("method") == strength.OIDC and step.get("mfa") is True for step in steps)
        return not said and bool(super()._should_handle(request))


class SecondFactors(DefaultMFAAdapter):  # type: ignore[misc]
    """Second factors whose seeds and recovery codes lie sealed in the database."""

    def encrypt(self, text: str) -> str:
        """Return the seed sealed under the keystore, as text."""
        return base64.b64encode(keystore().seal(MFA_SEEDS, SEED_PLACE, text.encode())).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """Return the seed; raises when the key is gone or the text was tampered with."""
        return keystore().open(MFA_SEEDS, SEED_PLACE, base64.b64decode(encrypted_text)).decode()

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        """Return who a passkey is for: the host people reach this node by."""
        return {"id": settings.WATCHBELL.host, "name": settings.SITE_NAME}


def admit(request: HttpRequest, person: "Person", *, provider: str, said_mfa: bool, back_to: str) -> HttpResponse:
    """Sign someone in on a provider's word; the second factor is asked for next unless the word covers it."""
    record_authentication(request, person, strength.OIDC, provider=provider, mfa=said_mfa or None)
    answer: HttpResponse = perform_login(request, Login(user=person, redirect_url=back_to or None))
    return answer


def add_authenticator(person: "Person") -> str:
    """Give someone an authenticator app and return its secret: for the demo and for tests."""
    secret = totp.generate_totp_secret()
    totp.TOTP.activate(person, secret)
    return str(secret)


@transaction.atomic
def remove_second_factors(person: "Person", *, by: Actor, now: datetime) -> int:
    """Remove every second factor of someone who lost theirs; return how many there were.

    No session of theirs is strong from this moment on.
    """
    removed, _ = Authenticator.objects.filter(user=person).delete()
    orgs.count_removed_factor(person)
    journal.record(at=now, by=by, action="person.second_factors_removed", subject=person)
    return int(removed)


class MailThroughOutside(BaseEmailBackend):
    """Django's mail goes through the one mailer, so it becomes files when no server is configured."""

    def send_messages(self, email_messages: list[EmailMessage]) -> int:  # type: ignore[override]
        """Send each message; return how many."""
        node: Settings = settings.WATCHBELL
        mailer = mailer_from(node.email_url, home=node.home, sender=f"watchbell@{node.host}")
        for message in email_messages:
            for address in message.to:
                letter = Message(to=address, subject=str(message.subject), text=str(message.body))
                mailer.send(letter, now=moment.now())
        return len(email_messages)
