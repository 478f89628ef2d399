"""Walk a CSV text line by line: each row with its line number, each bad line refused alone."""

import csv
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from watchbell.domain.refusal import Refused, refuse
from watchbell.domain.sentence import Sentence

Row = dict[str, str]
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What a table must look like: its required columns (in small letters) and its delimiter.

    `first_line` is the number of the header's line in the whole file; `check` may
    refuse a header that no list of required columns describes.
    """

    required: tuple[str, ...] = ()
    delimiter: str = ","
    first_line: int = 1
    check: Callable[[list[str]], None] = lambda header: None


def rows(lines: Iterable[str], shape: Shape) -> Iterator[tuple[int, Row | Refused]]:
    """Yield (line number, row by column name in small letters) for each line below the header.

    A line with another number of cells than the header, or with NUL, is a Refused in
    its place. Raises Refused when there is no header or a required column is absent.
    """
    counted = _Counted(lines, shape.first_line)
    reader = csv.reader(counted, strict=True, delimiter=shape.delimiter)
    header = _header(reader, shape, counted)
    while (cells := _next(reader, counted)) is not None:
        if isinstance(cells, Refused):
            yield counted.line, cells
        elif any(cell.strip() for cell in cells):
            yield counted.line, _row(header, cells, counted.line)


def read_each(lines: Iterable[str], shape: Shape, make: Callable[[Row, str], T]) -> Iterator[tuple[int, T | Refused]]:
    """Yield (line number, what `make` made of the row at this place, or why it was refused)."""
    for line, row in rows(lines, shape):
        if isinstance(row, Refused):
            yield line, row
            continue
        try:
            yield line, make(row, f"line {line}")
        except Refused as refused:
            yield line, refused


class _Counted:
    """The lines, with the number of the last one handed out and NUL refused by the reader's own error."""

    def __init__(self, lines: Iterable[str], first_line: int) -> None:
        self._lines = iter(lines)
        self.line = first_line - 1

    def __iter__(self) -> "_Counted":
        return self

    def __next__(self) -> str:
        text = next(self._lines)
        self.line += 1
        if "\x00" in text:
            raise csv.Error("the line holds the NUL character")
        return text if self.line > 1 else text.removeprefix("\ufeff")


def _header(reader: Iterator[list[str]], shape: Shape, counted: _Counted) -> list[str]:
    cells = _next(reader, counted)
    place, expected = (
        f"line {counted.line}",
        Sentence("columns {names}", names=tuple(shape.required)) if shape.required else "column names",
    )
    if not cells or isinstance(cells, Refused):
        raise refuse("no-header", "The file has no header line.", place=place, expected=expected)
    header = [cell.strip().lower().replace(" ", "_") for cell in cells]
    absent = [name for name in shape.required if name not in header]
    if absent:
        raise refuse(
            "missing-column", Sentence("The header lacks {names}.", names=tuple(absent)), place=place, expected=expected
        )
    shape.check(header)
    return header


def _next(reader: Iterator[list[str]], counted: _Counted) -> list[str] | Refused | None:
    try:
        return next(reader, None)
    except csv.Error as error:
        return refuse("not-csv", Sentence("This line is not CSV: {why}.", why=str(error)), place=f"line {counted.line}")


def _row(header: list[str], cells: list[str], line: int) -> Row | Refused:
    if len(cells) != len(header):
        message = Sentence("The line has {found} cells, the header {wanted}.", found=len(cells), wanted=len(header))
        return refuse("wrong-width", message, place=f"line {line}", todo="Quote cells that hold commas")
    return {name: cell.strip() for name, cell in zip(header, cells, strict=True)}
