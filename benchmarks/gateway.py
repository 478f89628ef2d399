"""What does a call through the gateway cost, beside the same call made directly and through a plain nginx?

`python -m benchmarks gateway`. Endpoint, nginx and gateway are processes of their own on loopback, without TLS; the
callers live in this one. Latency: small whole answers over kept connections, in rounds that take turns, so that
whatever else the machine does hits all alike; "added" is the difference of the percentiles to direct. CPU: user and
system time of the process between endpoint and caller, over streams whose chunks come one by one, divided by the
chunks; the gateways' own processes are held to one processor. "node" is the gateway as it is used, with reservation
and log in a SQLite database on this disk; "gateway" has its ledger in memory and shows what the relay itself costs.
"""

import asyncio
import json
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROUNDS, CALLS_A_ROUND = 12, 60
STREAMS, CHUNKS, PAUSE = 400, 50, 0.1
MODEL, CREDENTIAL = "m", "sk-bench-0123456789abcdef"
AIMS = "aims: added p50 <= 5 ms, p99 <= 20 ms, <= 60 us CPU a chunk, 400 streams at once"
EVENT = (
    b'data: {"id":"a","object":"chat.completion.chunk","model":"m-1",'
    b'"choices":[{"index":0,"delta":{"content":" word"}}]}\n\n'
)
LAST = (
    b'data: {"id":"a","choices":[],"usage":{"prompt_tokens":9,"completion_tokens":%d}}\n\n' % CHUNKS
    + b"data: [DONE]\n\n"
)
ANSWER = json.dumps(
    {
        "id": "a",
        "model": "m-1",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": "word " * 40}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 9, "completion_tokens": 40},
    }
).encode()


def main(arguments: list[str]) -> None:
    """Print the figures, or be one of the processes."""
    if arguments[:1] == ["--endpoint"]:
        asyncio.run(serve_endpoint())
    elif arguments[:1] == ["--gateway"]:
        serve_gateway(*arguments[1:3])
    else:
        measure()


# -- the two processes


