"""This will give the files of a zip by their names, one at a time, each as large as its reader agreed to hold."""

import io
from typing import BinaryIO

from watchbell.domain.refusal import refuse
from watchbell.outside.reader.limits import Budget, Limits, too_large
from watchbell.outside.reader.zips import ZipArchive


class Archive:
    """A vetted zip over a file that can seek; raises Refused where the archive lies about anything."""

    def __init__(self, file: BinaryIO, name: str, limits: Limits) -> None:
        budget = Budget(limits, name)
        budget.take_raw(file.seek(0, io.SEEK_END))
        self._archive = ZipArchive(file, budget)
        self._entries = {entry.name: entry for entry in self._archive.entries}

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names of its files, in the order of its directory."""
        return tuple(self._entries)

    def read(self, name: str, *, most: int) -> bytes:
        """Return what one file holds; raises Refused beyond `most` bytes, or where it is damaged or not there."""
        entry = self._entries.get(name)
        place = f"member {name}"
        if entry is None:
            raise refuse("no-member", "the archive has no such file", place=place, todo="Fetch it again")
        if entry.size > most:
            raise too_large(place, most)
        return b"".join(self._archive.pieces(entry))
