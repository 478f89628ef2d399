"""Which calls are under way, and may each still be? Asked several times a second, and never left open for long."""

import asyncio
import contextlib
from collections.abc import Callable, Iterator
from datetime import datetime

from watchbell.gateway.call import Call
from watchbell.gateway.counter import Counter, LedgerAway
from watchbell.gateway.limits import Limits
from watchbell.gateway.told import Stopped, access_stopped, ledger_silent, window_over


class Live:
    """The calls under way. Each is ended at its window's end, and when the ledger says so or says nothing."""

    def __init__(self, counter: Counter, *, now: Callable[[], datetime], limits: Limits) -> None:
        self._counter = counter
        self._now = now
        self._limits = limits
        self._calls: set[Call] = set()
        self._looking: asyncio.Task[None] | None = None
        self._silent_since: float | None = None

    def __len__(self) -> int:
        return len(self._calls)

    @contextlib.contextmanager
    def holding(self, call: Call) -> Iterator[None]:
        """This will have the call watched for as long as the context lasts."""
        self._calls.add(call)
        self._silent_since = None  # the ledger has just admitted it
        try:
            yield
        finally:
            self._calls.discard(call)

    def stop_all(self, why: Stopped) -> None:
        """This will end every call under way."""
        for call in list(self._calls):
            call.stop(why)

    async def watch(self) -> None:
        """This will hold the calls against the clock and the ledger until it is cancelled."""
        try:
            while True:
                await asyncio.sleep(self._limits.look_seconds)
                if self._calls:
                    self.look()
        finally:
            if self._looking is not None:
                self._looking.cancel()

    def look(self) -> None:
        """This will end what is over by now, and have the ledger asked about the rest."""
        now, moment = self._now(), asyncio.get_running_loop().time()
        for call in list(self._calls):
            if now >= call.admission.ends_at:
                call.stop(window_over())
        if self._looking is None or self._looking.done():
            self._silent_since = self._silent_since if self._silent_since is not None else moment
            self._looking = asyncio.create_task(self._ask())
        if self._silent_since is not None and moment - self._silent_since > self._limits.ledger_seconds:
            self.stop_all(ledger_silent())

    async def _ask(self) -> None:
        with contextlib.suppress(LedgerAway):
            stopped = await self._counter.stopped_among({call.admission.engagement for call in self._calls})
            self._silent_since = None
            for call in list(self._calls):
                if call.admission.engagement in stopped:
                    call.stop(access_stopped())
