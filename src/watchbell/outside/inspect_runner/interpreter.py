"""Which Python has Inspect, and may the user who runs it reach that Python?"""

import importlib.util
import os
import stat
import sys
from pathlib import Path
from typing import Final

NOBODY: Final = 65534
"""The user and group a run gets when we are root: it owns nothing but its run's folder."""


class NoInspect(Exception):
    """Inspect AI is not installed here; the text says how to get it."""


class OutOfReach(Exception):
    """We are root, and the ordinary user whom a run gets may not read the interpreter; the text says which."""


def interpreter(*, executable: str = sys.executable) -> Path:
    """Return a Python that has Inspect: this one, or the sibling `eval` of a checkout's environment. Raises NoInspect.

    Inspect is looked for, never imported: the processes that ask stay small.
    """
    if executable == sys.executable and importlib.util.find_spec("inspect_ai"):
        return Path(executable)
    kinds = Path(executable).absolute().parent.parent.parent
    sibling = kinds / "eval" / "bin" / "python"
    if kinds.name == ".venv" and sibling.exists():
        return sibling
    raise NoInspect(
        "Evaluations run with Inspect AI, which is not installed here. Install the extra watchbell[eval], "
        "or run ./watchbell evaluate once in a checkout."
    )


def check_within_reach(path: Path, *, user: int = NOBODY) -> None:
    """Raise OutOfReach unless `user`, who owns nothing, may enter each folder on the way to this program and run it."""
    for one in _ways(path):
        mode = one.stat()
        is_open = mode.st_mode & (stat.S_IXOTH if mode.st_uid != user else stat.S_IXUSR)
        if not is_open:
            raise OutOfReach(
                f"A run never has the rights of root, and user {user} may not reach {one}, on the way to {path}. "
                "Run the worker as an ordinary user, or install Python and Watchbell where everyone may read them."
            )


def _ways(path: Path) -> list[Path]:
    """Return the program and each folder on the way, along the links that lead to it."""
    found, at = [], path.absolute()
    for _ in range(40):
        found += [*reversed(at.parents), at]
        if not at.is_symlink():
            break
        at = Path(os.path.normpath(at.parent / at.readlink()))
    return list(dict.fromkeys(one for one in found if not one.is_symlink()))
