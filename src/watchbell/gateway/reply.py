"""This will answer one request over ASGI: whole, or piece by piece, and always to an end."""

from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from typing import Any

from watchbell.domain.metering import Dialect
from watchbell.formats import model_api
from watchbell.gateway.told import Told

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]

JSON = b"application/json"
EVENTS = b"text/event-stream; charset=utf-8"


@dataclass(frozen=True, slots=True, kw_only=True)
class Whole:
    """An answer that is sent in one piece; `code` stands in a header where it is an endpoint's error."""

    status: int
    body: bytes
    code: str = ""
    kind: bytes = JSON
    retry_after: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LastPiece:
    """The end of an answer that was begun piece by piece."""

    body: bytes


class Reply:
    """The answer to one request, in the dialect that was spoken."""

    def __init__(self, send: Send, dialect: Dialect, reference: str) -> None:
        self._send = send
        self.dialect = dialect
        self.reference = reference
        self.call = ""
        self.status = 0
        self.code = ""
        self.events = 0
        self.is_begun = False
        self.is_over = False

    async def piece(self, data: bytes) -> None:
        """This will send a piece of a stream; the first one begins the answer."""
        if not self.is_begun:
            await self._begin(200, [(b"content-type", EVENTS)])
        await self._send({"type": "http.response.body", "body": data, "more_body": True})

    async def finish(self, answer: Whole | LastPiece) -> None:
        """This will send the whole answer, or its last piece."""
        if isinstance(answer, LastPiece):
            if not self.is_begun:
                await self._begin(200, [(b"content-type", EVENTS)])
        else:
            self.code = answer.code
            await self._begin(answer.status, _described(answer))
        await self._end(answer.body)

    async def refuse(self, told: Told) -> None:
        """This will tell the caller what happened: as an error, or as the last event of a stream that was begun."""
        if self.is_over:
            return
        self.code = told.code
        if self.is_begun:
            await self._end(
                model_api.error_event(
                    self.dialect,
                    status=told.status,
                    code=told.code,
                    message=told.message,
                    reference=self.reference,
                    number=self.events,
                )
            )
            return
        body = model_api.error(
            self.dialect, status=told.status, code=told.code, message=told.message, reference=self.reference
        )
        answer = Whole(status=told.status, body=body, code=told.code, retry_after=told.retry_after)
        more = [(b"allow", told.allow.encode())] if told.allow else []
        await self._begin(told.status, [*_described(answer), *more, *_parting(told.status)])
        await self._end(body)

    async def _begin(self, status: int, headers: Headers) -> None:
        self.status, self.is_begun = status, True
        named = [(b"x-reference-id", self.reference.encode())]
        named += [(b"x-watchbell-call", self.call.encode())] if self.call else []
        common = [(b"cache-control", b"no-store"), (b"x-content-type-options", b"nosniff")]
        await self._send({"type": "http.response.start", "status": status, "headers": headers + named + common})

    async def _end(self, body: bytes) -> None:
        self.is_over = True
        await self._send({"type": "http.response.body", "body": body, "more_body": False})


def _described(answer: Whole) -> Headers:
    headers = [(b"content-type", answer.kind), (b"content-length", str(len(answer.body)).encode())]
    headers += [(b"x-watchbell-code", answer.code.encode())] if answer.code else []
    if answer.retry_after is not None:
        headers.append((b"retry-after", str(answer.retry_after).encode()))
    return headers


def _parting(status: int) -> Headers:
    """Return the header that ends a connection whose request may not have been read to its end."""
    return [(b"connection", b"close")] if status in (401, 408, 411, 413, 415) else []
