"""`admin`: the deeds an administrator needs without the web, through the same services."""

from datetime import timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import available_timezones

import click

from watchbell.cli import boot
from watchbell.cli.oidc import oidc_verb
from watchbell.cli.suites import suites_verb
from watchbell.domain.handling import Actor, OrganisationKind, Role, Scope, system

if TYPE_CHECKING:
    from watchbell.apps.orgs.models import Organisation, Person

CONSOLE: Actor = system("console")


@click.group("admin")
def admin_verb() -> None:
    """Manage organisations, people, tokens, keys and sign-in with other houses' accounts."""


admin_verb.add_command(oidc_verb)
admin_verb.add_command(suites_verb)


@admin_verb.command("org")
@click.argument("name")
@click.option(
    "--kind", "kinds", multiple=True, required=True, type=click.Choice([str(kind) for kind in OrganisationKind])
)
@click.option("--sector", default="", help="One of the critical-infrastructure sectors.")
@click.option("--zone", default="UTC", show_default=True, help="Time zone, such as America/Chicago.")
@click.option("--json", "as_json", is_flag=True, help="Print the answer as JSON.")
def add_organisation(name: str, kinds: tuple[str, ...], sector: str, zone: str, as_json: bool) -> None:
    """Set up an organisation and print its id."""
    if zone not in available_timezones():
        raise click.BadParameter("No time zone has this name. Write it as in America/Denver.", param_hint="--zone")
    boot.boot()
    from watchbell.apps.orgs import services as orgs
    from watchbell.doors import moment

    _check_sector(sector)
    details = orgs.NewOrganisation(
        name=name, kinds=frozenset(OrganisationKind(kind) for kind in kinds), sector=sector, time_zone=zone
    )
    try:
        made = orgs.create_organisation(details, by=CONSOLE, now=moment.now(), rng=moment.dice())
    except orgs.AlreadyThere as error:
        raise click.ClickException(f"{error} Choose another name.") from error
    boot.show({"id": made.public_id, "name": made.name}, as_json=as_json, sentence=f"{made.name} is {made.public_id}.")


@click.command("erase")
@click.argument("email")
@click.option("--yes", is_flag=True, help="Do not ask for the address to be typed again.")
@click.option("--json", "as_json", is_flag=True, help="Print the answer as JSON.")
def erase_person(email: str, yes: bool, as_json: bool) -> None:
    """Blank an account's name and address and end every way in; what they did stays, under an opaque id."""
    boot.boot()
    from watchbell.apps.orgs import services as orgs
    from watchbell.doors import moment

    person = _person(email)
    if not yes and click.prompt(f"This cannot be undone. Type {email} to erase this account", err=True) != email:
        raise click.ClickException("That is another address; nothing was changed.")
    try:
        orgs.erase_person(person, by=CONSOLE, now=moment.now())
    except orgs.LastOwner as error:
        raise click.ClickException(str(error)) from error
    boot.show({"erased": person.public_id}, as_json=as_json, sentence=f"Erased; they remain as {person.public_id}.")


class OrErase(click.Command):
    """`person EMAIL` invites; `person erase EMAIL` erases, which is no address and so never meant as one."""

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        """Return the context of the deed that is meant."""
        if args[:1] == ["erase"]:
            return erase_person.make_context(f"{info_name} erase", args[1:], parent, **extra)
        return super().make_context(info_name, args, parent, **extra)


