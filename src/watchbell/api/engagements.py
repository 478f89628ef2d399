"""Engagements for programs: drafted by their developer alone, listed for its two parties, and their terms."""

from datetime import datetime
from typing import Any, Literal

from django.http import HttpRequest, HttpResponse
from ninja import Router, Schema
from pydantic import Field

from watchbell.api import conditions, early_access, schemas
from watchbell.api.door import Door, actor
from watchbell.api.early_access import ERRORS, TAGS, Cursor, Most, mine
from watchbell.api.early_terms import TermsVersion, WrittenTerms
from watchbell.apps.engagements import queries, services
from watchbell.apps.orgs import queries as orgs
from watchbell.domain.handling import OrganisationKind, Scope
from watchbell.domain.terms import Purpose, terms_from
from watchbell.doors import keyset, moment
from watchbell.doors.policy import EARLY_ACCESS, EVALUATOR_OWNS, LAB, LAB_WRITES

router = Router(tags=TAGS)
BY_CREATION = keyset.Order("api-engagements", ("created_at", "public_id"))
Why = Literal["run", "read_results", "incident", "audit", "housekeeping"]


class Spent(Schema):
    """What of one budget is used or reserved, and how much there is; `most` null is no bound."""

    used: int
    most: int | None


class Engagement(Schema):
    """One engagement as it stands.

    `is_open` says whether calls may be made at this moment, `day` which day of its window it is. `ends_at` is the hard
    end. Of `cost` a unit is a millionth of `currency`.
    """

    id: str
    model: str
    developer: str
    evaluator: str
    state: str
    created_at: datetime
    reply_by: datetime | None
    starts_at: datetime | None
    ends_at: datetime | None
    ended_at: datetime | None
    paused_at: datetime | None
    is_open: bool
    day: int | None
    endpoint_set_at: datetime | None
    evidence_until: datetime | None
    evidence_gone_at: datetime | None
    requests: Spent
    tokens: Spent
    cost: Spent
    currency: str


class Engagements(Schema):
    """Some engagements in the order in which they came; `next` is the cursor of those after them, "" at the end."""

    engagements: list[Engagement]
    next: str


class Draft(schemas.Body):
    """Your model, the evaluator you mean, and your terms."""

    model: str = Field(max_length=64)
    evaluator: str = Field(max_length=64)
    terms: WrittenTerms


class Evaluator(Schema):
    """An evaluator of this node."""

    id: str
    name: str


class OwnPerson(Schema):
    """Somebody of your organisation; the id is what an agreement names."""

    id: str
    name: str
    role: str


@router.get("", auth=Door(EARLY_ACCESS, Scope.READ), response={200: Engagements, **ERRORS}, operation_id="engagements")
def listed(request: HttpRequest, cursor: Cursor = "", limit: Most = 100) -> Any:
    """Return your engagements: the developer's all, an evaluator's those that were offered to it."""
    by, now = actor(request), moment.now()
    part = keyset.part_of(queries.visible_to(by, now=now), BY_CREATION, viewer=by, after=cursor, size=limit)
    return {"engagements": [shown(row, now) for row in part.rows], "next": part.after}


@router.post(
    "", auth=Door(LAB_WRITES, Scope.ENGAGE), response={200: Engagement, **ERRORS}, operation_id="draft_engagement"
)
def draft(request: HttpRequest, new: Draft, idempotency_key: schemas.IdempotencyKey = "") -> Any:
    """Begin an engagement on your own terms; nobody else sees it before you offer it."""
    model = early_access.my_model(request, new.model)
    terms = terms_from(new.terms.model_dump(), place="/terms")

    def create() -> str:
        return services.draft(model, new.evaluator, terms, **early_access.deed(request)).public_id

    made = early_access.once(request, "POST /engagements", idempotency_key, new.model_dump(), create)
    return as_it_stands(request, made)


@router.get(
    "/evaluators", auth=Door(LAB, Scope.READ), response={200: list[Evaluator], **ERRORS}, operation_id="evaluators"
)
def evaluators(request: HttpRequest) -> Any:
    """Return the evaluators of this node, for your choice; none of them hears of it."""
    rows = orgs.of_kind(OrganisationKind.EVALUATOR).exclude(public_id=actor(request).organisation)
    return [{"id": one.public_id, "name": one.name} for one in rows]


