"""Every deed leaves one entry, in the same transaction; without the entry there is no deed."""

import random
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from django.db import connection
from django.db.models import Model

from watchbell.apps.journal.body import Scalar
from watchbell.apps.journal.models import Entry, EntryConcern, Unsealed
from watchbell.domain.handling import Actor
from watchbell.domain.identity import Dice, new_id
from watchbell.domain.sealing import Frontier, leaf_hash

SALTS: Dice = random.SystemRandom()  # salts and entry ids take part in no decision, so services need not carry dice
SALT_BYTES = 32
ACTION = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+")
OPAQUE = re.compile(r"[A-Za-z0-9_.:+-]{0,64}")
DIGEST = re.compile(r"[0-9a-f]{64}")
LARGEST_COUNT = 2**53 - 1


class NotInATransaction(RuntimeError):
    """A deed was about to be recorded outside the transaction that does it."""


class SaysTooMuch(ValueError):
    """An entry was about to carry content; the record holds opaque ids, codes, counts and digests only."""


class Named(Protocol):
    """Anything with a public id: usually a row."""

    @property
    def public_id(self) -> str:
        """Return the name it has outside."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What a deed was done to, when it is not a row: a kind such as `feed.version`, and an opaque id."""

    kind: str
    public_id: str


def record(
    *,
    at: datetime,
    by: Actor,
    action: str,
    subject: Named,
    concerns: Iterable[str] = (),
    digests: Mapping[str, str] | None = None,
    facts: Mapping[str, Scalar] | None = None,
    rng: Dice = SALTS,
) -> Entry:
    """This will write one entry into the caller's transaction; if that rolls back, neither deed nor entry happened.

    `concerns` are the public ids of the organisations that may read the entry; the one
    acted for is always among them. `digests` are SHA-256 in hex, by name ("before", "after").

    Raises NotInATransaction outside of one, and SaysTooMuch for anything that could be content.
    """
    if not connection.in_atomic_block:
        raise NotInATransaction(f"{action} was not recorded: do and record the deed inside one transaction.atomic().")
    entry = Entry(
        public_id=new_id(rng),
        action=_checked_action(action),
        at=at,
        actor_kind=by.kind.value,
        actor_id=_opaque("actor", by.person or by.name),
        organisation_id=_opaque("organisation", by.organisation or ""),
        subject_kind=_kind_of(subject),
        subject_id=_opaque("subject", subject.public_id),
        digests=_checked_digests(digests or {}),
        facts=checked_facts(facts or {}),
        salt=rng.randbytes(SALT_BYTES),
        concern_salt=rng.randbytes(SALT_BYTES),
    )
    entry.save(force_insert=True)
    Unsealed.objects.bulk_create([Unsealed(entry=entry)])
    names = {_opaque("concerns", name) for name in concerns} | ({by.organisation} if by.organisation else set())
    EntryConcern.objects.bulk_create([EntryConcern(entry=entry, organisation_id=name) for name in sorted(names)])
    return entry


def record_bulk(
    *,
    at: datetime,
    by: Actor,
    action: str,
    subject: Named,
    items: Iterable[bytes],
    concerns: Iterable[str] = (),
    facts: Mapping[str, Scalar] | None = None,
    rng: Dice = SALTS,
) -> Entry:
    """This will write one entry for a deed on many things: their count, and the Merkle root over them in order."""
    edge = Frontier()
    for item in items:
        edge = edge.append(leaf_hash(item))
    return record(
        at=at,
        by=by,
        action=action,
        subject=subject,
        concerns=concerns,
        digests={"items": edge.root.hex()},
        facts={**(facts or {}), "count": edge.size},
        rng=rng,
    )


def _kind_of(subject: Named) -> str:
    if isinstance(subject, Subject):
        return subject.kind
    if isinstance(subject, Model):
        return subject._meta.label_lower
    raise TypeError(f"{type(subject).__name__} is no row; wrap it: Subject('room.noun', public_id).")


def _checked_action(action: str) -> str:
    if len(action) > 64 or not ACTION.fullmatch(action):
        raise SaysTooMuch(f"{action[:80]!r} is not an action; use noun.verb in small letters: finding.duplicate.")
    return action


def _checked_digests(digests: Mapping[str, str]) -> dict[str, str]:
    for name, value in digests.items():
        if not DIGEST.fullmatch(value):
            raise SaysTooMuch(f"The digest {name!r} is not SHA-256 in 64 small hexadecimal digits.")
    return {_opaque("a digest's name", name): value for name, value in digests.items()}


def checked_facts(facts: Mapping[str, Scalar]) -> dict[str, Scalar]:
    """Return these facts if they are opaque ids, codes, counts and booleans by short names; raises SaysTooMuch."""
    return {_opaque("a fact's name", name): _checked_fact(name, value) for name, value in facts.items()}


def _checked_fact(name: str, value: Scalar) -> Scalar:
    if isinstance(value, str):
        return _opaque(f"the fact {name!r}", value)
    if value is None or isinstance(value, bool) or (type(value) is int and abs(value) <= LARGEST_COUNT):
        return value
    raise SaysTooMuch(f"The fact {name!r} is a {type(value).__name__}; use a code, an id, a count or a boolean.")


def _opaque(what: str, text: str) -> str:
    if not OPAQUE.fullmatch(text):
        raise SaysTooMuch(
            f"{what} would carry content into the record; use an id or a code of at most 64 letters, digits and _.:+-"
        )
    return text
