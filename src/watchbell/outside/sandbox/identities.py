"""As whom does a sandbox run? Started as root: as a user that nobody else on the machine is, one for each sandbox.

Limits on processes do not bind root (measured: 120 of 120 started under a limit of 40), and what breaks out of a
sandbox should meet nothing that is its own. Started by anybody else, it runs as that user, whom a user namespace
separates from itself: there is nobody else that an unprivileged process could become.
"""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from watchbell.domain.records import record
from watchbell.outside.sandbox.interface import SandboxBroke

MOST: Final = 32
_FIRST: Final = 1_900_000_000
"""A stretch that no distribution, container manager or directory service hands out (systemd's list of user ids)."""
_FIRST_IN_SMALL_MAP: Final = 65_000
"""Where a container knows 65,536 users only; 65,000 to 65,533 are handed out to nobody (Debian policy 9.2.2)."""


@record(frozen=True, slots=True, kw_only=True)
class Identity:
    """Whom to become, or nothing to become."""

    uid: int | None = None

    def for_process(self) -> dict[str, Any]:
        """Return what `subprocess` needs to become this user, with no group besides."""
        return {} if self.uid is None else {"user": self.uid, "group": self.uid, "extra_groups": ()}


class Identities:
    """Hands out users, so that no two sandboxes of this process, nor of two processes, have the same at one time."""

    def __init__(self) -> None:
        self._is_root = os.geteuid() == 0
        self._first = _first_of(os.getpid()) if self._is_root else 0
        self._free = list(range(MOST))
        self._lock = threading.Lock()

    @contextmanager
    def one(self) -> Iterator[Identity]:
        """Yield an identity that is nobody else's meanwhile. Raises SandboxBroke when all are in use."""
        with self._lock:
            if not self._free:
                raise SandboxBroke(f"{MOST} sandboxes are open in this process; close some first.")
            slot = self._free.pop()
        try:
            yield Identity(uid=self._first + slot if self._is_root else None)
        finally:
            with self._lock:
                self._free.append(slot)


def _first_of(process: int) -> int:
    first = _FIRST + process * MOST
    return first if _is_mapped(first + MOST) else _FIRST_IN_SMALL_MAP


def _is_mapped(uid: int) -> bool:
    for line in Path("/proc/self/uid_map").read_text("ascii").splitlines():
        inside, _, count = (int(word) for word in line.split())
        if inside <= uid < inside + count:
            return True
    return False
