"""Who may change an advisory, what is it as it stands, and how is a change put on record? Every service begins here."""

import hashlib
from dataclasses import replace
from datetime import datetime

from watchbell.apps.advisories.models import Advisory
from watchbell.apps.advisories.queries import drafts, read
from watchbell.apps.journal import services as journal
from watchbell.apps.journal.body import Scalar
from watchbell.domain.advisory.written import plain
from watchbell.domain.canonical import canonical
from watchbell.domain.handling import Actor, OrganisationKind, Scope, Tlp


class NotAllowed(Exception):
    """Only the coordinating organisation's members who may write draft and publish its advisories."""


class ChangedMeanwhile(Exception):
    """Somebody else changed this advisory; reload it and look again before you decide."""


def etag_of(octets: bytes) -> str:
    """Return the entity tag of these bytes: their SHA-256 in hex."""
    return hashlib.sha256(octets).hexdigest()


def held(advisory: Advisory) -> Advisory:
    """Return the advisory as it is now, locked until the transaction ends."""
    return Advisory.objects.select_for_update().get(pk=advisory.pk)


def relabel(advisory: Advisory, label: Tlp) -> None:
    """Give the working copy in hand this label, in its column and in its words."""
    told = read(bytes(advisory.content))
    octets = canonical(plain(replace(told, handling=replace(told.handling, tlp=label))))
    advisory.content, advisory.etag, advisory.marking = octets, etag_of(octets), label


def require_publisher(by: Actor) -> None:
    """Raise NotAllowed unless this actor may draft and publish at all."""
    if not (by.acts_as(OrganisationKind.COORDINATOR) and by.writes and by.holds(Scope.COORDINATE) and by.organisation):
        raise NotAllowed(str(NotAllowed.__doc__))


def require_own(advisory: Advisory, by: Actor, *, now: datetime) -> None:
    """Raise NotAllowed unless this advisory is one that this actor may change."""
    require_publisher(by)
    if not drafts(by, now=now).filter(pk=advisory.pk).exists():
        raise NotAllowed(str(NotAllowed.__doc__))


def record(
    action: str,
    advisory: Advisory,
    *,
    by: Actor,
    now: datetime,
    digest: str = "",
    version: int = 0,
    marking: Tlp | None = None,
) -> None:
    """Put one deed on record, with the digest of what it left."""
    said: dict[str, Scalar] = {"version": version} if version else {}
    if marking is not None:
        said["marking"] = int(marking)
    journal.record(
        at=now,
        by=by,
        action=action,
        subject=advisory,
        concerns=[advisory.organisation],
        digests={"content": digest} if digest else {},
        facts=said,
    )
