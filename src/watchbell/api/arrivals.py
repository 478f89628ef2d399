"""An upload in pieces: send them in turn, ask how much is here, go on from there, and end it."""

from typing import Annotated, Any

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router, Schema

from watchbell.api import schemas
from watchbell.api.door import Door, actor
from watchbell.api.submissions import Answer, Taking, body_of, take
from watchbell.apps.findings import queries, services
from watchbell.domain.handling import Scope
from watchbell.domain.refusal import Refused, refuse
from watchbell.doors import keys, moment, problems
from watchbell.doors.policy import SUBMITTER_WRITES
from watchbell.outside.reader import UPLOAD

router = Router(tags=["submissions"])
LARGEST_PIECE = 8 << 20
TOO_MANY = 429
Bytes = Annotated[int, Query(ge=0, le=UPLOAD.max_bytes)]
Digest = Annotated[str, Query(pattern="^[0-9a-f]{64}$")]


class Arriving(Schema):
    """How much of an upload is here: the next piece begins at byte `received`."""

    received: int
    size: int


@router.post(
    "",
    auth=Door(SUBMITTER_WRITES, Scope.SUBMIT),
    response={200: Arriving, **schemas.ERRORS},
    operation_id="send_piece",
)
def send(request: HttpRequest, idempotency_key: schemas.IdempotencyKey, at: Bytes, size: Bytes, sha256: Digest) -> Any:
    """Take the bytes of an upload from `at` on; `size` and `sha256` (in hex) are those of the whole.

    A piece is taken wholly or not at all. One that does not begin where the last one ended is answered 409:
    ask `GET /submissions?key=` how much is here. What is not ended within a day is forgotten.
    """
    content = body_of(request, at_most=LARGEST_PIECE)
    piece = services.PieceSent(key=_key(idempotency_key), at=at, size=size, digest=sha256, content=content)
    try:
        arrival = services.take_piece(
            piece, store=keys.blob_store(), by=actor(request), now=moment.now(), rng=moment.dice()
        )
    except services.WrongPlace as error:
        return problems.problem(409, "wrong-place", str(error), todo="Ask how much is here.")
    except services.KeyTaken as error:
        return problems.problem(409, "idempotency-key-reused", str(error), todo="Use a new Idempotency-Key.")
    except services.TooManyWaiting as error:
        return problems.problem(TOO_MANY, "too-many-waiting", str(error), todo="End some of them, or wait a day.")
    return {"received": arrival.received, "size": arrival.size}


@router.post(
    "/end",
    auth=Door(SUBMITTER_WRITES, Scope.SUBMIT),
    response={200: Answer, 202: Taking, **schemas.ERRORS},
    operation_id="end_arrival",
)
def end(
    request: HttpRequest,
    response: HttpResponse,
    idempotency_key: schemas.IdempotencyKey,
    said: Annotated[str, Query(alias="format", max_length=20)] = "",
) -> Any:
    """Hand in an upload whose pieces are all here, and answer as `POST /submissions` does."""
    by, now = actor(request), moment.now()
    arrival = queries.arrival_named(by, idempotency_key, now=now)
    if arrival is None:
        return problems.problem(409, "nothing-arrived", "No upload of yours with this key is on its way.")
    try:
        content = services.joined(arrival, store=keys.blob_store(), now=now)
    except services.WrongPlace:
        title = f"Only {arrival.received} of {arrival.size} bytes are here."
        return problems.problem(409, "wrong-place", title, todo="Send the rest first.")
    try:
        answer = take(content, request, response, key=idempotency_key, said=said)
    except Refused:
        services.forget(arrival, now=now)
        raise
    if getattr(answer, "status_code", 200) != TOO_MANY:  # then it is ended later, and need not be sent again
        services.forget(arrival, now=now)
    return answer


def _key(key: str) -> str:
    if key and key.isprintable():
        return key
    raise refuse("bad-key", "The idempotency key is not one.", expected="At most 200 printable characters")
