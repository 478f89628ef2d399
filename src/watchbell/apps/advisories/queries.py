"""What is published, to whom, and who may read drafts? The public sees what people published as CLEAR, nothing else."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, OuterRef, Q, QuerySet

from watchbell.apps.advisories.models import Advisory, Naming, Rendering, Version
from watchbell.apps.advisories.words import Format, State
from watchbell.apps.cases import queries as cases
from watchbell.apps.orgs import queries as orgs
from watchbell.apps.vulnerabilities import queries as vulnerabilities
from watchbell.domain import advisory as words
from watchbell.domain.advisory.written import restored
from watchbell.domain.handling import ANONYMOUS, Actor, OrganisationKind, Tlp
from watchbell.domain.matching.aliases import canonical_id
from watchbell.formats import strictjson

SOURCE = "watchbell"
_OWN_ID = re.compile(r"WB-[0-9]{4}-[0-9]{4,}")  # one record a flaw: those of an advisory with several add a number


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


def visible_to(viewer: Actor, *, now: datetime) -> QuerySet[Advisory]:
    """Return what this actor may read at this moment, latest first: what is public, and TLP:GREEN in their circles.

    A circle is a community that both they and the organisation that published belong to.
    """
    published = Advisory.objects.filter(state__in=[State.PUBLISHED, State.WITHDRAWN], published_at__lte=now)
    circle = orgs.circle_of(viewer.organisation) if viewer.organisation else []
    reaches = Q(marking=Tlp.CLEAR) | Q(marking=Tlp.GREEN, organisation__in=circle)
    return published.filter(reaches).order_by("-published_at", "tracking_id")


def by_tracking_id(tracking_id: str, viewer: Actor = ANONYMOUS, *, now: datetime) -> Advisory | None:
    """Return one published advisory this actor may read, or None: unknown and not theirs are alike."""
    return visible_to(viewer, now=now).filter(tracking_id=tracking_id).first()


def readable_by(
    viewer: Actor, *, now: datetime, naming: vulnerabilities.Named | None = None, since: datetime | None = None
) -> QuerySet[Advisory]:
    """Return the published advisories this actor may read, those that changed last at the end.

    What is CLEAR everyone may read, under no name too. `naming` keeps those that go by an id themselves, or of
    whose flaws one goes by it or affects a package; `since` keeps those that changed then or later.
    """
    rows = visible_to(viewer, now=now).order_by("updated_at", "tracking_id")
    if since is not None:
        rows = rows.filter(updated_at__gte=since)
    if naming is not None:
        wanted = {naming.identifier} if _OWN_ID.fullmatch(naming.identifier) and not naming.ecosystem else set()
        wanted |= {found[0] for found in map(_OWN_ID.match, vulnerabilities.ids_naming(SOURCE, naming)) if found}
        rows = rows.filter(Q(tracking_id__in=sorted(wanted)) | Q(pk__in=_naming(naming).values("advisory")))
    return rows


def found_by(viewer: Actor, text: str, *, ids: Collection[str], now: datetime) -> QuerySet[Advisory]:
    """Return what this actor may read and finds by a text: title, own id, or an id of a flaw (`ids` are its others)."""
    named = Naming.objects.filter(identifier__in={canonical_id(text), *ids})
    found = Q(title__icontains=text) | Q(tracking_id__istartswith=text) | Q(tracking_id__in=ids)
    return visible_to(viewer, now=now).filter(found | Q(pk__in=named.values("advisory")))


def _naming(named: vulnerabilities.Named) -> QuerySet[Naming]:
    """Return the rows that name all of it, of whoever's advisories; an ecosystem may go without a release."""
    ids = Naming.objects.filter(identifier=canonical_id(named.identifier))
    if not named.ecosystem:
        return ids
    package = Q(ecosystem=named.ecosystem) | Q(ecosystem__startswith=f"{named.ecosystem}:")
    rows = Naming.objects.filter(package & (Q(name=named.name) if named.name else Q()))
    same_flaw = ids.filter(advisory=OuterRef("advisory"), flaw=OuterRef("flaw"))
    return rows.filter(Exists(same_flaw)) if named.identifier else rows


def drafts(viewer: Actor, *, now: datetime) -> QuerySet[Advisory]:
    """Return the working copies of the coordinating organisation acted for, latest first; nobody else's.

    A draft is seen by those who may know of its case: of a TLP:RED one, the persons it names.
    """
    if viewer.organisation is None or not viewer.acts_as(OrganisationKind.COORDINATOR):
        return Advisory.objects.none()
    own = Advisory.objects.filter(organisation=viewer.organisation, created_at__lte=now)
    known = cases.visible_to(viewer, now=now).values("public_id")
    own = own.filter(~Q(state=State.DRAFT) | Q(case__in=known))
    return own.order_by("-edited_at", "public_id")


def of_case(case_id: str, viewer: Actor, *, now: datetime) -> Advisory | None:
    """Return a case's advisory, if this actor may read it: its coordinator always, others once it is published."""
    own = drafts(viewer, now=now).filter(case=case_id).first()
    return own or visible_to(viewer, now=now).filter(case=case_id).first()


def shown_to_case(case_id: str, viewer: Actor, *, now: datetime) -> Advisory | None:
    """Return the draft its coordinator has shown the case, for those who hear what is said there; or None."""
    case = cases.visible_to(viewer, now=now).filter(public_id=case_id).first()
    if case is None or viewer.organisation not in cases.hearers(case):
        return None
    return Advisory.objects.filter(case=case_id, state=State.DRAFT, shared_at__lte=now).first()


def shared_copy(advisory: Advisory) -> words.Advisory:
    """Return the working copy as the case was shown it, in our words; raises ValueError when it was not."""
    if advisory.shared_content is None:
        raise ValueError("This draft was not shown to its case.")
    return read(bytes(advisory.shared_content))


def label(advisory: Advisory) -> Tlp:
    """Return how far an advisory may travel now: a draft never farther than its case."""
    if advisory.state != State.DRAFT:
        return Tlp(advisory.marking)
    return Tlp(max(advisory.marking, cases.named(advisory.case).marking))


def rendered(
    tracking_id: str, kind: Format, viewer: Actor = ANONYMOUS, *, index: int = 0, now: datetime
) -> Rendered | None:
    """Return the latest published bytes of an advisory this actor may read in this format, or None."""
    advisory = by_tracking_id(tracking_id, viewer, now=now)
    if advisory is None:
        return None
    latest = Rendering.objects.filter(version__advisory=advisory, version__at__lte=now, format=kind, index=index)
    row = latest.order_by("-version__number").values_list("body", "etag", "version__at").first()
    return Rendered(bytes(row[0]), row[1], row[2]) if row else None


def versions(advisory: Advisory, *, now: datetime) -> list[Version]:
    """Return the published versions of an advisory, oldest first."""
    return list(advisory.versions.filter(at__lte=now).order_by("number"))


def latest(advisory: Advisory, *, now: datetime) -> words.Advisory | None:
    """Return what a published advisory says now, in our words, or None before its first version."""
    version = advisory.versions.filter(at__lte=now).order_by("-number").first()
    return read(bytes(version.content)) if version else None


def working_copy(advisory: Advisory) -> words.Advisory:
    """Return the working copy in our words, for its editors."""
    return read(bytes(advisory.content))


def read(octets: bytes) -> words.Advisory:
    """Return the advisory that these canonical bytes of ours keep."""
    return restored(words.Advisory, strictjson.loads(octets))