class Endpoint(asyncio.Protocol):
    """Answers at once, or streams chunks at a fixed pace; it reads no more of a request than it has to."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self.transport = transport
        self.held = b""

    def data_received(self, data: bytes) -> None:
        """Answer once a request is whole."""
        self.held += data
        head, found, rest = self.held.partition(b"\r\n\r\n")
        if not found:
            return
        length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0])
        if len(rest) < length:
            return
        body, self.held = rest[:length], rest[length:]
        if b'"stream":true' in body.replace(b" ", b""):
            self.task = asyncio.ensure_future(self.stream())
        elif b'"x_slow":true' in body.replace(b" ", b""):
            asyncio.get_running_loop().call_later(0.02, self.answer)
        else:
            self.answer()

    def answer(self) -> None:
        """Answer whole."""
        head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(ANSWER)
        self.transport.write(head + ANSWER)

    async def stream(self) -> None:
        """Stream chunks one by one."""
        head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
        self.transport.write(head)
        for _ in range(CHUNKS):
            await asyncio.sleep(PAUSE)
            self.transport.write(b"%x\r\n%b\r\n" % (len(EVENT), EVENT))
        self.transport.write(b"%x\r\n%b\r\n0\r\n\r\n" % (len(LAST), LAST))


async def serve_endpoint() -> None:
    """Serve until killed, after printing the port."""
    server = await asyncio.get_running_loop().create_server(Endpoint, "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


def serve_gateway(endpoint: str, home: str) -> None:
    """Serve until killed, after printing the port and a token; with a node in this folder, if one is named."""
    from watchbell.gateway.limits import Limits
    from watchbell.gateway.serving import listening, serve

    url, limits = f"http://127.0.0.1:{endpoint}", Limits()
    gateway, token = with_a_node(home, url, limits) if home else with_memory(url, limits)
    sock = listening("127.0.0.1", 0)
    os.sched_setaffinity(0, {sorted(os.sched_getaffinity(0))[0]})
    print(sock.getsockname()[1], token, flush=True)
    serve(gateway, sock, limits=limits)


def with_memory(url: str, limits: Any) -> tuple[Any, str]:
    """Return a gateway whose ledger is in memory, and a token."""
    import random
    from datetime import timedelta

    from tests.support.metering_ledger import Grant, MemoryLedger

    from watchbell.domain.metering import Scheme, Upstream
    from watchbell.doors import moment
    from watchbell.gateway.app import Gateway
    from watchbell.gateway.counter import Counter
    from watchbell.outside.upstream import Endpoints

    token = f"wbg_{'0123456789abcdef' * 2}_{'bench':x<43}"
    upstream = Upstream(base_url=url, credential=CREDENTIAL, scheme=Scheme.BEARER, models={MODEL: "m-1"})
    ledger, rng = MemoryLedger(), random.Random(1)
    ledger.grants[token] = Grant(engagement="e", upstream=upstream, ends_at=moment.now() + timedelta(days=1))
    counter = Counter(ledger, now=moment.now, rng=rng, limits=limits)
    return Gateway(counter, Endpoints(allow=frozenset({url})), now=moment.now, rng=rng, limits=limits), token


def with_a_node(home: str, url: str, limits: Any) -> tuple[Any, str]:
    """Return the gateway of a fresh node on SQLite, where access has begun, and a token."""
    for name in [name for name in os.environ if name.startswith("WATCHBELL_")]:
        del os.environ[name]
    os.environ |= {"WATCHBELL_HOME": home, "WATCHBELL_EGRESS_ALLOW": url}
    os.environ["DJANGO_SETTINGS_MODULE"] = "watchbell.config.settings"
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)
    from benchmarks.ledger import begun
    from watchbell.cli.gateway import made
    from watchbell.doors import moment
    from watchbell.gateway.node_ledger import NodeLedger
    from watchbell.outside.settings import Settings

    token, keys, _ = begun(moment.now(), url, allow=(url,))
    return made(Settings.from_env(os.environ), NodeLedger(keys), limits), token


NGINX = """
daemon off; master_process off; worker_processes 1; error_log stderr crit; pid {folder}/pid;
events {{ worker_connections 4096; }}
http {{
  access_log off; client_body_temp_path {folder}/a; proxy_temp_path {folder}/b;
  fastcgi_temp_path {folder}/c; uwsgi_temp_path {folder}/d; scgi_temp_path {folder}/e;
  upstream endpoint {{ server 127.0.0.1:{endpoint}; keepalive 512; }}
  server {{
    listen 127.0.0.1:{port} backlog=1024;
    location / {{
      proxy_pass http://endpoint; proxy_http_version 1.1; proxy_buffering off;
      proxy_set_header Connection ""; proxy_set_header Authorization "Bearer {credential}";
    }}
  }}
}}
"""


# -- what is measured


@dataclass
class Way:
    """One way from the callers to the endpoint; `pid` is the process in between, if there is one."""

    name: str
    port: int
    pid: int = 0
    token: str = ""
    spans: list[float] = field(default_factory=list)

    def request(self, *, stream: bool = False, slow: bool = False) -> bytes:
        """Return one call; a slow one takes the endpoint 20 ms."""
        body = json.dumps(
            {"model": MODEL, "max_tokens": 1000, "messages": [], "stream": stream, "x_slow": slow}
        ).encode()
        head = f"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {self.token}\r\n"
        return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body

    def cpu(self) -> float:
        """Return the seconds of CPU this process has taken so far."""
        if not self.pid:
            return 0.0
        fields = Path(f"/proc/{self.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def measure() -> None:
    """Start the processes and print the figures."""
    with started("--endpoint") as endpoint:
        ways, port = [Way("direct", endpoint[0])], str(endpoint[0])
        with (
            tempfile.TemporaryDirectory(prefix="watchbell-bench-") as home,
            nginx(endpoint[0]) as front,
            started("--gateway", port, "") as gateway,
            started("--gateway", port, home) as node,
        ):
            ways += [Way("nginx", *front)] if front else []
            ways += [Way("gateway", *gateway), Way("node", *node)]
            asyncio.run(latency(ways, at_once=1))
            asyncio.run(latency(ways, at_once=8, slow=True))
            asyncio.run(streams(ways))
    print(AIMS)


async def latency(ways: list[Way], *, at_once: int, slow: bool = False) -> None:
    """Print percentiles of whole calls, in rounds that take turns."""
    spent = {way.name: 0.0 for way in ways}
    for way in ways:
        way.spans = []
    for _ in range(ROUNDS):
        for way in ways:
            before = way.cpu()
            await asyncio.gather(*(calls(way, CALLS_A_ROUND // at_once, slow=slow) for _ in range(at_once)))
            spent[way.name] += way.cpu() - before
    direct = percentiles(ways[0].spans)
    pace = "an endpoint that takes 20 ms" if slow else "an endpoint that answers at once"
    print(f"-- whole answers of {pace}, {at_once} callers, {len(ways[0].spans)} calls each way")
    for way in ways:
        p50, p99 = percentiles(way.spans)
        cost = spent[way.name] / (len(way.spans) + ROUNDS * at_once) * 1e6
        added = f"added p50 {p50 - direct[0]:6.2f} ms  p99 {p99 - direct[1]:6.2f} ms  {cost:5.0f} us CPU a call"
        added = added if way.pid else ""
        print(f"{way.name:8} p50 {p50:6.2f} ms  p99 {p99:6.2f} ms  {added}", flush=True)


async def calls(way: Way, number: int, *, slow: bool = False) -> None:
    """Make calls one after the other over one connection; the first is not counted."""
    reader, writer = await asyncio.open_connection("127.0.0.1", way.port)
    for at in range(number + 1):
        started = time.perf_counter()
        writer.write(way.request(slow=slow))
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200"), head
        await reader.readexactly(int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0]))
        if at:
            way.spans.append((time.perf_counter() - started) * 1000)
    writer.close()


def percentiles(spans: list[float]) -> tuple[float, float]:
    """Return median and 99th percentile."""
    return statistics.median(spans), statistics.quantiles(spans, n=100)[-1]


async def streams(ways: list[Way]) -> None:
    """Print what many streams at once cost in between while all of them run, and how late their chunks are."""
    print(f"-- {STREAMS} streams at once, {CHUNKS} chunks each, one every {PAUSE * 1000:.0f} ms")
    costs = {}
    for way in ways:
        watch = Watch(way)
        gaps = [one for found in await asyncio.gather(*(stream(way, watch) for _ in range(STREAMS))) for one in found]
        costs[way.name] = watch.cost
        p50, p99 = percentiles([(gap - PAUSE) * 1000 for gap in gaps])
        share = f"{watch.cost:6.1f} us CPU a chunk, {watch.share:4.0f} % of a core" if way.pid else ""
        print(f"{way.name:8} {STREAMS} whole; late p50 {p50:6.1f} ms  p99 {p99:6.1f} ms  {share}", flush=True)
    if costs.get("nginx"):
        print(f"gateway / nginx: {costs['gateway'] / costs['nginx']:.1f}x the CPU a chunk")


class Watch:
    """Counts chunks and CPU from when every stream has begun to when the first one ends."""

    def __init__(self, way: Way) -> None:
        self.way = way
        self.begun = self.chunks = 0
        self.span: list[tuple[float, float, int]] = []

    def saw(self, chunks: int, *, is_first: bool, is_last: bool) -> None:
        """Count chunks of one stream."""
        self.chunks += chunks
        self.begun += is_first
        if (self.begun == STREAMS and not self.span) or (is_last and len(self.span) == 1):
            self.span.append((time.perf_counter(), self.way.cpu(), self.chunks))

    @property
    def cost(self) -> float:
        """Return microseconds of CPU a chunk."""
        (_, before, first), (_, after, last) = self.span
        return (after - before) / (last - first) * 1e6

    @property
    def share(self) -> float:
        """Return how much of a processor was taken, in percent."""
        (start, before, _), (end, after, _) = self.span
        return (after - before) / (end - start) * 100


async def stream(way: Way, watch: Watch) -> list[float]:
    """Read one stream to its end; return the time between its chunks."""
    reader, writer = await asyncio.open_connection("127.0.0.1", way.port)
    writer.write(way.request(stream=True))
    seen, gaps, last, held = 0, [], 0.0, b""
    while b"[DONE]" not in held:
        data = await reader.read(65536)
        assert data, "a stream ended early"
        now = time.perf_counter()
        held = held[-20:] + data
        found = data.count(b'" word"')
        if found and seen:
            gaps.append(now - last)
        if found:
            watch.saw(found, is_first=not seen, is_last=seen + found == CHUNKS)
            seen, last = seen + found, now
    assert seen == CHUNKS, seen
    writer.close()
    return gaps


@contextmanager
def started(*words: str) -> Iterator[tuple[int, int, str]]:
    """Start one of the processes; give its port, its number, and the token it takes."""
    command = [sys.executable, "-m", "benchmarks", "gateway", *words]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        said = next(line.split() for line in process.stdout if line.split(" ")[0].strip().isdigit())
        yield int(said[0]), process.pid, "".join(said[1:])
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=30)


@contextmanager
def nginx(endpoint: int) -> Iterator[tuple[int, int] | None]:
    """Start nginx in front of the endpoint; give None, and say so, where there is none."""
    program = shutil.which("nginx", path=os.environ.get("PATH", "") + ":/usr/sbin")
    if program is None:
        print("nginx is not installed (Debian: apt-get install nginx-light): compared with direct calls alone")
        yield None
        return
    with tempfile.TemporaryDirectory(prefix="watchbell-bench-") as folder:
        port = free_port()
        file = Path(folder) / "nginx.conf"
        told = NGINX.format(folder=folder, endpoint=endpoint, port=port, credential=CREDENTIAL)
        file.write_text(told, encoding="ascii")
        process = subprocess.Popen([program, "-p", folder, "-c", str(file)])
        time.sleep(0.5)
        try:
            yield port, process.pid
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=30)


def free_port() -> int:
    """Return a port that is free now."""
    import socket

    with socket.create_server(("127.0.0.1", 0)) as one:
        return int(one.getsockname()[1])
