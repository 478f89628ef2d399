"""What goes to the endpoint in place of what the caller sent: its own name of the model, its own credential."""

import re

from watchbell.domain.metering import Dialect, Scheme, Upstream
from watchbell.formats import model_api
from watchbell.formats.model_api import Asked
from watchbell.outside.upstream import Sending

_VERSION = "2023-06-01"
_OF_MESSAGES = {
    "anthropic-version": re.compile(r"[0-9A-Za-z._-]{1,40}"),
    "anthropic-beta": re.compile(r"[0-9A-Za-z._,\x20-]{1,500}"),
}
"""Header fields that belong to the interface. No other one of the caller's goes out."""


def sending(upstream: Upstream, asked: Asked, headers: dict[str, str]) -> Sending:
    """Return the call as it goes out; nothing of the caller's token is in it."""
    is_bearer = upstream.scheme is Scheme.BEARER
    return Sending(
        base_url=upstream.base_url,
        path=f"/v1/{asked.dialect}",
        body=model_api.dumps(asked, model=upstream.models[asked.model]),
        header="Authorization" if is_bearer else "x-api-key",
        prefix="Bearer " if is_bearer else "",
        credential=upstream.credential,
        headers=_of_messages(headers) if asked.dialect is Dialect.MESSAGES else (),
        pin=upstream.pin,
    )


def _of_messages(headers: dict[str, str]) -> tuple[tuple[str, str], ...]:
    given = {"anthropic-version": _VERSION, **headers}
    return tuple((name, given[name]) for name, form in _OF_MESSAGES.items() if form.fullmatch(given.get(name, "")))
