"""This will read what a command writes, keep what fits, and end the command when its time or its memory is used up."""

import os
import selectors
import signal
import time
from enum import Enum, auto
from typing import TYPE_CHECKING, Final

from watchbell.domain.suites.suite import Ran
from watchbell.outside.sandbox import memory
from watchbell.outside.sandbox.cgroups import Account
from watchbell.outside.sandbox.interface import MIB, SandboxBroke

if TYPE_CHECKING:
    from watchbell.outside.sandbox.running import Started

END_SECONDS: Final = 5.0
TICK: Final = 0.05
"""How often memory is looked at where no cgroup counts it."""
FLOOD: Final = 16
"""Times of what is kept; who writes more is ended."""
_CHUNK: Final = 64 << 10
_SHORT: Final = (b"MemoryError", b"std::bad_alloc", b"Cannot allocate memory", b"out of memory", b"Out of memory")
_SIGNALS: Final = 64


class Ended(Enum):
    """Why we ended a command."""

    TIME = auto()
    MEMORY = auto()
    FLOOD = auto()


class Kept:
    """The first bytes of a stream; the rest is counted and forgotten."""

    def __init__(self, most: int) -> None:
        self.data = bytearray()
        self.seen = 0
        self._most = most

    def add(self, piece: bytes) -> None:
        """This will keep what still fits."""
        self.seen += len(piece)
        self.data += piece[: max(0, self._most - len(self.data))]


class Watch:
    """One command's output, clock and memory. `counts` says that a cgroup bounds the memory."""

    def __init__(self, started: "Started", seconds: float, most_memory: int, output: int, *, counts: bool) -> None:
        self._started = started
        self._kept = (Kept(output), Kept(output))
        self._most = most_memory * MIB
        self._flood = output * FLOOD
        self._counts = counts
        self._ends_at = time.monotonic() + seconds
        self._looks_at = time.monotonic() + TICK
        self._ended: Ended | None = None
        self._waiting = selectors.DefaultSelector()
        self._waiting.register(started.first_fd, selectors.EVENT_READ)
        for stream, kept in zip((started.process.stdout, started.process.stderr), self._kept, strict=True):
            assert stream is not None
            self._waiting.register(stream, selectors.EVENT_READ, kept)

    def until_gone(self) -> None:
        """Return when the last process is gone and all it wrote is read. Raises SandboxBroke if it stays."""
        with self._waiting:
            while self._waiting.get_map():
                for key, _ in self._waiting.select(self._patience()):
                    self._take(key)
                self._look()

    def _patience(self) -> float:
        until = self._ends_at if self._counts or self._ended else min(self._ends_at, self._looks_at)
        return max(0.0, until - time.monotonic())

    def _take(self, key: selectors.SelectorKey) -> None:
        piece = os.read(key.fd, _CHUNK) if isinstance(key.data, Kept) else b""
        if piece:
            key.data.add(piece)
        else:
            self._waiting.unregister(key.fileobj)

    def _look(self) -> None:
        now = time.monotonic()
        if self._ended is not None:
            if now >= self._ends_at and self._waiting.get_map():
                raise SandboxBroke(f"A command was still there {END_SECONDS:.0f} s after it was ended.")
        elif any(kept.seen > self._flood for kept in self._kept):
            self._end(Ended.FLOOD)
        elif now >= self._ends_at:
            self._end(Ended.TIME)
        elif not self._counts and now >= self._looks_at:
            self._looks_at = now + TICK
            if memory.in_use(self._started.first) > self._most:
                self._end(Ended.MEMORY)

    def _end(self, why: Ended) -> None:
        self._ended = why
        self._ends_at = time.monotonic() + END_SECONDS
        self._started.end()

    def result(self, exit_code: int | None, account: Account | None) -> Ran:
        """Return what came of it. Raises SandboxBroke when it ended and nobody said how."""
        output, errors = (bytes(kept.data) for kept in self._kept)
        is_short = self._ended is Ended.MEMORY or (account is not None and account.ran_out_of_memory())
        if self._ended is None and exit_code is None and not is_short:
            raise SandboxBroke("A command ended, and bubblewrap did not say how.")
        status = _status(self._ended, exit_code)
        return Ran(
            status=status,
            output=output,
            errors=errors,
            timed_out=self._ended is Ended.TIME or status == -signal.SIGXCPU,
            out_of_memory=is_short or (self._ended is None and status != 0 and _says_short(errors)),
        )


def _status(ended: Ended | None, exit_code: int | None) -> int:
    """Return the exit code, or minus the signal: bubblewrap tells a signal as a shell does, as 128 and its number."""
    if ended is Ended.FLOOD:
        return -signal.SIGXFSZ
    if ended is not None or exit_code is None:
        return -signal.SIGKILL
    return -(exit_code - 128) if 128 < exit_code <= 128 + _SIGNALS else exit_code


def _says_short(errors: bytes) -> bool:
    """Return whether a program's last words are that it got no memory: the limits refuse memory, they end nobody."""
    last = errors.rstrip().rpartition(b"\n")[2]
    return any(word in last for word in _SHORT)
