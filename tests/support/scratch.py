"""A scratch node for tests run by hand: named before Django reads its settings, so no test writes into a real one."""

import os
import tempfile

os.environ.setdefault("WATCHBELL_HOME", tempfile.mkdtemp(prefix="watchbell-test-"))
