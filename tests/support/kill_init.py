"""This will kill `init` before chosen statements, run it again, and say what shape the database has at the end.

Run as a program on a throwaway node, `python -m tests.support.kill_init recorded|sampled|clean`. The parent never
opens the database: each attempt is a forked child with a connection of its own.
"""

import json
import os
import random
import signal
import sys
from collections.abc import Callable, Iterator
from typing import Any

from tests.support.kill import alone

from watchbell.cli import boot, node

MOST_ATTEMPTS = 120
RECORDS = 'INSERT INTO "django_migrations"'
Deadly = Callable[[str], bool]


def main() -> None:
    """Do what the argument says and print one line of JSON: attempts killed, and the shape."""
    made = boot.settings()
    node.prepare_folders(made)
    os.environ["DJANGO_SETTINGS_MODULE"] = "watchbell.config.settings"
    import django

    django.setup()
    plans = {"clean": iter(()), "recorded": each_record(), "sampled": sampled(random.Random(8))}
    killed = 0
    for deadly in plans[sys.argv[1]]:
        if not alone(lambda deadly=deadly: build(deadly), may_be_killed=True):  # type: ignore[misc]
            break
        killed += 1
    alone(lambda: build(lambda sql: False))
    alone(lambda: os.write(1, json.dumps({"killed": killed, **shape()}).encode()))


def each_record() -> Iterator[Deadly]:
    """Die before the first migration is recorded, then each time before the third from there."""
    for attempt in range(MOST_ATTEMPTS):
        yield nth(RECORDS, 1 if attempt == 0 else 3)


def sampled(rng: random.Random) -> Iterator[Deadly]:
    """Die before some statement, further and further on, so that every attempt gets somewhere."""
    for attempt in range(MOST_ATTEMPTS):
        yield nth("", rng.randint(1, 24 + 16 * attempt))


def nth(start: str, number: int) -> Deadly:
    """Return what says True at the n-th statement that starts so."""
    seen = 0

    def deadly(sql: str) -> bool:
        nonlocal seen
        seen += sql.startswith(start)
        return seen == number

    return deadly


def build(deadly: Deadly) -> None:
    """Do what `init` does to the database; die by SIGKILL before the statement that is deadly."""
    from django.db import connection

    def watch(execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
        if deadly(sql):
            os.kill(os.getpid(), signal.SIGKILL)
        return execute(sql, *rest)

    with connection.execute_wrapper(watch):
        node.build()


def shape() -> dict[str, Any]:
    """Return what the database looks like: tables, columns, constraints, indexes, triggers, and fixed rows."""
    from django.db import connection

    questions = POSTGRESQL if connection.vendor == "postgresql" else SQLITE
    with connection.cursor() as cursor:
        found = []
        for question in (*questions, *ROWS):
            cursor.execute(question)
            found.append(sorted(" | ".join(map(str, row)) for row in cursor.fetchall()))
    from watchbell.cli import schema

    return {"shape": found, "problem": schema.schema_problem()}


SQLITE = ("SELECT type, name, sql FROM sqlite_master",)
POSTGRESQL = (
    "SELECT table_name, column_name, data_type, collation_name, is_nullable, column_default"
    " FROM information_schema.columns WHERE table_schema = 'public'",
    "SELECT conrelid::regclass, conname, pg_get_constraintdef(oid) FROM pg_constraint"
    " WHERE connamespace = 'public'::regnamespace",
    "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'",
    "SELECT tgrelid::regclass, tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal",
)
ROWS = (
    "SELECT app, name FROM django_migrations",
    "SELECT app_label, model FROM django_content_type",
    "SELECT codename, app_label, model FROM auth_permission"
    " JOIN django_content_type ON content_type_id = django_content_type.id",
)

if __name__ == "__main__":
    main()
