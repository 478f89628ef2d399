"""This will take one request from a caller: which interface, whose token, and a body that arrives whole."""

import asyncio
import re

from watchbell.domain.metering import Dialect
from watchbell.gateway.limits import Limits
from watchbell.gateway.reply import Message, Receive
from watchbell.gateway.room import Part, Room
from watchbell.gateway.told import CallerLeft, Refusing, refusing, stranger

DIALECTS = {f"/v1/{dialect}": dialect for dialect in Dialect}
_SENT = re.compile(r"[\x21-\x7e]{1,512}")
_TOKEN = re.compile(r"wbg_[0-9a-f]{32}_[A-Za-z0-9_-]{43}")
"""What a token of ours looks like; whatever else is sent is no stranger worth asking the ledger about."""
_BEARER = re.compile(r"(?i:bearer)[ ]+(\S+)")


def headers_of(scope: Message) -> dict[str, str]:
    """Return the header fields; of several with one name the first."""
    found: dict[str, str] = {}
    for name, value in scope["headers"]:
        found.setdefault(name.decode("latin-1").lower(), value.decode("latin-1"))
    return found


def token_of(headers: dict[str, str]) -> str:
    """Return the caller's token, which stands in a header and nowhere else. Raises Refusing."""
    bearer = _BEARER.fullmatch(headers.get("authorization", "").strip())
    token = bearer[1] if bearer else headers.get("x-api-key", "").strip()
    if not _SENT.fullmatch(token):
        raise refusing(401, "token-missing", "Send your gateway token as Authorization: Bearer or as x-api-key.")
    if not _TOKEN.fullmatch(token):
        raise Refusing(stranger())
    return token


class Intake:
    """Takes bodies in, each within its bytes and its time, and all of them together within the room there is."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._room = Room(limits.requests_bytes)

    async def body(self, headers: dict[str, str], receive: Receive) -> bytes:
        """Return the whole body. Raises Refusing, or CallerLeft before it is whole."""
        if headers.get("content-encoding", "identity").strip().lower() not in ("", "identity"):
            raise refusing(415, "content-encoding", "A body with a Content-Encoding is not taken.")
        length = headers.get("content-length", "")
        self._require_size(int(length) if length.isdigit() and len(length) < 20 else 0)
        with self._room.part() as part:
            try:
                async with asyncio.timeout(self._limits.request_seconds):
                    return await self._taken(receive, part)
            except TimeoutError:
                message = f"The request had not arrived whole after {self._limits.request_seconds:g} s."
                raise refusing(408, "request-too-slow", message) from None

    async def _taken(self, receive: Receive, part: Part) -> bytes:
        body = bytearray()
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise CallerLeft
            data = message.get("body", b"")
            part.take(len(data))
            body += data
            self._require_size(len(body))
            if not message.get("more_body", False):
                return bytes(body)

    def _require_size(self, size: int) -> None:
        if size > self._limits.request_bytes:
            message = f"The request is larger than {self._limits.request_bytes} bytes."
            raise refusing(413, "request-too-large", message)
