"""What is public, and who may read drafts? The public sees advisories that people published, and nothing else."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from watchbell.apps.advisories.models import Advisory, Rendering, Version
from watchbell.apps.advisories.words import Format, State
from watchbell.apps.findings.written import restored
from watchbell.domain import advisory as words
from watchbell.domain.handling import Actor, OrganisationKind, Tlp
from watchbell.formats import strictjson


@dataclass(frozen=True, slots=True)
class Rendered:
    """Bytes ready to be sent, with their ETag and the moment they were published."""

    body: bytes
    etag: str
    at: datetime


def public(*, now: datetime) -> QuerySet[Advisory]:
    """Return what everyone may read at this moment, latest first; withdrawn ones say so."""
    published = Advisory.objects.filter(state__in=[State.PUBLISHED, State.WITHDRAWN], marking=Tlp.CLEAR)
    return published.filter(published_at__lte=now).order_by("-published_at", "tracking_id")


def by_tracking_id(tracking_id: str, *, now: datetime) -> Advisory | None:
    """Return one public advisory, or None: unknown and not public are alike."""
    return public(now=now).filter(tracking_id=tracking_id).first()


def drafts(viewer: Actor, *, now: datetime) -> QuerySet[Advisory]:
    """Return the working copies of the coordinating organisation acted for, latest first; nobody else's."""
    if viewer.organisation is None or not viewer.acts_as(OrganisationKind.COORDINATOR):
        return Advisory.objects.none()
    own = Advisory.objects.filter(organisation=viewer.organisation, created_at__lte=now)
    return own.order_by("-edited_at", "public_id")


def of_case(case_id: str, viewer: Actor, *, now: datetime) -> Advisory | None:
    """Return a case's advisory, if this actor may read it: its coordinator always, others once it is public."""
    own = drafts(viewer, now=now).filter(case=case_id).first()
    return own or public(now=now).filter(case=case_id).first()


def rendered(tracking_id: str, kind: Format, *, index: int = 0, now: datetime) -> Rendered | None:
    """Return the latest public bytes of an advisory in this format, or None."""
    advisory = by_tracking_id(tracking_id, now=now)
    if advisory is None:
        return None
    latest = Rendering.objects.filter(version__advisory=advisory, version__at__lte=now, format=kind, index=index)
    row = latest.order_by("-version__number").values_list("body", "etag", "version__at").first()
    return Rendered(bytes(row[0]), row[1], row[2]) if row else None


def versions(advisory: Advisory, *, now: datetime) -> list[Version]:
    """Return the published versions of a public advisory, oldest first."""
    return list(advisory.versions.filter(at__lte=now).order_by("number"))


def latest(advisory: Advisory, *, now: datetime) -> words.Advisory | None:
    """Return what a public advisory says now, in our words, or None before its first version."""
    version = advisory.versions.filter(at__lte=now).order_by("-number").first()
    return read(bytes(version.content)) if version else None


def working_copy(advisory: Advisory) -> words.Advisory:
    """Return the working copy in our words, for its editors."""
    return read(bytes(advisory.content))


def read(octets: bytes) -> words.Advisory:
    """Return the advisory that these canonical bytes of ours keep."""
    return restored(words.Advisory, strictjson.loads(octets))
