"""How does a room get its migration? As Django writes it, with constraints and indexes inside the tables they are of.

Run as a program, `python -m tests.support.make_migrations ROOM`: Django's `makemigrations`, whose own optimizer stops
at the first table that refers to another. Each constraint that stands alone costs every `init` a look at all models
and, on SQLite, a table made anew.
"""

import os
import sys
from collections.abc import Iterator, Sequence
from typing import Any

import django
from django.core.management import call_command
from django.core.management.commands import makemigrations
from django.db.migrations.autodetector import MigrationAutodetector
from django.db.migrations.operations import AddConstraint, AddField, AddIndex, CreateModel
from django.db.migrations.operations.base import Operation

Tables = dict[str, CreateModel]


def folded(operations: Sequence[Operation], room: str) -> list[Operation]:
    """Return these operations with every addition inside its table's creation, and tables after those they refer to.

    Of two tables that refer to each other one keeps an added field, and the additions that speak of it.
    """
    tables = {found.name_lower: found for found in operations if isinstance(found, CreateModel)}
    rest: list[Operation] = []
    for operation in operations:
        if isinstance(operation, CreateModel):
            continue
        if _stands_alone(operation, rest, tables, room):
            rest.append(operation)
        else:
            name = operation.model_name_lower  # type: ignore[attr-defined]
            tables[name] = tables[name].reduce(operation, room)[0]  # type: ignore[index,assignment]
    return [*_in_order(tables, room), *rest]


def _stands_alone(operation: Operation, rest: Sequence[Operation], tables: Tables, room: str) -> bool:
    """Return whether an operation has to come after all tables are there."""
    if not isinstance(operation, AddField | AddConstraint | AddIndex) or operation.model_name_lower not in tables:
        return True
    table = tables[operation.model_name_lower]
    if isinstance(operation, AddField):
        return any(
            operation.references_model(other.name, room) and table in _reached(other, tables, room)
            for other in tables.values()
            if other is not table
        )
    words = repr(operation.deconstruct())
    return any(
        isinstance(other, AddField) and other.model_name_lower == table.name_lower and other.name in words
        for other in rest
    )


def _reached(table: CreateModel, tables: Tables, room: str) -> list[CreateModel]:
    """Return a table and all that it refers to, whatever it refers to first."""
    found: list[CreateModel] = []

    def follow(here: CreateModel) -> None:
        if here in found:
            return
        found.append(here)
        for other in tables.values():
            if here.references_model(other.name, room):
                follow(other)

    follow(table)
    return found


def _in_order(tables: Tables, room: str) -> Iterator[CreateModel]:
    """Yield the tables as they came, each after those it refers to."""
    made: set[str] = set()

    def make(table: CreateModel) -> Iterator[CreateModel]:
        if table.name_lower in made:
            return
        made.add(table.name_lower)
        for other in tables.values():
            if table.references_model(other.name, room):
                yield from make(other)
        yield table

    for table in tables.values():
        yield from make(table)


class Folding(MigrationAutodetector):
    """Django's comparison of models and migrations; what it finds is folded."""

    def changes(self, *rest: Any, **named: Any) -> dict[str, Any]:
        """Return the migrations by room that models wait for, folded."""
        found: dict[str, Any] = super().changes(*rest, **named)
        for room, migrations in found.items():
            for migration in migrations:
                migration.operations = folded(migration.operations, room)
        return found


class Command(makemigrations.Command):
    """`makemigrations`, folding."""

    autodetector = Folding


def main() -> None:
    """Write what the rooms named on the command line wait for."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "watchbell.config.settings")
    django.setup()
    call_command(Command(), *sys.argv[1:])


if __name__ == "__main__":
    main()
