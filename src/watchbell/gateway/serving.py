"""uvicorn as the gateway runs it: slow senders and readers stop nobody, and stopping settles what was under way."""

import asyncio
import gc
import resource
import signal
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from watchbell.gateway.app import Gateway
from watchbell.gateway.limits import Limits

CONNECTIONS = 2000
BACKLOG = 1024
HEAD_BYTES = 64 * 1024
HEAD_SECONDS = 30.0
UNUSED_SECONDS = 30
SWITCH_SECONDS = 0.001
"""How long one thread may keep the others waiting: the ledger's thread answers sooner for it."""


GARBAGE = (20_000, 20, 50)
"""How seldom garbage is looked for: a call makes none that only a search would find, and a chunk many objects."""


class Guarded(HttpToolsProtocol):
    """One connection of a caller: its head has a size and a time, and so has leaving the answer unread."""

    caller_seconds = Limits().caller_seconds
    head_seconds = HEAD_SECONDS
    _late: asyncio.TimerHandle | None = None
    _stuck: asyncio.TimerHandle | None = None
    _size = 0
    _has_head = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """This will begin to wait for a head."""
        super().connection_made(transport)  # type: ignore[arg-type]
        self._await_head()

    def data_received(self, data: bytes) -> None:
        """This will read on, as long as the head has not become too large. Most heads come whole, without a timer."""
        super().data_received(data)
        if self._has_head:
            return
        self._size += len(data)
        if self._size > HEAD_BYTES:
            self.transport.abort()
        elif self._late is None:
            self._await_head()

    def on_headers_complete(self) -> None:
        """This will stop waiting for a head."""
        self._has_head = True
        self._stop_waiting()
        super().on_headers_complete()

    def on_response_complete(self) -> None:
        """This will let the next head come; until it begins, uvicorn counts the time."""
        super().on_response_complete()
        self._has_head, self._size = not self.cycle.response_complete, 0  # another request may have come already

    def connection_lost(self, exc: Exception | None) -> None:
        """This will stop all waiting."""
        self._stop_waiting()
        self.resume_writing()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        """This will give the caller its time to read."""
        super().pause_writing()
        if self._stuck is None:
            self._stuck = self.loop.call_later(self.caller_seconds, self.transport.abort)

    def resume_writing(self) -> None:
        """This will take note that the caller reads."""
        super().resume_writing()
        if self._stuck is not None:
            self._stuck.cancel()
            self._stuck = None

    def _await_head(self) -> None:
        self._late = self.loop.call_later(self.head_seconds, self.transport.abort)

    def _stop_waiting(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None


class Server(uvicorn.Server):
    """A server that tells its gateway to take no more calls before it waits for those under way."""

    def __init__(self, gateway: Gateway, *, limits: Limits, **told: Any) -> None:
        config = uvicorn.Config(
            gateway,
            http=told.pop("http", Guarded),
            ws="none",
            lifespan="on",
            log_config=None,
            access_log=False,
            server_header=False,
            date_header=False,
            proxy_headers=False,
            limit_concurrency=_connections(),
            backlog=BACKLOG,
            timeout_keep_alive=UNUSED_SECONDS,
            timeout_graceful_shutdown=int(limits.drain_seconds) + 2,
            **told,
        )
        super().__init__(config)
        self._gateway = gateway

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """This will have SIGTERM and SIGINT end the server in order; being told to stop is nothing unusual."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {name: signal.signal(name, self.handle_exit) for name in (signal.SIGTERM, signal.SIGINT)}
        try:
            yield
        finally:
            for name, handler in before.items():
                signal.signal(name, handler)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """This will let what is under way end, for a while."""
        self._gateway.drain()
        await super().shutdown(sockets)


def listening(host: str, port: int) -> socket.socket:
    """Return a socket that listens there. Raises OSError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio turns Nagle's waiting off only where the protocol is named: without it each answer takes 40 ms more
    sock = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((host, port))
        sock.listen(BACKLOG)
    except OSError:
        sock.close()
        raise
    return sock


def serve(gateway: Gateway, sock: socket.socket, *, limits: Limits, **told: Any) -> None:
    """This will serve until SIGTERM or SIGINT, then end what is under way, settle it and return."""
    sys.setswitchinterval(SWITCH_SECONDS)
    gc.freeze()
    gc.set_threshold(*GARBAGE)
    Server(gateway, limits=limits, **told).run(sockets=[sock])


def _connections() -> int:
    """Return how many connections to hold: a file for each caller, one for its endpoint, and some besides."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 3 * CONNECTIONS
    if soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(hard, wanted)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return max(50, min(CONNECTIONS, soft // 3))
