"""Bound memory and processes of a whole sandbox by the kernel's own account of them, where it was handed to us.

Only cgroup v2, and only where both accounts are on and writable: in the cgroup we are in (a service with
`Delegate=yes`), or beside it (with `DelegateSubgroup=`). Nothing is switched on that was off.
"""

import itertools
import os
from pathlib import Path
from typing import Final

from watchbell.domain.records import record
from watchbell.outside.sandbox.interface import MIB

ROOT: Final = Path("/sys/fs/cgroup")
NEEDED: Final = frozenset({"memory", "pids"})
_NUMBERS = itertools.count()


@record(frozen=True, slots=True, kw_only=True)
class Account:
    """The cgroup of one run."""

    folder: Path

    def take_in(self, process: int) -> None:
        """This will count a process, and all it starts from now on, in this account."""
        (self.folder / "cgroup.procs").write_text(str(process), "ascii")

    def ran_out_of_memory(self) -> bool:
        """Return whether the kernel ended something here for want of memory."""
        events = dict(line.split() for line in (self.folder / "memory.events").read_text("ascii").splitlines())
        return int(events.get("oom_kill", "0")) > 0

    def close(self) -> None:
        """This will remove the account; by then nothing may be in it."""
        self.folder.rmdir()


def found(*, is_root: bool, root: Path = ROOT, own: Path = Path("/proc/self/cgroup")) -> Path | None:
    """Return a cgroup below which we may make our own, or None.

    Root may write everywhere; for it, only what the service manager marks as handed over counts (systemd does).
    """
    where = next((line[3:].strip("\n") for line in own.read_text("utf-8").splitlines() if line.startswith("0::")), "")
    here = root / where.lstrip("/")
    return next((place for place in (here, here.parent) if _is_ours(place, root, is_root)), None) if where else None


def _is_ours(place: Path, root: Path, is_root: bool) -> bool:
    if not (place == root or place.is_relative_to(root)):
        return False
    try:
        if is_root and os.getxattr(place, "user.delegate") != b"1":
            return False
        on = set((place / "cgroup.subtree_control").read_text("ascii").split())
    except OSError:
        return False
    return on >= NEEDED and os.access(place, os.W_OK) and os.access(place / "cgroup.procs", os.W_OK)


def opened(parent: Path, *, memory: int, processes: int) -> Account:
    """Return a new account with these bounds: MiB of memory and no swap, and processes. Raises OSError."""
    folder = parent / f"watchbell-sandbox-{os.getpid()}-{next(_NUMBERS)}"
    folder.mkdir()
    for name, value in _bounds(memory, processes).items():
        if (folder / name).exists() or name in ("memory.max", "pids.max"):
            (folder / name).write_text(value, "ascii")
    return Account(folder=folder)


def _bounds(memory: int, processes: int) -> dict[str, str]:
    return {
        "memory.max": str(memory * MIB),
        "memory.swap.max": "0",
        "memory.oom.group": "1",
        "pids.max": str(processes),
    }
