"""What you run, for programs: assets, the one question about each, and their bills of materials by the thousand."""

import hashlib
from datetime import datetime
from typing import Annotated, Any, Literal

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from ninja import Router, Schema
from ninja.params import functions as sent
from pydantic import Field

from watchbell.api import conditions, later, schemas
from watchbell.api.door import Door, Forbidden, actor
from watchbell.api.freshness import Aged, ages
from watchbell.apps.inventory import queries, services
from watchbell.apps.journal import services as journal
from watchbell.domain.canonical import canonical
from watchbell.domain.handling import Scope
from watchbell.domain.priority import Exposure
from watchbell.domain.refusal import refuse
from watchbell.doors import inventories, keys, keyset, moment, problems
from watchbell.doors.inventories import Kind
from watchbell.doors.policy import OPERATOR, OPERATOR_WRITES
from watchbell.formats.installed.recognising import KNOWN
from watchbell.outside.reader import UPLOAD

ERRORS = {**schemas.ERRORS, 412: schemas.Problem}
router = Router(tags=["inventory"])
BY_NAME = keyset.Order("api-assets", ("name", "public_id"))
Answer = Literal["yes", "no", "unknown"]
Cursor = Annotated[str, sent.Query(max_length=2000)]
Most = Annotated[int, sent.Query(ge=1, le=200)]


class Asset(Schema):
    """Something you run; `exposed` unknown counts as yes. `components` is null while no list is loaded."""

    id: str
    name: str
    kind: str
    exposed: str
    patched_by: str
    components: int | None
    assessed: int | None
    updated_at: datetime


class OneAsset(Asset, Aged):
    """One asset, and how old the sources are that it was compared with."""


class Assets(Aged):
    """Some assets by name; `next` is the cursor of those after them, "" at the end."""

    assets: list[Asset]
    next: str


class NewAsset(schemas.Body):
    """What is asked about something new; one of the same name is returned as it stands."""

    name: str = Field(min_length=1, max_length=200)
    kind: str = Field("", max_length=60)
    exposed: Answer = "unknown"
    patched_by: str = Field("", max_length=200)


class Exposed(schemas.Body):
    """Can someone on the internet reach it?"""

    exposed: Answer


class Loading(Schema):
    """How far a large list is: `stage` is waiting, running, gave-up, loaded, replaced or stopped.

    It is in force once it is loaded, and nothing of it before.
    """

    load: str
    asset: str
    stage: str
    done: int
    total: int
    received_at: datetime
    settled_at: datetime | None


class Loaded(Aged):
    """What came of a list: every component is either assessed or not; `changed` is false for the list in force."""

    asset: str
    components: int
    assessed: int
    not_assessed: int
    changed: bool


@router.get("", auth=Door(OPERATOR, Scope.READ), response={200: Assets, **schemas.ERRORS}, operation_id="assets")
def assets(
    request: HttpRequest,
    cursor: Cursor = "",
    limit: Most = 100,
) -> Any:
    """Return your assets by name."""
    by = actor(request)
    rows = queries.visible_to(by, now=moment.now()).select_related("listing")
    part = keyset.part_of(rows, BY_NAME, viewer=by, after=cursor, size=limit)
    return {"assets": [_asset(row) for row in part.rows], "next": part.after, **ages()}


@router.post(
    "",
    auth=Door(OPERATOR_WRITES, Scope.INVENTORY),
    response={200: OneAsset, **schemas.ERRORS},
    operation_id="add_asset",
)
def add(
    request: HttpRequest, response: HttpResponse, new: NewAsset, idempotency_key: schemas.IdempotencyKey = ""
) -> Any:
    """Add an asset; repeating the request, or adding the same name again, adds nothing."""
    by, now = actor(request), moment.now()

    def deed() -> journal.Reply:
        details = services.NewAsset(
            name=new.name, kind=new.kind, exposed=Exposure(new.exposed), patched_by=new.patched_by
        )
        row = services.add_asset(details, organisation=str(by.organisation), by=by, now=now, rng=moment.dice())
        return journal.Reply(200, row.public_id.encode())

    try:
        reply = _once(by, new, idempotency_key, now, deed) if idempotency_key else deed()
    except services.NotAllowed as error:
        raise Forbidden(str(error)) from error
    return _one(response, _mine(request, reply.body.decode()))


def _once(by: Any, new: NewAsset, key: str, now: datetime, deed: Any) -> journal.Reply:
    digest = hashlib.sha256(canonical(new.model_dump())).hexdigest()
    asked = journal.Request(route="POST /assets", key=key, digest=digest)
    return journal.once(by=by, request=asked, now=now, deed=deed)


@router.get("/{asset}", auth=Door(OPERATOR, Scope.READ), response={200: OneAsset, **ERRORS}, operation_id="asset")
def one(request: HttpRequest, response: HttpResponse, asset: str) -> Any:
    """Return one asset; its ETag goes into If-Match when you change it."""
    return _one(response, _mine(request, asset))


