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
@click.option("--json", "as_json", is_flag=True)
def verify(file: str | None, as_json: bool) -> None:
    """Recompute chain and tree of this node, or of an exported FILE; exit 1 and name the first bad index if wrong."""
    from watchbell.cli import verify_journal

    verdict = verify_journal.verify_file(Path(file)) if file else verify_journal.verify_node(boot.settings())
    boot.show(verdict.as_mapping(), as_json=as_json, sentence=str(verdict))
    sys.exit(0 if verdict.holds else 1)


@journal_verb.command("export")
@click.option("--org", "organisation", required=True, help="Id of the organisation whose entries to export.")
@click.option("--out", required=True, type=click.Path(dir_okay=False), help="File to write (NDJSON).")
def export(organisation: str, out: str) -> None:
    """Write an organisation's own entries with their proofs and a signed head."""
    boot.boot()
    from watchbell.apps.journal import services as journal_services
    from watchbell.domain.handling import Actor, ActorKind
    from watchbell.doors import keys, moment

    by = Actor(kind=ActorKind.SYSTEM, organisation=organisation, strong=True, name="console")
    journal_services.seal_everything()
    made = journal_services.export(by=by, now=moment.now(), keys=keys.keystore())
    with open(out, "wb") as file:
        file.writelines(made.lines)
    click.echo(f"Wrote {out}. Check it anywhere with: watchbell journal verify {out}")
