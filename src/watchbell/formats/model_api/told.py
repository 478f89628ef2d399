"""How is a caller told that a call ended otherwise than it hoped? In the shape its own interface gives to errors."""

import json
from collections.abc import Iterable
from typing import Any

from watchbell.domain.metering import Dialect
from watchbell.domain.refusal import Refused
from watchbell.formats import strictjson

_KINDS = {
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    503: "overloaded_error",
    504: "timeout_error",
}
_OTHERS = {False: "invalid_request_error", True: "api_error"}


def error(dialect: Dialect, *, status: int, code: str, message: str, reference: str = "") -> bytes:
    """Return the body of an error; `code` is our stable word, and `reference` names the request."""
    return _bytes(_shaped(dialect, status, code, message, reference))


def error_event(
    dialect: Dialect, *, status: int, code: str, message: str, reference: str = "", number: int = 0
) -> bytes:
    """Return the event that ends a stream which cannot go on; `number` is how many events came before it.

    What came before stays valid, and whoever reads on learns that the answer is not whole and why.
    """
    if dialect is Dialect.RESPONSES:
        told = {"type": "error", "code": code, "message": message, "param": None, "sequence_number": number}
        return b"event: error\ndata: " + _bytes(told | {"reference": reference}) + b"\n\n"
    start = b"event: error\n" if dialect is Dialect.MESSAGES else b""
    return start + b"data: " + error(dialect, status=status, code=code, message=message, reference=reference) + b"\n\n"


def model_list(names: Iterable[str]) -> bytes:
    """Return the list of models in scope, in OpenAI's shape."""
    rows = [{"id": name, "object": "model", "created": 0, "owned_by": "watchbell"} for name in names]
    return _bytes({"object": "list", "data": rows})


def said(body: bytes) -> str:
    """Return what an endpoint's error says, on one line; nothing when it is not an error as its makers give them."""
    try:
        told = strictjson.loads(body)
    except Refused:
        return ""
    error = told.get("error", told) if isinstance(told, dict) else None
    words = error.get("message") or error.get("detail") if isinstance(error, dict) else error
    return " ".join("".join(one if one.isprintable() else " " for one in words).split()) if type(words) is str else ""


def _shaped(dialect: Dialect, status: int, code: str, message: str, reference: str) -> dict[str, Any]:
    kind = _KINDS.get(status, _OTHERS[status >= 500])
    if dialect is Dialect.MESSAGES:
        told = {"type": kind, "message": message, "code": code}
        return {"type": "error", "error": told, "request_id": reference}
    return {"error": {"message": message, "type": kind, "param": None, "code": code, "reference": reference}}


def _bytes(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
