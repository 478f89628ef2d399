"""`admin suites`: put the built-in suites into this node's registry, after trying them here."""

import click

from watchbell.cli import boot
from watchbell.domain.handling import system


@click.command("suites")
def suites_verb() -> None:
    """Register the built-in suites, each after its reference and control answers were tried in the sandbox."""
    boot.boot()
    from watchbell.apps.evaluation import services
    from watchbell.domain.suites.shelf import FACE, SUITES
    from watchbell.doors import moment
    from watchbell.outside import sandbox

    click.echo(FACE)
    for name in SUITES:
        click.echo(f"{name}: trying its known answers...", err=True)
        try:
            row = services.register_built_in(
                name, sandbox.run, by=system("console"), now=moment.now(), rng=moment.dice()
            )
        except (services.NotReady, services.RegisteredOtherwise, sandbox.SandboxTrouble) as error:
            raise click.ClickException(f"{name} was not registered: {error}") from error
        click.echo(f"{row.name} version {row.version}  {row.digest}")
