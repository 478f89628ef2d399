"""What is said beside the answer, on standard error: what is wrong in a list, and how far a long run is."""

from contextlib import suppress
from typing import TextIO

QUIET_SECONDS = 2.0
AGAIN_SECONDS = 0.25
CLEARED = "\r\x1b[K"


class Notes:
    """Lines for people; a line of progress only on a terminal, and only once a run takes long.

    A thread writes that line, so that it also moves while one long statement runs.
    """

    def __init__(self, target: TextIO) -> None:
        self._target = target
        self._line: _Line | None = None
        self._is_quiet = not target.isatty()

    def say(self, sentence: str) -> None:
        """Say a sentence in which nothing can move the cursor."""
        text = _shown(sentence) + "\n"
        if self._line:
            self._line.write(CLEARED + text)
        else:
            with suppress(OSError):  # a note that nobody can read changes no answer
                self._target.write(text)
                self._target.flush()

    def doing(self, what: str, done: int = 0, total: int = 0) -> None:
        """Note what is being done and how far it is; `total` is 0 where nobody knows."""
        if self._is_quiet:
            return
        if self._line is None:
            self._line = _Line(self._target)
        self._line.at = (what, done, total)

    def end(self) -> None:
        """Clear the line of progress for good."""
        self._is_quiet = True
        if self._line:
            self._line.end()
            self._line = None


class _Line:
    """One line that is written anew a few times a second, from the second on in which a run counts as long."""

    def __init__(self, target: TextIO) -> None:
        import threading  # imported late: only a terminal needs it

        self.at = ("", 0, 0)
        self._target = target
        self._turn = threading.Lock()
        self._ended = threading.Event()
        self._has_line = False
        threading.Thread(target=self._run, daemon=True).start()

    def write(self, text: str) -> None:
        with self._turn:
            self._put(text)
            self._has_line = False

    def end(self) -> None:
        self._ended.set()
        with self._turn:
            if self._has_line:
                self._put(CLEARED)

    def _run(self) -> None:
        wait = QUIET_SECONDS
        while not self._ended.wait(wait):
            wait = AGAIN_SECONDS
            what, done, total = self.at
            far = f": {done:,}{f' of {total:,}' if total else ''}" if done or total else ""
            with self._turn:
                if not self._ended.is_set():
                    self._put(f"{CLEARED}{_shown(what)[:60]}{far}")
                    self._has_line = True

    def _put(self, text: str) -> None:
        with suppress(OSError):  # a terminal that went away takes no answer with it
            self._target.write(text)
            self._target.flush()


def _shown(sentence: str) -> str:
    from watchbell.outside.reader.oddities import visible_controls

    return visible_controls(sentence).encode("utf-8", "backslashreplace").decode()
