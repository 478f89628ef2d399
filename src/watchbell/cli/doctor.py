"""`doctor`: is this node well, and if not, what should its keeper do?"""

import json
import shutil
import stat
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from urllib.parse import urlsplit

import click

from watchbell.cli import backup, boot
from watchbell.outside import probes, programs
from watchbell.outside.settings import Settings

LITTLE_SPACE = 2 << 30
MOST_WAITING = 10_000
OLDEST_PLAUSIBLE = datetime(2026, 6, 1, tzinfo=UTC)
MOST_SKEW = timedelta(minutes=1)
CERTIFICATE_SOON = timedelta(days=14)
NEED_DATABASE = frozenset({"database", "schema", "record", "access", "clock", "jobs"})
MOST_NAMED = 5
NO_BACKUP_HOLDS_THEM = (
    "No backup holds these. Their developer withdraws, which works without them, and offers anew; access stays shut."
)
SMTP_PORTS = {"smtp": 25, "smtps": 465}


class State(StrEnum):
    """How one thing was found; only `ill` needs someone now."""

    WELL = "well"
    NOTE = "note"
    ILL = "ill"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at: how it is, what was found and what to do."""

    name: str
    state: State
    found: str
    todo: str = ""


@click.command("doctor")
@click.option("--json", "as_json", is_flag=True, help="Print the checks as JSON.")
def doctor_verb(as_json: bool) -> None:
    """Check database, keys, disk, clock, sandbox, mail and certificates. Exit 1 when something is ill."""
    node = boot.boot(reach=False)
    checks = list(examine(node))
    if as_json:
        click.echo(json.dumps({"checks": [asdict(check) for check in checks]}))
    else:
        for check in checks:
            click.echo(f"{check.state:5} {check.name:11} {check.found}")
            if check.todo:
                click.echo(f"{'':18}-> {check.todo}")
    sys.exit(1 if any(check.state is State.ILL for check in checks) else 0)


def examine(node: Settings) -> Iterator[Check]:
    """Yield each check's result; one that fails unexpectedly is ill, and the others still run."""
    looks: dict[str, Callable[[Settings], Check]] = {
        "database": _database,
        "schema": _schema,
        "record": _record,
        "keys": _keys,
        "access": _access,
        "disk": examine_disk,
        "clock": _clock,
        "address": _address,
        "certificate": _certificate,
        "mail": _mail,
        "sandbox": _sandbox,
        "jobs": _jobs,
    }
    unreachable = boot.why_unreachable(node)
    for name, look in looks.items():
        if unreachable and name in NEED_DATABASE:
            todo = "Check WATCHBELL_DATABASE_URL." if node.uses_postgresql else f"Check {node.sqlite_path}."
            yield ill(name, f"not looked at: the database does not answer ({unreachable})", todo)
            continue
        try:
            yield look(node)
        except Exception as error:
            first = (str(error).strip().splitlines() or [""])[0]
            yield ill(name, f"{type(error).__name__}: {first}", "Mend what it names, then run this again.")


def well(name: str, found: str) -> Check:
    """Return that nothing needs doing."""
    return Check(name, State.WELL, found)


def note(name: str, found: str, todo: str = "") -> Check:
    """Return something worth knowing."""
    return Check(name, State.NOTE, found, todo)


def ill(name: str, found: str, todo: str) -> Check:
    """Return something that needs someone now."""
    return Check(name, State.ILL, found, todo)


def _database(node: Settings) -> Check:
    return _postgresql() if node.uses_postgresql else _embedded(node)


def _postgresql() -> Check:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version_num")
        number = int(cursor.fetchone()[0])
    if number < 150000:
        return ill("database", f"PostgreSQL {number // 10000}", "Use PostgreSQL 15 or newer.")
    return well("database", f"PostgreSQL {number // 10000}")


def _embedded(node: Settings) -> Check:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("PRAGMA quick_check(1)")
        answer = cursor.fetchone()[0]
        cursor.execute("PRAGMA journal_mode")
        mode = cursor.fetchone()[0]
    if answer != "ok":
        return ill("database", f"damaged: {answer}", "Stop the node, keep a copy, restore the last backup.")
    if mode != "wal":
        return ill(
            "database", f"journal mode {mode}", "Put the home on a local file system; a network one will not do."
        )
    return well("database", f"embedded, {node.sqlite_path.stat().st_size >> 20} MiB")


def _schema(_node: Settings) -> Check:
    from watchbell.cli.schema import schema_problem

    problem = schema_problem()
    return ill("schema", problem, "watchbell upgrade") if problem else well("schema", "this version's")


def _record(_node: Settings) -> Check:
    from django.db import connection

    from watchbell.apps.journal import queries, triggers

    if not triggers.are_installed(connection):
        return ill("record", "the database would let entries be changed", "Run `watchbell init` again; it mends this.")
    waiting = queries.waiting_for_a_seal()
    if waiting > MOST_WAITING:
        return note("record", f"{waiting} entries wait for the sealer", "Is a worker running?")
    return well("record", f"append-only; {waiting} entries wait for the sealer")


def _keys(node: Settings) -> Check:
    from watchbell.doors import keys

    mode = stat.S_IMODE(node.keys.stat().st_mode)
    if mode & 0o077:
        return ill("keys", f"{node.keys} has mode {mode:o}", f"chmod 700 {node.keys}")
    if broken := [one for one in keys.keystore().health() if not _is_of_an_engagement(one.key_id)]:
        return ill("keys", " ".join(map(str, broken)), "Restore the keystore's own backup; all else goes on meanwhile.")
    if missing := set(keys.NODE_KEYS) - set(keys.keystore().names()):
        return ill("keys", f"missing: {', '.join(sorted(missing))}", "Restore the keystore's own backup.")
    if node.sqlite_path.is_relative_to(node.keys):
        return ill("keys", "the database lies among the keys", "Set WATCHBELL_KEYS to a folder of its own.")
    return well("keys", f"{len(keys.keystore().names())} in {node.keys}, readable by its owner only")