@admin_verb.command("person", cls=OrErase, epilog="`person erase EMAIL` erases an account.")
@click.argument("email")
@click.option("--org", "organisation", help="Id of the organisation to join; without it, a node administrator.")
@click.option("--role", type=click.Choice([str(role) for role in Role]), default="member", show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print the answer as JSON.")
def invite_person(email: str, organisation: str | None, role: str, as_json: bool) -> None:
    """Print a one-time link that lets someone in."""
    boot.boot()
    from watchbell.apps.orgs import services as orgs
    from watchbell.doors import moment
    from watchbell.web.invitations import link

    _check_address(email)
    joined = _organisation(organisation) if organisation else None
    invitation, secret = orgs.invite(
        email, joined, Role(role) if joined else None, by=CONSOLE, now=moment.now(), rng=moment.dice()
    )
    address = link(invitation.public_id, secret)
    boot.show({"link": address}, as_json=as_json, sentence=f"Good once, for seven days:\n  {address}")


@admin_verb.command("token")
@click.argument("email")
@click.option("--org", "organisation", required=True, help="Id of the organisation the token acts for.")
@click.option("--scope", "scopes", multiple=True, required=True, type=click.Choice([str(scope) for scope in Scope]))
@click.option("--days", default=30, show_default=True, type=click.IntRange(1, 90))
@click.option("--label", default="made on the console", show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print the answer as JSON.")
def make_token(email: str, organisation: str, scopes: tuple[str, ...], days: int, label: str, as_json: bool) -> None:
    """Print a bearer token, once."""
    boot.boot()
    from watchbell.apps.orgs import queries
    from watchbell.apps.orgs import services as orgs
    from watchbell.doors import moment

    now = moment.now()
    by = queries.actor_for_person(_person(email), organisation, strong=True, authenticated_at=now)
    if by.organisation != organisation:
        raise click.ClickException("They do not belong to this organisation. Invite them with `admin person --org`.")
    granted = [Scope(scope) for scope in scopes]
    made, text = orgs.mint_token(label, granted, by=by, lasts=timedelta(days=days), now=now, rng=moment.dice())
    answer = {"token": text, "expires_at": made.expires_at.isoformat()}
    boot.show(answer, as_json=as_json, sentence=text)


@admin_verb.command("reset-mfa")
@click.argument("email")
@click.option("--json", "as_json", is_flag=True, help="Print the answer as JSON.")
def reset_second_factor(email: str, as_json: bool) -> None:
    """Remove someone's second factors, after you made sure by other means that it is them."""
    boot.boot()
    from watchbell.doors import moment, signin

    removed = signin.remove_second_factors(_person(email), by=CONSOLE, now=moment.now())
    sentence = f"Removed {removed}. They will be asked to set up a new one at their next sign-in."
    boot.show({"removed": removed}, as_json=as_json, sentence=sentence)


@admin_verb.command("rotate-key")
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="Print the answer as JSON.")
def rotate_key(name: str, as_json: bool) -> None:
    """Make a new version of a key; what the old ones sealed stays readable."""
    boot.boot()
    from django.db import transaction

    from watchbell.apps.journal import services as journal
    from watchbell.doors import keys, moment
    from watchbell.outside.keystore import KeystoreError

    known = keys.keystore().names()
    if name not in known:
        raise click.UsageError(f"There is no key named {name!r}. The keys are: {', '.join(known)}.")
    try:
        with transaction.atomic():
            subject = journal.Subject("keystore.key", name)
            journal.record(at=moment.now(), by=CONSOLE, action="key.rotated", subject=subject)
            version = keys.keystore().rotate(name)
    except KeystoreError as error:
        raise click.ClickException(str(error)) from error
    boot.show({"key": name, "version": version}, as_json=as_json, sentence=f"{name} now has version {version}.")


def _organisation(public_id: str) -> "Organisation":
    from watchbell.apps.orgs import queries

    found = queries.find(public_id)
    if found is None:
        raise click.ClickException("There is no organisation with this id. `admin org` prints it when it sets one up.")
    return found


def _person(email: str) -> "Person":
    from watchbell.apps.orgs import queries

    found = queries.person_by_email(email)
    if found is None:
        raise click.ClickException("There is no account with this address. Invite them with `admin person`.")
    return found


def _check_address(email: str) -> None:
    from watchbell.domain.refusal import Refused
    from watchbell.outside.mail import require_address

    try:
        require_address(email)
    except Refused as error:
        raise click.BadParameter(str(error), param_hint="EMAIL") from error


def _check_sector(sector: str) -> None:
    from watchbell.web.forms import SECTORS

    known = [name for name, _ in SECTORS]
    if sector and sector not in known:
        raise click.BadParameter(f"The sectors are: {', '.join(known)}.", param_hint="--sector")
