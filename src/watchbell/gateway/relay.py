"""This will hand an endpoint's answer back to the caller: what it says, never what it must not tell."""

import asyncio
from contextlib import suppress
from datetime import datetime
from functools import partial

from watchbell.domain.metering import Ending
from watchbell.domain.refusal import Refused
from watchbell.formats import model_api
from watchbell.formats.model_api import Asked
from watchbell.gateway.call import Call
from watchbell.gateway.means import Means
from watchbell.gateway.reply import LastPiece, Reply, Whole
from watchbell.gateway.told import NOTHING, Stopped, Told, odd_answer
from watchbell.outside.egress import retry_after_seconds
from watchbell.outside.egress.grammar import Head
from watchbell.outside.upstream import Cause, EndpointTrouble, Exchange, Redactor, Spelling

SHORTEST_WAIT, USUAL_WAIT, LONGEST_WAIT = 1, 10, 300
LONGEST_SAYING = 300
EVENTS_AT_A_TIME = 500
_ABOUT_THE_REQUEST = (400, 413, 422)
"""Answers that are about what the caller sent: they go back as they are."""

_TO_WAIT_FOR = {429: (429, "endpoint-busy"), 503: (503, "endpoint-overloaded"), 529: (503, "endpoint-overloaded")}
_ODD_BUT_READ = ("duplicate-key", "not-finite", "number-too-large")
"""What strict readers refuse and most others take: handed on, and counted as nothing plausible."""


