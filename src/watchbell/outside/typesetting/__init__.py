"""Set a paper as PDF/UA-1: a document that a screen reader reads, too, and whose bytes depend on nothing but the paper.

The typesetter (the extra `reports`) runs in a process of its own: an empty folder is all it sees, it has no environment
and writes no file, and it is stopped when it takes too long. It brings its typefaces along and needs no network.
"""

import importlib.util
import subprocess
import sys
import tempfile
import threading
from datetime import datetime
from pathlib import Path
from typing import Final

from watchbell.domain.sentence import Sentence
from watchbell.formats.paper import Paper, dumps

MOST_BYTES_IN: Final = 4 << 20
MOST_BYTES_OUT: Final = 32 << 20
MOST_SECONDS: Final = 30
AT_ONCE: Final = 2
MOST_WAITING_SECONDS: Final = 3
"""How long a request waits for its turn: many that waited longer would hold every thread of the node."""
CHILD: Final = Path(__file__).with_name("child.py")
TEMPLATE: Final = Path(__file__).with_name("paper.typ")
_turns = threading.BoundedSemaphore(AT_ONCE)


class NotTypeset(Exception):
    """This could not be set as a PDF; its text says why. The page has the same content."""


def is_installed() -> bool:
    """Return whether the extra `reports` is there."""
    return importlib.util.find_spec("typst") is not None


def typeset(paper: Paper) -> bytes:
    """Return a paper as PDF/UA-1, two of a process at a time at most; the same paper is the same bytes.

    Raises NotTypeset without the extra, for a paper beyond the bounds, and where the typesetter fails or dawdles.
    """
    if not is_installed():
        raise NotTypeset("PDF needs the extra reports. On the node: pip install 'watchbell[reports]'")
    data = dumps(paper)
    if len(data) > MOST_BYTES_IN:
        raise NotTypeset(Sentence("The report has more than {most} bytes.", most=MOST_BYTES_IN))
    if not _turns.acquire(timeout=MOST_WAITING_SECONDS):
        raise NotTypeset("Others are waiting for theirs. Try again in a minute.")
    try:
        with tempfile.TemporaryDirectory(prefix="watchbell-paper-") as root:
            return _set(data, paper.made_at, root)
    finally:
        _turns.release()


def _set(data: bytes, made_at: datetime, root: str) -> bytes:
    command = [sys.executable, "-I", str(CHILD), str(TEMPLATE), root, str(int(made_at.timestamp()))]
    try:
        done = subprocess.run(  # noqa: S603 (our own program, no shell)
            command, input=data, cwd=root, env={}, capture_output=True, timeout=MOST_SECONDS, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise NotTypeset(Sentence("It took more than {most} s.", most=MOST_SECONDS)) from error
    if done.returncode != 0 or not done.stdout.startswith(b"%PDF-"):
        raise NotTypeset(Sentence("The typesetter ended with {code}.", code=done.returncode))
    if len(done.stdout) > MOST_BYTES_OUT:
        raise NotTypeset(Sentence("It came to more than {most} bytes.", most=MOST_BYTES_OUT))
    return done.stdout
