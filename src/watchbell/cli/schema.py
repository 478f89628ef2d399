"""Which shape must the database have? Bring it there in whole steps, and say when it has another one."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.core.management import call_command
from django.core.management.sql import emit_post_migrate_signal, emit_pre_migrate_signal
from django.db import connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

from watchbell.outside.settings import Settings

ONE_AT_A_TIME = 20_260_622  # the number of our advisory lock on PostgreSQL


class WholeSteps(MigrationExecutor):
    """Applies a migration, its deferred statements and the row that records it in one transaction.

    Django commits the first two before it records: killed between, the next run would make
    tables that exist.
    """

    def apply_migration(self, state: Any, migration: Any, fake: bool = False, fake_initial: bool = False) -> Any:
        """Return the state after this migration, all of it or nothing."""
        if not migration.atomic:
            return super().apply_migration(state, migration, fake, fake_initial)
        with _foreign_keys_off(), transaction.atomic():
            return super().apply_migration(state, migration, fake, fake_initial)


def bring_up(node: Settings) -> None:
    """This will give the database this version's shape; safe to run again after being killed at any statement."""
    with _alone(node):
        executor = WholeSteps(connection)
        executor.loader.check_consistent_history(connection)
        targets = executor.loader.graph.leaf_nodes()
        plan = executor.migration_plan(targets)
        emit_pre_migrate_signal(0, False, connection.alias, plan=plan)
        executor.migrate(targets, plan)
        emit_post_migrate_signal(0, False, connection.alias, plan=plan)
        call_command("createcachetable", verbosity=0)


def newer_step() -> str:
    """Return a step of this database that this program does not know, or nothing: then another version made it."""
    known, applied = _steps()
    unknown = sorted(applied - known)
    return " ".join(unknown[0]) if unknown else ""


def schema_problem() -> str:
    """Return why this program may not run on this database, or nothing when it may."""
    known, applied = _steps()
    if applied - known:
        return f"The database is newer than this program (it has {newer_step()}). Install the newer version again."
    if known - applied:
        return "The database is older than this program. Run `watchbell upgrade`."
    return ""


def _steps() -> tuple[set[tuple[str, str]], set[tuple[str, str]]]:
    """Return the migrations this program knows and those this database has seen; no graph is built for that."""
    loader = MigrationLoader(None, load=False)
    loader.load_disk()
    return set(loader.disk_migrations or ()), set(MigrationRecorder(connection).applied_migrations())


@contextmanager
def _foreign_keys_off() -> Iterator[None]:
    """SQLite cannot turn them off inside a transaction, and rebuilds tables only without them; checked at the end."""
    if connection.vendor != "sqlite":
        yield
        return
    connection.disable_constraint_checking()
    try:
        yield
    finally:
        connection.enable_constraint_checking()


@contextmanager
def _alone(node: Settings) -> Iterator[None]:
    """Wait until no other process changes the shape of this database; a killed one holds nobody up."""
    if not node.uses_postgresql:
        with open(os.open(node.home / ".upgrading", os.O_RDWR | os.O_CREAT, 0o600), "w", encoding="ascii") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        return
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")
        cursor.execute("SET lock_timeout = 0")
        cursor.execute("SELECT pg_advisory_lock(%s)", [ONE_AT_A_TIME])
    try:
        yield
    finally:
        connection.close()  # the lock and the settings end with the session
