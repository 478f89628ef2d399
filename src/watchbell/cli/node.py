"""`init` and `upgrade`: the database, the keys, the triggers, the first administrator."""

import click

from watchbell.cli import boot
from watchbell.outside.secret import make_secret
from watchbell.outside.settings import Settings


@click.command("init")
@click.option("--admin", default="admin@localhost", show_default=True, help="Address of the first administrator.")
@click.option("--json", "as_json", is_flag=True, help="Print the answer as JSON.")
def init_verb(admin: str, as_json: bool) -> None:
    """Create the database, the keys and a one-time link for the first node administrator."""
    node = boot.settings()
    prepare_folders(node)
    boot.boot()
    build()
    link = first_administrator(node, admin)
    sentence = f"The node is ready in {node.home}.\n"
    if link:
        sentence += f"Open this link once, within seven days, to become its administrator:\n  {link}\n"
    sentence += "Start it with: watchbell serve"
    boot.show({"home": str(node.home), "admin_link": link}, as_json=as_json, sentence=sentence)


@click.command("upgrade")
@click.option("--out", type=click.Path(), help="Where to put the backup; default: backups under the home.")
def upgrade_verb(out: str | None) -> None:
    """Back up, migrate, verify."""
    from watchbell.cli.backup import write_backup

    node = boot.boot()
    folder = write_backup(node, out)
    click.echo(f"Backed up to {folder}.")
    build()
    problem = schema_problem()
    if problem:
        raise click.ClickException(problem)
    click.echo("The database is at this version.")


def prepare_folders(node: Settings) -> None:
    """This will create the home and the key folder; refuses a key folder that PostgreSQL nodes may not share."""
    if node.uses_postgresql and not node.keys_shared:
        raise click.UsageError(
            "With PostgreSQL several machines may serve one node, and each needs the same keys. Put the key folder "
            "where all of them see it (WATCHBELL_KEYS) and say so with WATCHBELL_KEYS_SHARED=yes."
        )
    node.home.mkdir(mode=0o700, parents=True, exist_ok=True)
    make_secret(node)


def build() -> None:
    """This will bring the database to this version; safe to run again after being killed at any statement."""
    from django.core.management import call_command
    from django.db import connection

    from watchbell.apps.journal import triggers
    from watchbell.doors import keys

    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    call_command("migrate", verbosity=0, interactive=False)
    call_command("createcachetable", verbosity=0)
    triggers.install_triggers(connection)
    keys.make_node_keys()


def schema_problem() -> str:
    """Return why this code may not run on this database, or nothing when it may."""
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    known = set(executor.loader.disk_migrations)
    applied = set(executor.loader.applied_migrations)
    rooms = {label for label, _ in known}
    if newer := {one for one in applied - known if one[0] in rooms}:
        return f"The database is newer than this program ({sorted(newer)[0]}). Install the newer version again."
    if known - applied:
        return "The database is older than this program. Run `watchbell upgrade`."
    return ""


def first_administrator(node: Settings, email: str) -> str:
    """Return a one-time link for the first administrator, or nothing when there is one already."""
    from watchbell.apps.orgs import queries as orgs_queries
    from watchbell.apps.orgs import services as orgs
    from watchbell.domain.handling import system
    from watchbell.doors import moment

    if orgs_queries.has_administrator():
        return ""
    invitation, secret = orgs.invite(email, None, None, by=system("console"), now=moment.now(), rng=moment.dice())
    return f"{node.base_url}/join/{invitation.public_id}/{secret}"