@router.put(
    "/{asset}/sbom",
    auth=Door(OPERATOR_WRITES, Scope.INVENTORY),
    response={200: Loaded, 202: Loading, **ERRORS},
    operation_id="put_sbom",
)
def put_sbom(request: HttpRequest, response: HttpResponse, asset: str, if_match: schemas.IfMatch = "") -> Any:
    """Put a bill of materials or another list in place of what the asset contained; the same one changes nothing.

    With If-Match it is put only where the asset is still as you saw it; without, the later document stands.
    More than 2,000 different components are answered 202 at once: ask at `Location` how far they are.
    """
    row = _mine(request, asset)
    if if_match and not conditions.holds(if_match, _etag(row)):
        return conditions.changed("asset")
    content = _body(request)
    try:
        loaded = services.hand_in_sbom(
            services.Received(content=content, store=keys.blob_store()),
            asset=row,
            by=actor(request),
            now=moment.now(),
            rng=moment.dice(),
            as_seen=conditions.names_a_state(if_match),
        )
    except services.NotAllowed as error:
        raise Forbidden(str(error)) from error
    except services.ChangedMeanwhile as error:
        if conditions.names_a_state(if_match):
            return conditions.changed("asset")
        return problems.problem(409, "changed-meanwhile", str(error), todo="Send it again if yours is newer.")
    except services.TooManyWaiting as error:
        return later.too_many(error)
    if not loaded.is_over:
        address = reverse("api:load", args=[asset, loaded.load])
        return later.accepted(response, address, _loading(_load(request, asset, loaded.load)))
    response.headers["ETag"] = _etag(_mine(request, asset))
    return {
        "asset": row.public_id,
        "components": loaded.components,
        "assessed": loaded.assessed,
        "not_assessed": loaded.not_assessed,
        "changed": bool(loaded.changed),
        **ages(),
    }


@router.get(
    "/{asset}/loads/{load}",
    auth=Door(OPERATOR, Scope.READ),
    response={200: Loading, **schemas.ERRORS},
    operation_id="load",
    url_name="load",
)
def load(request: HttpRequest, asset: str, load: str) -> Any:
    """Return how far a large list is."""
    return _loading(_load(request, asset, load))


@router.post(
    "/{asset}/loads/{load}/stop",
    auth=Door(OPERATOR_WRITES, Scope.INVENTORY),
    response={200: Loading, **schemas.ERRORS},
    operation_id="stop_load",
)
def stop_load(request: HttpRequest, asset: str, load: str) -> Any:
    """Stop loading a large list: nothing of it was in force, and the list before it stays."""
    row = _load(request, asset, load)
    try:
        services.stop(row.public_id, by=actor(request), now=moment.now())
    except services.NotWaiting as error:
        return problems.problem(409, "not-running", str(error), todo="Ask how far it is.")
    except services.NotAllowed as error:
        raise Forbidden(str(error)) from error
    return _loading(_load(request, asset, load))


def _load(request: HttpRequest, asset: str, public_id: str) -> Any:
    rows = queries.loads(actor(request), now=moment.now())
    row = rows.filter(asset__public_id=asset, public_id=public_id).select_related("asset").first()
    if row is None:
        raise Http404
    return row


def _loading(row: Any) -> dict[str, Any]:
    loading = queries.loading_of(row)
    return {
        "load": row.public_id,
        "asset": row.asset.public_id,
        "stage": loading.stage,
        "done": loading.done,
        "total": loading.total,
        "received_at": row.received_at,
        "settled_at": row.settled_at,
    }


def _body(request: HttpRequest) -> bytes:
    """Return the document sent, inflated within the limits. Raises Refused."""
    if int(request.headers.get("Content-Length") or 0) > UPLOAD.max_bytes:
        raise refuse("too-large", "The document is too large.", expected=f"At most {UPLOAD.max_bytes} bytes")
    taken = inventories.take(request.read(UPLOAD.max_bytes + 1), name="the body")
    if taken.kind is Kind.TABLE:
        raise refuse("not-an-sbom", "This is not a list of what is in an asset.", expected=f"One of: {KNOWN}")
    return taken.content


@router.post(
    "/{asset}/exposed",
    auth=Door(OPERATOR_WRITES, Scope.INVENTORY),
    response={200: OneAsset, **ERRORS},
    operation_id="answer_exposed",
)
def answer(
    request: HttpRequest, response: HttpResponse, asset: str, said: Exposed, if_match: schemas.IfMatch = ""
) -> Any:
    """Say whether someone on the internet can reach it; unknown counts as yes.

    With If-Match it is said only where the asset is still as you saw it; without, the later answer stands.
    """
    row = _mine(request, asset)
    if if_match and not conditions.holds(if_match, _etag(row)):
        return conditions.changed("asset")
    seen = row.updated_at if if_match else None
    try:
        services.answer_exposed(
            asset=row, answer=Exposure(said.exposed), seen=seen, by=actor(request), now=moment.now()
        )
    except services.NotAllowed as error:
        raise Forbidden(str(error)) from error
    except services.AnsweredMeanwhile:
        return conditions.changed("asset")
    return _one(response, _mine(request, asset))


def _mine(request: HttpRequest, asset: str) -> Any:
    rows = queries.visible_to(actor(request), now=moment.now()).select_related("listing")
    row = rows.filter(public_id=asset).first()
    if row is None:
        raise Http404
    return row


def _etag(row: Any) -> str:
    return conditions.etag(row.public_id, row.listing_id or 0, row.exposed, f"{row.updated_at.timestamp():.6f}")


def _one(response: HttpResponse, row: Any) -> dict[str, Any]:
    response.headers["ETag"] = _etag(row)
    return {**_asset(row), **ages()}


def _asset(row: Any) -> dict[str, Any]:
    return {
        "id": row.public_id,
        "name": row.name,
        "kind": row.kind,
        "exposed": row.exposed,
        "patched_by": row.patched_by,
        "components": row.listing.components if row.listing else None,
        "assessed": row.listing.assessed if row.listing else None,
        "updated_at": row.updated_at,
    }
