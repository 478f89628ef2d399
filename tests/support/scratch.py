"""A scratch node for each process of a test run, named before Django reads its settings: never a real one.

Tests that run side by side do not share one either: one reads the mails that another has sent.
"""

import os
import tempfile
from collections.abc import Callable

home = os.environ.setdefault("WATCHBELL_HOME", tempfile.mkdtemp(prefix="watchbell-test-"))
if side := os.environ.get("PYTEST_XDIST_WORKER"):
    os.environ["WATCHBELL_HOME"] = os.path.join(home, side)
    os.makedirs(os.environ["WATCHBELL_HOME"], mode=0o700, exist_ok=True)

AT_THE_END: list[Callable[[], None]] = []
"""What a process of the run has to put away outside its folders when its tests are over."""


def pytest_sessionfinish() -> None:
    """Put it away."""
    while AT_THE_END:
        AT_THE_END.pop()()
