"""This will take in logs of an evaluator's own Inspect, and signed results, each held against a locked protocol."""

import re
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import click

from watchbell.domain.refusal import Refusal, Refused
from watchbell.formats.sealed_results import MOST_BYTES
from watchbell.outside.keystore import KeystoreError

ENVELOPE = re.compile(rb'\s*\{\s*"(payload|payloadType|signatures)"')

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
        deed: dict[str, Any] = {"by": task.by, "now": moment.now(), "keys": keys.keystore(), "rng": moment.dice()}
        try:
            if _is_envelope(file):
                content = file.read(MOST_BYTES + 1)
                taken = evaluation.import_sealed_result(task.protocol, content, **deed)
            else:
                log = evaluation.LogFile(name, file)
                how: dict[str, Any] = {"store": keys.blob_store(), "progress": task.progress}
                taken = evaluation.import_log(task.protocol, log, **deed, **how)
        except Refused as refused:
            task.tally.refuse(where, refused.refusal)
            return
        except (IsOver, NotAllowed, NotYet, KeystoreError) as error:
            task.tally.refuse(where, Refusal(code="not-now", message=str(error).rstrip(".")))
            return
    task.tally.stored += taken.stored
    task.tally.unchanged += taken.unchanged
    task.tally.refuse(where, *taken.refusals, count=taken.refused)


def _is_envelope(file: BinaryIO) -> bool:
    """Return whether this is a signed result on a sealed benchmark, by how it begins."""
    head = file.read(200)
    file.seek(0)
    return ENVELOPE.match(head) is not None
