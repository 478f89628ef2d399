"""Findings in: send a file, see what became of each item, ask again; a large one is followed at its own address."""

from datetime import datetime
from typing import Annotated, Any

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from ninja import Query, Router, Schema

from watchbell.api import later, schemas
from watchbell.api.door import Door, Forbidden, actor
from watchbell.apps.findings import queries, services
from watchbell.apps.findings.words import Channel
from watchbell.domain.handling import Scope
from watchbell.domain.refusal import refuse
from watchbell.doors import keys, moment, problems, uploads
from watchbell.doors.policy import STRONG, SUBMITTER_WRITES
from watchbell.outside.reader import UPLOAD

router = Router(tags=["submissions"])
MOST_SHOWN = 1000
MOST_ITEMS = 2**31 - 1


class Item(Schema):
    """What became of one item."""

    place: str
    outcome: str
    item_id: str = ""
    finding: str = ""
    differs: bool = False
    needs_evidence: bool = False
    refusal: dict[str, str] | None = None


class Answer(Schema):
    """What became of an upload, item by item, in its order."""

    submission: str
    counts: dict[str, int]
    items: list[Item]


class Taking(Schema):
    """How far a large upload is: `stage` is waiting, running, stopping, stopped, gave-up or over."""

    submission: str
    stage: str
    done: int
    total: int
    counts: dict[str, int]
    received_at: datetime
    completed_at: datetime | None


class Known(Schema):
    """What is here under one key: an upload on its way, of which `received` of `size` bytes came, and one handed in."""

    submission: Taking | None
    received: int
    size: int


class Items(Schema):
    """What became of some items, in their order; ask for those after them with `after` = `next`.

    No items and `next` below `total`: the others are not done yet, or never, when it was stopped.
    """

    items: list[Item]
    next: int
    total: int


class Finding(Schema):
    """One of your findings as it stands."""

    id: str
    title: str
    item_id: str
    state: str
    evidence: str
    rejection: str = ""


@router.post(
    "",
    auth=Door(SUBMITTER_WRITES, Scope.SUBMIT),
    response={200: Answer, 202: Taking, **schemas.ERRORS},
    operation_id="submit_findings",
)
def submit(
    request: HttpRequest,
    response: HttpResponse,
    idempotency_key: schemas.IdempotencyKey = "",
    said: Annotated[str, Query(alias="format", max_length=20)] = "",
) -> Any:
    """Take a file of findings in any format we read; sending it again changes nothing.

    The bytes tell SARIF, CSAF and VINCE reports, OSV, CVE, CSV, e-mail and NDJSON apart; `format` says so instead.

    More than 500 items, or a megabyte, are answered 202 at once: ask at `Location` how far they are.
    """
    content = body_of(request, at_most=UPLOAD.max_bytes)
    return take(content, request, response, key=idempotency_key, said=said)


def body_of(request: HttpRequest, *, at_most: int) -> bytes:
    """Return the body, whole; raises Refused when it is too large, or was cut off on its way."""
    length = int(request.headers.get("Content-Length") or 0)
    content = request.read(at_most + 1) if length <= at_most else b""
    if max(length, len(content)) > at_most:
        raise refuse("too-large", "The upload is too large.", expected=f"At most {at_most} bytes")
    if len(content) < length:
        raise refuse("cut-off", "The upload was cut off on its way.", expected=f"{length} bytes", todo="Send it again")
    return content


def take(content: bytes, request: HttpRequest, response: HttpResponse, *, key: str, said: str) -> Any:
    """Hand in what was sent and return what is answered: of every item, or where to ask how far a large one is."""
    upload = uploads.read_upload(content, name="upload", channel=Channel.API, key=key, said=said)
    by = actor(request)
    try:
        received = services.hand_in(upload, store=keys.blob_store(), by=by, now=moment.now(), rng=moment.dice())
    except services.KeyTaken as error:
        return problems.problem(409, "idempotency-key-reused", str(error), todo="Use a new Idempotency-Key.")
    except services.TooManyWaiting as error:
        return later.too_many(error)
    if received.is_over:
        return answer(received)
    row = received.submission
    return later.accepted(response, reverse("api:submission", args=[row.public_id]), _taking(row))


