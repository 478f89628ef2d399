"""How do others know that a worker lives? A thread of its own renews the lease while a job runs."""

import contextlib
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

from django.db import Error, connection

from watchbell.apps.jobs.services import Claim


@contextmanager
def beating(held: Claim, clock: Callable[[], datetime]) -> Iterator[None]:
    """Renew the lease three times a lease until the block ends; a lost lease is left for the next step to find."""
    over = threading.Event()
    thread = threading.Thread(target=_beat, args=(held, clock, over), name="heartbeat", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _beat(held: Claim, clock: Callable[[], datetime], over: threading.Event) -> None:
    try:
        while not over.wait(held.kind.lease.total_seconds() / 3):
            # a busy or restarting database: the next beat comes while the lease still runs
            with contextlib.suppress(Error):
                if not held.keep_alive(now=clock()):
                    return
    finally:
        connection.close()
