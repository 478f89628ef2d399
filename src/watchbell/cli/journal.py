"""`journal`: verify the sealed record with code the writer does not share, or export an organisation's part."""

import sys
from pathlib import Path
from typing import Protocol

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
@click.option(
    "--journal",
    type=click.Path(exists=True, dir_okay=False),
    help="Your journal's export, where FILE is an access log.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the verdict as JSON.")
def verify(
    file: str | None,
    trusted: tuple[str, ...],
    heads: str | None,
    earlier: str | None,
    journal: str | None,
    as_json: bool,
) -> None:
    """Recompute chain and tree of this node, of an exported FILE, or the chains of an engagement's access log.

    FILE may also be a signed report of an evaluation: then its signature is checked.
    Exit 1, with the first place that does not hold, when something was changed.
    """
    from watchbell.cli import verify_access, verify_journal, verify_report

    before = Path(earlier) if earlier else None
    verdict: Verdict
    try:
        if file and verify_report.is_report(Path(file)):
            if earlier or journal:
                raise click.UsageError("--earlier and --journal go with a record or an access log; FILE is a report.")
            verdict = verify_report.verify_file(Path(file), trusted=trusted)
        elif file and verify_access.is_log(Path(file)):
            verdict = _of_log(Path(file), trusted, before, Path(journal) if journal else None)
        elif journal:
            raise click.UsageError("--journal goes with an access log; FILE is none.")
        elif file:
            verdict = verify_journal.verify_file(Path(file), trusted=trusted, earlier=before)
        else:
            verdict = _of_node(trusted, Path(heads) if heads else None)
    except OSError as error:
        raise boot.CannotStart(f"The record cannot be read ({error}). Check the path, and that you may.") from error
    except verify_journal.Bad as error:
        raise boot.CannotStart(f"The kept heads cannot be used ({error}). Take a file this node published.") from error
    except verify_access.Bad as error:
        raise boot.CannotStart(f"The journal cannot be used ({error}). Export it again.") from error
    boot.show(verdict.as_mapping(), as_json=as_json, sentence=str(verdict))
    sys.exit(0 if verdict.holds else 1)


class Verdict(Protocol):
    """What either verifier finds; they share no code, and so no class."""

    @property
    def holds(self) -> bool:
        """Return whether nothing bad was found."""

    def as_mapping(self) -> dict[str, object]:
        """Return the verdict as a program reads it."""


def _of_log(file: Path, trusted: tuple[str, ...], earlier: Path | None, journal: Path | None) -> Verdict:
    """Return what is found in an access log; a journal it is held against has to hold itself."""
    from watchbell.cli import verify_access, verify_journal

    if journal is not None:
        own = verify_journal.verify_file(journal, trusted=trusted)
        if not own.holds:
            return own
    return verify_access.verify_file(file, trusted=trusted, earlier=earlier, journal=journal)


def _of_node(trusted: tuple[str, ...], heads: Path | None) -> Verdict:
    from watchbell.cli import verify_journal

    node = boot.settings()
    if not node.uses_postgresql and not node.sqlite_path.exists():
        raise boot.CannotStart(f"There is no node in {node.home}. Set WATCHBELL_HOME, or name an exported file.")
    return verify_journal.verify_node(node, trusted=trusted, heads=heads)


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
