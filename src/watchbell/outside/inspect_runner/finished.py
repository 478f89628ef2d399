"""Every finished sample, written down at once: appended to a list beside the log, and on the disk before it is told.

Inspect's log is an archive that is written anew as a whole. After every sample that costs more with every sample there
is, soon more than the samples themselves; so it is written now and then, and this list holds what it may not have yet.
"""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import anyio
import anyio.to_thread
from inspect_ai.log import EvalSample, condense_sample
from pydantic_core import to_jsonable_python

NAME: Final = "finished.jsonl"
FEWEST: Final = 10
WRITINGS: Final = 20


def is_finished(sample: EvalSample) -> bool:
    """Return whether a sample needs no second run: it was scored, and nothing went wrong."""
    return sample.error is None and sample.invalidation is None and bool(sample.scores)


def between_writings(samples: int) -> int:
    """Return after how many samples Inspect writes its log: some twenty times a run, however long that is."""
    return max(FEWEST, samples // WRITINGS)


class FinishedList:
    """The list of one run's folder; lines of earlier processes stay in it until a run ends whole."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / NAME
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC
        self._descriptor = os.open(self._path, flags, 0o600)

    async def add(self, sample: EvalSample) -> None:
        """This will append a finished sample and return once it is on the disk; where it cannot, the errors say so.

        A line begins with an end of line too: one that a killed process left half-written spoils no other.
        """
        if not is_finished(sample):
            return
        told = json.dumps(to_jsonable_python(sample, exclude_none=True, fallback=lambda _: None))
        try:
            with anyio.CancelScope(shield=True):
                await anyio.to_thread.run_sync(self._append, f"\n{told}\n".encode())
        except OSError as error:
            print(f"{NAME} cannot be written ({error.strerror}); a kill now may cost the last samples.")  # noqa: T201 (goes to the parent's log)

    def clear(self) -> None:
        """This will remove the list: the log that was just written holds every sample of it."""
        os.close(self._descriptor)
        self._path.unlink(missing_ok=True)

    def _append(self, data: bytes) -> None:
        while data:
            data = data[os.write(self._descriptor, data) :]
        os.fdatasync(self._descriptor)


def listed(folder: Path) -> Iterator[EvalSample]:
    """Yield the samples of the list as a log would hold them; a line that is not whole is none."""
    try:
        descriptor = os.open(folder / NAME, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    with os.fdopen(descriptor, "rb") as file:
        for line in file:
            try:
                sample = EvalSample.model_validate(json.loads(line))  # noqa: TID251 (what Inspect's own sample said)
            except ValueError:
                continue
            yield condense_sample(sample, log_images=False)
