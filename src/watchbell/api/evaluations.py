"""An evaluation for programs: its protocols, the logs that come in, what came of each run and sample.

Both parties read the same from the same moment. Whatever opens sealed material is a line of the access log.
"""

import csv
import io
import tempfile
from collections.abc import Iterator
from datetime import datetime
from typing import Any, Literal

from django.http import Http404, HttpRequest, StreamingHttpResponse
from ninja import Router, Schema

from watchbell.api import early_access
from watchbell.api.door import Door, actor
from watchbell.api.early_access import ERRORS, mine
from watchbell.api.engagements import Why
from watchbell.apps.evaluation import queries, services
from watchbell.domain.canonical import canonical
from watchbell.domain.handling import Scope
from watchbell.domain.inert import cell
from watchbell.domain.refusal import refuse
from watchbell.domain.terms import Purpose
from watchbell.doors import keys, moment
from watchbell.doors.policy import EARLY_ACCESS, EVALUATOR_WRITES

router = Router(tags=["evaluation"])
MOST_SHOWN = 1000
MOST_BYTES = 64 * 1024 * 1024
"""A larger log is taken in on the node's machine: `watchbell import eval-log`."""
IN_MEMORY = 4 * 1024 * 1024
A_PIECE = 256 * 1024
TABLES = {"ndjson": "application/x-ndjson", "csv": "text/csv"}
COLUMNS = (
    "suite", "arm", "budget", "item", "epoch", "family", "level", "outcome", "limit", "credit", "input_tokens",
    "output_tokens", "total_tokens", "calls", "wall_ms", "answer", "digest",
)  # fmt: skip


class Protocol(Schema):
    """One version of a protocol; its `digest` stands in the record from `locked_at` on.

    `after_data` says that it was amended when something had been seen; `calls_before` how many calls came before it.
    """

    id: str
    line: str
    number: int
    digest: str
    drafted_at: datetime
    locked_at: datetime | None
    calls_before: int | None
    after_data: bool


class OpenedProtocol(Protocol):
    """The same with what it says, and why it amends the version before it."""

    protocol: dict[str, Any]
    reason: str


class Run(Schema):
    """What one log gave. `arm` 0 is the model measured, 1 and on are the protocol's references, in its order."""

    id: str
    source: str
    state: str
    suite: str
    arm: int
    budget: int
    log_digest: str
    began_at: datetime
    ended_at: datetime | None
    received_at: datetime
    finished_at: datetime | None
    listed: int
    recovered: int
    refused: int
    outcomes: dict[str, int]
    calls_logged: int | None
    calls_admitted: int | None
    tokens_logged: int | None
    tokens_charged: int | None
    deviations: list[str]


class LogTaken(Schema):
    """What came of a log: samples stored, there already, and not taken, of which the first thousand say why."""

    run: str
    stored: int
    unchanged: int
    refused: int
    refusals: list[dict[str, str]]


@router.get(
    "/{engagement}/protocols",
    auth=Door(EARLY_ACCESS, Scope.READ),
    response={200: list[Protocol], **ERRORS},
    operation_id="protocols",
)
def protocols(request: HttpRequest, engagement: str) -> Any:
    """Return the protocols of an engagement, drafts too, newest first, at most a thousand."""
    row = mine(request, engagement)
    rows = queries.protocols_of(row.public_id, actor(request), now=moment.now())[:MOST_SHOWN]
    return [_protocol(one) for one in rows]


@router.get(
    "/{engagement}/protocols/{protocol}",
    auth=Door(EARLY_ACCESS, Scope.READ),
    response={200: OpenedProtocol, **ERRORS},
    operation_id="protocol",
)
def protocol(request: HttpRequest, engagement: str, protocol: str, purpose: Why) -> Any:
    """Return what one version says: the very content that its digest names. Who opens it is in the log."""
    row = my_protocol(request, engagement, protocol)
    deed = early_access.deed(request)
    value = services.open_protocol(row, Purpose(purpose), **deed)
    return {**_protocol(row), "protocol": value.as_mapping(), "reason": services.reason_of(row, keys=deed["keys"])}


