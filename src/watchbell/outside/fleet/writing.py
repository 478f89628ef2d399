"""This will write a fleet's matches as CSV or as lines of JSON; the file appears when all of them are in it."""

import csv
import json
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, astuple, fields
from pathlib import Path
from typing import TextIO

from watchbell.outside.fleet.interface import FleetError, Match

SAY_AFTER = 10_000

Told = Callable[[int], None]
"""Hears now and then how many matches were written so far."""

_COLUMNS = tuple(one.name for one in fields(Match))
_DANGEROUS = ("=", "+", "-", "@", "\t", "\r")


def write_matches(matches: Iterable[Match], out: Path, *, told: Told) -> int:
    """Write the matches to a file, as CSV when its name ends so, else as lines of JSON; return how many there were.

    What stood there is replaced, and only by a whole answer. Raises FleetError when nothing can be written there.
    """
    try:
        with _whole(out) as file:
            write = _csv(file) if out.suffix == ".csv" else _lines(file)
            count = 0
            for count, match in enumerate(matches, start=1):
                write(match)
                if count % SAY_AFTER == 0:
                    told(count)
            return count
    except OSError as error:
        raise FleetError(
            f"{out} cannot be written ({error.strerror or error}); check the place and the disk."
        ) from error


@contextmanager
def _whole(out: Path) -> Iterator[TextIO]:
    growing = out.with_name(out.name + ".unfinished")
    try:
        with growing.open("w", encoding="utf-8", newline="") as file:
            yield file
        os.replace(growing, out)
    finally:
        growing.unlink(missing_ok=True)


def _lines(file: TextIO) -> Callable[[Match], None]:
    def write(match: Match) -> None:
        file.write(json.dumps(asdict(match)) + "\n")

    return write


def _csv(file: TextIO) -> Callable[[Match], None]:
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(_COLUMNS)

    def write(match: Match) -> None:
        writer.writerow([_inert(text) for text in astuple(match)])

    return write


def _inert(text: str) -> str:
    """Return the text such that a spreadsheet shows it and never runs it."""
    return "'" + text if text.startswith(_DANGEROUS) else text
