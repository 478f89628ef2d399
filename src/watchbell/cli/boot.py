"""Make this process a node: read the settings, start Django, say plainly what is wrong."""

import json
import os
import sqlite3
import sys
from collections.abc import Mapping
from contextlib import closing
from typing import Any

import click

from watchbell.outside.settings import BadSetting, Settings

CONNECT_SECONDS = 5
A_DEED = "SELECT 1 FROM journal_entry LIMIT 1"
WITHOUT_KEYS = (
    "If they are lost for good, `watchbell init --without-keys` makes new ones: what only the old ones open is lost, "
    "such as second factors, uploaded files and early access that runs."
)
UNFINISHED = ".restoring"


class CannotStart(click.ClickException):
    """The command was understood but cannot be done here; the text says what to do. Exit 2, as for bad usage."""

    exit_code = 2


def settings() -> Settings:
    """Return this process's settings; a bad one ends the command with exit 2."""
    try:
        return Settings.from_env(os.environ)
    except BadSetting as error:
        raise CannotStart(str(error)) from error


def boot(*, reach: bool = True, restoring: bool = False, without_keys: bool = False) -> Settings:
    """Start Django for the node that `init` made, and unless told otherwise make sure that its database answers.

    A home that a restore has not finished is refused, except for the restore itself; so is a key folder without the
    keys that the database was written with.
    Whatever this process writes from here on only its own user can read.
    """
    node = settings()
    if not restoring:
        refuse_unfinished(node)
    if not (restoring or without_keys):
        refuse_lost_keys(node)
    if not (node.keys / "django-secret").exists():
        raise CannotStart(f"There is no node in {node.home} yet. Run `watchbell init` first, or set WATCHBELL_HOME.")
    os.umask(0o077)
    os.environ["DJANGO_SETTINGS_MODULE"] = "watchbell.config.settings"
    import django

    from watchbell.cli.log import write_to

    django.setup()
    write_to(sys.stderr)
    if reach:
        reach_database(node)
    return node


def unfinished(node: Settings) -> str:
    """Return when the backup was made whose restore was begun here and not finished, or nothing."""
    mark = node.home / UNFINISHED
    return mark.read_text(encoding="ascii") if mark.exists() else ""


def refuse_unfinished(node: Settings) -> None:
    """This will end the command when a restore was begun in this home and not finished."""
    if begun := unfinished(node):
        raise CannotStart(
            f"A restore of the backup of {begun} into {node.home} was not finished. "
            "Run the same `watchbell restore` again."
        )


def refuse_lost_keys(node: Settings) -> None:
    """This will end the command when the database has a past and its key folder no key: one that is not mounted, say.

    Asked before anything is made there. New keys would open nothing of the old, and would hide that those are missing.
    """
    if any(node.keys.glob("*.key")) or not has_a_past(node):
        return
    raise CannotStart(
        f"The database of this node is there, but its keys are not: {node.keys} is empty, not readable or not there. "
        "Nothing was changed. Is that folder mounted? Mount it, name the right one with WATCHBELL_KEYS, or put the "
        f"keystore's own copy back in its place. {WITHOUT_KEYS}"
    )


def has_a_past(node: Settings) -> bool:
    """Return whether anything was ever done on this node, so that its database needs its keys; Django is not asked."""
    if node.uses_postgresql:
        return _a_deed_on_the_server(node.database_url)
    if not node.sqlite_path.exists():
        return False
    try:
        with closing(sqlite3.connect(f"{node.sqlite_path.resolve().as_uri()}?mode=ro", uri=True)) as database:
            return database.execute(A_DEED).fetchone() is not None
    except sqlite3.DatabaseError:
        return False  # not built yet, or not to be reached: others say which


def _a_deed_on_the_server(url: str) -> bool:
    try:
        import psycopg
    except ImportError:
        return False
    try:
        with psycopg.connect(url, connect_timeout=CONNECT_SECONDS) as database:
            return database.execute(A_DEED).fetchone() is not None
    except psycopg.Error:
        return False


def reach_database(node: Settings) -> None:
    """This will end the command with a plain sentence unless the database answers."""
    if reason := why_unreachable(node):
        where = "WATCHBELL_DATABASE_URL" if node.uses_postgresql else f"{node.sqlite_path} and who may write there"
        raise click.ClickException(f"The database does not answer ({reason}). Check {where}.")


def why_unreachable(node: Settings) -> str:
    """Return why the database does not answer, or nothing; PostgreSQL is asked outside the pool, which waits long."""
    from django.db import DatabaseError, connection

    try:
        if node.uses_postgresql:
            return _why_no_server(node.database_url)
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError as error:
        return (str(error).strip().splitlines() or [""])[0]
    return ""


def _why_no_server(url: str) -> str:
    try:
        import psycopg
    except ImportError:
        return "the extra for PostgreSQL is not installed: pip install 'watchbell[postgres]'"
    try:
        psycopg.connect(url, connect_timeout=CONNECT_SECONDS).close()
    except psycopg.Error as error:
        return (str(error).strip().splitlines() or [""])[0]
    return ""


def show(answer: Mapping[str, Any], *, as_json: bool, sentence: str) -> None:
    """Print the answer for a program or for a person."""
    click.echo(json.dumps(answer) if as_json else sentence)
