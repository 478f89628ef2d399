"""What is published here, for programs? Every advisory this caller may read, oldest change first, to be followed."""

import hashlib
from datetime import datetime
from typing import Annotated, Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotModified
from django.utils.http import parse_etags
from ninja import Router, Schema
from ninja.params import functions as sent

from watchbell.api import schemas
from watchbell.api.door import Door, Open, actor
from watchbell.apps.advisories import queries
from watchbell.apps.vulnerabilities.queries import Named
from watchbell.domain import advisory as words
from watchbell.domain.handling import ActorKind, Scope, Tlp
from watchbell.domain.matching.packages import Identified, package_of_purl
from watchbell.domain.refusal import refuse
from watchbell.doors import keyset, moment
from watchbell.doors.policy import PUBLIC
from watchbell.formats import moments

router = Router(tags=["advisories"])
BY_CHANGE = keyset.Order("api-advisories", ("updated_at", "tracking_id"))
Cursor = Annotated[str, sent.Query(max_length=2000)]
Most = Annotated[int, sent.Query(ge=1, le=200)]
NO_NUL = r"^[^\x00]*$"  # no database keeps that character
Word = Annotated[str, sent.Query(max_length=200, pattern=NO_NUL)]
Purl = Annotated[str, sent.Query(max_length=2000)]
Since = Annotated[str, sent.Query(max_length=40)]


class OpenOrToken(Open):
    """Admit anyone under no name, or the holder of a live token as who they are; a bad token is refused as anywhere."""

    _door = Door(PUBLIC, Scope.READ)

    def __call__(self, request: HttpRequest) -> Any:
        """Return the actor, nobody for a caller without a token, or None for a token that is not one."""
        return self._door(request) if "Authorization" in request.headers else super().__call__(request)


class Severity(Schema):
    """One severity vector, and whose judgement it is; the vendor's is first."""

    vector: str
    by: str


class Event(Schema):
    """One turning point of a range; exactly one is set."""

    introduced: str = ""
    fixed: str = ""
    last_affected: str = ""
    limit: str = ""


class Span(Schema):
    """Turning points between not affected and affected, in order (OSV schema, `ranges`)."""

    scheme: str
    events: list[Event]


class Affected(Schema):
    """A product and how its versions stand to the flaw, in the words of VEX."""

    name: str
    vendor: str
    ecosystem: str
    package: str
    purl: str
    status: str
    justification: str
    versions: list[str]
    ranges: list[Span]


class Remediation(Schema):
    """What an operator can do."""

    kind: str
    details: str
    url: str


class Flaw(Schema):
    """One vulnerability of an advisory; `aliases` are every id it goes by."""

    title: str
    description: str
    aliases: list[str]
    cwes: list[str]
    severities: list[Severity]
    affected: list[Affected]
    remediations: list[Remediation]
    references: list[str]
    osv: str


class Listed(Schema):
    """One published advisory in short; a withdrawn one stays, and says since when."""

    id: str
    title: str
    tlp: str
    state: str
    published_at: datetime
    updated_at: datetime
    withdrawn_at: datetime | None


class Advisories(Schema):
    """Some advisories, oldest change first; `next` is the cursor of those after them, "" at the end."""

    advisories: list[Listed]
    next: str


class Revision(Schema):
    """One published state."""

    number: int
    at: datetime
    summary: str


class Advisory(Listed):
    """One published advisory as it stands; `csaf` and each flaw's `osv` are where its stored documents are."""

    summary: str
    publisher: str
    revisions: list[Revision]
    vulnerabilities: list[Flaw]
    references: list[str]
    credits: list[str]
    csaf: str


@router.get(
    "",
    auth=OpenOrToken(),
    response={200: Advisories, 304: None, **schemas.ERRORS},
    operation_id="advisories",
)
def advisories(
    request: HttpRequest,
    response: HttpResponse,
    since: Since = "",
    alias: Word = "",
    ecosystem: Word = "",
    purl: Purl = "",
    cursor: Cursor = "",
    limit: Most = 100,
) -> Any:
    """Return published advisories: changed `since` (RFC 3339), of an `alias`, of an `ecosystem` or a package `purl`."""
    by, now = actor(request), moment.now()
    after = moments.read(since, place="since") if since else None
    rows = queries.readable_by(by, now=now, naming=_named(alias, ecosystem, purl), since=after)
    part = keyset.part_of(rows, BY_CHANGE, viewer=by, after=cursor, size=limit)
    seen = [(row.tracking_id, row.updated_at.isoformat()) for row in part.rows if row.updated_at]
    etag = _etag(request.get_full_path(), str(seen), "more" if part.after else "")
    answer = {"advisories": [_listed(row) for row in part.rows], "next": part.after}
    return _kept(request, response, etag) or answer


