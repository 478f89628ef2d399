"""What came out of an evaluation, for programs: reports signed by this node, and flaws found in other software."""

import hashlib
from datetime import datetime
from typing import Any, Literal

from django.http import Http404, HttpRequest
from ninja import Router, Schema
from pydantic import Field

from watchbell.api import early_access, schemas
from watchbell.api.door import Door, actor
from watchbell.api.early_access import ERRORS, mine
from watchbell.api.evaluations import MOST_SHOWN
from watchbell.apps.evaluation import queries, services
from watchbell.apps.findings import services as findings
from watchbell.domain.evaluation import Flaw, SentAs
from watchbell.domain.evaluation.report import Reader
from watchbell.domain.handling import Scope
from watchbell.domain.identity import new_id
from watchbell.doors import keys, moment
from watchbell.doors.policy import EARLY_ACCESS, EVALUATOR_WRITES, LAB_WRITES

router = Router(tags=["evaluation"])
LONGEST = 50_000


class NewFlaw(schemas.Body):
    """A flaw in somebody else's software that the model found. Run, item and epoch are given together or not at all."""

    title: str = Field(max_length=300)
    vendor: str = Field("", max_length=200)
    product: str = Field("", max_length=200)
    version: str = Field("", max_length=100)
    purl: str = Field("", max_length=300)
    description: str = Field(max_length=LONGEST)
    evidence: str = Field("", max_length=LONGEST)
    model: str = Field(max_length=100)
    run: str = Field("", max_length=64)
    item: str = Field("", max_length=150)
    epoch: int = Field(0, ge=0, le=2**31 - 1)


class SendOn(schemas.Body):
    """Under your organisation's name and naming the model, or naming nobody."""

    sent_as: Literal["named", "nameless"]


class FlawFound(Schema):
    """That a flaw was found and where the signed terms sent it; `submission` is "" where it went without a name."""

    id: str
    route: str
    reported_at: datetime
    sent_as: str
    sent_at: datetime | None
    submission: str


class Report(Schema):
    """One issued report; its bytes and signature are at /file."""

    id: str
    protocol: str
    number: int
    digest: str
    is_kept: bool
    issued_at: datetime
    commented_at: datetime | None
    consents: list[str]


class SignedReport(Schema):
    """The canonical bytes that this node signed (Ed25519, hex), as text, and the key to verify them with."""

    report: str
    public_key: str
    signature: str


@router.get(
    "/{engagement}/flaws",
    auth=Door(EARLY_ACCESS, Scope.READ),
    response={200: list[FlawFound], **ERRORS},
    operation_id="flaws",
)
def flaws(request: HttpRequest, engagement: str) -> Any:
    """Return that flaws in other people's software were found, and where each went, newest first; not their text."""
    return [_flaw(row) for row in _flaws(request, engagement)[:MOST_SHOWN]]


@router.post(
    "/{engagement}/flaws",
    auth=Door(EVALUATOR_WRITES, Scope.ENGAGE),
    response={200: FlawFound, **ERRORS},
    operation_id="report_flaw",
)
def report_flaw(
    request: HttpRequest, engagement: str, new: NewFlaw, idempotency_key: schemas.IdempotencyKey = ""
) -> Any:
    """Report a flaw; it is where the signed terms send it when you are answered. The same key again changes nothing."""
    row, value = mine(request, engagement), Flaw(**new.model_dump())
    key = hashlib.sha256(idempotency_key.encode()).hexdigest() if idempotency_key else new_id(moment.dice())
    made = findings.report_flaw(row, value, key=key, store=keys.blob_store(), **early_access.deed(request))
    return _flaw(made)


@router.post(
    "/{engagement}/flaws/{flaw}/send",
    auth=Door(LAB_WRITES, Scope.ENGAGE),
    response={200: FlawFound, **ERRORS},
    operation_id="send_flaw_on",
)
def send_flaw_on(request: HttpRequest, engagement: str, flaw: str, said: SendOn) -> Any:
    """Send on what the terms gave back to you; doing it again changes nothing."""
    row = _flaws(request, engagement).filter(public_id=flaw).first()
    if row is None:
        raise Http404
    deed = early_access.deed(request)
    return _flaw(findings.send_flaw_on(row, SentAs(said.sent_as), store=keys.blob_store(), **deed))


@router.get(
    "/{engagement}/reports",
    auth=Door(EARLY_ACCESS, Scope.READ),
    response={200: list[Report], **ERRORS},
    operation_id="reports",
)
def reports(request: HttpRequest, engagement: str) -> Any:
    """Return the reports issued on an engagement's protocols, newest first, at most a thousand."""
    row = mine(request, engagement)
    return [_report(one) for one in queries.reports_of(row.public_id, actor(request), now=moment.now())[:MOST_SHOWN]]


@router.get(
    "/{engagement}/reports/{report}",
    auth=Door(EARLY_ACCESS, Scope.READ),
    response={200: SignedReport, **ERRORS},
    operation_id="report",
)
def report(request: HttpRequest, engagement: str, report: str) -> Any:
    """Return the very bytes of a report that this node signed. Who opens it is in the log."""
    one, deed = mine(request, engagement), early_access.deed(request)
    row = queries.reports_of(one.public_id, deed["by"], now=deed["now"]).filter(public_id=report).first()
    if row is None:
        raise Http404
    services.open_report(row, Reader.EVALUATOR, **deed)
    return {
        "report": services.signed_bytes(row, keys=deed["keys"]).decode(),
        "public_key": bytes(row.public_key).hex(),
        "signature": bytes(row.signature).hex(),
    }


def _flaws(request: HttpRequest, engagement: str) -> Any:
    return queries.flaws_of(mine(request, engagement).public_id, actor(request), now=moment.now())


def _flaw(row: Any) -> dict[str, Any]:
    return {"id": row.public_id, **{name: getattr(row, name) for name in FlawFound.model_fields if name != "id"}}


def _report(row: Any) -> dict[str, Any]:
    names = [name for name in Report.model_fields if name not in ("id", "protocol")]
    return {"id": row.public_id, "protocol": row.protocol.public_id, **{name: getattr(row, name) for name in names}}
