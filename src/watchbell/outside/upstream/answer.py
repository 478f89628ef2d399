"""This will read one HTTP/1.1 answer from bytes as they come, strictly (RFC 9112) and within its bounds."""

from collections.abc import Callable

from watchbell.domain.sentence import Sentence
from watchbell.outside.egress.grammar import CHUNK_SIZE, FIELD, LENGTH, MOST_INTERIM, SINGLE, STATUS, Head
from watchbell.outside.upstream.bounds import Bounds
from watchbell.outside.upstream.trouble import EndpointTrouble, framing, too_large

_LONGEST_SIZE_LINE = 1024
_NO_BODY = (204, 304)


class Answer:
    """One answer in the making. No network here: bytes in, pieces of the body out.

    After an exception the answer is of no use any more, except for the pieces handed out before.
    """

    def __init__(self, bounds: Bounds) -> None:
        self.head: Head | None = None
        self.is_whole = False
        self.may_stay = False
        """Whether the connection is open for another call: nothing about this answer was in doubt."""

        self._bounds = bounds
        self._held = bytearray()
        self._looked = 0
        self._left = 0
        self._body = 0
        self._budget = bounds.head_bytes
        self._interim = 0
        self._status = 0
        self._minor = 0
        self._fields: dict[str, str] = {}
        self._lines = 0
        self._step: Callable[[list[bytes]], bool] = self._status_line

    def feed(self, data: bytes, pieces: list[bytes]) -> None:
        """This will add what these bytes hold of the body to `pieces`. Raises EndpointTrouble."""
        if not self._held and self._step == self._size_line and self._is_one_chunk(data, pieces):
            return
        self._held += data
        while not self.is_whole and self._step(pieces):
            pass
        if self.is_whole and self._held:
            self.may_stay = False
            raise framing("its answer is longer than it states")

    def end(self) -> None:
        """This will take note that nothing more comes. Raises EndpointTrouble when something should have."""
        if self._step == self._until_close:
            self.is_whole = True
        if not self.is_whole:
            raise framing(
                "its answer ends in the middle" if self.head is None else "its answer is shorter than it states"
            )

    def _status_line(self, pieces: list[bytes]) -> bool:
        line = self._line()
        if line is None:
            return False
        found = STATUS.fullmatch(line)
        if found is None:
            raise framing("its answer does not begin like HTTP/1.1")
        self._status, self._minor = int(found["status"]), int(found["minor"])
        self._step = self._field
        return True

    def _field(self, pieces: list[bytes]) -> bool:
        line = self._line()
        if line is None:
            return False
        if not line:
            self._head_is_whole()
            return True
        self._lines += 1
        if self._lines > self._bounds.head_fields:
            raise too_large("its answer has too many header fields")
        found = FIELD.fullmatch(line)
        if found is None:
            raise framing("a header field of its answer is malformed")
        name, value = found[1].decode("ascii").lower(), found[2].decode("latin-1")
        if name in self._fields and name in SINGLE:
            raise framing(Sentence("its answer has two {name} fields", name=name))
        self._fields[name] = f"{self._fields[name]}, {value}" if name in self._fields else value
        return True

    def _head_is_whole(self) -> None:
        if 100 <= self._status < 200:
            self._interim += 1
            if self._interim > MOST_INTERIM or self._status == 101:
                raise framing("it sends interim answers without end")
            self._fields, self._step = {}, self._status_line
            return
        self.head = Head(self._status, self._fields)
        self._begin_body(self._fields.get("content-length"), self._fields.get("transfer-encoding"))

    def _begin_body(self, length: str | None, coding: str | None) -> None:
        if length is not None and coding is not None:
            raise framing("it states the body's length in two ways")
        if coding is not None and coding.lower() != "chunked":
            raise framing("it uses a transfer coding we did not ask for")
        if length is not None and not LENGTH.fullmatch(length):
            raise framing("its Content-Length is not one number")
        if coding is not None:
            self._budget, self._step = _LONGEST_SIZE_LINE, self._size_line
        elif length is not None or self._status in _NO_BODY:
            self._left = 0 if self._status in _NO_BODY else int(length or 0)
            self._step = self._counted
        else:
            self._step = self._until_close

    def _counted(self, pieces: list[bytes]) -> bool:
        self._take(pieces)
        if not self._left:
            self._whole()
        return False

    def _until_close(self, pieces: list[bytes]) -> bool:
        self._left = len(self._held)
        self._take(pieces)
        return False

    def _size_line(self, pieces: list[bytes]) -> bool:
        line = self._line()
        if line is None:
            return False
        found = CHUNK_SIZE.fullmatch(line)
        if found is None:
            raise framing("a chunk of its answer has no size")
        self._left = int(found[1], 16)
        if self._left:
            self._step = self._chunk
        else:
            self._budget, self._step = self._bounds.head_bytes, self._trailer
        return True

    def _is_one_chunk(self, data: bytes, pieces: list[bytes]) -> bool:
        """Return whether these bytes are one whole chunk, as those of a stream mostly are; then it has been taken."""
        end = data.find(b"\r\n", 0, 20)
        found = CHUNK_SIZE.fullmatch(data, 0, max(end, 0))
        size = int(found[1], 16) if found else 0
        if not size or len(data) != end + size + 4 or data[-2:] != b"\r\n":
            return False
        self._add(data[end + 2 : -2], pieces)
        return True

    def _chunk(self, pieces: list[bytes]) -> bool:
        self._take(pieces)
        if self._left or len(self._held) < 2:
            return False
        if self._held[:2] != b"\r\n":
            raise framing("a chunk of its answer is longer than it states")
        del self._held[:2]
        self._budget, self._step = _LONGEST_SIZE_LINE, self._size_line
        return True

    def _trailer(self, pieces: list[bytes]) -> bool:
        line = self._line()
        if line is None:
            return False
        if not line:
            self._whole()
        elif FIELD.fullmatch(line) is None:
            raise framing("a header field of its answer is malformed")
        return True

    def _whole(self) -> None:
        connection = self._fields.get("connection", "").lower()
        self.is_whole = True
        self.may_stay = self._minor == 1 and "close" not in connection

    def _take(self, pieces: list[bytes]) -> None:
        """This will move what is there of the piece at hand. Cutting a bytearray at its front moves nothing."""
        piece = bytes(memoryview(self._held)[: self._left])
        if not piece:
            return
        del self._held[: len(piece)]
        self._left -= len(piece)
        self._add(piece, pieces)

    def _add(self, piece: bytes, pieces: list[bytes]) -> None:
        self._body += len(piece)
        if self._body > self._bounds.body_bytes:
            raise too_large(Sentence("its answer is larger than {limit} bytes", limit=self._bounds.body_bytes))
        pieces.append(piece)

    def _line(self) -> bytes | None:
        """Return the next line without its CR LF, or None until it is there; a bare LF or CR is an error."""
        end = self._held.find(b"\n", self._looked)
        self._looked = len(self._held) if end < 0 else 0
        if (len(self._held) if end < 0 else end + 1) > self._budget:
            raise self._endless()
        if end < 0:
            return None
        line = bytes(memoryview(self._held)[: end + 1])
        del self._held[: end + 1]
        self._budget -= len(line)
        if not line.endswith(b"\r\n") or b"\r" in line[:-2] or b"\x00" in line:
            raise framing("a line of its answer does not end in CR LF")
        return line[:-2]

    def _endless(self) -> EndpointTrouble:
        if self._step != self._size_line:
            return too_large("the head of its answer is too large")
        return framing("a chunk of its answer has no size")
