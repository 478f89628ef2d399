"""`import KIND PATH...`: read advisories, catalogues, inventories and findings; the same again changes nothing."""

import json
import sys
from functools import partial
from pathlib import Path

import click

from watchbell.cli import boot, eval_logs
from watchbell.cli.importing import FINDINGS, LOGS, ONES_OWN, PUBLISHED, Progress, Tally, Task, is_url, read
from watchbell.cli.serve import refuse_other_schema
from watchbell.domain.handling import Actor, ActorKind, OrganisationKind, Scope, system
from watchbell.outside.reader import visible_controls

LATER = ("stix",)
HELP = f"""Read KIND from each PATH: a file, a folder, .zip, .gz, .zst, NDJSON or a URL.

\b
osv cve csaf kev epss vulnrichment   what the world has published
sbom csv vex                         one organisation's own: --org says whose
findings (or sarif)                  its findings, in any format we read; --format says which where the bytes do not
eval-log                             Inspect's logs of an evaluation: --protocol says of which
{" ".join(LATER):36} not readable yet: a later version reads them

What is stored already counts as unchanged, so after an interruption run the same command again. Exit 3 when
something was refused; everything else is stored all the same.
"""


@click.command("import", help=HELP)
@click.argument("kind", type=click.Choice([*PUBLISHED, *ONES_OWN, *LOGS, *LATER]), metavar="KIND")
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@click.option("--org", "organisation", default="", help="Id or name of the organisation it belongs to.")
@click.option(
    "--asset",
    default="",
    help="Name of the asset an sbom describes (default: its file's), or a vex counts for (default: all).",
)
@click.option("--format", "said", default="", help="What findings are in: sarif, vrf, ndjson, osv, cve, csv, mail.")
@click.option("--protocol", default="", help="Id of the locked protocol that an eval-log is held against.")
@click.option("--wait", is_flag=True, help="Also do the work that follows (matching) before returning.")
@click.option("--json", "as_json", is_flag=True, help="Print the counts and refusals as JSON.")
def import_verb(
    kind: str,
    paths: tuple[str, ...],
    organisation: str,
    asset: str,
    said: str,
    protocol: str,
    wait: bool,
    as_json: bool,
) -> None:
    """Check the words, read every path, say what came of it."""
    _check(kind, paths, organisation, asset, protocol)
    if said and kind not in FINDINGS:
        raise click.UsageError("--format goes with findings only; leave it out.")
    node = boot.boot()
    refuse_other_schema()
    by = _console(kind, organisation)
    progress = Progress(is_shown=sys.stderr.isatty())
    against = eval_logs.protocol_named(protocol) if protocol else None
    task = Task(kind, by, asset, node.egress_allow, Tally(), progress, against, said)
    try:
        for path in paths:
            progress.begin(path)
            read(path, task)
        if wait:
            work_until_idle()
    except KeyboardInterrupt:
        progress.end()
        click.echo("Stopped. What was stored stays; run the same command again to go on.", err=True)
        sys.exit(130)
    progress.end()
    _show(task, as_json=as_json)
    sys.exit(3 if task.tally.refused else 0)


def _check(kind: str, paths: tuple[str, ...], organisation: str, asset: str, protocol: str) -> None:
    """Raise UsageError for what cannot work, before anything is read."""
    if kind in LATER:
        raise click.UsageError(
            f"{kind} is not readable yet; a later version reads it. Now: {', '.join(PUBLISHED)}, ..."
        )
    if kind in ONES_OWN and not organisation:
        raise click.UsageError(f"Say whose {kind} this is: --org with the id or name of an organisation.")
    if kind in LOGS and not protocol:
        raise click.UsageError(f"Say which protocol this {kind} is of: --protocol with its id.")
    if protocol and kind not in LOGS:
        raise click.UsageError("--protocol goes with eval-log only; leave it out.")
    if kind in LOGS and organisation:
        raise click.UsageError(f"The protocol says whose {kind} this is; leave out --org.")
    if kind in PUBLISHED and organisation:
        raise click.UsageError(f"{kind} is published and belongs to nobody; leave out --org.")
    if asset and kind != "vex" and (kind != "sbom" or len(paths) != 1):
        raise click.UsageError("--asset goes with exactly one sbom; without it each asset is named after its file.")
    for path in paths:
        if not is_url(path) and not Path(path).exists():
            raise click.UsageError(f"There is nothing at {path!r}. Check the path.")


def _console(kind: str, organisation: str) -> Actor:
    """Return the console, acting for the organisation where one is named; raises UsageError when nobody knows it."""
    from watchbell.apps.orgs import queries as orgs
    from watchbell.doors import moment

    console = system("console")
    if not organisation:
        return console
    known = orgs.visible_to(console, now=moment.now())
    found = orgs.find(organisation) or known.filter(name=organisation).first()
    if found is None:
        raise click.UsageError(
            f"No organisation has the id or name {organisation!r}. See `watchbell admin org --help`."
        )
    kinds = frozenset(OrganisationKind(row.kind) for row in found.kinds.all())
    if kind in ("sbom", "csv", "vex") and OrganisationKind.OPERATOR not in kinds:
        raise click.UsageError(f"{found.name} takes part as no operator, so it has no inventory here.")
    return Actor(
        kind=ActorKind.SYSTEM,
        organisation=found.public_id,
        organisation_kinds=kinds,
        scopes=frozenset(Scope),
        strong=True,
        name="console",
    )


def work_until_idle() -> None:
    """This will do what follows from the import, in this process, until nothing is left that can start now."""
    from watchbell.doors import keys, moment
    from watchbell.worker.heartbeat import beating
    from watchbell.worker.run import Worker

    # under the running clock and with a heartbeat, because a serving node's own worker may be at it too
    heart = partial(beating, clock=moment.now)
    worker = Worker(clock=moment.now, rng=moment.dice(), signer=keys.keystore(), heart=heart, is_periodic=False)
    while worker.turn():
        pass


def _show(task: Task, *, as_json: bool) -> None:
    """Print the counts, and each refusal with its place and reason; letters that move the cursor are made visible."""
    tally = task.tally
    if as_json:
        click.echo(json.dumps(tally.as_mapping(task.kind)))
        return
    for path, refusal in tally.refusals:
        click.echo(visible_controls(f"refused  {path}: {refusal}"), err=True)
    if tally.refused > len(tally.refusals):
        click.echo(f"refused  and {tally.refused - len(tally.refusals):,} more", err=True)
    click.echo(f"{tally.stored:,} stored, {tally.unchanged:,} unchanged, {tally.refused:,} refused")
