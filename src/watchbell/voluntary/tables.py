"""What do the tables of early access say, row by row? Read from outside the room, with SQL and none of its own code."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from django.db import connection, transaction

Row = dict[str, Any]
ROOM = "engagements_"


def all_tables() -> list[str]:
    """Return the names of the room's tables."""
    return sorted(name for name in connection.introspection.table_names() if name.startswith(ROOM))


def rows(table: str) -> list[Row]:
    """Return every row of one of the room's tables, oldest first."""
    name = connection.ops.quote_name(ROOM + table)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM {name} ORDER BY id")  # noqa: S608 (names are this package's own)
        columns = [column[0] for column in cursor.description]
        return [{c: _plain(c, value) for c, value in zip(columns, row, strict=True)} for row in cursor.fetchall()]


def one(table: str, **wanted: object) -> Row:
    """Return the one row with these values."""
    [found] = [row for row in rows(table) if all(row[name] == value for name, value in wanted.items())]
    return found


def change(sql: str, *values: Any) -> None:
    """This will change rows behind the services' backs, as somebody with the database in hand would."""
    with connection.cursor() as cursor:
        cursor.execute(sql, values)


def delete_all(table: str) -> None:
    """This will delete every row of one of the room's tables, without asking what hangs on them."""
    change(f"DELETE FROM {connection.ops.quote_name(ROOM + table)}")  # noqa: S608


@contextmanager
def undone() -> Iterator[None]:
    """Take everything back that is written inside."""
    with transaction.atomic():
        try:
            yield
        finally:
            transaction.set_rollback(True)


def _plain(column: str, value: Any) -> Any:
    """Return the value as both databases give it: bytes for bytes, moments in UTC."""
    if isinstance(value, memoryview):
        return bytes(value)
    if isinstance(value, str) and (column == "at" or column.endswith(("_at", "until"))):
        value = datetime.fromisoformat(value)
    if isinstance(value, datetime):
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    return value
