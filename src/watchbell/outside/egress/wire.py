"""This will read one HTTP/1.1 answer from a socket, strictly (RFC 9112), within its bounds and before its deadline."""

import socket
import time
from collections.abc import Iterator

from watchbell.domain.sentence import Sentence
from watchbell.outside.egress.exchange import Bounds
from watchbell.outside.egress.grammar import CHUNK_SIZE, FIELD, LENGTH, MOST_INTERIM, SINGLE, STATUS, Head
from watchbell.outside.egress.refusals import EgressFailed, failed

_RECV = 64 * 1024


class Wire:
    """One connection, used for one exchange; every read ends at the deadline at the latest."""

    def __init__(self, sock: socket.socket, bounds: Bounds, place: str, *, deadline: float) -> None:
        self._sock = sock
        self._bounds = bounds
        self._place = place
        self._deadline = deadline
        self._held = bytearray()
        self._ended = False

    def send(self, data: bytes) -> None:
        """This will send all of it, or raise EgressFailed."""
        self._sock.settimeout(self._left(self._deadline))
        try:
            self._sock.sendall(data)
        except OSError as error:
            raise self._lost(error) from error

    def read_head(self) -> Head:
        """Return the answer's head; interim answers (1xx) are passed over, a few of them."""
        first_byte = min(self._deadline, time.monotonic() + self._bounds.first_byte_seconds)
        if not self._held:
            self._receive(first_byte)
        budget = self._bounds.head_bytes
        for _ in range(MOST_INTERIM + 1):
            status_line, budget = self._line(budget)
            status = STATUS.fullmatch(status_line)
            if status is None:
                raise self._broken("its answer does not begin like HTTP/1.1")
            fields, budget = self._fields(budget)
            if not 100 <= int(status["status"]) < 200:
                return Head(int(status["status"]), fields)
        raise self._broken("it sends interim answers without end")

    def read_body(self, head: Head, *, method: str) -> Iterator[bytes]:
        """Return the body as it comes, cut at the cap; raises EgressFailed where the framing is in doubt."""
        length, encoding = head.fields.get("content-length"), head.fields.get("transfer-encoding")
        if length is not None and encoding is not None:
            raise self._broken("it states the body's length in two ways")
        if method == "HEAD" or head.status in (204, 304):
            return
        if encoding is not None:
            if encoding.lower() != "chunked":
                raise self._broken("it uses a transfer coding we did not ask for")
            yield from self._capped(self._chunks())
        elif length is not None:
            if not LENGTH.fullmatch(length):
                raise self._broken("its Content-Length is not one number")
            yield from self._capped(self._exactly(int(length)))
        else:
            yield from self._capped(self._until_close())
        self._require_silence()

    def _fields(self, budget: int) -> tuple[dict[str, str], int]:
        fields: dict[str, str] = {}
        for _ in range(self._bounds.head_fields + 1):
            line, budget = self._line(budget)
            if not line:
                return fields, budget
            match = FIELD.fullmatch(line)
            if match is None:
                raise self._broken("a header field of its answer is malformed")
            name, value = match[1].decode("ascii").lower(), match[2].decode("latin-1")
            if name in fields and name in SINGLE:
                raise self._broken(Sentence("its answer has two {name} fields", name=name))
            fields[name] = f"{fields[name]}, {value}" if name in fields else value
        raise self._too_much("its answer has too many header fields")

    def _line(self, budget: int) -> tuple[bytes, int]:
        """Return the next line without its CR LF and what is left of the budget; a bare LF or CR is an error."""
        seen = 0
        while (end := self._held.find(b"\n", seen)) < 0:
            seen = len(self._held)
            if seen > budget:
                raise self._too_much("the head of its answer is too large")
            if not self._receive(self._deadline):
                raise self._broken("its answer ends in the middle")
        line = self._take(end + 1)
        budget -= len(line)
        if budget < 0:
            raise self._too_much("the head of its answer is too large")
        if not line.endswith(b"\r\n") or b"\r" in line[:-2] or b"\x00" in line:
            raise self._broken("a line of its answer does not end in CR LF")
        return line[:-2], budget

    def _exactly(self, count: int) -> Iterator[bytes]:
        while count:
            if not self._held and not self._receive(self._deadline):
                raise self._broken("its answer is shorter than it states")
            piece = self._take(count)
            count -= len(piece)
            yield piece

    def _chunks(self) -> Iterator[bytes]:
        while True:
            line, _ = self._line(1024)
            match = CHUNK_SIZE.fullmatch(line)
            if match is None:
                raise self._broken("a chunk of its answer has no size")
            size = int(match[1], 16)
            if size == 0:
                self._fields(self._bounds.head_bytes)
                return
            yield from self._exactly(size)
            if self._line(1024)[0]:
                raise self._broken("a chunk of its answer is longer than it states")

    def _until_close(self) -> Iterator[bytes]:
        while self._held or self._receive(self._deadline):
            yield self._take(len(self._held))

    def _capped(self, pieces: Iterator[bytes]) -> Iterator[bytes]:
        total = 0
        for piece in pieces:
            total += len(piece)
            if total > self._bounds.body_bytes:
                raise self._too_much(Sentence("its answer is larger than {limit} bytes", limit=self._bounds.body_bytes))
            yield piece

    def _require_silence(self) -> None:
        """This will refuse an answer that goes on after its end; we asked to close, so nothing may follow."""
        if not self._held and not self._ended:
            self._sock.settimeout(min(0.2, self._left(self._deadline)))
            try:
                self._held += self._sock.recv(1)
            except OSError:
                return
        if self._held:
            raise self._broken("its answer is longer than it states")

    def _take(self, count: int) -> bytes:
        # Cutting a bytearray at its front moves nothing, however many tiny chunks there are.
        piece = bytes(memoryview(self._held)[:count])
        del self._held[: len(piece)]
        return piece

    def _receive(self, until: float) -> bool:
        """Return False when the other side has closed."""
        self._sock.settimeout(self._left(until))
        try:
            data = self._sock.recv(_RECV)
        except OSError as error:
            raise self._lost(error) from error
        self._ended = not data
        self._held += data
        return bool(data)

    def _left(self, until: float) -> float:
        left = until - time.monotonic()
        if left <= 0:
            raise self._late()
        return left

    def _late(self) -> EgressFailed:
        return failed("egress-timeout", "the endpoint did not finish its answer in time", self._place)

    def _lost(self, error: OSError) -> EgressFailed:
        if isinstance(error, TimeoutError):
            return self._late()
        return failed("egress-lost", Sentence("the connection broke ({why})", why=type(error).__name__), self._place)

    def _broken(self, what: str) -> EgressFailed:
        return failed(
            "egress-framing",
            Sentence("the endpoint does not speak HTTP properly: {why}", why=Sentence(what)),
            self._place,
        )

    def _too_much(self, what: str) -> EgressFailed:
        return failed(
            "egress-too-large", Sentence("the endpoint sends too much: {why}", why=Sentence(what)), self._place
        )