class Relay:
    """One answer on its way back."""

    def __init__(self, call: Call, asked: Asked, exchange: Exchange, reply: Reply, means: Means) -> None:
        self._call = call
        self._asked = asked
        self._exchange = exchange
        self._reply = reply
        self._means = means
        self._limits = means.limits
        self._redactor = Redactor(call.admission.upstream.credential)

    async def run(self) -> Whole | LastPiece:
        """Return what is to be sent last; what comes before has been sent. Raises EndpointTrouble and Stopped."""
        head = await self._exchange.head()
        self._call.status = head.status
        if head.fields.get("content-encoding", "identity").strip().lower() not in ("", "identity"):
            raise EndpointTrouble(Cause.CODING, "The endpoint compresses its answer, which it was asked not to do.")
        if not 200 <= head.status < 300:
            return await self._refused(head)
        if self._asked.streams and _kind(head) == "text/event-stream":
            return await self._stream()
        return await self._whole(head)

    async def _whole(self, head: Head) -> Whole:
        body = self._redactor.whole(await self._read(self._limits.whole_bytes))
        if _is_html(head, body):
            raise odd_answer("endpoint-html", f"The endpoint returned HTML (status {head.status}), not an answer.")
        told = model_api.Told()
        try:
            read = partial(model_api.read_whole, body, self._asked.dialect)
            told = await self._means.aside.do(len(body), read)
        except Refused as refused:
            if refused.refusal.code not in _ODD_BUT_READ:
                what = f"The endpoint answered with {_kind(head) or 'something'} that is not JSON"
                raise odd_answer("endpoint-not-json", f"{what}: {refused.refusal}") from None
        self._call.answered_as = told.model
        self._call.ended(Ending.ENDPOINT_REFUSED if told.has_error else Ending.ANSWERED, told.usage)
        return Whole(status=200, body=body)

    async def _stream(self) -> LastPiece:
        events = model_api.Events(largest=self._limits.event_bytes, most=self._limits.events)
        reading = model_api.Reading(self._asked.dialect)
        spelling = Spelling(self._call.admission.upstream.credential)
        held = b""
        try:
            while not reading.is_over:
                piece = await self._exchange.read()
                self._call.took(piece)
                whole = events.feed(self._redactor.feed(piece) if piece else self._redactor.rest())
                whole += [] if piece else events.close()
                held += await self._goes_on(whole, reading, spelling)
                self._reply.events = events.number
                if not piece:
                    break
                if spelling.is_begun and len(held) > self._limits.held_bytes:
                    raise _reflected()
                if held and not spelling.is_begun and not reading.is_over:
                    await self._reply.piece(held)
                    held = b""
        except Refused as refused:
            raise EndpointTrouble(Cause.TOO_LARGE, str(refused)) from None
        finally:
            self._call.answered_as = reading.model
            self._call.usage = reading.told.usage
        return await self._closed(reading, held)

    async def _closed(self, reading: model_api.Reading, held: bytes) -> LastPiece:
        if reading.is_over:
            await self._wait_for_the_end()
        else:
            reading.close()
        if not reading.is_over:
            if held:
                await self._reply.piece(held)
            raise odd_answer("endpoint-cut-short", "The endpoint ended its stream in the middle of the answer.")
        ending = Ending.ENDPOINT_REFUSED if reading.has_error else Ending.ANSWERED
        self._call.ended(ending, reading.told.usage)
        return LastPiece(body=held)

    async def _goes_on(self, events: list[bytes], reading: model_api.Reading, spelling: Spelling) -> bytes:
        """Return what goes on of these events; a piece may hold very many, and others have their turn meanwhile."""
        if len(events) <= EVENTS_AT_A_TIME:
            return self._seen(events, reading, spelling)
        out = b""
        for at in range(0, len(events), EVENTS_AT_A_TIME):
            out += self._seen(events[at : at + EVENTS_AT_A_TIME], reading, spelling)
            await asyncio.sleep(0)
        return out

    def _seen(self, events: list[bytes], reading: model_api.Reading, spelling: Spelling) -> bytes:
        """Return what goes on of these events. Raises Stopped when they spell out the credential."""
        out = []
        for event in events:
            is_count = reading.see(event)
            if spelling.hears(model_api.words_of(event)):
                raise _reflected()
            if not is_count or self._asked.wants_count:
                out.append(model_api.mended(event))
        return b"".join(out)

    async def _wait_for_the_end(self) -> None:
        """This will read what follows the last event, which is nothing, so that the connection can stay."""
        with suppress(TimeoutError, EndpointTrouble):
            async with asyncio.timeout(self._limits.closing_seconds):
                while piece := await self._exchange.read():
                    self._call.took(piece)

    async def _refused(self, head: Head) -> Whole:
        """Return the endpoint's own error. Raises Stopped where it is not the caller's business but the endpoint's."""
        self._call.ended(Ending.ENDPOINT_REFUSED, NOTHING)
        body = self._redactor.whole(await self._read(self._limits.error_bytes))
        said = "" if _is_html(head, body) else model_api.said(body)[:LONGEST_SAYING]
        if head.status in _ABOUT_THE_REQUEST and said:
            return Whole(status=head.status, body=body, code="endpoint-refused")
        status, code = _TO_WAIT_FOR.get(head.status, (504 if head.status == 504 else 502, "endpoint-refused"))
        message = f"The endpoint answered with status {head.status}"
        if _is_html(head, body):
            code, message = (
                "endpoint-html" if status >= 500 else code,
                f"The endpoint returned HTML (status {head.status})",
            )
        if 300 <= head.status < 400:
            code, message = "endpoint-redirect", f"{message}, a redirect, and redirects are not followed"
        wait = _wait(head, self._means.now()) if head.status in _TO_WAIT_FOR else None
        told = Told(status=status, code=code, message=message + (f": {said}" if said else "."), retry_after=wait)
        raise Stopped(told, Ending.ENDPOINT_REFUSED, NOTHING)

    async def _read(self, most: int) -> bytes:
        body = bytearray()
        with self._means.room.part() as part:
            while piece := await self._exchange.read():
                self._call.took(piece)
                part.take(len(piece))
                body += piece
                if len(body) > most:
                    raise EndpointTrouble(Cause.TOO_LARGE, f"The endpoint's answer is larger than {most} bytes.")
        return bytes(body)


def _wait(head: Head, now: datetime) -> int:
    stated = retry_after_seconds(head.fields.get("retry-after", ""), now=now, most=LONGEST_WAIT)
    return USUAL_WAIT if stated is None else max(SHORTEST_WAIT, stated)


def _kind(head: Head) -> str:
    return head.fields.get("content-type", "").partition(";")[0].strip().lower()[:60]


def _is_html(head: Head, body: bytes) -> bool:
    start = body[:256].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    return _kind(head) in ("text/html", "application/xhtml+xml") or start.startswith((b"<!doctype html", b"<html"))


def _reflected() -> Stopped:
    return odd_answer("endpoint-reflects-credential", "The endpoint's answer spells out its credential.")
