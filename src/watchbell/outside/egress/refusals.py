"""What do we say when a request may not leave, or its answer cannot be used?"""

from watchbell.domain.refusal import Refusal, Refused


class EgressDenied(Refused):
    """The request was not sent, and sending it again will not help until somebody allows it."""


class EgressFailed(Refused):
    """The request failed on the way or its answer was unusable; trying again later may help."""


def denied(code: str, message: str, place: str, *, expected: str = "", todo: str = "") -> EgressDenied:
    """Return the exception for a request that may not be sent."""
    return EgressDenied(Refusal(code=code, message=message, place=place, expected=expected, todo=todo))


def failed(code: str, message: str, place: str, *, expected: str = "", todo: str = "Try again later") -> EgressFailed:
    """Return the exception for a request that failed."""
    return EgressFailed(Refusal(code=code, message=message, place=place, expected=expected, todo=todo))