@router.get(
    "/{advisory}",
    auth=OpenOrToken(),
    response={200: Advisory, 304: None, **schemas.ERRORS},
    operation_id="advisory",
)
def one(request: HttpRequest, response: HttpResponse, advisory: str) -> Any:
    """Return one published advisory as it stands, by its id such as WB-2026-0001."""
    now = moment.now()
    row = queries.readable_by(actor(request), now=now).filter(tracking_id=advisory).first()
    told = queries.latest(row, now=now) if row else None
    if row is None or told is None:
        raise Http404
    etag = _etag(row.tracking_id, str(row.updated_at))
    return _kept(request, response, etag) or {**_listed(row), **_whole(told)}


def _named(alias: str, ecosystem: str, purl: str) -> Named | None:
    """Return what the flaws are to name, or None when anything will do. Raises Refused."""
    if not purl:
        return Named(identifier=alias, ecosystem=ecosystem) if alias or ecosystem else None
    found = package_of_purl(purl)
    if not isinstance(found, Identified):
        expected = "A package URL such as pkg:pypi/requests"
        raise refuse("bad-purl", "This package URL names no package", place="purl", expected=expected)
    if ecosystem and found.package.ecosystem.partition(":")[0] != ecosystem.partition(":")[0]:
        raise refuse("bad-purl", "The package is of another ecosystem", place="purl")
    return Named(identifier=alias, ecosystem=found.package.ecosystem, name=found.package.name)


def _etag(*parts: str) -> str:
    """Return a weak tag: the same words, though a cursor in them is sealed anew each time."""
    return f'W/"{hashlib.sha256(chr(0).join(parts).encode()).hexdigest()[:32]}"'


def _kept(request: HttpRequest, response: HttpResponse, etag: str) -> HttpResponse | None:
    """Put the ETag on the answer, or return 304 to a caller who has it; only what nobody named asked for is public."""
    is_public = actor(request).kind is ActorKind.ANONYMOUS
    headers = {"ETag": etag, "Cache-Control": "public, no-cache" if is_public else "private, no-cache"}
    headers["Vary"] = "Authorization"
    seen = {one.removeprefix("W/") for one in parse_etags(request.headers.get("If-None-Match", ""))}
    if {etag.removeprefix("W/"), "*"} & seen:
        return HttpResponseNotModified(headers=headers)
    for name, value in headers.items():
        response.headers[name] = value
    return None


def _listed(row: Any) -> dict[str, Any]:
    return {
        "id": row.tracking_id,
        "title": row.title,
        "tlp": Tlp(row.marking).label,
        **{name: getattr(row, name) for name in ("state", "published_at", "updated_at", "withdrawn_at")},
    }


def _whole(told: words.Advisory) -> dict[str, Any]:
    address = f"/advisories/{told.id}"
    return {
        "summary": told.summary,
        "publisher": told.publisher.name,
        "revisions": [{"number": one.number, "at": one.at, "summary": one.summary} for one in told.revisions],
        "vulnerabilities": [
            _flaw(flaw, f"{address}/osv-{number}.json") for number, flaw in enumerate(told.vulnerabilities, start=1)
        ],
        "references": [one.url for one in told.references],
        "credits": [one.name for one in told.credits],
        "csaf": f"{address}/csaf.json",
    }


def _flaw(flaw: words.Vulnerability, osv: str) -> dict[str, Any]:
    return {
        "title": flaw.title,
        "description": flaw.description,
        "aliases": flaw.aliases,
        "cwes": flaw.cwes,
        "severities": [{"vector": one.vector, "by": one.by} for one in flaw.severities],
        "affected": [_affected(one) for one in flaw.affected],
        "remediations": [{"kind": one.kind, "details": one.details, "url": one.url} for one in flaw.remediations],
        "references": [one.url for one in flaw.references],
        "osv": osv,
    }


def _affected(one: words.Affected) -> dict[str, Any]:
    spans = [{"scheme": span.scheme, "events": [_event(event) for event in span.events]} for span in one.ranges]
    names = ("name", "vendor", "ecosystem", "package", "purl", "status", "versions")
    return {
        **{name: getattr(one, name) for name in names},
        "justification": one.justification or "",
        "ranges": spans,
    }


def _event(event: words.RangeEvent) -> dict[str, str]:
    return {name: getattr(event, name) for name in ("introduced", "fixed", "last_affected", "limit")}
