"""Which addresses does a name have? Asked beside the loop, once at a time for each name, and never waited for long."""

import asyncio
import threading
from collections.abc import Callable

from watchbell.outside.egress.addresses import Resolver

MOST_AT_ONCE = 32

Key = tuple[str, int]


class Names:
    """Resolves names in threads of its own: a resolver knows no deadline, so it is waited for from outside."""

    def __init__(self, resolver: Resolver) -> None:
        self._resolver = resolver
        self._asked: dict[Key, asyncio.Future[list[str]]] = {}

    async def addresses(self, host: str, port: int) -> list[str]:
        """Return what the resolver says now: an answer is never used for a later connection. Empty without one."""
        key = (host, port)
        asked = self._asked.get(key)
        if asked is None:
            if len(self._asked) >= MOST_AT_ONCE:
                return []
            asked = self._asked[key] = asyncio.get_running_loop().create_future()
            threading.Thread(target=self._ask, args=(key, asked), name="upstream-resolver", daemon=True).start()
        return await asyncio.shield(asked)

    def _ask(self, key: Key, asked: "asyncio.Future[list[str]]") -> None:
        try:
            found = list(self._resolver(*key))
        except (OSError, UnicodeError):
            found = []
        _tell(asked, lambda: self._settle(key, asked, found))

    def _settle(self, key: Key, asked: "asyncio.Future[list[str]]", found: list[str]) -> None:
        self._asked.pop(key, None)
        if not asked.done():
            asked.set_result(found)


def _tell(asked: "asyncio.Future[list[str]]", deed: Callable[[], None]) -> None:
    try:
        asked.get_loop().call_soon_threadsafe(deed)
    except RuntimeError:
        return  # the loop has ended, and nobody waits any more
