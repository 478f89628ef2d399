"""`verify-voluntary`: the promises V1 to V16 tried against this very code, on a scratch node that goes afterwards."""

import json
import logging
import os
import sys
import tempfile
from pathlib import Path

import click


@click.command("verify-voluntary")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def verify_voluntary_verb(as_json: bool) -> None:
    """Try to break each of the promises V1 to V16 against the code installed here, and say what was tried.

    It builds a scratch node of its own in a temporary folder, on the embedded database, and never opens yours.
    Exit 0 when all of them hold, 1 when one does not.
    """
    with tempfile.TemporaryDirectory(prefix="watchbell-voluntary-", ignore_cleanup_errors=True) as folder:
        _become(Path(folder))
        from watchbell.voluntary.run import Run
        from watchbell.voluntary.verify import verify

        found = []
        for checked in verify(Run(Path(folder))):
            found.append(checked)
            if not as_json:
                mark = "holds" if checked.holds else "BROKEN"
                click.echo(f"{checked.id:4} {mark:7} {checked.tried}")
                if not checked.holds:
                    click.echo(f"     counterexample: {checked.counterexample}")
    if as_json:
        click.echo(json.dumps({"properties": [checked.as_mapping() for checked in found]}))
    sys.exit(0 if all(checked.holds for checked in found) else 1)


def _become(home: Path) -> None:
    """This will make this process a scratch node: what the environment says of the real one is forgotten."""
    for name in [name for name in os.environ if name.startswith("WATCHBELL_")]:
        del os.environ[name]
    os.environ["WATCHBELL_HOME"] = str(home)
    from watchbell.cli import boot
    from watchbell.cli import node as nodes

    nodes.prepare_folders(boot.settings())
    boot.boot()
    nodes.build()
    logging.disable(logging.ERROR)  # what its own requests are answered is looked at, not told
