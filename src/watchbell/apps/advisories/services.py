"""Every change to advisories: draft, edit, show the case, publish, withdraw. Only people publish; no date does."""

import hashlib
from dataclasses import replace
from datetime import UTC, datetime

from django.db import transaction
from django.db.models import F

from watchbell.apps.advisories.drafting import drafted
from watchbell.apps.advisories.models import Advisory, Naming, Rendering, TrackingCounter, Version
from watchbell.apps.advisories.queries import SOURCE, drafts, read
from watchbell.apps.advisories.words import Format, State
from watchbell.apps.cases import queries as cases
from watchbell.apps.cases import services as case_services
from watchbell.apps.journal import services as journal
from watchbell.apps.journal.body import Scalar
from watchbell.apps.vulnerabilities import services as vulnerabilities
from watchbell.domain import advisory as words
from watchbell.domain.advisory.written import plain
from watchbell.domain.canonical import canonical
from watchbell.domain.handling import Actor, OrganisationKind, Scope, Tlp
from watchbell.domain.identity import Dice, new_id
from watchbell.domain.refusal import refuse
from watchbell.formats import csaf, osv, strictjson


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
    told = replace(drafted(page, publisher), handling=words.Handling(tlp=Tlp(page.case.marking)))
    octets = canonical(plain(told))
    advisory = Advisory.objects.create(
        public_id=new_id(rng),
        case=case_id,
        organisation=page.case.organisation,
        title=page.case.title,
        content=octets,
        etag=etag_of(octets),
        marking=page.case.marking,
        created_at=now,
        edited_at=now,
    )
    _record("advisory.drafted", advisory, by=by, now=now)
    return advisory


@transaction.atomic
def edit(advisory: Advisory, content: words.Advisory, *, etag: str, by: Actor, now: datetime) -> Advisory:
    """Replace the working copy that has this ETag; what was published stays as it was until published again.

    The label is not an edit's to change: a draft has its case's, until someone chooses one and publishes.
    Raises NotAllowed, ChangedMeanwhile.
    """
    _require_own(advisory, by, now=now)
    advisory = _held(advisory)
    kept = replace(content.handling, tlp=Tlp(advisory.marking))
    octets = canonical(plain(replace(content, id="", revisions=(), withdrawn_at=None, handling=kept)))
    columns = {"content": octets, "etag": etag_of(octets), "edited_at": now}
    if advisory.state == State.DRAFT:  # lists show the title, and what is public keeps its own until published again
        columns["title"] = content.title[:300]
    claimed = Advisory.objects.filter(pk=advisory.pk, etag=etag, state=advisory.state).exclude(state=State.WITHDRAWN)
    if not claimed.update(**columns):
        raise ChangedMeanwhile(str(ChangedMeanwhile.__doc__))
    _record("advisory.edited", advisory, by=by, now=now, digest=etag_of(octets))
    advisory.refresh_from_db()
    return advisory


@transaction.atomic
def share(advisory: Advisory, *, etag: str, by: Actor, now: datetime) -> Advisory:
    """Show the draft that has this ETag, as it is now, to those who hear what is said in its case.

    Later edits are seen when it is shown again. Raises NotAllowed, ChangedMeanwhile.
    """
    _require_own(advisory, by, now=now)
    claimed = Advisory.objects.filter(pk=advisory.pk, etag=etag, state=State.DRAFT)
    if not claimed.update(shared_content=F("content"), shared_at=now):
        raise ChangedMeanwhile(str(ChangedMeanwhile.__doc__))
    case = cases.named(advisory.case)
    heard = [advisory.organisation, *cases.hearers(case)]
    digests, facts = {"content": etag}, {"advisory": advisory.public_id}
    journal.record(at=now, by=by, action="advisory.shared", subject=case, concerns=heard, digests=digests, facts=facts)
    advisory.refresh_from_db()
    return advisory


@transaction.atomic
def follow_case(case_id: str, *, by: Actor, now: datetime) -> None:
    """Give a case's draft the case's label when that was raised; a label never sinks, and what is published stays."""
    marking = Tlp(cases.named(case_id).marking)
    draft = Advisory.objects.select_for_update().filter(case=case_id, state=State.DRAFT, marking__lt=marking).first()
    if draft is None:
        return
    _relabel(draft, marking)
    draft.save(update_fields=["content", "etag", "marking"])
    _record("advisory.marked", draft, by=by, now=now, digest=draft.etag, marking=marking)


@transaction.atomic
def publish(
    advisory: Advisory,
    *,
    label: Tlp,
    summary: str = "Initial publication.",
    etag: str,
    by: Actor,
    now: datetime,
    rng: Dice,
) -> Advisory:
    """Publish the working copy that has this ETag, as its first version or its next, under the label chosen.

    Whoever publishes chooses the label, and the record says which. As TLP:CLEAR, in one
    transaction the case becomes public, the bytes are written, and the record enters what
    everyone's inventory is matched against. As TLP:GREEN it reaches our circles, and the
    world, the case and the inventories hear nothing. Raises NotAllowed, ChangedMeanwhile,
    NotPossible while an embargo binds, and Refused for another label or what is not valid.
    """
    _require_own(advisory, by, now=now)
    advisory = _held(advisory)
    if advisory.etag != etag or advisory.state == State.WITHDRAWN:
        raise ChangedMeanwhile(str(ChangedMeanwhile.__doc__))
    _check_label(advisory, label)
    case = cases.named(advisory.case)
    case_services.check_may_publish(case, now=now)
    if label is Tlp.CLEAR:
        case_services.record_publication(case, by=by, now=now)
    _relabel(advisory, label)
    advisory.tracking_id = advisory.tracking_id or _next_tracking_id(now)
    advisory.state, advisory.updated_at = State.PUBLISHED, now
    advisory.published_at = advisory.published_at or now
    advisory.title = read(bytes(advisory.content)).title[:300]
    advisory.shared_content, advisory.shared_at = None, None
    version = _new_version(advisory, summary, withdrawn_at=None, by=by, now=now, rng=rng)
    advisory.save()
    _record("advisory.published", advisory, by=by, now=now, digest=version.etag, version=version.number, marking=label)
    return advisory


