"""What the two parties of an engagement do, for programs: sign, offer, answer, start, pause, shorten, end.

Each signs with a key it holds itself; every ending and every narrowing is one call that asks no reason.
"""

from typing import Annotated, Any, Literal

from django.http import HttpRequest
from ninja import Router
from ninja.params import functions as sent
from pydantic import Field

from watchbell.api import early_access, schemas
from watchbell.api.door import Door, actor
from watchbell.api.early_access import ERRORS, TAGS, Envelope, mine
from watchbell.api.engagements import Engagement, Why, as_it_stands
from watchbell.apps.engagements import services
from watchbell.domain.handling import Scope
from watchbell.domain.terms import PAYLOAD_TYPE, Purpose, StatementKind
from watchbell.doors import moment
from watchbell.doors.policy import EARLY_ACCESS, EVALUATOR_WRITES, LAB_WRITES
from watchbell.formats import engagement_statements, moments

router = Router(tags=TAGS)
People = Annotated[list[str], sent.Query(max_length=500)]


class Sooner(schemas.Body):
    """When it ends (RFC 3339); a moment that has come ends it now."""

    ends_at: str = Field(max_length=40)


@router.get(
    "/{engagement}/to-sign/{statement}",
    auth=Door(EARLY_ACCESS, Scope.READ),
    response={200: None, **ERRORS},
    operation_id="statement_to_sign",
    openapi_extra={"responses": {200: {"content": {PAYLOAD_TYPE: early_access.A_STATEMENT}}}},
)
def to_sign(
    request: HttpRequest,
    engagement: str,
    statement: Literal["offer", "agreement", "start"],
    purpose: Why = "housekeeping",
    person: People = [],  # noqa: B006 (read only)
) -> Any:
    """Return the bytes to sign: the developer's offer or start, or the evaluator's agreement naming these people.

    Sign the file as it comes with `watchbell key sign`, and send what that prints to `/offer`, `/agree` or `/start`.
    An offer holds the terms: who downloads it, and what for, is in the log.
    """
    row = mine(request, engagement)
    by, deed = actor(request), early_access.deed(request)
    if statement == "agreement":
        _require_party(by.organisation == row.evaluator, "evaluator")
        signing = services.agreement_to_sign(row, person)
    elif statement == "start":
        _require_party(by.organisation == row.developer, "developer")
        signing = services.start_to_sign(row)
    else:
        signing = services.open_offer(row, Purpose(purpose), **deed)
    return early_access.download(signing.statement.payload, f"{statement}-{row.public_id}.json", PAYLOAD_TYPE)


@router.post(
    "/{engagement}/offer",
    auth=Door(LAB_WRITES, Scope.ENGAGE),
    response={200: Engagement, **ERRORS},
    operation_id="offer_engagement",
)
def offer(request: HttpRequest, engagement: str, signed: Envelope) -> Any:
    """Offer the latest terms under your signature; without an answer in fourteen days the offer lapses."""
    row, deed = mine(request, engagement), early_access.deed(request)
    envelope = early_access.opened(signed)
    _require_party(deed["by"].organisation == row.developer, "developer")
    signing = services.offer_to_sign(row, keys=deed["keys"])
    signature = early_access.signature_in(envelope, signing.statement, deed["by"])
    services.offer(row, signature, by=deed["by"], now=deed["now"], keys=deed["keys"])
    return as_it_stands(request, engagement)


@router.post(
    "/{engagement}/agree",
    auth=Door(EVALUATOR_WRITES, Scope.ENGAGE),
    response={200: Engagement, **ERRORS},
    operation_id="agree_to_engagement",
)
def agree(request: HttpRequest, engagement: str, signed: Envelope) -> Any:
    """Agree to the offer under your signature, for the people whom the signed statement names."""
    row, deed = mine(request, engagement), early_access.deed(request)
    envelope = early_access.opened(signed)
    _require_party(deed["by"].organisation == row.evaluator, "evaluator")
    named = _named_in(envelope.payload)
    signing = services.agreement_to_sign(row, named)
    signature = early_access.signature_in(envelope, signing.statement, deed["by"])
    services.agree(row, named, signature, **deed)
    return as_it_stands(request, engagement)


