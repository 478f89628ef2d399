"""A node's pages and interface as somebody sees them: signed in, at a moment that stands still, byte for byte.

Masked are what differs between any two requests: nonces, the form's token, the reference id, the date, free space.
"""

import itertools
import logging
import random
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from allauth.account.authentication import AUTHENTICATION_METHODS_SESSION_KEY as METHODS
from allauth.account.internal.flows.login import _AUTHENTICATION_METHODS_USER_SESSION_KEY as METHODS_OF
from allauth.account.internal.userkit import user_id_to_str
from django.core.cache import cache
from django.test import Client
from django.urls import NoReverseMatch, reverse

from watchbell.api.door import CALLS, STRANGERS
from watchbell.apps.journal.services import HEAD_KEY
from watchbell.apps.orgs import services as orgs
from watchbell.domain.handling import Scope
from watchbell.doors import keys, moment
from watchbell.doors.policy import policy_of
from watchbell.outside.blobs import BlobStore
from watchbell.outside.keystore import KeyKind
from watchbell.voluntary.routes import Page, in_area, pages
from watchbell.voluntary.run import Run
from watchbell.voluntary.stage import Stage
from watchbell.voluntary.swapping import swapped

if TYPE_CHECKING:
    from watchbell.apps.orgs.models import Person

MASKS = (
    (re.compile(rb'nonce[-=]"?[A-Za-z0-9+/=]+"?'), b"NONCE"),
    (re.compile(rb'(name="csrfmiddlewaretoken" value=)"[^"]+"'), rb'\1"CSRF"'),
    (re.compile(rb"/notices/[0-9a-f]{32}"), b"/notices/OWN"),
    (re.compile(rb"Reference: <code>[0-9a-f]+</code>"), b"Reference"),
    (re.compile(rb'"reference": ?"[0-9a-f]+"'), b'"reference"'),
    (re.compile(rb"[0-9.]+\xc2\xa0GB free"), b"GB free"),
    (re.compile(rb"(X-CSRFToken|csrf-token)[^>]{0,60}?[A-Za-z0-9]{64}"), rb"\1"),
)
MASKED_HEADERS = ("date", "x-reference-id", "content-security-policy", "content-length")
ELSEWHERE = "203.0.113.9"
NOBODYS = ("0" * 32, "WB-2099-0001", "1", "en")


@dataclass(frozen=True)
class Answer:
    """What somebody was answered to one request, masked."""

    asked: str
    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


@dataclass
class Site:
    """The node's entrances with everybody signed in; `ids` stand in addresses wherever one is asked for."""

    stage: Stage
    dice: random.Random
    clients: dict[str, Client] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)

    def begin_anew(self, dice: random.Random) -> None:
        """This will sign everybody out, throw the dice as at first, and empty the cache."""
        self.clients, self.tokens = {}, {}
        self.dice.setstate(dice.getstate())
        cache.clear()
        forget_calls()

    def sign_in(self, who: str) -> None:
        """This will sign somebody in now, so that it lasts when what they do is undone."""
        forget_calls()
        self.client(who)
        self.token(who)

    def client(self, who: str) -> Client:
        """Return the browser of one of the cast, signed in with a second factor."""
        if who not in self.clients:
            person = self.stage.cast.people.get(who)
            self.clients[who] = signed_in(person, self.stage.now)
        return self.clients[who]

    def token(self, who: str) -> str:
        """Return a bearer token of one of the cast, or nothing for who acts for no organisation."""
        if who not in self.tokens:
            actor = self.stage.cast.actors[who]
            self.tokens[who] = ""
            if actor.organisation:
                lasts = timedelta(days=1)
                made = orgs.mint_token(
                    "site", list(Scope), by=actor, lasts=lasts, now=self.stage.now, rng=self.stage.rng
                )
                self.tokens[who] = made[1]
        return self.tokens[who]

    def ask(self, who: str, path: str, *, method: str = "get", **options: Any) -> Answer:
        """Return what somebody is answered by a page."""
        return asked(self.client(who), method, path, **options)

    def call(self, who: str, path: str, *, method: str = "GET", body: bytes = b"") -> Answer:
        """Return what somebody's program is answered by the interface."""
        headers = {"Authorization": f"Bearer {self.token(who)}"} if self.token(who) else {}
        client = Client(SERVER_NAME="localhost", raise_request_exception=False)
        sent = client.generic(method, f"/api/v1{path}", body, content_type="application/json", headers=headers)
        return _answer(f"{method} {path}", sent)


