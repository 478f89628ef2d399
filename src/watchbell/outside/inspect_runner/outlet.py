"""Where the lines go: a thread writes them, so that a parent who is slow to read never holds the evaluation up."""

import os
import queue
import threading
from typing import Final

LAST_SECONDS: Final = 10.0


class Outlet:
    """Writes lines to a descriptor in their order, as many at once as there are."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._waiting: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="progress", daemon=True)
        self._thread.start()

    def put(self, line: bytes) -> None:
        """This will write the line soon."""
        self._waiting.put(line)

    def close(self) -> None:
        """This will wait until all is written, though not for ever: the parent may be gone."""
        self._waiting.put(b"")
        self._thread.join(LAST_SECONDS)

    def _run(self) -> None:
        is_open = True
        while is_open:
            lines = [self._waiting.get()]
            while not self._waiting.empty():
                lines.append(self._waiting.get())
            is_open = lines[-1] != b""
            data = b"".join(lines)
            try:
                while data:
                    data = data[os.write(self._descriptor, data) :]
            except OSError:
                return  # nobody reads any more
