"""This will write many rows in few statements: the hot path under the ORM, the same on both databases."""

import contextlib
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, TypeVar

from django.db import OperationalError, connection, transaction

MOST_IN_ONE = 500
"""Most values in one IN list, and most rows in one INSERT that returns them."""

T = TypeVar("T")
Row = tuple[Any, ...]


def slices(things: Iterable[T], size: int = MOST_IN_ONE) -> Iterator[list[T]]:
    """Return these things in lists of at most `size`."""
    held = list(things)
    for start in range(0, len(held), size):
        yield held[start : start + size]


def moment(at: datetime | None) -> Any:
    """Return an aware moment as the database's own parameter."""
    return connection.ops.adapt_datetimefield_value(at)


def insert(table: str, columns: Sequence[str], rows: Sequence[Row]) -> None:
    """This will insert the rows: by COPY on PostgreSQL, by one prepared statement on SQLite."""
    if not rows:
        return
    names = ", ".join(columns)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            with cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
        else:
            marks = ", ".join(["%s"] * len(columns))
            cursor.executemany(f"INSERT INTO {table} ({names}) VALUES ({marks})", rows)  # noqa: S608 - names are ours


def insert_returning(
    table: str, columns: Sequence[str], rows: Sequence[Row], returning: str, *, ignore_taken: bool = False
) -> list[Row]:
    """Return the named columns of the rows inserted; with `ignore_taken`, rows that are there already are left out."""
    found: list[Row] = []
    mark = f"({', '.join(['%s'] * len(columns))})"
    otherwise = " ON CONFLICT DO NOTHING" if ignore_taken else ""
    with connection.cursor() as cursor:
        for part in slices(rows):
            marks = ", ".join([mark] * len(part))
            cursor.execute(
                f"INSERT INTO {table} ({', '.join(columns)}) VALUES {marks}{otherwise} RETURNING {returning}",  # noqa: S608
                [value for row in part for value in row],
            )
            found.extend(cursor.fetchall())
    return found


def rows_where_in(query: str, values: Iterable[Any], *before: Any) -> list[Row]:
    """Return the rows of a query whose `{}` takes a list of any length, after the parameters `before`."""
    found: list[Row] = []
    with connection.cursor() as cursor:
        for part in slices(values):
            cursor.execute(query.format(", ".join(["%s"] * len(part))), [*before, *part])
            found.extend(cursor.fetchall())
    return found


def run_many(statement: str, rows: Sequence[Row]) -> None:
    """This will run one statement for each row of parameters."""
    if rows:
        with connection.cursor() as cursor:
            cursor.executemany(statement, rows)


def look_over(*tables: str) -> None:
    """This will let PostgreSQL count these tables anew, since after a large import it plans as if they were empty.

    Seen with tables that had been counted while empty: after 15,000 records a statement about a single one ran
    into the limit of 60 s. It is left undone when somebody else holds a table; the database does it later by itself.
    """
    if connection.vendor != "postgresql":
        return
    with contextlib.suppress(OperationalError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"ANALYZE {', '.join(tables)}")
