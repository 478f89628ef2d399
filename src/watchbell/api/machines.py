"""The machines in your assets, for programs: described by their plates, recognised, and what is asked about them."""

import hashlib
from datetime import datetime
from typing import Annotated, Any, Literal

from django.http import Http404, HttpRequest, HttpResponse
from ninja import Router, Schema, Status
from ninja.params import functions as sent
from pydantic import Field

from watchbell.api import conditions, schemas
from watchbell.api.door import Door, Forbidden, actor
from watchbell.api.freshness import Aged, ages
from watchbell.apps.inventory import queries, recognised, services
from watchbell.apps.journal import services as journal
from watchbell.domain.canonical import canonical
from watchbell.domain.handling import Scope
from watchbell.domain.matching.equipment.answers import Answer
from watchbell.doors import keyset, moment
from watchbell.doors.policy import OPERATOR, OPERATOR_WRITES

ERRORS = {**schemas.ERRORS, 412: schemas.Problem}
machines = Router(tags=["inventory"])
questions = Router(tags=["inventory"])
BY_MACHINE = keyset.Order("api-questions", ("machine", "public_id"))
OPEN = "open"
Said = Literal["yes", "no", "unsure", "open"]
Cursor = Annotated[str, sent.Query(max_length=2000)]
Most = Annotated[int, sent.Query(ge=1, le=200)]


class Product(Schema):
    """A product that a machine may be; `tier` is exact, probable, possible, or null where you said no.

    Only exact and probable ones count. A possible one is a question: answer it at /questions/{question}/answer.
    """

    question: str
    product: str
    tier: str | None
    because: str
    answer: str


class Identified(Schema):
    """A product that a machine is by a number or an address that its maker gives for it; nobody is asked."""

    product: str
    because: str


class Machine(Schema):
    """A machine in an asset; until it `is_known` nothing about it is checked. `is_waiting` until it was compared.

    `products` it was recognised as by its names, `identified` by what records give to identify products.
    """

    id: str
    machine: str
    version: str
    times: int
    from_list: bool
    is_known: bool
    is_waiting: bool
    left_out: int
    products: list[Product]
    identified: list[Identified]


class Machines(Aged):
    """The machines in one asset."""

    machines: list[Machine]


class NewMachine(schemas.Body):
    """What stands on a machine's plate: a product or a model number at least."""

    vendor: str = Field("", max_length=200)
    product: str = Field("", max_length=200)
    model: str = Field("", max_length=200)
    version: str = Field("", max_length=200)


class Question(Schema):
    """Is this type of machine this product? `answer` is open until somebody says; it counts for all of the type."""

    id: str
    machine: str
    product: str
    answer: str
    answered_at: datetime | None
    updated_at: datetime


class Questions(Schema):
    """Some questions by machine; `next` is the cursor of those after them, "" at the end."""

    questions: list[Question]
    next: str


class Told(schemas.Body):
    """Your answer; open takes it back, and it is asked again."""

    answer: Said


@machines.get(
    "/{asset}/machines", auth=Door(OPERATOR, Scope.READ), response={200: Machines, **ERRORS}, operation_id="machines"
)
def listed(request: HttpRequest, asset: str) -> Any:
    """Return the machines in an asset and what each was recognised as."""
    return {"machines": [_machine(one) for one in recognised.recognised_in(_asset(request, asset))], **ages()}


@machines.post(
    "/{asset}/machines",
    auth=Door(OPERATOR_WRITES, Scope.INVENTORY),
    response={200: Machine, **ERRORS},
    operation_id="describe_machine",
)
def describe(request: HttpRequest, asset: str, new: NewMachine, idempotency_key: schemas.IdempotencyKey = "") -> Any:
    """Put a machine into an asset by what stands on its plate; describing the same one again adds nothing."""
    row, by, now = _asset(request, asset), actor(request), moment.now()

    def deed() -> journal.Reply:
        said = services.Described(**new.model_dump())
        unit = services.describe(said, asset=row, by=by, now=now, rng=moment.dice())
        return journal.Reply(200, unit.public_id.encode())

    try:
        reply = _once(by, row.public_id, new, idempotency_key, now, deed) if idempotency_key else deed()
    except services.NotAllowed as error:
        raise Forbidden(str(error)) from error
    unit = reply.body.decode()
    found = next((one for one in recognised.recognised_in(row) if one.unit == unit), None)
    if found is None:  # taken off again since the request was first sent
        raise Http404
    return _machine(found)


