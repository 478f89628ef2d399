"""What running access needs and leaves, for programs: people, the endpoint, tokens, the access log, receipts."""

from datetime import datetime
from typing import Any, Literal

from django.conf import settings
from django.http import Http404, HttpRequest, StreamingHttpResponse
from ninja import Router, Schema, Status
from pydantic import Field

from watchbell.api import early_access, schemas
from watchbell.api.door import Door, actor
from watchbell.api.early_access import ERRORS, TAGS, Cursor, Envelope, Most, mine
from watchbell.api.engagements import Why
from watchbell.apps.engagements import queries, services
from watchbell.apps.engagements.services import Endpoint
from watchbell.domain.handling import Scope
from watchbell.domain.metering import Scheme
from watchbell.domain.terms import PAYLOAD_TYPE
from watchbell.doors import keys, keyset, moment, problems
from watchbell.doors.policy import EARLY_ACCESS, EARLY_ACCESS_WRITES, EVALUATOR_WRITES, LAB, LAB_WRITES
from watchbell.formats import strictjson

router = Router(tags=TAGS)
IN_ORDER = keyset.Order("api-access-log", ("id",))
NDJSON = "application/x-ndjson"


class PersonSeat(Schema):
    """A person whom the evaluator named; nothing is open to them before `admitted_at`."""

    id: str
    person: str
    named_at: datetime
    admitted_at: datetime | None
    ended_at: datetime | None


class NamedPerson(schemas.Body):
    """The id of a person of your organisation."""

    person: str = Field(max_length=64)


class EndpointWay(schemas.Body):
    """Your endpoint: `base_url` ends before /v1, `models` gives your own name for each name in scope.

    `pin` is the SHA-256 of your certificate's public key in hex, or "". The credential is never shown again.
    """

    base_url: str = Field(max_length=2000)
    credential: str = Field(max_length=10_000)
    scheme: Literal["bearer", "x-api-key"] = "bearer"
    pin: str = Field("", max_length=64)
    models: dict[str, str]


class GatewayToken(Schema):
    """A live token for the gateway, without its secret."""

    id: str
    person: str
    purpose: str
    made_at: datetime
    expires_at: datetime


class TokenWanted(schemas.Body):
    """What you would use a token for."""

    purpose: Why


class AccessLine(Schema):
    """One touch of the model or of its material: `entry` holds its facts, `hash` its place in the chain."""

    chain: str
    seq: int
    entry: dict[str, Any]
    hash: str


class AccessLines(Schema):
    """Some lines, oldest first; `next` is the cursor of those after them, "" at the end of what is there now."""

    lines: list[AccessLine]
    next: str


class DestructionReceipt(Schema):
    """The node's signed statement that a key was destroyed: Ed25519, in hex, over the bytes of `content`."""

    id: str
    key: str
    at: datetime
    content: str
    public_key: str
    signature: str


@router.get(
    "/{engagement}/seats",
    auth=Door(EARLY_ACCESS, Scope.READ),
    response={200: list[PersonSeat], **ERRORS},
    operation_id="seats",
)
def seats(request: HttpRequest, engagement: str) -> Any:
    """Return who has access, who waits for it, and who had it."""
    return [_seat(row) for row in queries.seats_of(mine(request, engagement))]


@router.post(
    "/{engagement}/seats",
    auth=Door(EVALUATOR_WRITES, Scope.ENGAGE),
    response={200: PersonSeat, **ERRORS},
    operation_id="name_person",
)
def name(
    request: HttpRequest, engagement: str, named: NamedPerson, idempotency_key: schemas.IdempotencyKey = ""
) -> Any:
    """Name one more person within the number agreed; nothing is open to them before the developer signs."""
    row = mine(request, engagement)

    def create() -> str:
        return services.name_person(row, named.person, **early_access.deed(request)).public_id

    said = {"engagement": engagement, **named.model_dump()}
    made = early_access.once(request, "POST /engagements/seats", idempotency_key, said, create)
    return _seat(_my_seat(request, engagement, made))


@router.get(
    "/{engagement}/seats/{seat}/to-sign",
    auth=Door(LAB, Scope.READ),
    response={200: None, **ERRORS},
    operation_id="admission_to_sign",
    openapi_extra={"responses": {200: {"content": {PAYLOAD_TYPE: early_access.A_STATEMENT}}}},
)
def admission(request: HttpRequest, engagement: str, seat: str) -> Any:
    """Return the bytes the developer signs to let in a person who was named after the agreement."""
    row = _my_seat(request, engagement, seat)
    if actor(request).organisation != row.engagement.developer:
        raise services.NotAllowed("Only the developer of this engagement signs this.")
    signing = services.admission_to_sign(row)
    return early_access.download(signing.statement.payload, f"admission-{row.public_id}.json", PAYLOAD_TYPE)


@router.post(
    "/{engagement}/seats/{seat}/admit",
    auth=Door(LAB_WRITES, Scope.ENGAGE),
    response={200: PersonSeat, **ERRORS},
    operation_id="admit_person",
)
def admit(request: HttpRequest, engagement: str, seat: str, signed: Envelope) -> Any:
    """Let in a person who was named later, under your signature."""
    row, deed = _my_seat(request, engagement, seat), early_access.deed(request)
    envelope = early_access.opened(signed)
    signature = early_access.signature_in(envelope, services.admission_to_sign(row).statement, deed["by"])
    return _seat(services.admit_person(row, signature, by=deed["by"], now=deed["now"], keys=deed["keys"]))


