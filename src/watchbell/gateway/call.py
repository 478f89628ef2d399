"""One admitted call: what has come of it so far, and the one place from which it can be ended early."""

import asyncio
import hashlib
from collections.abc import Coroutine
from typing import Any, TypeVar

from watchbell.domain.metering import Admission, Ending, Settlement, Usage
from watchbell.gateway.told import NOTHING, Stopped

T = TypeVar("T")


class Call:
    """A call under way. It is settled once, whatever happens to it."""

    def __init__(self, admission: Admission) -> None:
        self.admission = admission
        self.ending = Ending.STOPPED
        self.usage: Usage | None = None
        self.status = 0
        self.answered_as = ""
        self.received = 0
        self._digest = hashlib.sha256()
        self._task: asyncio.Task[Any] | None = None
        self._stopped: Stopped | None = None

    def took(self, data: bytes) -> None:
        """This will note bytes that the endpoint sent."""
        self._digest.update(data)
        self.received += len(data)

    def stop(self, why: Stopped) -> None:
        """This will end the call now, wherever it waits; the first reason is the one that counts."""
        if self._task is not None and self._stopped is None:
            self._stopped = why
            self._task.cancel()

    async def within_reach(self, work: Coroutine[Any, Any, T]) -> T:
        """Return what the work returns, unless the call is stopped meanwhile. Raises Stopped."""
        self._task = asyncio.current_task()
        try:
            return await work
        except asyncio.CancelledError:
            if self._stopped is None or self._task is None:
                raise  # the server ends all that it runs
            self._task.uncancel()
            raise Stopped(self._stopped.told, self._stopped.ending, self._stopped.usage) from None
        finally:
            self._task = None

    def ended(self, ending: Ending, usage: Usage | None) -> None:
        """This will note how the call ended."""
        self.ending, self.usage = ending, usage

    def settlement(self) -> Settlement:
        """Return what the ledger is told."""
        is_free = self.ending in (Ending.NOT_SENT, Ending.OUT_OF_SCOPE)
        return Settlement(
            call=self.admission.call,
            ending=self.ending,
            status=self.status,
            usage=NOTHING if is_free else self.usage,
            response_digest=self._digest.hexdigest(),
            response_bytes=self.received,
            answered_as=self.answered_as,
        )