@transaction.atomic
def withdraw(advisory: Advisory, *, reason: str, by: Actor, now: datetime, rng: Dice) -> Advisory:
    """Withdraw a published advisory: it stays readable, says why, and matches nothing any more.

    Raises NotAllowed, and ChangedMeanwhile unless it is published.
    """
    _require_own(advisory, by, now=now)
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
    """Write the next version with its renderings, and hand what is public to `vulnerabilities` as OSV records."""
    number = advisory.versions.count() + 1
    earlier = [words.Revision(one.number, one.at, one.summary) for one in advisory.versions.order_by("number")]
    whole = replace(
        read(bytes(advisory.content)),
        id=advisory.tracking_id,
        revisions=(*earlier, words.Revision(number, now, summary)),
        handling=words.Handling(tlp=Tlp(advisory.marking)),
        withdrawn_at=withdrawn_at,
    )
    octets = canonical(plain(whole))
    version = Version.objects.create(
        advisory=advisory, number=number, summary=summary, content=octets, etag=etag_of(octets), at=now
    )
    _render(version, Format.CSAF, 0, csaf.dumps(whole))
    bodies = [osv.dumps(whole, vulnerability=index) for index in range(len(whole.vulnerabilities))]
    for index, body in enumerate(bodies):
        _render(version, Format.OSV, index, body)
    _note_names(advisory, bodies)
    if advisory.marking == Tlp.CLEAR:
        for flaw, body in zip(whole.vulnerabilities, bodies, strict=True):
            named = sorted({(one.vendor, one.name) for one in flaw.affected if one.vendor and one.product})
            vulnerabilities.store_advisory(body, source=SOURCE, by=by, now=now, rng=rng, products_named=named)
        for body in _left_out(version, whole):
            vulnerabilities.store_advisory(body, source=SOURCE, by=by, now=now, rng=rng)
    return version


def _note_names(advisory: Advisory, bodies: list[bytes]) -> None:
    """This will note what an advisory for some is found by; one for everyone is found by its public records."""
    Naming.objects.filter(advisory=advisory).delete()
    if advisory.marking == Tlp.CLEAR:
        return
    rows: list[Naming] = []
    for flaw, body in enumerate(bodies):
        told = vulnerabilities.told_by(body)
        rows += [Naming(advisory=advisory, flaw=flaw, identifier=one) for one in sorted(told.ids)]
        rows += [Naming(advisory=advisory, flaw=flaw, ecosystem=one, name=name) for one, name in sorted(told.packages)]
    Naming.objects.bulk_create(rows)


def _left_out(version: Version, whole: words.Advisory) -> list[bytes]:
    """Return the public records of the version before that this one no longer has, withdrawn.

    An OSV record holds one flaw, so its id changes when an advisory comes to speak of one
    flaw more or less; under the old id it would go on matching.
    """
    before = Version.objects.filter(advisory=version.advisory, number=version.number - 1).first()
    told = read(bytes(before.content)) if before else None
    if told is None or told.handling.tlp != Tlp.CLEAR:
        return []
    kept = {osv.write(whole, vulnerability=index)["id"] for index in range(len(whole.vulnerabilities))}
    gone = replace(told, withdrawn_at=whole.modified_at, revisions=whole.revisions)
    records = [osv.write(gone, vulnerability=index) for index in range(len(gone.vulnerabilities))]
    return [strictjson.dumps(one) for one in records if one["id"] not in kept]


def _check_label(advisory: Advisory, label: Tlp) -> None:
    """Raise Refused unless this label may be published, and is not stricter than what everyone has read."""
    if label > Tlp.GREEN:
        raise refuse(
            "tlp-not-publishable",
            "Only TLP:CLEAR and TLP:GREEN are published.",
            place="/handling/tlp",
            expected="TLP:CLEAR or TLP:GREEN",
            todo="Choose one once everyone whose words it holds agrees",
        )
    if advisory.state != State.DRAFT and label > advisory.marking:
        raise refuse("tlp-not-clear", "What is public stays TLP:CLEAR.", place="/handling/tlp", expected="TLP:CLEAR")


def _relabel(advisory: Advisory, label: Tlp) -> None:
    """Give the working copy in hand this label, in its column and in its words."""
    told = read(bytes(advisory.content))
    octets = canonical(plain(replace(told, handling=replace(told.handling, tlp=label))))
    advisory.content, advisory.etag, advisory.marking = octets, etag_of(octets), label


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


def _require_own(advisory: Advisory, by: Actor, *, now: datetime) -> None:
    _require_publisher(by)
    if not drafts(by, now=now).filter(pk=advisory.pk).exists():
        raise NotAllowed(str(NotAllowed.__doc__))


def _record(
    action: str,
    advisory: Advisory,
    *,
    by: Actor,
    now: datetime,
    digest: str = "",
    version: int = 0,
    marking: Tlp | None = None,
) -> None:
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