@router.get(
    "/people",
    auth=Door(EVALUATOR_OWNS, Scope.READ),
    response={200: list[OwnPerson], **ERRORS},
    operation_id="own_people",
)
def people(request: HttpRequest) -> Any:
    """Return the people of your organisation whom an agreement may name."""
    rows = orgs.members_of(actor(request), now=moment.now())
    return [
        {"id": one.person.public_id, "name": one.person.display_name or one.person.email, "role": one.role}
        for one in rows
        if one.person.is_active and one.organisation.public_id == actor(request).organisation
    ]


@router.get(
    "/{engagement}",
    auth=Door(EARLY_ACCESS, Scope.READ),
    response={200: Engagement, **ERRORS},
    operation_id="engagement",
)
def one(request: HttpRequest, engagement: str) -> Any:
    """Return one engagement as it stands."""
    return as_it_stands(request, engagement)


@router.get(
    "/{engagement}/terms",
    auth=Door(EARLY_ACCESS, Scope.READ),
    response={200: TermsVersion, **ERRORS},
    operation_id="engagement_terms",
)
def terms(request: HttpRequest, response: HttpResponse, engagement: str, purpose: Why) -> Any:
    """Return the terms: to the developer the latest, to the evaluator those offered. Who opens them is in the log."""
    row = mine(request, engagement)
    deed = early_access.deed(request)
    version, opened = services.open_version(row, Purpose(purpose), **deed)
    response.headers["ETag"] = _etag(row, version.number)
    return {
        "number": version.number,
        "digest": version.digest,
        "offer_digest": version.offer_digest,
        "is_offered": queries.is_signed(row, version),
        "written_at": version.at,
        "terms": opened.as_mapping(),
    }


@router.put(
    "/{engagement}/terms",
    auth=Door(LAB_WRITES, Scope.ENGAGE),
    response={200: Engagement, **ERRORS},
    operation_id="replace_terms",
)
def replace(request: HttpRequest, engagement: str, written: WrittenTerms, if_match: schemas.IfMatch = "") -> Any:
    """Write a new version of the terms before access begins; what was offered or agreed waits for new signatures."""
    row = mine(request, engagement)
    if not if_match:
        return conditions.missing("terms")
    latest = queries.version_for(row, actor(request))
    number = latest.number if latest else 0
    if not conditions.holds(if_match, _etag(row, number)):
        return conditions.changed("terms")
    seen = number if conditions.names_a_state(if_match) else None
    deed = early_access.deed(request)
    changed = terms_from(written.model_dump())
    services.change_terms(row, changed, by=deed["by"], now=deed["now"], keys=deed["keys"], seen=seen)
    return as_it_stands(request, engagement)


def shown(row: Any, now: datetime) -> dict[str, Any]:
    """Return an engagement as the interface says it."""
    clock, budget = queries.clock_of(row, now=now), row.grant.budget
    return {
        "id": row.public_id,
        "model": row.model.public_id,
        "is_open": clock is not None and clock.is_open and row.paused_at is None,
        "day": clock.day if clock else None,
        "endpoint_set_at": row.grant.endpoint_set_at,
        "currency": row.grant.currency,
        **{
            name: {"used": getattr(budget.used, name), "most": getattr(budget, name)}
            for name in ("requests", "tokens", "cost")
        },
        **{name: getattr(row, name) for name in _AS_THEY_ARE},
    }


_AS_THEY_ARE = (
    "developer", "evaluator", "state", "created_at", "reply_by", "starts_at", "ends_at", "ended_at", "paused_at",
    "evidence_until", "evidence_gone_at",
)  # fmt: skip


def as_it_stands(request: HttpRequest, engagement: str) -> dict[str, Any]:
    """Return one engagement of the caller's at this moment."""
    return shown(mine(request, engagement), moment.now())


def _etag(row: Any, number: int) -> str:
    return conditions.etag(row.public_id, number)
