"""This will find what a page of an evaluation is about; opening it is written into the access log first.

Somebody else's protocol or report and one that is not there are answered alike.
"""

from typing import Any

from watchbell.apps.engagements.services import NotAllowed, note_opening
from watchbell.apps.evaluation import queries, services
from watchbell.domain import evaluation as rules
from watchbell.domain.refusal import Refused
from watchbell.domain.terms import Purpose
from watchbell.doors import keys
from watchbell.outside.keystore import KeystoreError
from watchbell.web.asking import Asking
from watchbell.web.early_access import acting
from watchbell.web.early_access.acting import among, known, offered_by_us, offered_to_us, with_dice
from watchbell.web.speaking import spoken

REFUSALS = (*acting.REFUSALS, services.IsLocked, services.NotReady, Refused)
"""Why a deed here may not happen; each is told in words, and nothing is half done."""

__all__ = [
    "REFUSALS",
    "among",
    "evaluators_protocol",
    "is_evaluator",
    "known",
    "offered_by_us",
    "offered_to_us",
    "opened_all",
    "protocol_of",
    "report_of",
    "told",
    "with_dice",
]


def protocol_of(request: Asking, public_id: str, protocol: str) -> tuple[Any, Any]:
    """Return an engagement and one of its protocols, or answer that there is nothing here."""
    one = known(request, public_id)
    return one, among(queries.protocols_of(one.public_id, request.actor, now=request.now), protocol)


def evaluators_protocol(request: Asking, public_id: str, protocol: str) -> tuple[Any, Any]:
    """Return the same to the evaluator alone."""
    one = offered_to_us(request, public_id)
    return one, among(queries.protocols_of(one.public_id, request.actor, now=request.now), protocol)


def report_of(request: Asking, public_id: str, report: str) -> tuple[Any, Any]:
    """Return an engagement and one of its reports, or answer that there is nothing here."""
    one = known(request, public_id)
    return one, among(queries.reports_of(one.public_id, request.actor, now=request.now), report)


def is_evaluator(request: Asking, one: Any) -> bool:
    """Return whether the one who asks writes protocols here."""
    return bool(one.evaluator == request.actor.organisation and request.actor.writes)


def opened_all(request: Asking, one: Any, rows: list[Any]) -> tuple[dict[str, rules.Protocol], str]:
    """Return what these protocols say, by their ids, after one line in the access log; or why nobody reads them."""
    if not rows:
        return {}, ""
    try:
        note_opening(one, "protocol", Purpose.READ_RESULTS, **with_dice(request))
        return {row.public_id: services.opened(row, keys=keys.keystore()) for row in rows}, ""
    except (NotAllowed, *REFUSALS) as error:
        return {}, told(error)


def told(error: Exception) -> str:
    """Return why something was refused, in the reader's language."""
    if isinstance(error, KeystoreError) or not isinstance(error, Refused | services.NotReady):
        return acting.told(error)
    return spoken(error)