@router.get(
    "/{engagement}/protocols/{protocol}/runs",
    auth=Door(EARLY_ACCESS, Scope.READ),
    response={200: list[Run], **ERRORS},
    operation_id="runs",
)
def runs(request: HttpRequest, engagement: str, protocol: str) -> Any:
    """Return the runs of a protocol and how their samples came out, oldest first, at most a thousand."""
    row = my_protocol(request, engagement, protocol)
    rows = queries.runs_of(row, actor(request), now=moment.now())[:MOST_SHOWN]
    return [{"id": one.public_id, **{name: getattr(one, name) for name in _OF_RUNS}} for one in rows]


@router.post(
    "/{engagement}/protocols/{protocol}/logs",
    auth=Door(EVALUATOR_WRITES, Scope.ENGAGE),
    response={200: LogTaken, **ERRORS},
    operation_id="take_in_log",
    openapi_extra={
        "requestBody": {
            "description": "One log of Inspect AI: an .eval file, or the JSON it may be written as.",
            "content": {"application/octet-stream": early_access.A_FILE},
        }
    },
)
def take_in(request: HttpRequest, engagement: str, protocol: str) -> Any:
    """Take in one log of at most 64 MiB, held against the locked protocol sample by sample; again changes nothing."""
    row = my_protocol(request, engagement, protocol)
    with tempfile.SpooledTemporaryFile(max_size=IN_MEMORY) as body:
        _receive(request, body)
        body.seek(0)
        source = services.LogFile("the body", body)  # type: ignore[arg-type]
        taken = services.import_log(row, source, store=keys.blob_store(), **early_access.deed(request))
    return {
        "run": taken.run.public_id,
        "stored": taken.stored,
        "unchanged": taken.unchanged,
        "refused": taken.refused,
        "refusals": [one.as_mapping() for one in taken.refusals],
    }


@router.get(
    "/{engagement}/protocols/{protocol}/samples",
    auth=Door(EARLY_ACCESS, Scope.READ),
    response={200: None, **ERRORS},
    operation_id="samples",
    openapi_extra={
        "responses": {200: {"content": dict.fromkeys(TABLES.values(), early_access.A_FILE)}},
    },
)
def samples(request: HttpRequest, engagement: str, protocol: str, format: Literal["ndjson", "csv"] = "ndjson") -> Any:
    """Return the sample table, without anybody's text: NDJSON, or CSV in which no cell is a formula."""
    row = my_protocol(request, engagement, protocol)
    found = services.open_samples(row, Purpose.READ_RESULTS, **early_access.deed(request))
    lines = _ndjson(found) if format == "ndjson" else _csv(found)
    name = f'attachment; filename="samples-{row.digest[:8]}.{format}"'
    return StreamingHttpResponse(lines, content_type=TABLES[format], headers={"Content-Disposition": name})


def my_protocol(request: HttpRequest, engagement: str, protocol: str) -> Any:
    """Return one protocol of the caller's; anything else is not there."""
    one = mine(request, engagement)
    row = queries.protocols_of(one.public_id, actor(request), now=moment.now()).filter(public_id=protocol).first()
    if row is None:
        raise Http404
    return row


def _receive(request: HttpRequest, body: Any) -> None:
    """Write the request's body into a file, piece by piece; raises Refused once it is larger than is taken here."""
    left = MOST_BYTES
    while piece := request.read(A_PIECE):
        left -= len(piece)
        if left < 0:
            raise refuse("too-large", "The log is too large.", expected=f"At most {MOST_BYTES} bytes")
        body.write(piece)


def _ndjson(rows: Any) -> Iterator[bytes]:
    for line in rows.values(*COLUMNS).iterator(chunk_size=MOST_SHOWN):
        yield canonical(line) + b"\n"


def _csv(rows: Any) -> Iterator[bytes]:
    yield _row(COLUMNS)
    for line in rows.values_list(*COLUMNS).iterator(chunk_size=MOST_SHOWN):
        yield _row(_cell(value) for value in line)


def _row(values: Any) -> bytes:
    written = io.StringIO()
    csv.writer(written).writerow(values)
    return written.getvalue().encode()


def _cell(value: object) -> str:
    return "" if value is None else cell(value) if isinstance(value, str) else f"{value}"


def _protocol(row: Any) -> dict[str, Any]:
    return {"id": row.public_id, **{name: getattr(row, name) for name in Protocol.model_fields if name != "id"}}


_OF_RUNS = tuple(name for name in Run.model_fields if name != "id")
