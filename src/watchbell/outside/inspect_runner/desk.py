"""The one place in a running evaluation that tells how it goes, holds new samples back, and ends it early."""

import os
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from watchbell.outside.inspect_runner.progress import Cause, Kind, Outcome, Progress, line

GRACE_SECONDS = 20.0
"""How long an early end may take to write its log, before the process ends without."""

AWAY = frozenset({Cause.ENDPOINT, Cause.BUSY, Cause.TIME})
"""Causes that the next sample would meet as well, as long as the endpoint stays as it is."""


class Desk:
    """Counts what happens and writes it, one line each; used from one event loop and one thread that listens."""

    def __init__(
        self,
        write: Callable[[bytes], object],
        *,
        patience: int = 20,
        clock: Callable[[], float] = time.monotonic,
        end: Callable[[], None] | None = None,
    ) -> None:
        self._write = write
        self._clock = clock
        self._end = end or _end_soon
        self._in_a_row = 0
        self.patience = patience
        self._lock = threading.RLock()  # a signal may ask to stop while a line is being written
        self._started: dict[str, float] = {}
        self.causes: dict[tuple[str, int], Cause] = {}
        """Why the samples that ended without an answer did so, as the solver and scorer saw it."""

        self.total = self.kept = self.done = self.missing = 0
        self.input_tokens = self.output_tokens = 0
        self.stopped = Cause.NONE
        self.is_held = threading.Event()
        self.half_way: Callable[[], object] | None = None
        """What is done once, when half of the samples are over."""

    def say(self, kind: Kind, *, item: str = "", epoch: int = 0, cause: Cause = Cause.NONE, status: int = 0) -> None:
        """This will write a line with the counts so far."""
        self._send(self._now(kind=kind, item=item, epoch=epoch, cause=cause, status=status))

    def begin(self, total: int, kept: int) -> None:
        """This will say how many samples there are, and how many of them are there from before."""
        self.total, self.kept = total, kept
        self.say(Kind.READY)

    def sample_begun(self, key: str, item: str, epoch: int) -> None:
        """This will say that a sample began."""
        self._started[key] = self._clock()
        self.say(Kind.BEGUN, item=item, epoch=epoch)

    def sample_ended(
        self, key: str, item: str, epoch: int, outcome: Outcome, cause: Cause, tokens: tuple[int, int]
    ) -> None:
        """This will count a sample and say what became of it."""
        self.done += outcome is not Outcome.MISSING
        self.missing += outcome is Outcome.MISSING
        self._in_a_row = self._in_a_row + 1 if cause in AWAY and outcome is Outcome.MISSING else 0
        self.input_tokens += tokens[0]
        self.output_tokens += tokens[1]
        spent = int((self._clock() - self._started.pop(key, self._clock())) * 1000)
        told = self._now(kind=Kind.SAMPLE, item=item, epoch=epoch, outcome=outcome, cause=cause, milliseconds=spent)
        self._send(replace(told, input_tokens=tokens[0], output_tokens=tokens[1]))
        if self._in_a_row >= self.patience:
            self.stop(Cause.ENDPOINT)
        is_half_way = 2 * (self.kept + self.done + self.missing) >= self.total
        if self.half_way is not None and is_half_way and self.stopped is Cause.NONE:
            half_way, self.half_way = self.half_way, None
            half_way()

    def hold(self) -> None:
        """This will let no new sample begin; what has begun goes on to its end."""
        self.is_held.set()
        self.say(Kind.PAUSED)

    def go_on(self) -> None:
        """This will let samples begin again."""
        self.is_held.clear()
        self.say(Kind.GOING)

    def stop(self, cause: Cause) -> None:
        """This will end the run once its log is written, or without that after a while; only the first cause counts."""
        with self._lock:
            if self.stopped is not Cause.NONE:
                return
            self.stopped = cause
        self.say(Kind.STOPPED, cause=cause)
        self._end()

    def _now(self, **about: Any) -> Progress:
        names = ("total", "kept", "done", "missing", "input_tokens", "output_tokens")
        return Progress(**{name: getattr(self, name) for name in names}, **about)

    def _send(self, told: Progress) -> None:
        with self._lock:
            self._write(line(told))


def _end_soon() -> None:
    """This will interrupt the evaluation, which then writes its log; a process that does not manage that is ended."""
    watch = threading.Timer(GRACE_SECONDS, os._exit, (3,))
    watch.daemon = True
    watch.start()
    os.kill(os.getpid(), signal.SIGINT)
