"""This will do what takes long beside the loop, so that one huge request holds up nobody's stream."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")

SMALL_BYTES = 64 * 1024
"""Up to here a thread costs more than it spares."""


class Aside:
    """One thread for large bodies. Whoever sends many of them waits for themselves and for nobody's stream."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="aside")

    async def do(self, size: int, deed: Callable[[], T]) -> T:
        """Return what the deed returns; `size` is that of the body it works on. Raises what it raises."""
        if size <= SMALL_BYTES:
            return deed()
        return await asyncio.get_running_loop().run_in_executor(self._thread, deed)

    def close(self) -> None:
        """This will begin nothing more."""
        self._thread.shutdown(wait=False, cancel_futures=True)
