"""One sandbox for a whole process: opened, and so tried, when its first trial comes, and closed with the process."""

import atexit
import threading

from watchbell.domain.suites.suite import Ran, Trial
from watchbell.outside.sandbox.interface import Sandbox
from watchbell.outside.sandbox.opening import opened

_OPENING = threading.Lock()
_OPENED: list[Sandbox] = []


def run(trial: Trial) -> Ran:
    """Return what came of a trial in this process's own sandbox. Raises ContainmentMissing, SandboxBroke."""
    with _OPENING:
        if not _OPENED:
            _OPENED.append(opened())
            atexit.register(_OPENED[0].close)
    return _OPENED[0].run(trial)
