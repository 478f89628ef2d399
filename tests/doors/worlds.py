"""Two nodes that differ in one secret only, and an outsider's script that must not tell them apart.

Masked are Date, CSP nonce, CSRF token, session cookie and reference id, and nothing else; only the
ids of an outsider's own notices besides, which are drawn in the order in which the node tells people.
Clock and dice are frozen and seeded; dice that the secret used are not the outsider's.
"""

import contextlib
import itertools
import random
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from unittest import mock

from django.conf import settings
from django.core.cache import cache
from django.db import transaction
from django.http.response import HttpResponseBase
from django.test import Client
from django.urls import NoReverseMatch, reverse
from tests.doors import routes
from tests.support.cast import Cast, make_cast
from tests.support.visitors import ELSEWHERE, signed_in

from watchbell.apps.journal import services as journal
from watchbell.domain.handling import Actor
from watchbell.doors import keys, moment
from watchbell.outside.blobs import BlobStore
from watchbell.outside.keystore import FolderKeystore, KeyKind
from watchbell.worker.run import run_until_idle

MASKS = (
    (re.compile(rb'nonce[-=]"?[A-Za-z0-9+/=]+"?'), b"NONCE"),
    (re.compile(rb'(name="csrfmiddlewaretoken" value=)"[^"]+"'), rb'\1"CSRF"'),
    (re.compile(rb"/notices/[0-9a-f]{32}"), b"/notices/OWN"),
    (re.compile(rb"(X-CSRFToken|csrf-token)[^>]{0,60}?[A-Za-z0-9]{64}"), rb"\1"),
)
MASKED_HEADERS = ("date", "x-reference-id", "content-security-policy", "content-length")
HASHED = re.compile(rb'"[0-9a-f]{64}(?:[0-9a-f]{64})?"')
DRAWN = re.compile(rb'("(?:id|index|receipt)":)(?:"[0-9a-f]{32}"|\d+)')
SECRET_WORDS = ("Overflow", "infusepump", "Whispering Meadow", "northlight-1")


@dataclass(frozen=True)
class Answer:
    """What the outsider saw of one request."""

    asked: str
    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


Secret = Callable[[Cast, random.Random, datetime], None]


@contextmanager
def frozen(now: datetime, home: Path) -> Iterator[None]:
    """Hold clock, dice and nonces still, on a keystore of its own."""
    dice = random.Random(2604)
    nonces = random.Random(7)
    store = FolderKeystore(home / "keys", rng=nonces.randbytes)
    for name in (keys.MFA_SEEDS, keys.CURSORS, keys.FILES, keys.MODEL_NAMES):
        store.ensure(name, KeyKind.AEAD)
    for name in (keys.HEAD_KEY, keys.RECEIPTS):
        store.ensure(name, KeyKind.SIGNING)
    blobs = BlobStore(home / "blobs", store)
    with (
        mock.patch.object(moment, "now", return_value=now),
        mock.patch.object(moment, "dice", return_value=dice),
        mock.patch.object(keys, "keystore", return_value=store),
        mock.patch.object(keys, "blob_store", return_value=blobs),
        mock.patch("watchbell.apps.engagements.jobs.FolderKeystore", return_value=store),
    ):
        yield


def seen(
    secret: Secret | None, script: Callable[[Cast, datetime], list[Answer]], now: datetime, home: Path
) -> list[Answer]:
    """Return what the script sees in a world with this secret; the world is gone afterwards."""
    cache.clear()
    mail = settings.WATCHBELL.home / "mail"
    with frozen(now, home), transaction.atomic():
        cast = make_cast(now, random.Random(14409))
        _mails(cast, mail)  # what earlier tests left
        if secret is not None:
            secret(cast, random.Random(99), now)
            run_until_idle(now=now, rng=random.Random(98))
        answers = script(cast, now)
        run_until_idle(now=now, rng=random.Random(97))
        answers += _mails(cast, mail)
        transaction.set_rollback(True)
    return answers


def _mails(cast: Cast, folder: Path) -> list[Answer]:
    """Return the mails that outsiders got, and empty the folder."""
    outsiders = (cast.mallory_person.email, cast.bank.person.email, cast.evaluator.person.email)
    found = []
    for path in sorted(folder.glob("**/*.eml")) if folder.is_dir() else []:
        text = path.read_bytes()
        path.unlink()
        if any(address.encode() in text for address in outsiders):
            text = re.sub(rb"(?m)^(Date|Message-ID):.*$|(?<=/notices/)[0-9a-f]{32}", b"", text)
            found.append(Answer("mail", 0, (), text))
    return sorted(found, key=lambda one: one.body)


def asked(client: Client, method: str, path: str, **options: object) -> Answer:
    """Return what one request was answered, masked."""
    response: HttpResponseBase = getattr(client, method)(path, **options)
    body = b"".join(response.streaming_content) if response.streaming else response.content  # type: ignore[attr-defined]
    for pattern, mask in MASKS:
        body = pattern.sub(mask, body)
    headers = tuple(sorted((name, value) for name, value in response.items() if name.lower() not in MASKED_HEADERS))
    return Answer(f"{method} {path}", response.status_code, headers, body)


def exported(by: Actor, now: datetime) -> Answer:
    """Return an export of the record as its reader sees it, without what is drawn at random or hashed."""
    made = journal.export(by=by, now=now, keys=keys.keystore())
    lines = [DRAWN.sub(rb'\1"DRAWN"', HASHED.sub(b'"HASH"', line)) for line in made.lines]
    return Answer("export", 0, (), b"".join(lines))


def look_everywhere(client: Client, *, searching: bool) -> list[Answer]:
    """Ask for every page there is, with ids that are nobody's, and search for the secret's own words."""
    answers = []
    for route in routes.pages():
        path = address_of(route)
        answers.append(asked(client, "get", path))
        if searching and not route.varies:
            answers += [asked(client, "get", path, data={"q": word}) for word in SECRET_WORDS]
    return answers


def address_of(route: routes.Route) -> str:
    """Return an address of this page that names nothing that exists."""
    for values in itertools.product(("0" * 32, "WB-2099-0001", "1", "en"), repeat=len(route.varies)):
        with contextlib.suppress(NoReverseMatch):
            return reverse(route.name, kwargs=dict(zip(route.varies, values, strict=True)))
    raise AssertionError(f"no address fits {route.name}")


def visitors(cast: Cast, now: datetime) -> dict[str, Client]:
    """Return the outsiders: the public, a stranger with an account, another operator, an evaluator."""
    return {
        "public": Client(REMOTE_ADDR=ELSEWHERE),
        "mallory": signed_in(cast.mallory_person, now),
        "bank": signed_in(cast.bank.person, now),
        "evaluator": signed_in(cast.evaluator.person, now),
    }
