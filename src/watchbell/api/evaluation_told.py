"""What the two parties of an evaluation tell each other, for programs: the containment statement, and incidents."""

from datetime import datetime
from typing import Any, Literal

from django.http import Http404, HttpRequest
from ninja import Router, Schema
from pydantic import Field

from watchbell.api import early_access, schemas
from watchbell.api.door import Door, actor
from watchbell.api.early_access import ERRORS, Envelope, mine
from watchbell.api.evaluations import MOST_SHOWN, my_protocol
from watchbell.apps.evaluation import queries, services
from watchbell.apps.evaluation.words import IncidentKind
from watchbell.domain.handling import Scope
from watchbell.domain.terms import PAYLOAD_TYPE, Purpose
from watchbell.doors import moment
from watchbell.doors.policy import EARLY_ACCESS, EVALUATOR, EVALUATOR_WRITES, LAB_WRITES
from watchbell.formats import moments

router = Router(tags=["evaluation"])
Kind = Literal["canary", "out_of_scope", "containment", "other"]


class Containment(Schema):
    """Who signed the statement about the evaluator's machines, and when; nobody verified them."""

    digest: str
    organisation: str
    public_key: str
    signature: str
    at: datetime


class NewIncident(schemas.Body):
    """What somebody saw; `noticed_at` is RFC 3339. A run that is named is halted, and every token ends."""

    kind: Kind
    noticed_at: str = Field(max_length=40)
    run: str = Field("", max_length=64)
    note: str = Field("", max_length=4000)


class Settled(schemas.Body):
    """What was found, and why runs may go on."""

    reason: str = Field(max_length=4000)


class Incident(Schema):
    """That something left its scope: when it was noticed, when the developer had it, whether it is settled."""

    id: str
    kind: str
    run: str
    tokens_ended: int
    noticed_at: datetime
    told_at: datetime
    settled_at: datetime | None


class Halted(Schema):
    """Which run was halted, and the digest of its log."""

    run: str
    log: str


class IncidentRecord(Schema):
    """All that stands here of an incident, with both parties' words; it names no person."""

    format: str
    id: str
    engagement: str
    developer: str
    evaluator: str
    model: str
    protocol: str | None
    kind: str
    note: str
    noticed_at: datetime
    told_at: datetime
    told_after_seconds: int
    told_within_seconds: int
    halted: Halted | None
    tokens_ended: int
    settled_at: datetime | None
    reason: str


@router.get(
    "/{engagement}/protocols/{protocol}/containment/to-sign",
    auth=Door(EVALUATOR, Scope.READ),
    response={200: None, **ERRORS},
    operation_id="containment_to_sign",
    openapi_extra={"responses": {200: {"content": {PAYLOAD_TYPE: early_access.A_STATEMENT}}}},
)
def containment_to_sign(request: HttpRequest, engagement: str, protocol: str) -> Any:
    """Return the bytes the evaluator signs before the runs of a locked protocol."""
    row = my_protocol(request, engagement, protocol)
    statement = services.containment_to_sign(row)
    return early_access.download(statement.payload, f"containment-{row.digest[:8]}.json", PAYLOAD_TYPE)


@router.get(
    "/{engagement}/protocols/{protocol}/containment",
    auth=Door(EARLY_ACCESS, Scope.READ),
    response={200: Containment, **ERRORS},
    operation_id="containment",
)
def containment(request: HttpRequest, engagement: str, protocol: str) -> Any:
    """Return who signed the statement for a protocol's runs; not there before somebody did."""
    row = my_protocol(request, engagement, protocol)
    found = queries.containment_of(row, actor(request), now=moment.now())
    if found is None:
        raise Http404
    return _containment(found)


