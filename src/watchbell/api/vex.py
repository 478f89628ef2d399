"""What others say of what you run, for programs: hand in VEX documents, see where each statement holds, withdraw."""

import hashlib
from datetime import datetime
from typing import Annotated, Any

from django.http import Http404, HttpRequest
from ninja import Router, Schema
from ninja.params import functions as sent

from watchbell.api import schemas
from watchbell.api.door import Door, Forbidden, actor
from watchbell.apps.inventory import queries, services, statements
from watchbell.apps.journal import services as journal
from watchbell.domain.canonical import canonical
from watchbell.domain.handling import Scope
from watchbell.domain.refusal import refuse
from watchbell.domain.sentence import Sentence
from watchbell.doors import inventories, keyset, moment, problems
from watchbell.doors.policy import OPERATOR, OPERATOR_WRITES
from watchbell.outside.reader import UPLOAD

router = Router(tags=["vex"])
BY_ARRIVAL = keyset.Order("api-vex", ("imported_at", "public_id"))
IN_ORDER = keyset.Order("api-vex-lines", ("position",))
Cursor = Annotated[str, sent.Query(max_length=2000)]
Most = Annotated[int, sent.Query(ge=1, le=200)]
Chosen = Annotated[str, sent.Query(max_length=32)]


class Document(Schema):
    """A VEX document; `holding` of its `statements` hold for something in your lists.

    `superseded` are kept from it only by a later word of their author. With `asset` it counts in that one alone.
    """

    id: str
    name: str
    version: str
    format: str
    author: str
    digest: str
    asset: str | None
    statements: int
    holding: int
    superseded: int
    issued_at: datetime | None
    imported_at: datetime
    withdrawn_at: datetime | None


class Documents(Schema):
    """Some documents in the order in which they came; `next` is the cursor of those after them, "" at the end."""

    documents: list[Document]
    next: str


class VexStatement(Schema):
    """One statement: `holds` for that many things here; where for none, `because` says why.

    `is_unexplained` is a "not affected" that does not say why: it keeps nothing quiet.
    """

    place: str
    vulnerability: list[str]
    product: str
    parts: list[str]
    status: str
    justification: str
    impact: str
    action: str
    is_unexplained: bool
    said_at: datetime | None
    holds: int
    replaced: int
    because: str


class Statements(Schema):
    """A document and some of its statements in its order; `next` is the cursor of those after them, "" at the end."""

    document: Document
    statements: list[VexStatement]
    next: str


@router.get("", auth=Door(OPERATOR, Scope.READ), response={200: Documents, **schemas.ERRORS}, operation_id="vex")
def documents(request: HttpRequest, cursor: Cursor = "", limit: Most = 100) -> Any:
    """Return your VEX documents, withdrawn ones included."""
    by = actor(request)
    rows = statements.documents(by, now=moment.now())
    part = keyset.part_of(rows, BY_ARRIVAL, viewer=by, after=cursor, size=limit)
    return {"documents": [_document(row) for row in part.rows], "next": part.after}


@router.post(
    "",
    auth=Door(OPERATOR_WRITES, Scope.INVENTORY),
    response={200: Document, **schemas.ERRORS},
    operation_id="import_vex",
)
def take_in(request: HttpRequest, asset: Chosen = "", idempotency_key: schemas.IdempotencyKey = "") -> Any:
    """Take in an OpenVEX, CSAF or CycloneDX document; the same bytes again change nothing, and a withdrawn one stands.

    With `asset` it counts for what is in that asset alone. What it says of your lists follows within seconds.
    """
    by, now = actor(request), moment.now()
    content, limited = _body(request), _asset(request, asset)
    if idempotency_key:
        _once(by, content, asset, idempotency_key, now)
    try:
        taken = services.import_vex(
            services.Received(content=content),
            organisation=str(by.organisation),
            asset=limited,
            by=by,
            now=now,
            rng=moment.dice(),
        )
    except services.NotAllowed as error:
        raise Forbidden(str(error)) from error
    except services.ChangedMeanwhile as error:
        return problems.problem(409, "changed-meanwhile", str(error), todo="Send it again.")
    return _document(_mine(request, taken.document.public_id))


