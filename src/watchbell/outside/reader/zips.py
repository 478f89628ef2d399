"""This will read a zip archive only after every one of its entries has shown that it lies about nothing."""

import io
import zlib
from array import array
from collections.abc import Iterator
from typing import BinaryIO

from watchbell.domain.refusal import Refused, refuse
from watchbell.domain.sentence import Sentence
from watchbell.outside.reader.inflate import unzstd
from watchbell.outside.reader.limits import CHUNK, RATIO_FREE_BYTES, Budget
from watchbell.outside.reader.zip_records import (
    DEFLATED,
    ZSTD,
    Directory,
    Entry,
    check_local_header,
    find_directory,
    read_entries,
)


class ZipArchive:
    """A vetted zip: nothing of it is inflated before the whole directory has been checked.

    Refused before inflating: encrypted entries, other methods than stored,
    deflated and zstd, names that leave the folder, links and devices, duplicate names,
    overlapping entries, local headers that differ from the directory, and
    sizes, ratios and numbers beyond the limits. Sizes and checksums that turn
    out to be lies are refused while inflating, at the byte where they do.
    """

    def __init__(self, file: BinaryIO, budget: Budget) -> None:
        self._file = file
        self._budget = budget
        directory = find_directory(file, budget.name)
        if directory.count > budget.limits.max_members:
            raise refuse(
                "too-many-members",
                Sentence("the archive has {count} entries", count=directory.count),
                place=budget.name,
                expected=Sentence("At most {limit}", limit=budget.limits.max_members),
                todo="Split it into several archives",
            )
        self.entries = self._vetted(directory)

    def _vetted(self, directory: Directory) -> tuple[Entry, ...]:
        entries = tuple(read_entries(self._file, directory, self._budget.name))
        self._check_names(entries)
        self._check_sizes(entries)
        self._check_extents(entries, directory.start)
        return tuple(entry for entry in entries if not entry.is_folder)

    def _check_names(self, entries: tuple[Entry, ...]) -> None:
        seen: set[str] = set()
        for entry in entries:
            # Some file systems ignore case, and what the second "A.json" means there nobody knows.
            name = entry.name.casefold()
            if name in seen:
                raise _refused("zip-duplicate", "the archive has two entries of this name", entry)
            seen.add(name)

    def _check_sizes(self, entries: tuple[Entry, ...]) -> None:
        limit = self._budget.limits
        if sum(entry.size for entry in entries) > limit.max_inflated_bytes:
            self._budget.take_inflated(limit.max_inflated_bytes + 1)
        for entry in entries:
            if entry.size > RATIO_FREE_BYTES and entry.size > entry.packed * limit.max_ratio:
                self._budget.check_ratio(inflated=entry.size, raw=entry.packed)

    def _check_extents(self, entries: tuple[Entry, ...], directory_start: int) -> None:
        """This will refuse entries whose bytes overlap, after comparing each local header with the directory."""
        begins, ends = array("Q"), array("Q")
        for entry in entries:
            begins.append(entry.offset)
            ends.append(check_local_header(self._file, entry) + entry.packed)
        order = sorted(range(len(begins)), key=begins.__getitem__)
        previous_end = 0
        for index in order:
            if begins[index] < previous_end or ends[index] > directory_start:
                raise _refused("zip-overlap", "the entry shares bytes with another part of the archive", entries[index])
            previous_end = ends[index]

    def pieces(self, entry: Entry) -> Iterator[bytes]:
        """Return what an entry holds, piece by piece; raises Refused where its size or checksum proves a lie."""
        size = checksum = 0
        for piece in self._unpacked(entry):
            size += len(piece)
            if size > entry.size:
                raise _refused("zip-lies", "the entry is larger than the archive says", entry)
            checksum = zlib.crc32(piece, checksum)
            yield piece
        if size != entry.size or checksum != entry.checksum:
            raise _refused("corrupt", "the entry does not have the size and checksum the archive says", entry)

    def _unpacked(self, entry: Entry) -> Iterator[bytes]:
        packed = self._packed(entry)
        if entry.method == ZSTD:
            yield from unzstd(packed, Budget(self._budget.limits, f"member {entry.name}"))
            return
        if entry.method != DEFLATED:
            yield from packed
            return
        inflater = zlib.decompressobj(wbits=-15)
        for chunk in packed:
            pending = chunk
            while pending and not inflater.eof:
                try:
                    yield inflater.decompress(pending, CHUNK)
                except zlib.error as error:
                    raise _refused("corrupt", "the entry is damaged and cannot be decompressed", entry) from error
                pending = inflater.unconsumed_tail
        if not inflater.eof or inflater.unused_data:
            raise _refused("corrupt", "the entry ends elsewhere than the archive says", entry)

    def _packed(self, entry: Entry) -> Iterator[bytes]:
        position = check_local_header(self._file, entry)
        left = entry.packed
        while left:
            self._file.seek(position, io.SEEK_SET)
            chunk = self._file.read(min(left, CHUNK))
            if not chunk:
                raise _refused("truncated", "the archive ends in the middle of this entry", entry)
            position += len(chunk)
            left -= len(chunk)
            yield chunk


def _refused(code: str, message: str, entry: Entry) -> Refused:
    return refuse(code, message, place=f"member {entry.name}", todo="Pack the documents again with a common zip tool")
