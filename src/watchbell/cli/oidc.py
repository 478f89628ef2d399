"""`admin oidc`: whose word for who somebody is this node takes."""

import sys
from pathlib import Path

import click

from watchbell.cli import boot
from watchbell.domain.handling import system

CONSOLE = system("console")


@click.group("oidc")
def oidc_verb() -> None:
    """Let people sign in with an OpenID Connect provider."""


@oidc_verb.command("add")
@click.argument("name")
@click.option("--issuer", required=True, help="The provider's issuer address, exactly as it states it.")
@click.option("--client-id", required=True, help="The id it gave this node.")
@click.option(
    "--secret-file",
    type=click.Path(exists=True, dir_okay=False),
    help="A file with the client secret; without it the secret is read from the standard input.",
)
@click.option("--label", default="", help="What the button on the sign-in page says; the name when left out.")
@click.option("--trust-email", is_flag=True, help="Link an account at its first sign-in by the address it verified.")
@click.option("--asserts-mfa", is_flag=True, help="Believe it when it says that several factors were used.")
@click.option("--json", "as_json", is_flag=True, help="Print the answer as JSON.")
def add_provider(
    name: str,
    issuer: str,
    client_id: str,
    secret_file: str | None,
    label: str,
    trust_email: bool,
    asserts_mfa: bool,
    as_json: bool,
) -> None:
    """Ask the provider for its configuration, keep its secret sealed and show its button."""
    boot.boot()
    from watchbell.apps.orgs import services as orgs
    from watchbell.doors import moment, oidc, providers

    wanted = providers.Wanted(name, issuer, client_id, label, trust_email, asserts_mfa)
    try:
        providers.add(wanted, _secret(secret_file), by=CONSOLE, now=moment.now(), rng=moment.dice())
    except (providers.BadProvider, oidc.NotBelieved, orgs.AlreadyThere) as error:
        raise click.ClickException(str(error)) from error
    address = providers.return_address(name)
    sentence = (
        f"{label or name} is on the sign-in page. Register this address there as the place to return to:\n  {address}"
    )
    boot.show({"name": name, "return_to": address}, as_json=as_json, sentence=sentence)


@oidc_verb.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print the answer as JSON.")
def list_providers(as_json: bool) -> None:
    """Print the providers there are, without their secrets."""
    boot.boot()
    from watchbell.apps.orgs import queries

    rows = [
        {
            "name": one.name,
            "label": one.label,
            "issuer": one.issuer,
            "client_id": one.client_id,
            "trust_email": one.trusts_email,
            "asserts_mfa": one.asserts_mfa,
        }
        for one in queries.providers()
    ]
    lines = [
        f"{row['name']}  {row['issuer']}  {_rights(bool(row['trust_email']), bool(row['asserts_mfa']))}" for row in rows
    ]
    boot.show({"providers": rows}, as_json=as_json, sentence="\n".join(lines) or "There is no provider.")


@oidc_verb.command("remove")
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="Print the answer as JSON.")
def remove_provider(name: str, as_json: bool) -> None:
    """Remove a provider; whoever signed in with it is signed out with their next click."""
    boot.boot()
    from watchbell.doors import moment, providers

    try:
        linked = providers.remove(name, by=CONSOLE, now=moment.now())
    except providers.BadProvider as error:
        raise click.ClickException(str(error)) from error
    sentence = f"{name} is removed, its secret is destroyed, {linked} links are gone."
    boot.show({"name": name, "linked": linked}, as_json=as_json, sentence=sentence)


def _secret(file: str | None) -> str:
    if file:
        return Path(file).read_text(encoding="utf-8").strip()
    if sys.stdin.isatty():
        return str(click.prompt("Client secret", hide_input=True)).strip()
    return sys.stdin.readline().strip()


def _rights(trusts_email: bool, asserts_mfa: bool) -> str:
    rights = ["trusts its addresses"] * trusts_email + ["believes its second factor"] * asserts_mfa
    return ", ".join(rights) or "opens linked accounts only"