def _access(_node: Settings) -> Check:
    from watchbell.apps.engagements import queries
    from watchbell.doors import keys, moment

    needed, there = queries.keys_needed(now=moment.now()), set(keys.keystore().names())
    broken = {one.key_id for one in keys.keystore().health() if _is_of_an_engagement(one.key_id)} & needed
    if lost := sorted((needed - there) | broken):
        found = f"cannot be used: {', '.join(lost[:MOST_NAMED])}{' ...' if len(lost) > MOST_NAMED else ''}"
        return ill("access", found, NO_BACKUP_HOLDS_THEM)
    if owed := queries.receipts_owed():
        todo = "Is a worker running, and the key named receipts well? The round writes them."
        return note("access", f"{owed} ended engagements wait for a receipt", todo)
    return well("access", f"{len(needed)} engagements' keys, all of them in use")


def _is_of_an_engagement(key_id: str) -> bool:
    from watchbell.apps.engagements.words import OF_ENGAGEMENTS

    return key_id.partition("-")[0] in OF_ENGAGEMENTS


def examine_disk(node: Settings) -> Check:
    """Return whether there is space, and what takes some up without need."""
    free = shutil.disk_usage(node.home).free
    found = f"{free / (1 << 30):.1f} GiB free"
    if free < LITTLE_SPACE:
        return ill("disk", found, "Free some space; writes are refused when the disk is full.")
    if left := backup.unfinished(node):
        todo = "The next backup removes it; until then it takes up space."
        return note("disk", f"{found}; unfinished backup {left[0]}", todo)
    return well("disk", found)


def _clock(node: Settings) -> Check:
    from watchbell.apps.journal import queries
    from watchbell.doors import moment

    now = moment.now()
    latest = queries.latest_instant()
    todo = "Set the clock by NTP; deadlines and seals need it."
    if now < OLDEST_PLAUSIBLE or (latest and now < latest):
        return ill("clock", f"{now:%Y-%m-%d %H:%M} UTC is before what was recorded here", todo)
    if node.uses_postgresql and (skew := abs(_database_time() - moment.now())) > MOST_SKEW:
        return ill("clock", f"{skew.total_seconds():.0f} s apart from the database server's", todo)
    return well("clock", f"{now:%Y-%m-%d %H:%M} UTC")


def _database_time() -> datetime:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        told: datetime = cursor.fetchone()[0]
    return told


def _address(node: Settings) -> Check:
    if not node.is_https:
        todo = "For others, put TLS in front; see docs/howto/serve.md."
        return note("address", f"{node.base_url}: this machine only", todo)
    if not node.trusted_proxies:
        return ill("address", f"{node.base_url}, but no proxy is named", "Set WATCHBELL_TRUSTED_PROXIES.")
    return well("address", f"{node.base_url}, TLS by {', '.join(node.trusted_proxies)}")


def _certificate(node: Settings) -> Check:
    from watchbell.doors import moment

    if not node.is_https:
        return note("certificate", "none needed on this machine only")
    try:
        ends_at = probes.certificate_ends_at(node.host, urlsplit(node.base_url).port or 443)
    except probes.NoAnswer as error:
        return ill("certificate", str(error), "Check the proxy in front and its certificate.")
    if ends_at - moment.now() < CERTIFICATE_SOON:
        return ill("certificate", f"good until {ends_at:%Y-%m-%d}", "Renew it.")
    return well("certificate", f"good until {ends_at:%Y-%m-%d}")


def _mail(node: Settings) -> Check:
    if not node.email_url:
        return note("mail", f"not configured: mails become files in {node.home / 'mail'}", "Set WATCHBELL_EMAIL_URL.")
    parts = urlsplit(node.email_url)
    if parts.scheme not in SMTP_PORTS or not parts.hostname:
        return ill("mail", "WATCHBELL_EMAIL_URL is not a mail server", "Write smtps://user:password@host")
    port = parts.port or (587 if parts.scheme == "smtp" and parts.username else SMTP_PORTS[parts.scheme])
    try:
        probes.connect(parts.hostname, port)
    except probes.NoAnswer as error:
        return ill("mail", str(error), "Check WATCHBELL_EMAIL_URL and the way to that server.")
    return well("mail", f"{parts.hostname} port {port} answers")


def _sandbox(_node: Settings) -> Check:
    from watchbell.outside import sandbox

    try:
        containment = sandbox.self_test()
    except sandbox.ContainmentMissing as error:
        return note("sandbox", str(error), "Only what runs code of others needs it. See docs/howto/sandbox.md.")
    if shut := containment.open_walls:
        found = "does not hold: " + "; ".join(f"{wall.name}: {wall.seen}" for wall in shut)
        return note("sandbox", found, "What runs code of others refuses to run here. See docs/howto/sandbox.md.")
    return well("sandbox", f"{programs.version('bwrap')}: {len(containment.probes)} walls tried, all hold")


def _jobs(_node: Settings) -> Check:
    from watchbell.apps.jobs import queries

    dead = queries.count_dead()
    if dead:
        return note("jobs", f"{dead} jobs gave up", "Look at Work on the node's pages and retry or drop them.")
    return well("jobs", "none gave up")
