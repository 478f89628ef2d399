"""This will write the log: one bounded line a record, that no input can break, flood or fill with secrets."""

import json
import logging
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import TextIO

LONGEST = 2000
MOST_A_SECOND = 200
FRAMES = 4


def write_to(stream: TextIO) -> None:
    """This will send every record of this process to the stream, ours from INFO on, others' from WARNING on."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(OneLine())
    handler.addFilter(AtMost(MOST_A_SECOND))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("watchbell").setLevel(logging.INFO)
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)  # a line for each waiting request would be a flood


class OneLine(logging.Formatter):
    """Formats a record as one line of JSON with control characters escaped."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line: a message that is JSON already stays as it is when it fits."""
        text = record.getMessage()
        if text.startswith("{") and text.isprintable() and len(text) <= LONGEST and not record.exc_info:
            return text
        line = {"level": record.levelname, "from": record.name, "says": text[:LONGEST]}
        if record.exc_info and record.exc_info[1]:
            line |= _trouble(record.exc_info[1])
        return json.dumps(line)


def _trouble(error: BaseException) -> dict[str, str]:
    """Return what went wrong and where; a driver's later lines quote rows, so only the first is kept."""
    first = (str(error).strip().splitlines() or [""])[0]
    frames = traceback.extract_tb(error.__traceback__)[-FRAMES:]
    where = " < ".join(f"{Path(frame.filename).name}:{frame.lineno}" for frame in reversed(frames))
    return {"error": f"{type(error).__name__}: {first[:200]}", "at": where}


class AtMost(logging.Filter):
    """Lets so many records a second through and then says how many it left out."""

    def __init__(self, most: int, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._most = most
        self._clock = clock
        self._second = -1
        self._seen = 0

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether this record is written."""
        second = int(self._clock())
        if second != self._second:
            left_out = max(self._seen - self._most, 0)
            self._second, self._seen = second, 0
            if left_out:
                record.msg = f"{record.getMessage()} [{left_out} lines before this one were left out]"
                record.args = None
        self._seen += 1
        return self._seen <= self._most
