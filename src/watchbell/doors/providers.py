"""This will add and remove a provider together with the key that seals its client secret."""

import re
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from django.conf import settings
from django.urls import reverse

from watchbell.apps.orgs import queries
from watchbell.apps.orgs import services as orgs
from watchbell.domain.handling import Actor
from watchbell.domain.identity import Dice, new_id
from watchbell.doors import keys, oidc
from watchbell.outside.keystore import KeyKind

NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")
ON_THIS_MACHINE = ("localhost", "127.0.0.1", "::1")


class BadProvider(ValueError):
    """This provider cannot be used as it is written; the text says what to change."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A provider as an administrator describes it."""

    name: str
    issuer: str
    client_id: str
    label: str = ""
    trusts_email: bool = False
    asserts_mfa: bool = False


def return_address(name: str) -> str:
    """Return where the provider sends people back to: what must be registered there."""
    return f"{settings.WATCHBELL.base_url}{reverse('oidc_back', args=[name])}"


def add(wanted: Wanted, secret: str, *, by: Actor, now: datetime, rng: Dice) -> oidc.Endpoints:
    """Ask the provider for its configuration, seal the secret and let people sign in with it; return what it said.

    Raises BadProvider, oidc.NotBelieved, NotAllowed and AlreadyThere; nothing is kept then.
    A key that is left when this is killed is destroyed when a provider is next added or removed.
    """
    _check(wanted, secret)
    endpoints = oidc.discovered(wanted.issuer)
    with keys.keystore().turn():
        _destroy_unused()
        _add(wanted, secret, by=by, now=now, rng=rng)
    return endpoints


def unused_keys() -> tuple[str, ...]:
    """Return the ids of keys for a client secret that no provider has; they seal nothing any more."""
    used = {oidc.secret_key(provider.public_id) for provider in queries.providers()}
    return tuple(name for name in keys.keystore().names() if name.startswith(oidc.SECRETS) and name not in used)


def _destroy_unused() -> None:
    for name in unused_keys():
        keys.keystore().destroy(name)


def _add(wanted: Wanted, secret: str, *, by: Actor, now: datetime, rng: Dice) -> None:
    public_id = new_id(rng)
    key = keys.keystore().create(KeyKind.AEAD, key_id=oidc.secret_key(public_id))
    sealed = keys.keystore().seal(key, oidc.secret_place(public_id), secret.encode())
    details = orgs.NewProvider(
        public_id=public_id,
        name=wanted.name,
        label=wanted.label or wanted.name,
        issuer=wanted.issuer,
        client_id=wanted.client_id,
        sealed_secret=sealed,
        trusts_email=wanted.trusts_email,
        asserts_mfa=wanted.asserts_mfa,
    )
    try:
        orgs.add_provider(details, by=by, now=now)
    except Exception:
        keys.keystore().destroy(key)
        raise


def remove(name: str, *, by: Actor, now: datetime) -> int:
    """Remove a provider: its sessions end with their next request, then its secret cannot be opened any more.

    Returns how many people were linked. Raises BadProvider, NotAllowed.
    """
    provider = queries.provider(name)
    if provider is None:
        raise BadProvider(f"There is no provider named {name!r}. `admin oidc list` shows those there are.")
    with keys.keystore().turn():
        linked = orgs.remove_provider(provider, by=by, now=now)
        _destroy_unused()
    return linked


def _check(wanted: Wanted, secret: str) -> None:
    if not NAME.fullmatch(wanted.name):
        raise BadProvider("A name is up to 32 lower-case letters, digits and hyphens; it becomes part of an address.")
    if not 0 < len(wanted.client_id) <= 255 or not wanted.client_id.isprintable() or len(wanted.label) > 60:
        raise BadProvider("A client id has up to 255 characters, a label up to 60.")
    if not secret or not secret.isprintable():
        raise BadProvider("The secret is empty or has control characters; put it alone on one line.")
    parts = urlsplit(wanted.issuer)
    if len(wanted.issuer) > 500 or not parts.netloc or parts.query or parts.fragment:
        raise BadProvider("An issuer is an address such as https://sign-in.example.org, without ? and #.")
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in ON_THIS_MACHINE):
        raise BadProvider("An issuer is an https address.")
