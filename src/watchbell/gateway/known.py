"""Was this token ever given out? Asked before anything large is taken in: strangers are sent away at their head.

What the ledger knew is remembered for minutes, by digest. It opens nothing: whether a call may be made, the ledger
says of each anew.
"""

import hashlib
import time
from collections.abc import Awaitable, Callable

from watchbell.gateway import told
from watchbell.gateway.counter import LedgerAway
from watchbell.gateway.limits import Limits


class Known:
    """The tokens that the ledger knew a moment ago. `ask` asks it; `clock` only measures how long that is."""

    def __init__(
        self,
        ask: Callable[[str], Awaitable[bool]],
        limits: Limits,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._ask = ask
        self._limits = limits
        self._clock = clock
        self._until: dict[bytes, float] = {}

    async def require(self, token: str) -> None:
        """Raise Refusing for a token that was never given out, and while the ledger does not say."""
        digest = hashlib.sha256(token.encode()).digest()
        if self._until.get(digest, 0.0) > self._clock():
            return
        try:
            is_known = await self._ask(token)
        except LedgerAway:
            raise told.Refusing(told.ledger_away()) from None
        if not is_known:
            raise told.Refusing(told.stranger())
        self._remember(digest)

    def _remember(self, digest: bytes) -> None:
        self._until.pop(digest, None)
        while len(self._until) >= self._limits.known_most:
            del self._until[next(iter(self._until))]  # the one remembered longest
        self._until[digest] = self._clock() + self._limits.known_seconds