def _once(by: Any, content: bytes, asset: str, key: str, now: datetime) -> None:
    """This will keep a key for this very request; the import itself may be repeated, so it needs no reply kept."""
    said = {"body": hashlib.sha256(content).hexdigest(), "asset": asset}
    digest = hashlib.sha256(canonical(said)).hexdigest()
    asked = journal.Request(route="POST /vex", key=key, digest=digest)
    journal.once(by=by, request=asked, now=now, deed=lambda: journal.Reply(200, b""))


@router.get(
    "/{document}",
    auth=Door(OPERATOR, Scope.READ),
    response={200: Statements, **schemas.ERRORS},
    operation_id="vex_document",
)
def one(request: HttpRequest, document: str, cursor: Cursor = "", limit: Most = 100) -> Any:
    """Return a document with where each of its statements holds, or why nowhere."""
    by, row = actor(request), _mine(request, document)
    lines = statements.lines(by, document, now=moment.now())
    part = keyset.part_of(lines, IN_ORDER, viewer=by, after=cursor, size=limit)
    return {"document": _document(row), "statements": [_line(each) for each in part.rows], "next": part.after}


@router.post(
    "/{document}/withdraw",
    auth=Door(OPERATOR_WRITES, Scope.INVENTORY),
    response={200: Document, **schemas.ERRORS},
    operation_id="withdraw_vex",
)
def withdraw(request: HttpRequest, document: str) -> Any:
    """Take a document back: nothing it says counts any more, and what it kept quiet is to do again."""
    by, row = actor(request), _mine(request, document)
    try:
        services.withdraw_vex(
            row.public_id, organisation=str(by.organisation), by=by, now=moment.now(), rng=moment.dice()
        )
    except services.NotAllowed as error:
        raise Forbidden(str(error)) from error
    except services.NotStanding as error:
        return problems.problem(409, "not-standing", str(error), todo="Look at the document again.")
    return _document(_mine(request, document))


def _mine(request: HttpRequest, document: str) -> Any:
    row = statements.documents(actor(request), now=moment.now()).filter(public_id=document).first()
    if row is None:
        raise Http404
    return row


def _asset(request: HttpRequest, asset: str) -> Any:
    if not asset:
        return None
    row = queries.visible_to(actor(request), now=moment.now()).filter(public_id=asset).first()
    if row is None:
        raise Http404
    return row


def _body(request: HttpRequest) -> bytes:
    """Return the document sent, inflated within the limits. Raises Refused."""
    if int(request.headers.get("Content-Length") or 0) > UPLOAD.max_bytes:
        raise refuse("too-large", "The document is too large.", expected=f"At most {UPLOAD.max_bytes} bytes")
    return inventories.take(request.read(UPLOAD.max_bytes + 1), name="the body").content


def _document(row: Any) -> dict[str, Any]:
    return {
        "id": row.public_id,
        "asset": row.asset.public_id if row.asset else None,
        **{name: getattr(row, name) for name in _AS_THEY_ARE},
    }


_AS_THEY_ARE = (
    "name", "version", "format", "author", "digest", "statements", "holding", "superseded", "issued_at",
    "imported_at", "withdrawn_at",
)  # fmt: skip


def _line(row: Any) -> dict[str, Any]:
    said = statements.read(row)
    return {
        "place": said.provenance.place,
        "vulnerability": list(said.ids),
        "product": said.product.shown if said.product else "",
        "parts": [part.shown for part in said.subcomponents],
        "status": said.status.value,
        "justification": said.justification.value if said.justification else said.reason,
        "impact": said.impact,
        "action": said.action,
        "is_unexplained": said.is_unexplained,
        "said_at": said.updated_at or said.issued_at,
        "holds": row.holds,
        "replaced": row.replaced,
        "because": str(Sentence.unpacked(row.because)),
    }
