"""One connection to an endpoint: asked one thing at a time, and cut when its time is over."""

import asyncio
from typing import Final, cast

from watchbell.domain.sentence import Sentence
from watchbell.outside.egress.grammar import Head
from watchbell.outside.upstream.answer import Answer
from watchbell.outside.upstream.bounds import Bounds
from watchbell.outside.upstream.trouble import Cause, EndpointTrouble

READ_AT_ONCE: Final = 32 * 1024


class Line(asyncio.BufferedProtocol):
    """Sends one request and hands back its answer as it comes; every wait ends at a deadline.

    It reads into a buffer of its own: otherwise each little piece of a stream gets a quarter of a megabyte first.
    """

    def __init__(self, bounds: Bounds) -> None:
        self._bounds = bounds
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._answer: Answer | None = None
        self._pieces: list[bytes] = []
        self._buffer = memoryview(bytearray(READ_AT_ONCE))
        self._ahead = 0
        self._is_held = False
        self._trouble: EndpointTrouble | None = None
        self._waiting: asyncio.Future[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._started = self._heard = 0.0
        self.is_closed = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """This will keep the transport."""
        self._transport = cast(asyncio.Transport, transport)

    def ask(self, request: bytes) -> None:
        """This will send a request; the one before it has been answered in full."""
        self._answer, self._trouble = Answer(self._bounds), None
        self._pieces, self._ahead = [], 0
        self._started = self._heard = self._loop.time()
        if self._transport is None or self.is_closed:
            self._trouble = _lost()
            return
        self._tick()
        self._transport.write(request)

    async def head(self) -> Head:
        """Return the head of the answer once it is whole. Raises EndpointTrouble."""
        while True:
            if self._answer is not None and self._answer.head is not None:
                return self._answer.head
            if self._trouble is not None:
                raise self._trouble
            await self._wait()

    async def read(self) -> bytes:
        """Return what has come of the body, or nothing at its end. Raises EndpointTrouble, after all that came."""
        while not self._pieces:
            if self._trouble is not None:
                raise self._trouble
            if self._answer is None or self._answer.is_whole:
                return b""
            await self._wait()
        data = self._pieces[0] if len(self._pieces) == 1 else b"".join(self._pieces)
        self._pieces, self._ahead = [], 0
        if self._is_held and self._transport is not None and not self.is_closed:
            self._is_held, self._heard = False, self._loop.time()
            self._transport.resume_reading()
        return data

    def rest(self) -> bool:
        """This will end the call at hand; return whether the connection can be used for another one."""
        self._stop_timer()
        answer, self._answer = self._answer, None
        sent_all = self._transport is not None and not self._transport.get_write_buffer_size()
        is_clean = answer is not None and answer.is_whole and answer.may_stay and not self._pieces
        return is_clean and sent_all and not self._is_held and self._trouble is None and not self.is_closed

    def close(self) -> None:
        """This will close the connection at once, without waiting for anything to be sent."""
        self.is_closed = True
        self._stop_timer()
        if self._transport is not None:
            self._transport.abort()

    def get_buffer(self, sizehint: int) -> memoryview:
        """Return where to put what comes."""
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        """This will read on; bytes that nobody asked for close the connection."""
        data = bytes(self._buffer[:nbytes])
        if self._answer is None or self._trouble is not None:
            self.close()
            return
        self._heard = self._loop.time()
        try:
            self._answer.feed(data, self._pieces)
        except EndpointTrouble as trouble:
            self._give_up(trouble)
        # what is no piece of the body yet, nobody comes to take: to wait for them would be for ever
        self._ahead = self._ahead + len(data) if self._pieces else 0
        if self._ahead > self._bounds.ahead_bytes and not self._is_held and self._transport is not None:
            self._is_held = True
            self._transport.pause_reading()
        self._wake()

    def connection_lost(self, error: Exception | None) -> None:
        """This will end the answer, which is whole only if nothing is missing."""
        self.is_closed = True
        self._stop_timer()
        if self._answer is not None and self._trouble is None and not self._answer.is_whole:
            try:
                if error is not None or (self._answer.head is None and self._heard == self._started):
                    raise _lost()
                self._answer.end()
            except EndpointTrouble as trouble:
                self._trouble = trouble
        self._wake()

    def _give_up(self, trouble: EndpointTrouble) -> None:
        self._trouble = trouble
        self.close()
        self._wake()

    async def _wait(self) -> None:
        self._waiting = self._loop.create_future()
        try:
            await self._waiting
        finally:
            self._waiting = None

    def _wake(self) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)

    def _tick(self) -> None:
        """This will give up on an answer that is late, or look again when it could be late next."""
        now, bounds = self._loop.time(), self._bounds
        ends = self._started + bounds.total_seconds
        is_begun = self._answer is not None and self._answer.head is not None
        silent = self._heard + bounds.idle_seconds if is_begun else self._started + bounds.first_byte_seconds
        if now >= ends:
            self._give_up(_too_slow(bounds.total_seconds))
        elif now >= silent and not self._is_held:
            self._give_up(_silent(bounds.idle_seconds if is_begun else bounds.first_byte_seconds))
        else:
            due = ends if self._is_held else min(ends, silent)
            due = min(due, now + bounds.idle_seconds)  # what counts as late may have changed by then
            self._timer = self._loop.call_at(max(due, now + 0.01), self._tick)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


def _lost() -> EndpointTrouble:
    return EndpointTrouble(Cause.LOST, "The endpoint closed the connection before it had answered.")


def _silent(seconds: float) -> EndpointTrouble:
    return EndpointTrouble(Cause.SILENT, Sentence("The endpoint was silent for {seconds} s.", seconds=f"{seconds:g}"))


def _too_slow(seconds: float) -> EndpointTrouble:
    why = Sentence("The endpoint had not finished its answer after {seconds} s.", seconds=f"{seconds:g}")
    return EndpointTrouble(Cause.TOO_SLOW, why)
