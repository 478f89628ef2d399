"""Why did a call of the model bring no answer? Told from the status and the gateway's own word, never from a text."""

from typing import Any, Final

from watchbell.outside.inspect_runner.progress import Cause

_BY_CODE: Final = {
    "bad-token": Cause.TOKEN,
    "token-missing": Cause.TOKEN,
    "window-over": Cause.WINDOW,
    "model-out-of-scope": Cause.SCOPE,
    "out-of-scope-model": Cause.SCOPE,
    "interface-out-of-scope": Cause.SCOPE,
}
_BY_STATUS: Final = {401: Cause.TOKEN, 402: Cause.BUDGET, 403: Cause.WINDOW, 408: Cause.ENDPOINT, 429: Cause.BUSY}
_ENDS: Final = frozenset({Cause.TOKEN, Cause.BUDGET, Cause.WINDOW, Cause.SCOPE})
_HEADER: Final = "x-watchbell-code"
_DEEPEST: Final = 12
_SILENT: Final = frozenset(
    {
        "APIConnectionError",
        "APITimeoutError",
        "AttemptTimeoutError",
        "StreamIdleTimeoutError",
        "NoStreamDataError",
        "RetryError",
        "TimeoutError",
    }
)
"""What Inspect and its client raise when nothing whole came back; any other error without a status is an odd answer."""


class Missing(Exception):
    """A sample has no answer of the model's, and this is why. The text starts with "missing/" and the cause."""

    def __init__(self, cause: Cause, why: str) -> None:
        super().__init__(f"missing/{cause}: {why}")
        self.cause = cause


def cause_of(error: BaseException) -> tuple[Cause, int]:
    """Return the cause, and the status where there was one, along the chain of what led to this error."""
    status, code, is_silent = 0, "", False
    at: BaseException | None = error
    for _ in range(_DEEPEST):
        if at is None:
            break
        status = status or _status(at)
        code = code or _code(at)
        is_silent = is_silent or type(at).__name__ in _SILENT
        at = at.__cause__ or at.__context__
    if code in _BY_CODE:
        return _BY_CODE[code], status
    if status in _BY_STATUS:
        return _BY_STATUS[status], status
    if not status:
        return (Cause.ENDPOINT if is_silent else Cause.ODD_ANSWER), 0
    return (Cause.REQUEST if 400 <= status < 500 else Cause.ENDPOINT), status


def ends_the_run(cause: Cause) -> bool:
    """Return whether no later call can be answered either: the token, the budget or the window is at its end."""
    return cause in _ENDS


def _status(error: BaseException) -> int:
    found = getattr(error, "status_code", 0)
    return found if type(found) is int else 0


def _code(error: BaseException) -> str:
    headers: Any = getattr(getattr(error, "response", None), "headers", None)
    try:
        found = headers.get(_HEADER, "") if headers is not None else ""
    except (AttributeError, TypeError):
        return ""
    return found if isinstance(found, str) else ""
