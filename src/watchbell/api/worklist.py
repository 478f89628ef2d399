"""The worklist for programs: read it in order, page by page; say what was done about a line."""

from datetime import date, datetime
from typing import Annotated, Any, Literal

from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from ninja import Router, Schema
from ninja.params import functions as sent
from pydantic import Field

from watchbell.api import conditions, schemas
from watchbell.api.door import Door, Forbidden, actor
from watchbell.api.freshness import Aged, ages
from watchbell.apps.inventory.reach import Tier
from watchbell.apps.remediation import queries, services
from watchbell.apps.remediation.drafts import is_strict
from watchbell.apps.remediation.words import Closing
from watchbell.apps.vulnerabilities import queries as published
from watchbell.apps.vulnerabilities.queries import Asserted
from watchbell.domain.handling import Scope
from watchbell.domain.lifecycle import NotPossible, RemediationEvent
from watchbell.domain.priority import Band, Drawn
from watchbell.doors import keyset, moment, problems
from watchbell.doors.policy import OPERATOR, OPERATOR_WRITES
from watchbell.formats import moments

router = Router(tags=["worklist"])
BY_DUE = keyset.Order("api-worklist", ("order_at", "rank", "public_id"))
BY_QUIET = keyset.Order("api-worklist-quieted", ("quiet_place", "order_at", "rank", "public_id"))
ERRORS = {**schemas.ERRORS, 412: schemas.Problem, 428: schemas.Problem}
Cursor = Annotated[str, sent.Query(max_length=2000)]
Most = Annotated[int, sent.Query(ge=1, le=200)]

Shown = Literal["to-do", "now", "soon", "later", "backlog", "unknown", "settled", "quieted"]
QUIETED = Q(closed_because=Closing.QUIETED)
SHOWN = {
    "to-do": Q(is_settled=False),
    "now": Q(is_settled=False, band=Band.NOW),
    "soon": Q(is_settled=False, band=Band.SOON),
    "later": Q(is_settled=False, band__in=[Band.LATER, Band.AT_UPGRADE]),
    "backlog": Q(is_settled=False, band=Band.BACKLOG),
    "unknown": Q(is_settled=False) & (Q(tier=Tier.CANNOT_TELL) | Q(drawn=Drawn.UNKNOWN)),
    "settled": Q(is_settled=True) & ~QUIETED,
    "quieted": QUIETED,
}


class Fact(Schema):
    """What one asserter says: `fact` is kev, epss, ssvc or cvss; `on` is the day it gives, `known_at` ours."""

    fact: str
    by: str
    about: str
    on: date | None
    known_at: datetime
    says: dict[str, Any]


class Line(Schema):
    """One vulnerability as it reaches you: how urgent, by when, why, and where it stands.

    `range` holds the least and the most urgent outcome that what is known leaves open;
    `drawn` says how sure `outcome` is. `tier` "cannot tell" is never a reason to be calm.
    `quieted` things are spoken free by VEX statements and count in no other number; with nothing else left,
    `closed_because` is "quieted" and the other numbers say what there would be without them.
    `strict` says that what is not known was counted at its worst; `facts` are everyone's words, none chosen.
    """

    id: str
    vulnerability: str
    title: str
    tier: str
    outcome: str
    range: list[str]
    drawn: str
    band: str
    backlog: bool
    due_at: datetime | None
    in_kev: bool
    exposed: str
    assets: int
    exposures: int
    undetermined: int
    quieted: int
    subject: str
    fix: str
    state: str
    accepted_until: datetime | None
    closed_because: str
    forensics: str
    policy: str
    table: str
    inputs: dict[str, Any]
    strict: bool
    facts: list[Fact]
    first_seen_at: datetime
    updated_at: datetime


class OneLine(Line, Aged):
    """One line, and how old its sources are."""


class Lines(Aged):
    """Some lines in order; `next` is the cursor of those after them, "" at the end.

    `strict_since` is when your organisation chose to count what is not known at its worst, null by the policy.
    """

    lines: list[Line]
    next: str
    strict_since: datetime | None


class Deed(schemas.Body):
    """What was done: the event, a note where it lowers the shown risk, and for an acceptance its end (RFC 3339)."""

    deed: Literal["plan", "wait on vendor", "mitigate", "patch", "verify", "accept until", "reopen"]
    note: str = Field("", max_length=2000)
    until: str = Field("", max_length=40)


