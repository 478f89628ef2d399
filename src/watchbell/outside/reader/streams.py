"""This will turn pieces that somebody is still producing into a file that can be read."""

import io
from collections.abc import Iterable, Iterator
from typing import BinaryIO, cast

from watchbell.outside.reader.limits import CHUNK, Budget
from watchbell.outside.reader.magic import HEAD_BYTES, require_text


class PieceFile(io.RawIOBase):
    """A read-only file over pieces of bytes; whatever the pieces raise, reading raises."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        super().__init__()
        self._pieces = iter(pieces)
        self._held = memoryview(b"")

    def readable(self) -> bool:
        """Return True: this file can be read, and nothing else."""
        return True

    def readinto(self, buffer: "memoryview") -> int:  # type: ignore[override]
        """Fill `buffer` with what comes next and return how many bytes that was; 0 at the end."""
        while not self._held:
            piece = next(self._pieces, None)
            if piece is None:
                return 0
            self._held = memoryview(piece)
        count = min(len(buffer), len(self._held))
        buffer[:count] = self._held[:count]
        self._held = self._held[count:]
        return count


def as_file(pieces: Iterable[bytes]) -> BinaryIO:
    """Return a buffered file over these pieces."""
    return cast(BinaryIO, io.BufferedReader(PieceFile(pieces), CHUNK))


def counted(source: BinaryIO, budget: Budget) -> Iterator[bytes]:
    """Return the chunks of a file, each one counted against the budget before it is handed on."""
    while chunk := source.read(CHUNK):
        budget.take_raw(len(chunk))
        yield chunk


def checked_text(pieces: Iterable[bytes], budget: Budget, place: str) -> Iterator[bytes]:
    """Return the same pieces, counted, once their beginning has shown that they are text."""
    waiting = bytearray()
    settled = False
    for piece in pieces:
        budget.take_inflated(len(piece))
        if settled:
            yield piece
            continue
        waiting += piece
        if len(waiting) >= HEAD_BYTES:
            require_text(bytes(waiting[:HEAD_BYTES]), place)
            settled = True
            yield bytes(waiting)
    if not settled:
        require_text(bytes(waiting), place)
        yield bytes(waiting)
