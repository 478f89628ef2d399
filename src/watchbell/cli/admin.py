"""`admin`: the deeds an administrator needs without the web, through the same services."""

from datetime import timedelta
from typing import TYPE_CHECKING

import click

from watchbell.cli import boot
from watchbell.domain.handling import Actor, OrganisationKind, Role, Scope, system

if TYPE_CHECKING:
    from watchbell.apps.orgs.models import Organisation

CONSOLE: Actor = system("console")


@click.group("admin")
def admin_verb() -> None:
    """Manage organisations, people, tokens and keys."""
    boot.boot()


@admin_verb.command("org")
@click.argument("name")
@click.option(
    "--kind", "kinds", multiple=True, required=True, type=click.Choice([str(kind) for kind in OrganisationKind])
)
@click.option("--sector", default="", help="One of the critical-infrastructure sectors.")
@click.option("--zone", default="UTC", show_default=True, help="Time zone, such as America/Chicago.")
@click.option("--json", "as_json", is_flag=True)
def add_organisation(name: str, kinds: tuple[str, ...], sector: str, zone: str, as_json: bool) -> None:
    """Set up an organisation."""
    from watchbell.apps.orgs import services as orgs
    from watchbell.doors import moment

    details = orgs.NewOrganisation(
        name=name, kinds=frozenset(OrganisationKind(kind) for kind in kinds), sector=sector, time_zone=zone
    )
    try:
        made = orgs.create_organisation(details, by=CONSOLE, now=moment.now(), rng=moment.dice())
    except orgs.AlreadyThere as error:
        raise click.ClickException(str(error)) from error
    boot.show({"id": made.public_id, "name": made.name}, as_json=as_json, sentence=f"{made.name} is {made.public_id}.")


@admin_verb.command("person")
@click.argument("email")
@click.option("--org", "organisation", help="Id of the organisation to join; without it, a node administrator.")
@click.option("--role", type=click.Choice([str(role) for role in Role]), default="member", show_default=True)
@click.option("--json", "as_json", is_flag=True)
def invite_person(email: str, organisation: str | None, role: str, as_json: bool) -> None:
    """Print a one-time link that lets someone in."""
    from watchbell.apps.orgs import services as orgs
    from watchbell.doors import moment

    joined = _organisation(organisation) if organisation else None
    invitation, secret = orgs.invite(
        email, joined, Role(role) if joined else None, by=CONSOLE, now=moment.now(), rng=moment.dice()
    )
    link = f"{boot.settings().base_url}/join/{invitation.public_id}/{secret}"
    boot.show({"link": link}, as_json=as_json, sentence=f"Good once, for seven days:\n  {link}")


@admin_verb.command("token")
@click.argument("email")
@click.option("--org", "organisation", required=True, help="Id of the organisation the token acts for.")
@click.option("--scope", "scopes", multiple=True, required=True, type=click.Choice([str(scope) for scope in Scope]))
@click.option("--days", default=30, show_default=True, type=click.IntRange(1, 90))
@click.option("--label", default="made on the console", show_default=True)
def make_token(email: str, organisation: str, scopes: tuple[str, ...], days: int, label: str) -> None:
    """Print a bearer token, once."""
    from watchbell.apps.orgs import queries
    from watchbell.apps.orgs import services as orgs
    from watchbell.doors import moment

    now = moment.now()
    person = queries.person_by_email(email)
    by = queries.actor_for_person(person, organisation, strong=True, authenticated_at=now) if person else None
    if by is None or by.organisation != organisation:
        raise click.ClickException("Nobody with this address belongs to that organisation.")
    _, text = orgs.mint_token(
        label,
        [Scope(scope) for scope in scopes],
        by=by,
        lasts=timedelta(days=days),
        now=now,
        rng=moment.dice(),
    )
    click.echo(text)


@admin_verb.command("reset-mfa")
@click.argument("email")
def reset_second_factor(email: str) -> None:
    """Remove someone's second factors, after you made sure by other means that it is them."""
    from watchbell.apps.orgs import queries
    from watchbell.doors import moment, signin

    person = queries.person_by_email(email)
    if person is None:
        raise click.ClickException("There is no account with this address.")
    removed = signin.remove_second_factors(person, by=CONSOLE, now=moment.now())
    click.echo(f"Removed {removed}. They will be asked to set up a new one at their next sign-in.")


@admin_verb.command("rotate-key")
@click.argument("name")
def rotate_key(name: str) -> None:
    """Make a new version of a key; what the old ones sealed stays readable."""
    from watchbell.doors.keys import keystore

    keystore().rotate(name)
    click.echo(f"{name} has a new version.")


def _organisation(public_id: str) -> "Organisation":
    from watchbell.apps.orgs import queries

    found = queries.find(public_id)
    if found is None:
        raise click.ClickException("There is no organisation with this id.")
    return found
