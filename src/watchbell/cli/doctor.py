"""`doctor`: is this node well, and if not, what should its keeper do?"""

import json
import shutil
import stat
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

import click

from watchbell.cli import boot
from watchbell.outside import programs
from watchbell.outside.settings import Settings

LITTLE_SPACE = 2 << 30
OLDEST_PLAUSIBLE = datetime(2026, 6, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at: `state` is well, note or ill."""

    name: str
    state: str
    found: str
    todo: str = ""


@click.command("doctor")
@click.option("--json", "as_json", is_flag=True, help="Print the checks as JSON.")
def doctor_verb(as_json: bool) -> None:
    """Check database, keys, disk, clock, mail and sandbox. Exit 1 when something is ill."""
    node = boot.boot()
    checks = list(examine(node))
    if as_json:
        click.echo(json.dumps({"checks": [asdict(check) for check in checks]}))
    else:
        for check in checks:
            click.echo(f"{check.state:5} {check.name:10} {check.found}")
            if check.todo:
                click.echo(f"{'':17}-> {check.todo}")
    sys.exit(1 if any(check.state == "ill" for check in checks) else 0)


def examine(node: Settings) -> Iterator[Check]:
    """Yield each check's result; one that fails unexpectedly is ill, and the others still run."""
    looks: list[tuple[str, Callable[[Settings], Check]]] = [
        ("database", _database),
        ("schema", _schema),
        ("record", _record),
        ("keys", _keys),
        ("disk", _disk),
        ("clock", _clock),
        ("address", _address),
        ("mail", _mail),
        ("sandbox", _sandbox),
        ("jobs", _jobs),
    ]
    for name, look in looks:
        try:
            yield look(node)
        except Exception as error:
            yield Check(name, "ill", f"{type(error).__name__}: {error}", "See the message; the other checks went on.")


def _database(node: Settings) -> Check:
    from django.db import connection

    with connection.cursor() as cursor:
        if node.uses_postgresql:
            cursor.execute("SHOW server_version_num")
            number = int(cursor.fetchone()[0])
            if number < 150000:
                return Check("database", "ill", f"PostgreSQL {number}", "Use PostgreSQL 15 or newer.")
            return Check("database", "well", f"PostgreSQL {number // 10000}")
        cursor.execute("PRAGMA quick_check")
        answer = cursor.fetchone()[0]
        cursor.execute("PRAGMA journal_mode")
        mode = cursor.fetchone()[0]
    if answer != "ok" or mode != "wal":
        return Check("database", "ill", f"quick_check: {answer}, journal: {mode}", "Restore the last backup.")
    return Check("database", "well", f"embedded, {node.sqlite_path.stat().st_size >> 20} MiB")


def _schema(_node: Settings) -> Check:
    from watchbell.cli.node import schema_problem

    problem = schema_problem()
    return (
        Check("schema", "ill", problem, "watchbell upgrade") if problem else Check("schema", "well", "this version's")
    )


def _record(_node: Settings) -> Check:
    from watchbell.apps.journal import queries

    waiting = queries.waiting_for_a_seal()
    if waiting > 10_000:
        return Check("record", "note", f"{waiting} entries wait for the sealer", "Is a worker running?")
    return Check("record", "well", f"{waiting} entries wait for the sealer")


def _keys(node: Settings) -> Check:
    from watchbell.doors import keys

    mode = stat.S_IMODE(node.keys.stat().st_mode)
    if mode & 0o077:
        return Check("keys", "ill", f"{node.keys} has mode {mode:o}", f"chmod 700 {node.keys}")
    for name in (keys.MFA_SEEDS, keys.CURSORS, keys.FILES):
        sealed = keys.keystore().seal(name, b"doctor", b"probe")
        if keys.keystore().open(name, b"doctor", sealed) != b"probe":
            return Check("keys", "ill", f"{name} does not open what it sealed", "Restore the keystore.")
    return Check("keys", "well", f"{node.keys}, readable by its owner only")


def _disk(node: Settings) -> Check:
    free = shutil.disk_usage(node.home).free
    found = f"{free >> 30} GiB free"
    if free < LITTLE_SPACE:
        return Check("disk", "ill", found, "Free some space; writes are refused when the disk is full.")
    return Check("disk", "well", found)


def _clock(node: Settings) -> Check:
    from watchbell.apps.journal import queries
    from watchbell.doors import moment

    now = moment.now()
    latest = queries.latest_instant()
    if now < OLDEST_PLAUSIBLE or (latest and now < latest):
        return Check(
            "clock", "ill", f"{now:%Y-%m-%d %H:%M} UTC is in the past", "Set the clock (NTP); deadlines need it."
        )
    return Check("clock", "well", f"{now:%Y-%m-%d %H:%M} UTC")


def _address(node: Settings) -> Check:
    if node.is_https:
        return Check("address", "well", node.base_url)
    return Check(
        "address",
        "note",
        f"{node.base_url}: this machine only",
        "For others, put TLS in front; see docs/howto/serve.md.",
    )


def _mail(node: Settings) -> Check:
    if not node.email_url:
        return Check(
            "mail", "note", f"not configured: mails become files in {node.home / 'mail'}", "Set WATCHBELL_EMAIL_URL."
        )
    return Check("mail", "well", "configured")


def _sandbox(_node: Settings) -> Check:
    found = programs.version("bwrap")
    return (
        Check("sandbox", "well", found)
        if found
        else Check("sandbox", "note", "bubblewrap is not installed; nothing here needs it yet")
    )


def _jobs(_node: Settings) -> Check:
    from watchbell.apps.jobs import queries

    dead = queries.count_dead()
    if dead:
        return Check("jobs", "note", f"{dead} jobs gave up", "Look at Work on the node's pages and retry or drop them.")
    return Check("jobs", "well", "none gave up")
