"""A gateway that serves on loopback between a caller and a scripted endpoint, with deadlines below a second."""

import asyncio
import http.client
import json
import queue
import random
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from tests.conftest import NOON
from tests.support.metering_ledger import Grant, MemoryLedger
from tests.support.model_endpoint import Answer, ModelEndpoint, spoken

from watchbell.domain.metering import Scheme, Upstream
from watchbell.gateway.app import Gateway
from watchbell.gateway.counter import Counter
from watchbell.gateway.limits import Limits
from watchbell.gateway.serving import Guarded, Server, listening
from watchbell.outside.upstream import Bounds, Endpoints

TOKEN = f"wbg_{'0123456789abcdef' * 2}_{'evaluator-token':x<43}"
CREDENTIAL = "sk-lab/CANARY+0123456789abcdefghij"
QUICK = Bounds(connect_seconds=0.5, first_byte_seconds=0.6, idle_seconds=0.5, total_seconds=2.0, body_bytes=4 << 20)
LIMITS = Limits(
    request_seconds=1.0, look_seconds=0.05, ledger_seconds=0.6, drain_seconds=0.4, settle_seconds=2.0, events=50_000
)
HELLO = [{"role": "user", "content": "hello"}]
PATHS = {"chat/completions": {"messages": HELLO}, "responses": {"input": "hello"}, "messages": {"messages": HELLO}}
PATIENCE = 8.0


class Clock:
    """NOON and what has passed since; a test may move it."""

    def __init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        self.shift = timedelta()
        self._started = time.monotonic()

    def now(self) -> datetime:
        return NOON + self.shift + timedelta(seconds=time.monotonic() - self._started)


@dataclass(frozen=True)
class Got:
    """What the caller got; `parts` are the pieces of the body as they came, each with when."""

    status: int
    headers: dict[str, str]
    body: bytes
    seconds: float

    @property
    def told(self) -> Any:
        return json.loads(self.body)  # noqa: TID251 (what our own process wrote)

    @property
    def error(self) -> dict[str, Any]:
        found: dict[str, Any] = self.told["error"]
        return found

    @property
    def events(self) -> list[bytes]:
        return [one for one in self.body.split(b"\n\n") if one]

    @property
    def last(self) -> Any:
        """Return what the last event of a stream tells."""
        return json.loads(self.events[-1].rpartition(b"data: ")[2])  # noqa: TID251


@dataclass
class Scene:
    """One gateway, its ledger and one endpoint."""

    ledger: MemoryLedger
    endpoint: ModelEndpoint
    gateway: Gateway
    clock: Clock
    port: int
    server: Server
    grant: Grant
    endpoints: Endpoints
    loop: asyncio.AbstractEventLoop

    def renew(self) -> None:
        """Begin anew, for the next test: nothing asked, nothing connected, everything granted."""
        self.wait_until_settled()
        done = threading.Event()
        self.loop.call_soon_threadsafe(lambda: (self.endpoints.close(), done.set()))
        assert done.wait(PATIENCE)
        self.ledger.forget()
        self.clock.restart()
        self.endpoint.answer, self.endpoint.asked = spoken(), []
        self.endpoint.connections = self.endpoint.left = 0
        self.grant = self.ledger.grants[TOKEN] = granted(self.grant.upstream)

    def answers(self, answer: Answer) -> None:
        self.endpoint.answer = answer

    def ask(self, dialect: str = "chat/completions", *, token: str = TOKEN, stream: bool = False, **more: Any) -> Got:
        body = {"model": "alias", **PATHS[dialect], **more} | ({"stream": True} if stream else {})
        return self.send("POST", f"/v1/{dialect}", json.dumps(body).encode(), {"Authorization": f"Bearer {token}"})

    def send(self, method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None) -> Got:
        started = time.monotonic()
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            connection.request(method, path, body, headers or {})
            response = connection.getresponse()
            told = {name.lower(): value for name, value in response.getheaders()}
            return Got(response.status, told, response.read(), time.monotonic() - started)
        finally:
            connection.close()

    def begin(self, dialect: str = "chat/completions", **more: Any) -> socket.socket:
        """Send a request for a stream and return the socket, unread."""
        body = json.dumps({"model": "alias", "stream": True, **PATHS[dialect], **more}).encode()
        head = f"POST /v1/{dialect} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TOKEN}\r\n"
        one = socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE)
        one.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        return one

    def wait_until_settled(self) -> None:
        """Wait until no call is under way; raises when one stays open."""
        self.wait_for(lambda: not self.ledger.open_calls)

    def wait_for(self, is_so: Callable[[], bool]) -> None:
        until = time.monotonic() + PATIENCE
        while not is_so():
            assert time.monotonic() < until, "what was waited for never came"
            time.sleep(0.005)

    def settled(self) -> Any:
        """Return the settlement of the last call."""
        self.wait_for(lambda: bool(self.ledger.settled) and not self.ledger.open_calls)
        return self.ledger.settled[-1]


def granted(upstream: Upstream) -> Grant:
    return Grant(engagement="e-1", upstream=upstream, ends_at=NOON + timedelta(days=1))


@contextmanager
def served(
    endpoint: ModelEndpoint,
    *,
    base_url: str = "",
    tls: ssl.SSLContext | None = None,
    resolver: Any = None,
    bounds: Bounds = QUICK,
    limits: Limits = LIMITS,
    allow: frozenset[str] | None = None,
    pin: str = "",
    ledger: MemoryLedger | None = None,
    scheme: Scheme = Scheme.BEARER,
    head_seconds: float = 1.0,
    seed: int = 14409,
) -> Iterator[Scene]:
    """Serve a gateway in a thread until the block ends; then every admitted call must have been settled once."""
    ledger, clock, rng = ledger or MemoryLedger(), Clock(), random.Random(seed)
    url = base_url or endpoint.base_url
    models = {"alias": "m-1", "other": "m-2"}
    upstream = Upstream(base_url=url, credential=CREDENTIAL, scheme=scheme, models=models, pin=pin)
    grant = ledger.grants[TOKEN] = granted(upstream)
    resolving = {"resolver": resolver} if resolver else {}
    allowed = frozenset({url}) if allow is None else allow
    counter = Counter(ledger, now=clock.now, rng=rng, limits=limits)
    endpoints = Endpoints(allow=allowed, bounds=bounds, tls=tls, **resolving)
    gateway = Gateway(counter, endpoints, now=clock.now, rng=rng, limits=limits)
    quick = type("Quick", (Guarded,), {"caller_seconds": 1.0, "head_seconds": head_seconds})
    server = Server(gateway, limits=limits, http=quick)
    sock = listening("127.0.0.1", 0)
    loops: queue.SimpleQueue[asyncio.AbstractEventLoop] = queue.SimpleQueue()

    async def run() -> None:
        loops.put(asyncio.get_running_loop())
        await server.serve(sockets=[sock])

    thread = threading.Thread(target=lambda: asyncio.run(run()), daemon=True)
    thread.start()
    port = sock.getsockname()[1]
    scene = Scene(ledger, endpoint, gateway, clock, port, server, grant, endpoints, loops.get(timeout=PATIENCE))
    try:
        yield scene
    finally:
        server.should_exit = True
        thread.join(PATIENCE)
    assert not thread.is_alive()
    assert not ledger.open_calls
