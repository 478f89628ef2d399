"""Every change to advisories: draft, edit, publish, withdraw. Only people publish; no date does."""

import hashlib
from dataclasses import replace
from datetime import UTC, datetime

from django.db import transaction

from watchbell.apps.advisories.drafting import drafted
from watchbell.apps.advisories.models import Advisory, Rendering, TrackingCounter, Version
from watchbell.apps.advisories.queries import read
from watchbell.apps.advisories.words import Format, State
from watchbell.apps.cases import queries as cases
from watchbell.apps.cases import services as case_services
from watchbell.apps.findings.written import plain
from watchbell.apps.journal import services as journal
from watchbell.apps.vulnerabilities import services as vulnerabilities
from watchbell.domain import advisory as words
from watchbell.domain.canonical import canonical
from watchbell.domain.handling import Actor, OrganisationKind, Scope, Tlp
from watchbell.domain.identity import Dice, new_id
from watchbell.domain.refusal import refuse
from watchbell.formats import csaf, osv

SOURCE = "watchbell"


class NotAllowed(Exception):
    """Only the coordinating organisation's members who may write draft and publish its advisories."""


class NotThere(LookupError):
    """There is no such case, or none you may know of."""


class ChangedMeanwhile(Exception):
    """Somebody else changed this advisory; reload it and look again before you decide."""


@transaction.atomic
def draft_from_case(case_id: str, *, publisher: words.Publisher, by: Actor, now: datetime, rng: Dice) -> Advisory:
    """Return the case's draft, written now from what its parties have said, or the one it has already.

    Raises NotAllowed, NotThere.
    """
    _require_publisher(by)
    case = cases.visible_to(by, now=now).filter(public_id=case_id, organisation=by.organisation).first()
    page = case_services.open_case_page(case, by=by, now=now) if case else None
    if page is None:
        raise NotThere(str(NotThere.__doc__))
    there = Advisory.objects.filter(case=case_id).first()
    if there is not None:
        return there
    octets = canonical(plain(drafted(page, publisher)))
    advisory = Advisory.objects.create(
        public_id=new_id(rng),
        case=case_id,
        organisation=page.case.organisation,
        title=page.case.title,
        content=octets,
        etag=etag_of(octets),
        marking=words.Handling().tlp,
        created_at=now,
        edited_at=now,
    )
    _record("advisory.drafted", advisory, by=by, now=now)
    return advisory


@transaction.atomic
def edit(advisory: Advisory, content: words.Advisory, *, etag: str, by: Actor, now: datetime) -> Advisory:
    """Replace the working copy that has this ETag; what was published stays as it was until published again.

    Raises NotAllowed, ChangedMeanwhile.
    """
    _require_own(advisory, by)
    octets = canonical(plain(replace(content, id="", revisions=(), withdrawn_at=None)))
    if advisory.state != State.DRAFT and content.handling.tlp is not Tlp.CLEAR:
        raise refuse("tlp-not-clear", "What is public stays TLP:CLEAR.", place="/handling/tlp", expected="TLP:CLEAR")
    columns = {"content": octets, "etag": etag_of(octets), "title": content.title[:300], "edited_at": now}
    claimed = Advisory.objects.filter(pk=advisory.pk, etag=etag).exclude(state=State.WITHDRAWN)
    if not claimed.update(marking=content.handling.tlp, **columns):
        raise ChangedMeanwhile(str(ChangedMeanwhile.__doc__))
    _record("advisory.edited", advisory, by=by, now=now, digest=etag_of(octets))
    advisory.refresh_from_db()
    return advisory


@transaction.atomic
def publish(
    advisory: Advisory, *, summary: str = "Initial publication.", etag: str, by: Actor, now: datetime, rng: Dice
) -> Advisory:
    """Publish the working copy that has this ETag, as its first version or its next.

    In one transaction the case becomes public, the bytes are written, and the record enters
    what everyone's inventory is matched against. Raises NotAllowed, ChangedMeanwhile,
    NotPossible while an embargo binds, and Refused for anything not TLP:CLEAR or not valid.
    """
    _require_own(advisory, by)
    advisory = _held(advisory)
    if advisory.etag != etag or advisory.state == State.WITHDRAWN:
        raise ChangedMeanwhile(str(ChangedMeanwhile.__doc__))
    if advisory.marking != Tlp.CLEAR:
        raise refuse(
            "tlp-not-clear",
            f"This draft is {Tlp(advisory.marking).label}, and only TLP:CLEAR goes public.",
            place="/handling/tlp",
            todo="Mark it TLP:CLEAR once everyone whose words it holds agrees",
        )
    case_services.record_publication(cases.named(advisory.case), by=by, now=now)
    advisory.tracking_id = advisory.tracking_id or _next_tracking_id(now)
    advisory.state, advisory.updated_at = State.PUBLISHED, now
    advisory.published_at = advisory.published_at or now
    version = _new_version(advisory, summary, withdrawn_at=None, by=by, now=now, rng=rng)
    advisory.save(update_fields=["tracking_id", "state", "published_at", "updated_at"])
    _record("advisory.published", advisory, by=by, now=now, digest=version.etag, version=version.number)
    return advisory


