"""A developer's models for programs: registered by digest, released or planned by the developer alone, its partners."""

from datetime import datetime
from typing import Any, Literal

from django.http import Http404, HttpRequest
from ninja import Router, Schema
from pydantic import Field

from watchbell.api import early_access, schemas
from watchbell.api.door import Door, actor
from watchbell.api.early_access import ERRORS, TAGS, Cursor, Most
from watchbell.apps.engagements import queries, services
from watchbell.apps.engagements.services import Release
from watchbell.domain.handling import Scope
from watchbell.doors import keys, keyset, moment
from watchbell.doors.policy import LAB, LAB_WRITES, STRONG, SUBMITTER_WRITES
from watchbell.formats import moments
from watchbell.outside.keystore import KeystoreError

models = Router(tags=TAGS)
partnerships = Router(tags=TAGS)
BY_REGISTRATION = keyset.Order("api-models", ("registered_at", "public_id"))
BY_CHOICE = keyset.Order("api-partnerships", ("offered_at", "public_id"))


class Model(Schema):
    """A model of yours; a release date in the past says that it was released then, one in the future is a plan.

    `hours_left` is how much of its 720 hours of early access no window has used or will use. `name` is null while the
    node cannot open it.
    """

    id: str
    name: str | None
    digest: str
    registered_at: datetime
    partner_release_at: datetime | None
    public_release_at: datetime | None
    hours_left: float


class Models(Schema):
    """Some of your models in the order in which they came; `next` is the cursor of those after them, "" at the end."""

    models: list[Model]
    next: str


class NewModel(schemas.Body):
    """A name of your choice, and the SHA-256 of the weights in hex. The weights stay with you."""

    name: str = Field(max_length=1000)
    digest: str = Field(max_length=1000)


class To(schemas.Body):
    """To whom it is released: to your trusted partners, or to everyone."""

    to: Literal["partners", "public"]


class Plan(To):
    """When you mean to release it (RFC 3339), or "" while you do not know; a date that has come is a release."""

    at: str = Field("", max_length=40)


class Partnership(Schema):
    """A developer's choice of a trusted partner for one model; it counts from `consented_at`."""

    id: str
    model: str
    developer: str
    partner: str
    offered_at: datetime
    consented_at: datetime | None


class Partnerships(Schema):
    """Some partnerships of yours; `next` is the cursor of those after them, "" at the end."""

    partnerships: list[Partnership]
    next: str


class Chosen(schemas.Body):
    """The id of the organisation you choose."""

    organisation: str = Field(max_length=64)


@models.get("", auth=Door(LAB, Scope.READ), response={200: Models, **ERRORS}, operation_id="models")
def listed(request: HttpRequest, cursor: Cursor = "", limit: Most = 100) -> Any:
    """Return your models."""
    by = actor(request)
    rows = queries.models_of(by, now=moment.now())
    part = keyset.part_of(rows, BY_REGISTRATION, viewer=by, after=cursor, size=limit)
    return {"models": [_model(row) for row in part.rows], "next": part.after}


@models.post("", auth=Door(LAB_WRITES, Scope.ENGAGE), response={200: Model, **ERRORS}, operation_id="register_model")
def register(request: HttpRequest, new: NewModel, idempotency_key: schemas.IdempotencyKey = "") -> Any:
    """Register a model by its digest; the same digest again is the first, with all it has used."""

    def create() -> str:
        return services.register_model(new.name, new.digest, **early_access.deed(request)).public_id

    made = early_access.once(request, "POST /models", idempotency_key, new.model_dump(), create)
    return _model(early_access.my_model(request, made))


@models.get("/{model}", auth=Door(LAB, Scope.READ), response={200: Model, **ERRORS}, operation_id="model")
def one(request: HttpRequest, model: str) -> Any:
    """Return one model."""
    return _model(early_access.my_model(request, model))


@models.post(
    "/{model}/release",
    auth=Door(LAB_WRITES, Scope.ENGAGE),
    response={200: Model, **ERRORS},
    operation_id="release_model",
)
def release(request: HttpRequest, model: str, said: To) -> Any:
    """Record that you released it: every window onto it ends at once. Possible at every moment, no reason asked."""
    row = early_access.my_model(request, model)
    return _model(services.release(row, Release[said.to.upper()], **early_access.deed(request)))


