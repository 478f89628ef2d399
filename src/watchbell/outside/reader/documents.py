"""This will open what somebody sent: plain, .gz, .zst or .zip, decided by its bytes and never by its name."""

import io
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import BinaryIO, cast

from watchbell.domain.refusal import refuse
from watchbell.outside.reader.inflate import gunzip, unzstd
from watchbell.outside.reader.limits import MIB, Budget, Limits
from watchbell.outside.reader.magic import HEAD_BYTES, Kind, kind_of
from watchbell.outside.reader.streams import as_file, checked_text, counted
from watchbell.outside.reader.zips import ZipArchive

Source = BinaryIO | Path | bytes


@dataclass(frozen=True, slots=True)
class Member:
    """One document inside what was sent; its bytes are vetted as they are read.

    Reading `stream` raises Refused when this member is damaged, too large, or
    no text at all. The other members can still be read then, unless the budget
    of the whole is spent.
    """

    name: str
    stream: BinaryIO = field(repr=False)

    def content(self) -> bytes:
        """Return the whole member as bytes, bounded by the limits it was opened with."""
        return self.stream.read()


def open_document(source: Source, name: str, limits: Limits) -> Iterator[Member]:
    """Return the members of a document: itself alone, or the files of a zip in the order of its directory.

    `name` is used to say where something went wrong, and as the member's name
    when there is only one. A zip is vetted as a whole before its first byte is
    inflated. Members are to be read in turn: a stream ends to be valid when
    the next member is asked for.

    Raises Refused when the document cannot be taken at all.
    """
    with ExitStack() as stack:
        file = _opened(source, stack)
        budget = Budget(limits, name)
        head = _head(file)
        kind = kind_of(head)
        if not head:
            raise refuse("empty", "the document is empty", place=name, todo="Check the file you chose")
        if kind is Kind.ZIP:
            yield from _zip_members(_seekable(head, file, budget, stack), budget)
            return
        chunks = _counted_with_head(head, file, budget)
        if kind is Kind.GZIP:
            chunks = gunzip(chunks, budget)
        elif kind is Kind.ZSTD:
            chunks = unzstd(chunks, budget)
        yield Member(name, as_file(checked_text(chunks, budget, name)))


def _counted_with_head(head: bytes, file: BinaryIO, budget: Budget) -> Iterator[bytes]:
    """Return all chunks of a file whose head was read already, each one counted."""
    budget.take_raw(len(head))
    return chain((head,), counted(file, budget))


def _zip_members(file: BinaryIO, budget: Budget) -> Iterator[Member]:
    archive = ZipArchive(file, budget)
    for entry in archive.entries:
        place = f"member {entry.name}"
        yield Member(entry.name, as_file(checked_text(archive.pieces(entry), budget, place)))


def _opened(source: Source, stack: ExitStack) -> BinaryIO:
    if isinstance(source, bytes):
        return io.BytesIO(source)
    if isinstance(source, Path):
        return stack.enter_context(source.open("rb"))
    return source


def _head(file: BinaryIO) -> bytes:
    # A pipe or socket may hand over less than was asked for.
    head = b""
    while len(head) < HEAD_BYTES and (more := file.read(HEAD_BYTES - len(head))):
        head += more
    return head


def _seekable(head: bytes, file: BinaryIO, budget: Budget, stack: ExitStack) -> BinaryIO:
    """Return a file that can be searched from its end, as a zip must be: the same, or a counted copy of it."""
    if file.seekable():
        size = file.seek(0, io.SEEK_END)
        budget.take_raw(size)
        return file
    with ExitStack() as fragile:
        copy = fragile.enter_context(tempfile.SpooledTemporaryFile(max_size=8 * MIB))
        for chunk in _counted_with_head(head, file, budget):
            copy.write(chunk)
        stack.push(fragile.pop_all())
    return cast(BinaryIO, copy)
