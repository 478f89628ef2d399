"""Where a build works: a folder of its own, which goes with the build, or with the next one if this one is killed."""

import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from watchbell.outside import durable

_PREFIX = "watchbell-snapshot-"
_LOCK = "at-work"
OLD_SECONDS = 3600
"""What is younger may be a folder that another build is just making."""


@contextmanager
def workroom(out: Path) -> Iterator[Path]:
    """Give an empty folder; what builds that were killed left, there and beside `out`, is removed first."""
    _remove_leftovers(out.parent)
    with tempfile.TemporaryDirectory(prefix=_PREFIX) as folder, Path(folder, _LOCK).open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield Path(folder)


def _remove_leftovers(beside: Path) -> None:
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        with suppress(OSError):
            if folder.is_dir() and _is_ours_and_old(folder) and _is_abandoned(folder):
                shutil.rmtree(folder, ignore_errors=True)
    with suppress(OSError):
        for file in filter(durable.is_leftover, beside.iterdir()):
            if _is_ours_and_old(file):
                file.unlink(missing_ok=True)


def _is_ours_and_old(path: Path) -> bool:
    about = path.lstat()
    return about.st_uid == os.geteuid() and about.st_mtime < time.time() - OLD_SECONDS


def _is_abandoned(folder: Path) -> bool:
    """Return whether no build that is alive holds this folder."""
    try:
        with Path(folder, _LOCK).open("r+") as held:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except FileNotFoundError:
        return True
    except BlockingIOError:
        return False
    return True