@router.post(
    "/{engagement}/start",
    auth=Door(LAB_WRITES, Scope.ENGAGE),
    response={200: Engagement, **ERRORS},
    operation_id="start_engagement",
)
def start(request: HttpRequest, engagement: str, signed: Envelope) -> Any:
    """Open the window under your signature; it ends by itself, after 720 hours of this model at the latest."""
    row, deed = mine(request, engagement), early_access.deed(request)
    envelope = early_access.opened(signed)
    signature = early_access.signature_in(envelope, services.start_to_sign(row).statement, deed["by"])
    services.start(row, signature, **deed)
    return as_it_stands(request, engagement)


@router.post(
    "/{engagement}/decline",
    auth=Door(EVALUATOR_WRITES, Scope.ENGAGE),
    response={200: Engagement, **ERRORS},
    operation_id="decline_engagement",
)
def decline(request: HttpRequest, engagement: str) -> Any:
    """Decline the offer; no reason is asked, and it changes nothing else anywhere."""
    services.decline(mine(request, engagement), **early_access.deed(request))
    return as_it_stands(request, engagement)


@router.post(
    "/{engagement}/leave",
    auth=Door(EVALUATOR_WRITES, Scope.ENGAGE),
    response={200: Engagement, **ERRORS},
    operation_id="leave_engagement",
)
def leave(request: HttpRequest, engagement: str) -> Any:
    """End what you agreed to, as the evaluator, at any moment."""
    services.leave(mine(request, engagement), **early_access.deed(request))
    return as_it_stands(request, engagement)


@router.post(
    "/{engagement}/rescind",
    auth=Door(LAB_WRITES, Scope.ENGAGE),
    response={200: Engagement, **ERRORS},
    operation_id="rescind_engagement",
)
def rescind(request: HttpRequest, engagement: str) -> Any:
    """Take the offer back before access begins."""
    services.rescind(mine(request, engagement), **early_access.deed(request))
    return as_it_stands(request, engagement)


@router.post(
    "/{engagement}/withdraw",
    auth=Door(LAB_WRITES, Scope.ENGAGE),
    response={200: Engagement, **ERRORS},
    operation_id="withdraw_engagement",
)
def withdraw(request: HttpRequest, engagement: str) -> Any:
    """End it at once, from any open state, no reason asked: the access key is destroyed before you are answered."""
    services.withdraw(mine(request, engagement), **early_access.deed(request))
    return as_it_stands(request, engagement)


@router.post(
    "/{engagement}/pause",
    auth=Door(LAB_WRITES, Scope.ENGAGE),
    response={200: Engagement, **ERRORS},
    operation_id="pause_engagement",
)
def pause(request: HttpRequest, engagement: str) -> Any:
    """Stop every call at once until you resume; the window goes on."""
    services.pause(mine(request, engagement), by=actor(request), now=moment.now())
    return as_it_stands(request, engagement)


@router.post(
    "/{engagement}/resume",
    auth=Door(LAB_WRITES, Scope.ENGAGE),
    response={200: Engagement, **ERRORS},
    operation_id="resume_engagement",
)
def resume(request: HttpRequest, engagement: str) -> Any:
    """Let calls through again; the window has not grown meanwhile."""
    services.resume(mine(request, engagement), by=actor(request), now=moment.now())
    return as_it_stands(request, engagement)


@router.post(
    "/{engagement}/shorten",
    auth=Door(LAB_WRITES, Scope.ENGAGE),
    response={200: Engagement, **ERRORS},
    operation_id="shorten_engagement",
)
def shorten(request: HttpRequest, engagement: str, said: Sooner) -> Any:
    """Let the window end earlier; a later moment than its end changes nothing."""
    row, ends_at = mine(request, engagement), moments.read(said.ends_at, place="/ends_at")
    services.shorten(row, ends_at, **early_access.deed(request))
    return as_it_stands(request, engagement)


def _require_party(is_theirs: bool, party: str) -> None:
    """Refuse whoever is the other party: what one of them is to sign is not for the other to read."""
    if not is_theirs:
        raise services.NotAllowed(f"Only the {party} of this engagement signs this.")


def _named_in(payload: bytes) -> list[str]:
    """Return the people whom a signed agreement names; raises Refused, and AnotherStatement for another kind."""
    statement = engagement_statements.loads(payload)
    if statement.kind is not StatementKind.AGREEMENT:
        raise early_access.AnotherStatement
    return [str(one) for one in _listed_in(statement.content["personnel"])]


def _listed_in(value: object) -> list[object]:
    return value if isinstance(value, list) else []
