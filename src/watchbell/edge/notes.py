"""What is said beside the answer, on standard error: what is wrong in a list, and how far a long run is."""

import time
from typing import TextIO

QUIET_SECONDS = 2.0
AGAIN_SECONDS = 0.2


class Notes:
    """Lines for people; a line of progress only on a terminal, and only once a run takes long."""

    def __init__(self, target: TextIO) -> None:
        self._target = target
        self._began = time.monotonic()
        self._said_at = 0.0
        self._is_terminal = target.isatty()
        self._has_line = False

    def say(self, sentence: str) -> None:
        """Say a sentence in which nothing can move the cursor."""
        from watchbell.outside.reader.oddities import visible_controls

        self.end()
        self._target.write(visible_controls(sentence).encode("utf-8", "backslashreplace").decode() + "\n")

    def progress(self, done: int, total: int) -> None:
        """Say how far it is, a few times a second at most."""
        now = time.monotonic()
        if self._is_terminal and now - self._began > QUIET_SECONDS and now - self._said_at > AGAIN_SECONDS:
            self._said_at, self._has_line = now, True
            of = f" of {total:,}" if total else ""
            self._target.write(f"\r\x1b[K{done:,}{of}")
            self._target.flush()

    def end(self) -> None:
        """Clear the line of progress."""
        if self._has_line:
            self._target.write("\r\x1b[K")
            self._target.flush()
            self._has_line = False
