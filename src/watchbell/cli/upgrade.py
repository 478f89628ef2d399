"""`upgrade`: back up, bring the database to this version, verify."""

import click

from watchbell.cli import backup, boot, node, schema, verify_journal


@click.command("upgrade")
@click.option("--out", type=click.Path(), help="Where to put the backup; default: backups under the home.")
@click.option("--json", "as_json", is_flag=True, help="Print the answer as JSON.")
def upgrade_verb(out: str | None, as_json: bool) -> None:
    """Back up, bring the database to this version, verify it and the sealed record."""
    settings = boot.boot()
    node.refuse_newer()
    folder = backup.write_backup(settings, out)
    node.build()
    verdict = verify_journal.verify_node(settings)
    problem = schema.schema_problem() or ("" if verdict.holds else str(verdict))
    if problem:
        raise click.ClickException(f"{problem} The backup made before is in {folder}.")
    answer = {"backup": str(folder), "verified": True}
    boot.show(answer, as_json=as_json, sentence=f"Backed up to {folder}.\nThe database is at this version; verified.")