@router.post(
    "/{engagement}/seats/{seat}/end",
    auth=Door(EARLY_ACCESS_WRITES, Scope.ENGAGE),
    response={200: PersonSeat, **ERRORS},
    operation_id="end_seat",
)
def end_seat(request: HttpRequest, engagement: str, seat: str) -> Any:
    """Take a person's access away at the next request; either party may."""
    services.end_seat(_my_seat(request, engagement, seat), by=actor(request), now=moment.now())
    return _seat(_my_seat(request, engagement, seat))


@router.put(
    "/{engagement}/endpoint",
    auth=Door(LAB_WRITES, Scope.ENGAGE),
    response={204: None, **ERRORS},
    operation_id="set_endpoint",
)
def set_endpoint(request: HttpRequest, engagement: str, way: EndpointWay) -> Any:
    """Point running access at your endpoint, in place of what stood there; it lies under the access key."""
    endpoint = Endpoint(**{**way.model_dump(), "scheme": Scheme(way.scheme)})
    allow = settings.WATCHBELL.egress_allow
    services.set_endpoint(mine(request, engagement), endpoint, allow=allow, **early_access.deed(request))
    return Status(204, None)


@router.get(
    "/{engagement}/tokens",
    auth=Door(EARLY_ACCESS, Scope.READ),
    response={200: list[GatewayToken], **ERRORS},
    operation_id="gateway_tokens",
)
def tokens(request: HttpRequest, engagement: str) -> Any:
    """Return the live tokens for the gateway: your own, and to the developer everyone's."""
    rows = queries.own_tokens(mine(request, engagement), actor(request), now=moment.now())
    return [_token(row) for row in rows]


@router.post(
    "/{engagement}/tokens",
    auth=Door(EVALUATOR_WRITES, Scope.ENGAGE),
    response=ERRORS,
    operation_id="take_gateway_token",
)
def take_token(request: HttpRequest, engagement: str, wanted: TokenWanted) -> Any:
    """Say why no program gets a token for the gateway: a named person takes it, signed in with a second factor."""
    mine(request, engagement)
    return problems.problem(
        403,
        "person-needed",
        "A program gets no token for the gateway.",
        expected="A person who was named and admitted, signed in with a second factor",
        todo="Sign in, open the engagement's page, and take the token there. Its text is shown once.",
    )


@router.post(
    "/{engagement}/tokens/{token}/end",
    auth=Door(EARLY_ACCESS_WRITES, Scope.ENGAGE),
    response={204: None, **ERRORS},
    operation_id="end_gateway_token",
)
def end_token(request: HttpRequest, engagement: str, token: str) -> Any:
    """End a token at the next request: your own, or as the developer anyone's. One that has ended is not there."""
    live = queries.own_tokens(mine(request, engagement), actor(request), now=moment.now())
    row = live.filter(public_id=token).first()
    if row is None:
        raise Http404
    services.end_token(row, by=actor(request), now=moment.now())
    return Status(204, None)


@router.get(
    "/{engagement}/log",
    auth=Door(EARLY_ACCESS, Scope.READ),
    response={200: AccessLines, **ERRORS},
    operation_id="access_log",
)
def lines(request: HttpRequest, engagement: str, cursor: Cursor = "", limit: Most = 100) -> Any:
    """Return the access log in the order in which it was written; ask again with the last cursor to follow it."""
    rows = queries.lines_of(mine(request, engagement))
    part = keyset.part_of(rows, IN_ORDER, viewer=actor(request), after=cursor, size=limit)
    return {"lines": [_line(row) for row in part.rows], "next": part.after}


@router.get(
    "/{engagement}/log/export",
    auth=Door(EARLY_ACCESS, Scope.READ),
    response={200: None, **ERRORS},
    operation_id="export_access_log",
    openapi_extra={"responses": {200: {"content": {NDJSON: early_access.A_FILE}}}},
)
def export(request: HttpRequest, engagement: str) -> Any:
    """Return the whole access log under a signed head, for `watchbell journal verify`; the export is a line of it."""
    row = mine(request, engagement)
    parts = services.export(row, by=actor(request), now=moment.now(), keys=keys.keystore())
    name = f'attachment; filename="access-{row.public_id}.ndjson"'
    return StreamingHttpResponse(parts, content_type=NDJSON, headers={"Content-Disposition": name})


@router.get(
    "/{engagement}/receipts",
    auth=Door(EARLY_ACCESS, Scope.READ),
    response={200: list[DestructionReceipt], **ERRORS},
    operation_id="destruction_receipts",
)
def receipts(request: HttpRequest, engagement: str) -> Any:
    """Return the destruction receipts: which key was destroyed when, and the digests of what lay under it."""
    return [_receipt(row) for row in queries.receipts_of(mine(request, engagement))]


def _my_seat(request: HttpRequest, engagement: str, seat: str) -> Any:
    row = queries.seats_of(mine(request, engagement)).filter(public_id=seat).first()
    if row is None:
        raise Http404
    return row


def _seat(row: Any) -> dict[str, Any]:
    return {"id": row.public_id, **{name: getattr(row, name) for name in ("person", *_MOMENTS)}}


_MOMENTS = ("named_at", "admitted_at", "ended_at")


def _token(row: Any) -> dict[str, Any]:
    return {"id": row.public_id, **{name: getattr(row, name) for name in GatewayToken.model_fields if name != "id"}}


def _line(row: Any) -> dict[str, Any]:
    return {
        "chain": row.chain.writer,
        "seq": row.seq,
        "entry": strictjson.loads(bytes(row.entry)),
        "hash": bytes(row.hash).hex(),
    }


def _receipt(row: Any) -> dict[str, Any]:
    return {
        "id": row.public_id,
        "key": row.key,
        "at": row.at,
        "content": bytes(row.content).decode(),
        "public_key": bytes(row.public_key).hex(),
        "signature": bytes(row.signature).hex(),
    }
