"""This will cut newline-delimited JSON into numbered lines, and can go on where it stopped."""

import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from watchbell.domain.refusal import Refusal, refuse
from watchbell.domain.sentence import Sentence
from watchbell.outside.reader.limits import CHUNK, Limits
from watchbell.outside.reader.magic import HEAD_BYTES, require_text

_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Position:
    """A place between two lines: the byte the next line begins at, and that line's number, from 1."""

    offset: int = 0
    number: int = 1


@dataclass(frozen=True, slots=True)
class Line:
    """One line without its line ending; `after` is where to go on once it is stored."""

    number: int
    offset: int
    content: bytes
    after: Position


@dataclass(frozen=True, slots=True)
class RefusedLine:
    """A line that was too long to be held; the lines after it are read as usual."""

    number: int
    offset: int
    refusal: Refusal
    after: Position


def ndjson_lines(stream: BinaryIO, limits: Limits, *, start: Position | None = None) -> Iterator[Line | RefusedLine]:
    """Return the lines of a stream that are not blank, in order; `start` skips what is stored already.

    Lines end with LF or CR LF; the last one need not. A line longer than
    `max_line_bytes` is passed over without being held and comes out as a
    RefusedLine. The lines are bytes: whether they are JSON, the parser says.

    Raises Refused for a stream that is not UTF-8 text, begins with a byte order
    mark, or has more than `max_items` lines.
    """
    position = start or Position()
    _go_to(stream, position)
    items = 0
    for raw, size in _cut(stream, limits.max_line_bytes, vet_head=position.offset == 0):
        here, position = position, Position(position.offset + size, position.number + 1)
        if raw is not None and not raw.strip():
            continue
        items += 1
        if items > limits.max_items:
            raise refuse(
                "too-many-items",
                "the document has too many lines",
                place=f"line {here.number}",
                expected=Sentence("At most {limit}", limit=limits.max_items),
                todo="Split it into several documents",
            )
        if raw is None:
            yield RefusedLine(here.number, here.offset, _too_long(here.number, limits.max_line_bytes), position)
        else:
            yield Line(here.number, here.offset, raw, position)


def _go_to(stream: BinaryIO, position: Position) -> None:
    if stream.seekable():
        stream.seek(position.offset)
        return
    left = position.offset
    while left and (skipped := stream.read(min(left, CHUNK))):
        left -= len(skipped)
    if left:
        raise refuse(
            "shorter-than-before",
            "the document is shorter than when it was read the last time",
            expected=Sentence("At least {limit} bytes", limit=position.offset),
            todo="Import it again from the beginning",
        )


def _cut(stream: BinaryIO, max_line_bytes: int, *, vet_head: bool) -> Iterator[tuple[bytes | None, int]]:
    """Return (content, size with line ending) of each line; content is None for a line that is too long."""
    held = bytearray()
    passed = 0
    chunk = _first(stream) if vet_head else stream.read(CHUNK)
    while chunk:
        *complete, rest = chunk.split(b"\n")
        for piece in complete:
            size = passed + len(held) + len(piece) + 1
            content = None if passed or size > max_line_bytes + 2 else _ended(bytes(held) + piece if held else piece)
            yield (None if content is not None and len(content) > max_line_bytes else content), size
            held.clear()
            passed = 0
        held += rest
        if passed or len(held) > max_line_bytes + 1:
            passed += len(held)
            held.clear()
        chunk = stream.read(CHUNK)
    if passed or held:
        yield (None if passed or len(held) > max_line_bytes else bytes(held)), passed + len(held)


def _ended(line: bytes) -> bytes:
    return line[:-1] if line.endswith(b"\r") else line


def _first(stream: BinaryIO) -> bytes:
    head = io.BytesIO()
    while head.tell() < HEAD_BYTES and (more := stream.read(CHUNK)):
        head.write(more)
    first = head.getvalue()
    if first.startswith(_BOM):
        raise refuse(
            "byte-order-mark",
            "the document begins with a byte order mark",
            place="line 1",
            expected="UTF-8 without a byte order mark (RFC 8259, section 8.1)",
            todo="Save it again without one",
        )
    if first:
        require_text(first[:HEAD_BYTES], "line 1")
    return first


def _too_long(number: int, max_line_bytes: int) -> Refusal:
    return Refusal(
        code="line-too-long",
        message="the line is too long",
        place=f"line {number}",
        expected=Sentence("At most {limit} bytes", limit=max_line_bytes),
        todo="Send this item on its own, or make it smaller",
    )