@transaction.atomic
def withdraw(advisory: Advisory, *, reason: str, by: Actor, now: datetime, rng: Dice) -> Advisory:
    """Withdraw a published advisory: it stays readable, says why, and matches nothing any more.

    Raises NotAllowed, and ChangedMeanwhile unless it is published.
    """
    _require_own(advisory, by)
    advisory = _held(advisory)
    if advisory.state != State.PUBLISHED:
        raise ChangedMeanwhile("Only a published advisory can be withdrawn; reload it and look again.")
    advisory.state, advisory.withdrawn_at, advisory.updated_at = State.WITHDRAWN, now, now
    advisory.content = bytes(advisory.versions.latest("number").content)
    version = _new_version(advisory, reason, withdrawn_at=now, by=by, now=now, rng=rng)
    advisory.save(update_fields=["state", "withdrawn_at", "updated_at"])
    _record("advisory.withdrawn", advisory, by=by, now=now, digest=version.etag, version=version.number)
    return advisory


def etag_of(octets: bytes) -> str:
    """Return the entity tag of these bytes: their SHA-256 in hex."""
    return hashlib.sha256(octets).hexdigest()


def _new_version(
    advisory: Advisory, summary: str, *, withdrawn_at: datetime | None, by: Actor, now: datetime, rng: Dice
) -> Version:
    """Write the next version with its renderings, and hand its OSV records to `vulnerabilities`."""
    number = advisory.versions.count() + 1
    earlier = [words.Revision(one.number, one.at, one.summary) for one in advisory.versions.order_by("number")]
    whole = replace(
        read(bytes(advisory.content)),
        id=advisory.tracking_id,
        revisions=(*earlier, words.Revision(number, now, summary)),
        handling=words.Handling(tlp=Tlp.CLEAR),
        withdrawn_at=withdrawn_at,
    )
    octets = canonical(plain(whole))
    version = Version.objects.create(
        advisory=advisory, number=number, summary=summary, content=octets, etag=etag_of(octets), at=now
    )
    _render(version, Format.CSAF, 0, csaf.dumps(whole))
    for index in range(len(whole.vulnerabilities)):
        body = osv.dumps(whole, vulnerability=index)
        _render(version, Format.OSV, index, body)
        named = {(one.vendor, one.name) for one in whole.vulnerabilities[index].affected if one.vendor and one.product}
        vulnerabilities.store_advisory(body, source=SOURCE, by=by, now=now, rng=rng, products_named=sorted(named))
    return version


def _render(version: Version, kind: Format, index: int, body: bytes) -> None:
    Rendering.objects.create(version=version, format=kind, index=index, body=body, etag=etag_of(body))


def _next_tracking_id(now: datetime) -> str:
    """Return the next id of this year (UTC), such as WB-2026-0001; who publishes at the same moment queues here."""
    year = now.astimezone(UTC).year
    TrackingCounter.objects.get_or_create(year=year)
    counter = TrackingCounter.objects.select_for_update().get(year=year)
    counter.last += 1
    counter.save(update_fields=["last"])
    return f"WB-{year}-{counter.last:04d}"


def _held(advisory: Advisory) -> Advisory:
    return Advisory.objects.select_for_update().get(pk=advisory.pk)


def _require_publisher(by: Actor) -> None:
    if not (by.acts_as(OrganisationKind.COORDINATOR) and by.writes and by.holds(Scope.COORDINATE) and by.organisation):
        raise NotAllowed(str(NotAllowed.__doc__))


def _require_own(advisory: Advisory, by: Actor) -> None:
    _require_publisher(by)
    if by.organisation != advisory.organisation:
        raise NotAllowed(str(NotAllowed.__doc__))


def _record(action: str, advisory: Advisory, *, by: Actor, now: datetime, digest: str = "", version: int = 0) -> None:
    journal.record(
        at=now,
        by=by,
        action=action,
        subject=advisory,
        concerns=[advisory.organisation],
        digests={"content": digest} if digest else {},
        facts={"version": version} if version else {},
    )
