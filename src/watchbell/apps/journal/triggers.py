"""The database itself refuses to change or remove what was recorded; `init` and `upgrade` install this.

Not a migration: emptying tables between tests needs the triggers absent.
"""

from collections.abc import Iterator

from django.db.backends.base.base import BaseDatabaseWrapper

from watchbell.apps.journal.models import Entry, EntryConcern, Seal, TreeHead

SAYS = "the journal is append-only: nothing recorded is changed or removed"
_UNIQUE = {
    Entry: ("id", "public_id"),
    EntryConcern: ("id",),
    Seal: ("seq", "entry_id"),
    TreeHead: ("id", "published_for"),
}
TABLES = tuple(model._meta.db_table for model in _UNIQUE)


def install_triggers(connection: BaseDatabaseWrapper) -> None:
    """This will make the database refuse every UPDATE, DELETE, REPLACE and TRUNCATE on the record; repeat-safe."""
    _run(connection, _postgresql() if connection.vendor == "postgresql" else _sqlite())


def remove_triggers(connection: BaseDatabaseWrapper) -> None:
    """This will take the refusal away again, for tests and for nothing else."""
    _run(connection, (_drop(connection.vendor, name, table) for name, table in _names(connection.vendor)))


def are_installed(connection: BaseDatabaseWrapper) -> bool:
    """Return whether every trigger is in place, for the node's doctor."""
    catalogue = "pg_trigger" if connection.vendor == "postgresql" else "sqlite_master"
    column = "tgname" if connection.vendor == "postgresql" else "name"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {column} FROM {catalogue} WHERE {column} LIKE 'journal%append_only%'")  # noqa: S608 (constants)
        found = {row[0] for row in cursor.fetchall()}
    return {name for name, _ in _names(connection.vendor)} <= found


def _run(connection: BaseDatabaseWrapper, statements: Iterator[str]) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def _names(vendor: str) -> Iterator[tuple[str, str]]:
    kinds = ("row", "truncate") if vendor == "postgresql" else ("update", "delete", "replace")
    for table in TABLES:
        for kind in kinds:
            yield f"{table}_append_only_{kind}", table


def _drop(vendor: str, name: str, table: str) -> str:
    return f"DROP TRIGGER IF EXISTS {name}" + (f" ON {table}" if vendor == "postgresql" else "")


def _postgresql() -> Iterator[str]:
    yield (
        "CREATE OR REPLACE FUNCTION journal_append_only() RETURNS trigger LANGUAGE plpgsql AS"
        f" $$ BEGIN RAISE EXCEPTION '{SAYS}'; END $$"
    )
    for table in TABLES:
        yield (
            f"CREATE OR REPLACE TRIGGER {table}_append_only_row BEFORE UPDATE OR DELETE ON {table}"
            " FOR EACH ROW EXECUTE FUNCTION journal_append_only()"
        )
        yield (
            f"CREATE OR REPLACE TRIGGER {table}_append_only_truncate BEFORE TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION journal_append_only()"
        )


def _sqlite() -> Iterator[str]:
    refusal = f"BEGIN SELECT RAISE(ABORT, '{SAYS}'); END"
    for model, columns in _UNIQUE.items():
        table = model._meta.db_table
        yield f"CREATE TRIGGER IF NOT EXISTS {table}_append_only_update BEFORE UPDATE ON {table} {refusal}"
        yield f"CREATE TRIGGER IF NOT EXISTS {table}_append_only_delete BEFORE DELETE ON {table} {refusal}"
        # INSERT OR REPLACE removes the old row without asking the delete trigger
        taken = " OR ".join(f"EXISTS (SELECT 1 FROM {table} WHERE {name} = NEW.{name})" for name in columns)  # noqa: S608 (constants)
        when = f"BEFORE INSERT ON {table} WHEN {taken}"
        yield f"CREATE TRIGGER IF NOT EXISTS {table}_append_only_replace {when} {refusal}"
