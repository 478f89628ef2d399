"""Findings in: send a file, see what became of each item, ask again."""

from typing import Annotated, Any

from django.http import HttpRequest, HttpResponse
from ninja import Header, Router, Schema

from watchbell.api import schemas
from watchbell.api.door import Door, actor
from watchbell.apps.findings import queries, services
from watchbell.apps.findings.words import Channel
from watchbell.domain.handling import Scope
from watchbell.domain.refusal import refuse
from watchbell.doors import keys, moment, problems, uploads
from watchbell.doors.policy import STRONG, SUBMITTER_WRITES
from watchbell.outside.reader import UPLOAD

router = Router(tags=["submissions"])
MOST_SHOWN = 1000


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
    response={200: Answer, **schemas.ERRORS},
    operation_id="submit_findings",
)
def submit(request: HttpRequest, idempotency_key: Annotated[str, Header(max_length=200)] = "") -> Any:
    """Take SARIF 2.1.0, a CSAF 2.1 vulnerability report or NDJSON findings; sending it again changes nothing."""
    length = int(request.headers.get("Content-Length") or 0)
    if length > UPLOAD.max_bytes:
        raise refuse("too-large", "The upload is too large.", expected=f"At most {UPLOAD.max_bytes} bytes")
    content = request.read(UPLOAD.max_bytes + 1)
    upload = uploads.read_upload(content, name="upload", channel=Channel.API, key=idempotency_key)
    by = actor(request)
    try:
        received = services.submit(upload, store=keys.blob_store(), by=by, now=moment.now(), rng=moment.dice())
    except services.KeyTaken as error:
        return problems.problem(409, "idempotency-key-reused", str(error), todo="Use a new Idempotency-Key.")
    return answer(received)


def answer(received: services.Received) -> dict[str, Any]:
    """Return what became of an upload as the interface says it."""
    counts: dict[str, int] = {}
    for result in received.results:
        counts[result.outcome] = counts.get(result.outcome, 0) + 1
    return {
        "submission": received.submission.public_id,
        "counts": counts,
        "items": [
            {
                "place": one.place,
                "outcome": one.outcome,
                "item_id": one.item_id,
                "finding": one.finding,
                "differs": one.differs,
                "needs_evidence": one.needs_evidence,
                "refusal": one.refusal.as_mapping() if one.refusal else None,
            }
            for one in received.results
        ],
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
