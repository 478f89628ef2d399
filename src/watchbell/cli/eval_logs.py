"""This will take in logs of an evaluator's own Inspect for `import eval-log`, each held against a locked protocol."""

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import click

from watchbell.domain.refusal import Refusal, Refused
from watchbell.outside.keystore import KeystoreError

if TYPE_CHECKING:
    from watchbell.cli.importing import Task


def protocol_named(name: str) -> Any:
    """Return the protocol with this id; raises UsageError when there is none."""
    from watchbell.apps.evaluation import queries as evaluation

    found = evaluation.find(name)
    if found is None:
        raise click.UsageError(f"No protocol has the id {name!r}. Its page shows it.")
    return found


def take_in(where: str, name: str, source: Path | BinaryIO, task: "Task") -> None:
    """Take in one log and add up; one that is refused as a whole is one refusal, and the next one is read."""
    from watchbell.apps.engagements.services import IsOver, NotAllowed, NotYet
    from watchbell.apps.evaluation import services as evaluation
    from watchbell.doors import keys, moment

    with ExitStack() as stack:
        file = stack.enter_context(source.open("rb")) if isinstance(source, Path) else source
        try:
            taken = evaluation.import_log(
                task.protocol,
                evaluation.LogFile(name, file),
                store=keys.blob_store(),
                by=task.by,
                now=moment.now(),
                keys=keys.keystore(),
                rng=moment.dice(),
                progress=task.progress,
            )
        except Refused as refused:
            task.tally.refuse(where, refused.refusal)
            return
        except (IsOver, NotAllowed, NotYet, KeystoreError) as error:
            task.tally.refuse(where, Refusal(code="not-now", message=str(error).rstrip(".")))
            return
    task.tally.stored += taken.stored
    task.tally.unchanged += taken.unchanged
    task.tally.refuse(where, *taken.refusals, count=taken.refused)
