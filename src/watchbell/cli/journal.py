"""`journal`: verify the sealed record with code the writer does not share, or export an organisation's part."""

import sys
from pathlib import Path

import click

from watchbell.cli import boot


@click.group("journal")
def journal_verb() -> None:
    """Verify or export the sealed record."""


@journal_verb.command("verify")
@click.argument("file", required=False, type=click.Path(exists=True, dir_okay=False))
@click.option("--key", "trusted", multiple=True, help="Trust only this public key (hexadecimal).")
@click.option("--heads", type=click.Path(exists=True, dir_okay=False), help="Published heads that you kept earlier.")
@click.option("--earlier", type=click.Path(exists=True, dir_okay=False), help="An export FILE has to begin with.")
@click.option("--json", "as_json", is_flag=True, help="Print the verdict as JSON.")
def verify(file: str | None, trusted: tuple[str, ...], heads: str | None, earlier: str | None, as_json: bool) -> None:
    """Recompute chain and tree of this node, or of an exported FILE.

    Exit 1, with the first place that does not hold, when something was changed.
    """
    from watchbell.cli import verify_journal

    node = boot.settings()
    if not file and not node.uses_postgresql and not node.sqlite_path.exists():
        raise boot.CannotStart(f"There is no node in {node.home}. Set WATCHBELL_HOME, or name an exported file.")
    try:
        if file:
            before = Path(earlier) if earlier else None
            verdict = verify_journal.verify_file(Path(file), trusted=trusted, earlier=before)
        else:
            verdict = verify_journal.verify_node(node, trusted=trusted, heads=Path(heads) if heads else None)
    except OSError as error:
        raise boot.CannotStart(f"The record cannot be read ({error}). Check the path, and that you may.") from error
    except verify_journal.Bad as error:
        raise boot.CannotStart(f"The kept heads cannot be used ({error}). Take a file this node published.") from error
    boot.show(verdict.as_mapping(), as_json=as_json, sentence=str(verdict))
    sys.exit(0 if verdict.holds else 1)


@journal_verb.command("export")
@click.option("--org", "organisation", required=True, help="Id of the organisation whose entries to export.")
@click.option("--out", required=True, type=click.Path(dir_okay=False), help="File to write (NDJSON).")
def export(organisation: str, out: str) -> None:
    """Write all of an organisation's own entries, with proofs that none was changed or left out."""
    boot.boot()
    from watchbell.apps.journal import services as journal_services
    from watchbell.apps.orgs import queries as orgs
    from watchbell.domain.handling import Actor, ActorKind
    from watchbell.doors import keys, moment
    from watchbell.outside import durable

    if orgs.find(organisation) is None:
        raise click.ClickException("There is no organisation with this id. `admin org` prints it when it sets one up.")
    if Path(out).exists():
        raise click.UsageError(f"{out} exists; name a new file.")
    by = Actor(kind=ActorKind.SYSTEM, organisation=organisation, strong=True, name="console")
    made = journal_services.export(by=by, now=moment.now(), keys=keys.keystore())
    try:
        durable.write(Path(out).absolute(), made.lines)
    except OSError as error:
        raise click.ClickException(f"{out} was not written ({error.strerror}). Choose another place.") from error
    click.echo(f"Wrote {out}. Check it anywhere with: watchbell journal verify {out}")
