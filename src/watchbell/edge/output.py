"""Where an answer goes, and the exit code of what could not be answered."""

import os
import sys
from collections.abc import Iterable

BAD_INPUT = 2


def write(pieces: Iterable[str]) -> None:
    """Write to standard output as UTF-8; a reader that went away is no fault of the answer."""
    try:
        for piece in pieces:
            sys.stdout.buffer.write(piece.encode("utf-8", "backslashreplace"))
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