@router.post(
    "/{engagement}/protocols/{protocol}/containment",
    auth=Door(EVALUATOR_WRITES, Scope.ENGAGE),
    response={200: Containment, **ERRORS},
    operation_id="sign_containment",
)
def sign_containment(request: HttpRequest, engagement: str, protocol: str, signed: Envelope) -> Any:
    """Keep the statement under your signature; signing again changes nothing."""
    row, deed = my_protocol(request, engagement, protocol), early_access.deed(request)
    envelope = early_access.opened(signed)
    signature = early_access.signature_in(envelope, services.containment_to_sign(row), deed["by"])
    return _containment(services.sign_containment(row, signature, **deed))


@router.get(
    "/{engagement}/incidents",
    auth=Door(EARLY_ACCESS, Scope.READ),
    response={200: list[Incident], **ERRORS},
    operation_id="incidents",
)
def incidents(request: HttpRequest, engagement: str) -> Any:
    """Return the incidents of an engagement, those that are open first, at most a thousand."""
    return [_incident(row) for row in _incidents(request, engagement)[:MOST_SHOWN]]


@router.post(
    "/{engagement}/incidents",
    auth=Door(EVALUATOR_WRITES, Scope.ENGAGE),
    response={200: Incident, **ERRORS},
    operation_id="report_incident",
)
def report_incident(
    request: HttpRequest, engagement: str, new: NewIncident, idempotency_key: schemas.IdempotencyKey = ""
) -> Any:
    """Halt the run, end every token and tell the developer: all before you are answered."""
    row, noticed_at = mine(request, engagement), moments.read(new.noticed_at, place="/noticed_at")
    run = queries.runs_in(row.public_id, actor(request), now=moment.now()).filter(public_id=new.run).first()
    if new.run and run is None:
        raise Http404
    what = services.Happened(kind=IncidentKind(new.kind), noticed_at=noticed_at, run=run, note=new.note)

    def create() -> str:
        return services.report_incident(row, what, **early_access.deed(request)).public_id

    said = {"engagement": engagement, **new.model_dump()}
    made = early_access.once(request, "POST /engagements/incidents", idempotency_key, said, create)
    return _incident(_my_incident(request, engagement, made))


@router.get(
    "/{engagement}/incidents/{incident}",
    auth=Door(EARLY_ACCESS, Scope.READ),
    response={200: IncidentRecord, **ERRORS},
    operation_id="incident",
)
def incident(request: HttpRequest, engagement: str, incident: str) -> Any:
    """Return the record of one incident with what was seen and why it was settled. Who opens it is in the log."""
    row = _my_incident(request, engagement, incident)
    return services.incident_record(row, Purpose.INCIDENT, **early_access.deed(request))


@router.post(
    "/{engagement}/incidents/{incident}/settle",
    auth=Door(LAB_WRITES, Scope.ENGAGE),
    response={200: Incident, **ERRORS},
    operation_id="settle_incident",
)
def settle(request: HttpRequest, engagement: str, incident: str, said: Settled) -> Any:
    """Let runs go on, and keep why; settling again changes nothing."""
    row, deed = _my_incident(request, engagement, incident), early_access.deed(request)
    services.settle_incident(row, said.reason, by=deed["by"], now=deed["now"], keys=deed["keys"])
    return _incident(_my_incident(request, engagement, incident))


def _incidents(request: HttpRequest, engagement: str) -> Any:
    return queries.incidents_of(mine(request, engagement).public_id, actor(request), now=moment.now())


def _my_incident(request: HttpRequest, engagement: str, incident: str) -> Any:
    row = _incidents(request, engagement).filter(public_id=incident).first()
    if row is None:
        raise Http404
    return row


def _containment(row: Any) -> dict[str, Any]:
    marks = {"public_key": bytes(row.public_key).hex(), "signature": bytes(row.signature).hex()}
    return {"digest": row.digest, "organisation": row.organisation, "at": row.at, **marks}


def _incident(row: Any) -> dict[str, Any]:
    moments = {name: getattr(row, name) for name in ("noticed_at", "told_at", "settled_at")}
    run = row.run.public_id if row.run else ""
    return {"id": row.public_id, "kind": row.kind, "run": run, "tokens_ended": row.tokens_ended, **moments}