@router.get("", auth=Door(OPERATOR, Scope.READ), response={200: Lines, **ERRORS}, operation_id="worklist")
def worklist(
    request: HttpRequest,
    show: Shown = "to-do",
    cursor: Cursor = "",
    limit: Most = 50,
) -> Any:
    """Return your lines by due date and rank, without a date last; of quieted ones, those attackers use first."""
    by = actor(request)
    rows = queries.visible_to(by, now=moment.now()).filter(SHOWN[show])
    order = BY_QUIET if show == "quieted" else BY_DUE
    part = keyset.part_of(rows, order, viewer=by, after=cursor, size=limit)
    said = published.asserted_of({row.group_id for row in part.rows})
    lines = [_line(row, said.get(row.group_id, [])) for row in part.rows]
    strict_since = queries.strict_since(by, now=moment.now())
    return {"lines": lines, "next": part.after, "strict_since": strict_since, **ages()}


@router.get("/{line}", auth=Door(OPERATOR, Scope.READ), response={200: OneLine, **ERRORS}, operation_id="worklist_line")
def one(request: HttpRequest, response: HttpResponse, line: str) -> Any:
    """Return one line; its ETag goes into If-Match when you change its state."""
    row = _mine(request, line)
    response.headers["ETag"] = _etag(row)
    return _one(row)


@router.post(
    "/{line}/state",
    auth=Door(OPERATOR_WRITES, Scope.REMEDIATE),
    response={200: OneLine, **ERRORS},
    operation_id="change_worklist_state",
)
def change(request: HttpRequest, response: HttpResponse, line: str, deed: Deed, if_match: schemas.IfMatch = "") -> Any:
    """Say what was done about a line as you last saw it; If-Match carries its ETag."""
    row = _mine(request, line)
    if not if_match:
        return conditions.missing("line")
    if not conditions.holds(if_match, _etag(row)):
        return conditions.changed("line")
    try:
        after = _do(request, row, deed)
    except services.NotAllowed as error:
        raise Forbidden(str(error)) from error
    except services.ChangedMeanwhile:
        return conditions.changed("line")
    except NotPossible as error:
        return problems.problem(409, "not-possible", str(error), place="/deed", todo="Look at the line again.")
    response.headers["ETag"] = _etag(after)
    return _one(after)


def _mine(request: HttpRequest, line: str) -> Any:
    row = queries.row(actor(request), line, now=moment.now())
    if row is None:
        raise Http404
    return row


def _do(request: HttpRequest, row: Any, deed: Deed) -> Any:
    evidence = services.Evidence(note=deed.note)
    by, now, rng = actor(request), moment.now(), moment.dice()
    match RemediationEvent(deed.deed):
        case RemediationEvent.PLAN:
            return services.plan(row=row, evidence=evidence, by=by, now=now, rng=rng)
        case RemediationEvent.WAIT_ON_VENDOR:
            return services.wait_on_vendor(row=row, evidence=evidence, by=by, now=now, rng=rng)
        case RemediationEvent.MITIGATE:
            return services.mitigate(row=row, evidence=evidence, by=by, now=now, rng=rng)
        case RemediationEvent.PATCH:
            return services.mark_patched(row=row, evidence=evidence, by=by, now=now, rng=rng)
        case RemediationEvent.VERIFY:
            return services.verify(row=row, evidence=evidence, by=by, now=now, rng=rng)
        case RemediationEvent.ACCEPT_UNTIL:
            until = moments.read(deed.until, place="/until")
            return services.accept_until(row=row, until=until, evidence=evidence, by=by, now=now, rng=rng)
        case RemediationEvent.REOPEN:
            return services.reopen(row=row, evidence=evidence, by=by, now=now, rng=rng)


def _etag(row: Any) -> str:
    return conditions.etag(row.public_id, row.state, f"{row.updated_at.timestamp():.6f}")


def _one(row: Any) -> dict[str, Any]:
    """Return a line with everything its sources say, each record read whole."""
    said = published.asserted_of([row.group_id], whole=True).get(row.group_id, [])
    return {**_line(row, said), **ages()}


def _line(row: Any, said: list[Asserted]) -> dict[str, Any]:
    forensics = "required" if row.forensics_required else "offered" if row.forensics_offered else "no"
    return {
        "id": row.public_id,
        "vulnerability": row.display_id,
        "range": [row.low, row.high],
        "subject": row.subject_name,
        "fix": row.fix_version,
        "forensics": "done" if row.forensics_done_at else forensics,
        "policy": row.reason.get("policy", ""),
        "table": row.reason.get("table", ""),
        "inputs": row.reason.get("inputs", {}),
        "strict": is_strict(row.reason),
        "facts": [{name: getattr(one, name) for name in Fact.model_fields} for one in said],
        **{name: getattr(row, name) for name in _AS_THEY_ARE},
    }


_AS_THEY_ARE = (
    "title", "tier", "outcome", "drawn", "band", "backlog", "due_at", "in_kev", "exposed", "assets", "exposures",
    "undetermined", "quieted", "state", "accepted_until", "closed_because", "first_seen_at", "updated_at",
)  # fmt: skip
