"""A scratch node for each process of a test run, named before Django reads its settings: never a real one.

Tests that run side by side do not share one either: one reads the mails that another has sent.
"""

import os
import tempfile

home = os.environ.setdefault("WATCHBELL_HOME", tempfile.mkdtemp(prefix="watchbell-test-"))
if side := os.environ.get("PYTEST_XDIST_WORKER"):
    os.environ["WATCHBELL_HOME"] = os.path.join(home, side)
    os.makedirs(os.environ["WATCHBELL_HOME"], mode=0o700, exist_ok=True)