def _taking(row: Any) -> dict[str, Any]:
    taking = queries.taking_of(row)
    return {
        "submission": row.public_id,
        "stage": taking.stage.value,
        "done": taking.done,
        "total": taking.total,
        "counts": {"stored": row.stored, "same": row.same, "refused": row.refused},
        "received_at": row.received_at,
        "completed_at": row.completed_at,
    }


def _mine(request: HttpRequest, public_id: str) -> Any:
    row = queries.submissions_of(actor(request), now=moment.now()).filter(public_id=public_id).first()
    if row is None:
        raise Http404
    return row


def answer(received: services.Received) -> dict[str, Any]:
    """Return what became of an upload as the interface says it."""
    counts: dict[str, int] = {}
    for result in received.results:
        counts[result.outcome] = counts.get(result.outcome, 0) + 1
    return {
        "submission": received.submission.public_id,
        "counts": counts,
        "items": [_item(one) for one in received.results],
    }


def _item(one: services.ItemResult) -> dict[str, Any]:
    return {
        "place": one.place,
        "outcome": one.outcome,
        "item_id": one.item_id,
        "finding": one.finding,
        "differs": one.differs,
        "needs_evidence": one.needs_evidence,
        "refusal": one.refusal.as_mapping() if one.refusal else None,
    }


@router.get(
    "",
    auth=Door(SUBMITTER_WRITES, Scope.SUBMIT),
    response={200: Known, **schemas.ERRORS},
    operation_id="submission_of_key",
)
def of_key(request: HttpRequest, key: Annotated[str, Query(max_length=200)]) -> Any:
    """Return what is known of your idempotency key: how much of its upload is here, and how far it is taken in."""
    by, now = actor(request), moment.now()
    row, arrival = queries.submission_named(by, key, now=now), queries.arrival_named(by, key, now=now)
    return {
        "submission": _taking(row) if row else None,
        "received": arrival.received if arrival else 0,
        "size": arrival.size if arrival else 0,
    }


@router.get(
    "/findings",
    auth=Door(STRONG, Scope.READ),
    response={200: list[Finding], **schemas.ERRORS},
    operation_id="my_findings",
)
def mine(request: HttpRequest, response: HttpResponse) -> Any:
    """Return the findings you may know of, newest first, at most a thousand."""
    by = actor(request)
    rows = queries.visible_to(by, now=moment.now()).order_by("-received_at", "-public_id")[:MOST_SHOWN]
    found = [queries.shown(row, by) for row in rows]
    return [
        {
            "id": one.public_id,
            "title": one.title,
            "item_id": one.item_id,
            "state": one.state,
            "evidence": one.level.label,
            "rejection": one.rejection,
        }
        for one in found
    ]


@router.get(
    "/{submission}",
    auth=Door(SUBMITTER_WRITES, Scope.SUBMIT),
    response={200: Taking, **schemas.ERRORS},
    operation_id="submission",
    url_name="submission",
)
def one(request: HttpRequest, submission: str) -> Any:
    """Return how far an upload is."""
    return _taking(_mine(request, submission))


@router.get(
    "/{submission}/items",
    auth=Door(SUBMITTER_WRITES, Scope.SUBMIT),
    response={200: Items, **schemas.ERRORS},
    operation_id="submission_items",
)
def items(request: HttpRequest, submission: str, after: Annotated[int, Query(ge=0, le=MOST_ITEMS)] = 0) -> Any:
    """Return what became of the items behind the first `after`, in their order, some hundred at a time."""
    row = _mine(request, submission)
    found = queries.answered(actor(request), submission, now=moment.now(), after=after)
    return {"items": [_item(one) for one in found], "next": after + len(found), "total": row.total}


@router.post(
    "/{submission}/stop",
    auth=Door(SUBMITTER_WRITES, Scope.SUBMIT),
    response={200: Taking, **schemas.ERRORS},
    operation_id="stop_submission",
)
def stop(request: HttpRequest, submission: str) -> Any:
    """Stop taking in a large upload; what is stored stays, and sending the upload again goes on."""
    _mine(request, submission)
    try:
        services.interrupt(submission, by=actor(request), now=moment.now())
    except services.NotThere as error:
        return problems.problem(409, "not-running", str(error), todo="Ask how far it is.")
    except services.NotAllowed as error:
        raise Forbidden(str(error)) from error
    return _taking(_mine(request, submission))
