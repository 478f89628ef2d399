"""A gateway beside `serve`, so that a node on the embedded database is one program to start.

It is a process of its own, begun when the first developer has given its endpoint, started again when it dies, and
ended with the node. With PostgreSQL gateways are started by whoever runs the node: any number of them.
"""

import subprocess
import sys
import threading

import click

LOOK_SECONDS = 5.0
LONGEST_REST_SECONDS = 60.0
GRACE_SECONDS = 40


class GatewayBeside:
    """Watches over one gateway process. Of a node nobody uses for early access it starts none."""

    def __init__(self, host: str, port: int, *, look_seconds: float = LOOK_SECONDS) -> None:
        self._command = [sys.executable, "-m", "watchbell", "gateway", "--host", host, "--port", str(port)]
        self._look_seconds = look_seconds
        self._stop = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None
        self._thread = threading.Thread(target=self._watch, name="gateway-beside", daemon=True)

    def start(self) -> None:
        """Begin to look whether a gateway is needed."""
        self._thread.start()

    def stop(self) -> None:
        """End the gateway, which settles every call first, and stop looking."""
        self._stop.set()
        self._thread.join(self._look_seconds + GRACE_SECONDS)

    def _watch(self) -> None:
        from django.db import close_old_connections

        rest = 0.0
        try:
            while not self._stop.wait(rest):
                rest = self._look_seconds
                close_old_connections()
                if self._process is not None and self._process.poll() is not None:
                    click.echo(f"The gateway ended with {self._process.returncode}; it is started again.", err=True)
                    self._process, rest = None, LONGEST_REST_SECONDS
                elif self._process is None and _is_used():
                    self._process = subprocess.Popen(self._command, stdin=subprocess.DEVNULL)  # noqa: S603 (our own)
        finally:
            close_old_connections()
            self._end()

    def _end(self) -> None:
        if self._process is None or self._process.poll() is not None:
            return
        self._process.terminate()
        try:
            self._process.wait(GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()


def _is_used() -> bool:
    """Return whether any developer's endpoint is there to be called."""
    from django.db import Error

    from watchbell.apps.engagements import queries

    try:
        return queries.has_an_endpoint()
    except Error:
        return False  # busy, or away for a moment: looked at again soon