def open_or_tried(site: Site, who: str, *, most_shut: int = 3) -> list[Page]:
    """Return the pages whose door is open to somebody, and as many others of early access, and of all the rest.

    A door that is shut is shut by its policy before anything is looked up, so a few of them stand for all.
    """
    actor, shut, found = site.stage.cast.actors[who], Counter[bool](), []
    for page in pages():
        policy = policy_of(page.view, page.name)
        if policy is not None and not policy.admits(actor):
            shut[in_area(page)] += 1
            if shut[in_area(page)] > most_shut:
                continue
        found.append(page)
    return found


@contextmanager
def opened(run: Run, stage: Stage) -> Iterator[Site]:
    """Yield the node's entrances on a stage: its clock stands, its dice are seeded, its keys are the stage's."""
    for name in (keys.MFA_SEEDS, keys.CURSORS, keys.FILES):
        stage.keys.ensure(name, KeyKind.AEAD)
    stage.keys.ensure(HEAD_KEY, KeyKind.SIGNING)
    blobs = BlobStore(run.home / "blobs", stage.keys)
    dice = run.dice()
    cache.clear()
    with ExitStack() as frozen:
        frozen.enter_context(swapped(logging.getLogger("django.request"), "disabled", True))
        for owner, name, value in (
            (moment, "now", lambda: stage.now),
            (moment, "dice", lambda: dice),
            (keys, "keystore", lambda: stage.keys),
            (keys, "blob_store", lambda: blobs),
        ):
            frozen.enter_context(swapped(owner, name, value))
        forget_calls()
        yield Site(stage, dice)
        forget_calls()


def forget_calls() -> None:
    """This will forget how often anybody called: the clock stands still here, and no minute ever ends."""
    CALLS.forget()
    STRANGERS.forget()


def signed_in(person: "Person | None", now: datetime) -> Client:
    """Return a browser that this person is signed in with since now, or nobody."""
    client = Client(
        SERVER_NAME="localhost", REMOTE_ADDR=ELSEWHERE, headers={"accept": "text/html"}, raise_request_exception=False
    )
    if person is None:
        return client
    client.force_login(person, backend="watchbell.doors.signin.Backend")
    at, session = now.timestamp(), client.session
    session[METHODS] = [{"method": "password", "at": at}, {"method": "mfa", "type": "totp", "at": at}]
    session[METHODS_OF] = user_id_to_str(person)
    session["factors_removed"] = person.factors_removed
    session.save()
    return client


def asked(client: Client, method: str, path: str, **options: Any) -> Answer:
    """Return what one request was answered."""
    return _answer(f"{method} {path}", getattr(client, method)(path, **options))


def _answer(what: str, response: Any) -> Answer:
    body = b"".join(response.streaming_content) if response.streaming else response.content
    for pattern, mask in MASKS:
        body = pattern.sub(mask, body)
    headers = tuple(sorted((name, value) for name, value in response.items() if name.lower() not in MASKED_HEADERS))
    return Answer(what, response.status_code, headers, body)


def address(page: Page, ids: dict[str, str] | None = None) -> str:
    """Return an address of this page, with these values where they fit and otherwise with what names nothing."""
    ids = ids or {}
    choices = [(ids[name], *NOBODYS) if name in ids else NOBODYS for name in page.varies]
    for values in itertools.product(*choices):
        with suppress(NoReverseMatch):
            return reverse(page.name, kwargs=dict(zip(page.varies, values, strict=True)))
    raise LookupError(f"no address fits {page.name}")