@models.post(
    "/{model}/plan", auth=Door(LAB_WRITES, Scope.ENGAGE), response={200: Model, **ERRORS}, operation_id="plan_release"
)
def plan(request: HttpRequest, model: str, said: Plan) -> Any:
    """Note when you mean to release it: windows end then at the latest; a later date lengthens nothing."""
    row = early_access.my_model(request, model)
    at = moments.read(said.at, place="/at") if said.at else None
    return _model(services.plan_release(row, Release[said.to.upper()], at, **early_access.deed(request)))


@models.post(
    "/{model}/partners",
    auth=Door(LAB_WRITES, Scope.ENGAGE),
    response={200: Partnership, **ERRORS},
    operation_id="choose_partner",
)
def choose(request: HttpRequest, model: str, chosen: Chosen, idempotency_key: schemas.IdempotencyKey = "") -> Any:
    """Choose a trusted partner; it counts once they consent. The same one again is the first."""
    row, by = early_access.my_model(request, model), actor(request)

    def create() -> str:
        made = services.choose_partner(row, chosen.organisation, by=by, now=moment.now(), rng=moment.dice())
        return made.public_id

    said = {"model": model, **chosen.model_dump()}
    return _partnership(
        _mine(request, early_access.once(request, "POST /models/partners", idempotency_key, said, create))
    )


@partnerships.get(
    "", auth=Door(STRONG, Scope.READ), response={200: Partnerships, **ERRORS}, operation_id="partnerships"
)
def own(request: HttpRequest, cursor: Cursor = "", limit: Most = 100) -> Any:
    """Return the partnerships you chose, and those you were chosen for, until either ends them."""
    by = actor(request)
    rows = queries.partners_of(by, now=moment.now())
    part = keyset.part_of(rows, BY_CHOICE, viewer=by, after=cursor, size=limit)
    return {"partnerships": [_partnership(row) for row in part.rows], "next": part.after}


@partnerships.post(
    "/{partnership}/consent",
    auth=Door(SUBMITTER_WRITES, Scope.ENGAGE),
    response={200: Partnership, **ERRORS},
    operation_id="consent_to_partnership",
)
def consent(request: HttpRequest, partnership: str) -> Any:
    """Become the trusted partner you were chosen to be; doing it again changes nothing."""
    return _partnership(services.consent(_mine(request, partnership), by=actor(request), now=moment.now()))


@partnerships.post(
    "/{partnership}/end",
    auth=Door(SUBMITTER_WRITES, Scope.ENGAGE),
    response={200: Partnership, **ERRORS},
    operation_id="end_partnership",
)
def end(request: HttpRequest, partnership: str) -> Any:
    """End it, whichever side you are; it is not there any more afterwards."""
    row = _mine(request, partnership)
    services.end_partnership(row, by=actor(request), now=moment.now())
    return _partnership(row)


def _mine(request: HttpRequest, partnership: str) -> Any:
    row = queries.partners_of(actor(request), now=moment.now()).filter(public_id=partnership).first()
    if row is None:
        raise Http404
    return row


def _partnership(row: Any) -> dict[str, Any]:
    return {
        "id": row.public_id,
        "model": row.model.public_id,
        "developer": row.model.organisation,
        "partner": row.partner,
        "offered_at": row.offered_at,
        "consented_at": row.consented_at,
    }


def _model(row: Any) -> dict[str, Any]:
    return {
        "id": row.public_id,
        "name": _name(row),
        "digest": row.digest,
        "registered_at": row.registered_at,
        "partner_release_at": row.partner_release_at,
        "public_release_at": row.public_release_at,
        "hours_left": queries.time_left(row).total_seconds() / 3600,
    }


def _name(row: Any) -> str | None:
    """Return its name; a node that lost the key for names still releases and withdraws."""
    try:
        return services.name_of(row, keys=keys.keystore())
    except KeystoreError:
        return None
