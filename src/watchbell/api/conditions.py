"""Is the thing still as the program saw it? If-Match against the ETag it was given (RFC 9110, 13.1.1)."""

from django.http import HttpResponse
from django.utils.http import parse_etags, quote_etag

from watchbell.doors import problems


def etag(*parts: object) -> str:
    """Return the ETag of something whose state these parts are."""
    return quote_etag(".".join(str(part) for part in parts))


def holds(if_match: str, current: str) -> bool:
    """Return whether one of the ETags in an If-Match header is the current one; `*` is any, a weak one is none."""
    return "*" in (sent := parse_etags(if_match)) or current in sent


def names_a_state(if_match: str) -> bool:
    """Return whether an If-Match header holds for some states only, so that they must still be there at the write."""
    return bool(if_match) and "*" not in parse_etags(if_match)


def missing(what: str) -> HttpResponse:
    """Return the answer to a change that does not say which state it was decided on."""
    return problems.problem(428, "if-match-needed", "If-Match is missing.", todo=f"Send the ETag of the {what}.")


def changed(what: str) -> HttpResponse:
    """Return the answer to a change that was decided on another state."""
    return problems.problem(
        412, "changed-meanwhile", f"The {what} is not as you saw it.", todo="Read it again and decide anew."
    )