def _once(by: Any, asset: str, new: NewMachine, key: str, now: datetime, deed: Any) -> journal.Reply:
    digest = hashlib.sha256(canonical({"asset": asset, **new.model_dump()})).hexdigest()
    return journal.once(
        by=by, request=journal.Request(route="POST /machines", key=key, digest=digest), now=now, deed=deed
    )


@machines.delete(
    "/{asset}/machines/{machine}",
    auth=Door(OPERATOR_WRITES, Scope.INVENTORY),
    response={204: None, **ERRORS},
    operation_id="take_machine_off",
)
def take_off(request: HttpRequest, asset: str, machine: str) -> Any:
    """Take a described machine off its asset; one that a list names goes with the list and is not found here."""
    unit = _asset(request, asset).units.filter(public_id=machine, listing__isnull=True).first()
    if unit is None:
        raise Http404
    try:
        services.take_off(unit=unit, by=actor(request), now=moment.now())
    except services.NotAllowed as error:
        raise Forbidden(str(error)) from error
    return Status(204, None)


@questions.get(
    "", auth=Door(OPERATOR, Scope.READ), response={200: Questions, **schemas.ERRORS}, operation_id="questions"
)
def asked(
    request: HttpRequest, show: Literal["open", "answered"] = "open", cursor: Cursor = "", limit: Most = 100
) -> Any:
    """Return what waits for your answer, or what was answered."""
    by, now = actor(request), moment.now()
    rows = (recognised.asked if show == OPEN else recognised.answered)(by, now=now)
    part = keyset.part_of(rows, BY_MACHINE, viewer=by, after=cursor, size=limit)
    return {"questions": [_question(row) for row in part.rows], "next": part.after}


@questions.get(
    "/{question}", auth=Door(OPERATOR, Scope.READ), response={200: Question, **ERRORS}, operation_id="question"
)
def one(request: HttpRequest, response: HttpResponse, question: str) -> Any:
    """Return one question; its ETag goes into If-Match when you answer it."""
    return _one(response, _mine(request, question))


@questions.post(
    "/{question}/answer",
    auth=Door(OPERATOR_WRITES, Scope.INVENTORY),
    response={200: Question, **ERRORS},
    operation_id="answer_question",
)
def answer(
    request: HttpRequest, response: HttpResponse, question: str, said: Told, if_match: schemas.IfMatch = ""
) -> Any:
    """Say whether a type of machine is a product; open takes an answer back.

    With If-Match it is said only where nobody has answered since; without, the later answer stands.
    """
    row = _mine(request, question)
    if if_match and not conditions.holds(if_match, _etag(row)):
        return conditions.changed("question")
    try:
        row = services.answer_same(
            question=row,
            answer=Answer(said.answer) if said.answer != OPEN else None,
            seen=row.updated_at if if_match else None,
            by=actor(request),
            now=moment.now(),
            rng=moment.dice(),
        )
    except services.NotAllowed as error:
        raise Forbidden(str(error)) from error
    except services.AnsweredMeanwhile:
        return conditions.changed("question")
    return _one(response, row)


def _asset(request: HttpRequest, asset: str) -> Any:
    row = queries.visible_to(actor(request), now=moment.now()).filter(public_id=asset).first()
    if row is None:
        raise Http404
    return row


def _mine(request: HttpRequest, question: str) -> Any:
    row = recognised.visible_to(actor(request), now=moment.now()).filter(public_id=question).first()
    if row is None:
        raise Http404
    return row


def _etag(row: Any) -> str:
    return conditions.etag(row.public_id, row.says or OPEN, f"{row.updated_at.timestamp():.6f}")


def _one(response: HttpResponse, row: Any) -> dict[str, Any]:
    response.headers["ETag"] = _etag(row)
    return _question(row)


def _question(row: Any) -> dict[str, Any]:
    return {
        "id": row.public_id,
        "machine": row.machine,
        "product": row.product,
        "answer": row.says or OPEN,
        "answered_at": row.answered_at,
        "updated_at": row.updated_at,
    }


def _machine(found: recognised.Recognised) -> dict[str, Any]:
    return {
        "id": found.unit,
        "machine": found.machine,
        "version": found.version,
        "times": found.times,
        "from_list": not found.is_described,
        "is_known": found.is_known,
        "is_waiting": found.is_waiting,
        "left_out": found.left_out,
        "products": [
            {
                "question": one.question,
                "product": one.product,
                "tier": one.tier.value if one.tier else None,
                "because": str(one.because),
                "answer": one.answer.value if one.answer else OPEN,
            }
            for one in found.seen
        ],
        "identified": [{"product": product, "because": str(because)} for product, because in found.helped],
    }
