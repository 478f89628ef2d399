"""What is a caller told when its call does not end as it hoped, and what does the ledger note of it?"""

from dataclasses import dataclass

from watchbell.domain.metering import Ending, TurnedAway, Usage
from watchbell.domain.refusal import Refusal
from watchbell.outside.upstream import Cause, EndpointTrouble

NOTHING = Usage(0, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One answer that is an error: `status` of HTTP, our stable `code`, and the true cause in words."""

    status: int
    code: str
    message: str
    retry_after: int | None = None
    allow: str = ""


class Refusing(Exception):
    """A call that is not made; what the caller is told."""

    def __init__(self, told: Told) -> None:
        super().__init__(told.code)
        self.told = told


class CallerLeft(Exception):
    """Nobody is there any more to be told anything."""


class Stopped(Exception):
    """A call under way that has to end now; what the caller is told, and how it ends in the log.

    `usage` is what it is charged; without one all that was reserved is.
    """

    def __init__(self, told: Told, ending: Ending, usage: Usage | None = None) -> None:
        super().__init__(told.code)
        self.told = told
        self.ending = ending
        self.usage = usage


def refusing(status: int, code: str, message: str, *, retry_after: int | None = None, allow: str = "") -> Refusing:
    """Return the exception that ends a request with this answer."""
    return Refusing(Told(status=status, code=code, message=message, retry_after=retry_after, allow=allow))


def turned_away(answer: TurnedAway) -> Told:
    """Return what the ledger's answer says."""
    return Told(status=answer.status, code=answer.code, message=str(answer.why), retry_after=answer.retry_after)


def stranger() -> Told:
    """Return that a token is none that was ever given out; in the ledger's own words."""
    return Told(status=401, code="bad-token", message="This token is not known, or its time is over.")


def unreadable(refusal: Refusal) -> Told:
    """Return what is wrong with a request, and where."""
    return Told(status=400, code=refusal.code, message=str(refusal))


def out_of_scope(refusal: Refusal) -> Stopped:
    """Return why a well-formed request does not go out."""
    told = Told(status=403, code=refusal.code, message=str(refusal))
    return Stopped(told, Ending.OUT_OF_SCOPE, NOTHING)


def model_out_of_scope() -> Stopped:
    """Return that the ledger admitted a model that its terms do not name."""
    told = Told(status=403, code="out-of-scope-model", message="This model is not in scope.")
    return Stopped(told, Ending.OUT_OF_SCOPE, NOTHING)


def window_over(usage: Usage | None = None) -> Stopped:
    """Return that the early-access window is over."""
    told = Told(status=403, code="window-over", message="The early-access window is over.")
    return Stopped(told, Ending.OUT_OF_TIME, usage)


def access_stopped() -> Stopped:
    """Return that the developer paused or ended access; the next call is told which."""
    message = "Access was stopped while the call ran. Call again to learn whether it is paused or has ended."
    return Stopped(Told(status=503, code="access-stopped", message=message, retry_after=1), Ending.STOPPED)


def ledger_silent() -> Stopped:
    """Return that nobody could say whether the call may go on."""
    message = "The ledger could not be asked whether the call may go on."
    return Stopped(Told(status=503, code="ledger-away", message=message, retry_after=5), Ending.STOPPED)


def gateway_stopping() -> Stopped:
    """Return that this gateway is about to end."""
    message = "This gateway is being restarted; the call was cut short."
    return Stopped(Told(status=503, code="gateway-stopping", message=message, retry_after=5), Ending.STOPPED)


def caller_left() -> Stopped:
    """Return that nobody is there any more to be told."""
    return Stopped(Told(status=499, code="caller-left", message="The caller has left."), Ending.CALLER_LEFT)


def ledger_away() -> Told:
    """Return that nobody could be asked whether the call may be made."""
    return Told(status=503, code="ledger-away", message="The ledger does not answer; nothing was sent.", retry_after=2)


def unexpected(reference: str) -> Told:
    """Return that the fault is ours."""
    message = f"Something unexpected happened in the gateway; name the reference {reference} to whoever runs it."
    return Told(status=500, code="gateway-error", message=message)


_TOO_LATE = (Cause.SILENT, Cause.TOO_SLOW)
_ENDINGS = {
    Cause.SILENT: Ending.ENDPOINT_SILENT,
    Cause.TOO_SLOW: Ending.OUT_OF_TIME,
    Cause.TOO_LARGE: Ending.TOO_LARGE,
}


def endpoint_broken(trouble: EndpointTrouble) -> Stopped:
    """Return what is wrong with the endpoint; what never reached it costs nothing."""
    status = 504 if trouble.cause in _TOO_LATE else 502
    told = Told(status=status, code=str(trouble.cause), message=str(trouble.why))
    ending = _ENDINGS.get(trouble.cause, Ending.ENDPOINT_BROKEN)
    return Stopped(told, ending, None if trouble.was_sent else NOTHING)


def odd_answer(code: str, message: str) -> Stopped:
    """Return that the endpoint's answer is not what its interface promises."""
    return Stopped(Told(status=502, code=code, message=message), Ending.ENDPOINT_BROKEN)
