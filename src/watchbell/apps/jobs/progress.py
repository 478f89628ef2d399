"""How does running work say how far it is, learn that it should stop, and prove that it is still its own?"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Protocol

from django.db import transaction


class LeaseLost(Exception):
    """Another worker has taken this job over; whatever this one still had in hand is rolled back."""


class Cancelled(Exception):
    """Someone asked for the job to stop; raised between two steps, so that nothing is left half done."""


class Interrupted(Exception):
    """The worker is shutting down; the job goes back on the list and continues elsewhere from its last step."""


class GiveUp(Exception):
    """Trying again cannot help; its text is shown to node administrators and must hold no content."""


class Holding(Protocol):
    """A claim on a job, as progress needs it."""

    @property
    def done_before(self) -> int:
        """Return how much an earlier attempt had done."""

    @property
    def total_before(self) -> int | None:
        """Return how much an earlier attempt knew there was to do."""

    def renew(self, *, now: datetime, done: int, total: int | None, note: str) -> bool:
        """Write progress and a longer lease; return whether a stop was asked for. Raises LeaseLost."""


class Progress:
    """What a job function holds while it runs; every report also renews the lease.

    `done` starts where an earlier attempt left it, so work that goes in steps continues
    there instead of starting over.
    """

    def __init__(self, held: Holding, clock: Callable[[], datetime], *, is_stopping: Callable[[], bool]) -> None:
        self._held = held
        self._clock = clock
        self._is_stopping = is_stopping
        self.cancelled = False
        self.done = held.done_before
        self.total = held.total_before
        self.note = ""

    def now(self) -> datetime:
        """Return this moment, for work that goes on for longer than one."""
        return self._clock()

    def report(self, *, done: int | None = None, total: int | None = None, note: str | None = None) -> None:
        """Show how far the work is, and learn in `cancelled` whether it should stop; raises LeaseLost.

        `note` is a few words without content: administrators see it.
        """
        self.done = self.done if done is None else done
        self.total = self.total if total is None else total
        self.note = self.note if note is None else note[:200]
        self.cancelled = self._held.renew(now=self._clock(), done=self.done, total=self.total, note=self.note)

    def checkpoint(self) -> None:
        """Go on only if the job is still wanted, here and now; raises Cancelled, Interrupted or LeaseLost."""
        self.report()
        self._go_on()

    @contextmanager
    def step(self, *, done: int | None = None, total: int | None = None, note: str | None = None) -> Iterator[None]:
        """Run the block in one transaction that commits only while this worker still holds the job.

        The job's row is updated first, so from then on nobody can take the job over until the
        step is over: its effects and its progress (`done` once the step is over) are there
        together or not at all. Raises LeaseLost, Cancelled or Interrupted before the block.
        """
        before = self.done
        try:
            with transaction.atomic():
                self.report(done=done, total=total, note=note)
                self._go_on()
                yield
        except BaseException:
            self.done = before
            raise

    def _go_on(self) -> None:
        if self.cancelled:
            raise Cancelled
        if self._is_stopping():
            raise Interrupted
