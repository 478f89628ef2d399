"""`init`: the database, the keys, the triggers, the first administrator."""

import os

import click

from watchbell.cli import boot
from watchbell.outside.secret import make_secret
from watchbell.outside.settings import Settings


@click.command("init")
@click.option("--admin", default="admin@localhost", show_default=True, help="Address of the first administrator.")
@click.option("--without-keys", is_flag=True, help="The old keys are lost: make new ones, lose what only they open.")
@click.option("--json", "as_json", is_flag=True, help="Print the answer as JSON.")
def init_verb(admin: str, without_keys: bool, as_json: bool) -> None:
    """Create the database, the keys and a one-time link for the first node administrator.

    Run it again whenever it was interrupted; what is there stays, and while nobody administers the node it prints a
    fresh link.
    """
    node = boot.settings()
    if not without_keys:
        boot.refuse_lost_keys(node)
    prepare_folders(node)
    boot.boot(without_keys=without_keys)
    refuse_newer()
    build(without_keys=without_keys)
    link = first_administrator(admin)
    sentence = f"The node is ready in {node.home}.\n"
    if link:
        sentence += f"Open this link once, within seven days, to become its administrator:\n  {link}\n"
    sentence += "Start it with: watchbell serve"
    boot.show({"home": str(node.home), "admin_link": link}, as_json=as_json, sentence=sentence)


def prepare_folders(node: Settings) -> None:
    """This will create the home and the key folder; refuses a key folder that PostgreSQL nodes may not share."""
    if node.uses_postgresql and not node.keys_shared:
        raise boot.CannotStart(
            "With PostgreSQL several machines may serve one node, and each needs the same keys. Put the key folder "
            "where all of them see it (WATCHBELL_KEYS) and say so with WATCHBELL_KEYS_SHARED=yes."
        )
    prepare_home(node)
    try:
        make_secret(node)
    except OSError as error:
        raise _cannot_make(error) from error


def prepare_home(node: Settings) -> None:
    """This will create the home, where only its owner can read what is written."""
    os.umask(0o077)
    try:
        node.home.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise _cannot_make(error) from error


def _cannot_make(error: OSError) -> click.ClickException:
    return click.ClickException(
        f"The node's folders cannot be made ({error.strerror}: {error.filename}). Choose others with WATCHBELL_HOME "
        "and WATCHBELL_KEYS, or run this as a user who may write there."
    )


def build(*, without_keys: bool = False) -> None:
    """This will bring the database to this version; safe to run again after being killed at any statement.

    A key that rows need is never made anew, unless it is said to be lost.
    """
    from django.conf import settings
    from django.db import connection

    from watchbell.apps.journal import triggers
    from watchbell.cli import schema
    from watchbell.doors import keys

    schema.bring_up(settings.WATCHBELL)
    triggers.install_triggers(connection)
    if not without_keys and (lost := keys.lost()):
        raise boot.CannotStart(
            f"Keys that this node's database needs are missing in {settings.WATCHBELL.keys}: {', '.join(lost)}. Put "
            f"the keystore's own copy back, or name the right folder with WATCHBELL_KEYS. {boot.WITHOUT_KEYS}"
        )
    keys.make_node_keys()


def first_administrator(email: str) -> str:
    """Return a one-time link for the first administrator, or nothing when there is one already; older links end."""
    from watchbell.apps.orgs import queries as orgs_queries
    from watchbell.apps.orgs import services as orgs
    from watchbell.domain.handling import system
    from watchbell.doors import moment
    from watchbell.web.invitations import link

    if orgs_queries.has_administrator():
        return ""
    console, now = system("console"), moment.now()
    for earlier in orgs_queries.open_invitations(console, now=now):
        orgs.withdraw_invitation(earlier, by=console, now=now)
    invitation, secret = orgs.invite(email, None, None, by=console, now=now, rng=moment.dice())
    return link(invitation.public_id, secret)


def refuse_newer() -> None:
    """This will end the command when a newer version of this program has had the database."""
    from watchbell.cli import schema

    if schema.newer_step():
        raise click.ClickException(schema.schema_problem())
