"""waitress as this node runs it: slow senders and readers stop nobody, and stopping drops no answer.

Each bound is explained in `docs/decisions/0002-waitress.md` and held by `tests/journeys/test_half_open.py`.
"""

import json
import resource
import signal
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from waitress import wasyncore
from waitress.channel import HTTPChannel
from waitress.proxy_headers import proxy_headers_middleware
from waitress.server import BaseWSGIServer, create_server
from waitress.task import ErrorTask

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

THREADS = 16
CONNECTIONS = 2000
MIB = 1 << 20
LARGEST_BODY = 80 * MIB  # above what any view takes, so that the views' own refusals are the usual ones
LARGEST_HEADERS = 64 * 1024
HEADER_SECONDS = 30
BODY_SECONDS = 900  # 64 MiB over the slowest line we think of, 0.6 Mbit/s
IDLE_SECONDS = 60
DRAIN_SECONDS = 10
FORWARDED = frozenset({"x-forwarded-for", "x-forwarded-proto", "x-forwarded-host"})


class ProblemTask(ErrorTask):  # type: ignore[misc]
    """Answers what the parser could not read in the shape of every other error."""

    def execute(self) -> None:
        """This will write problem+json (RFC 9457) and close."""
        error = self.request.error
        expected = {413: f"At most {LARGEST_BODY} bytes", 500: "Try again; if it stays so, tell who keeps this node"}
        body = problem(
            error.code,
            f"http-{error.code}",
            error.reason,
            expected=expected.get(error.code, "A request as in RFC 9112"),
        )
        self.status = f"{error.code} {error.reason}"
        self.response_headers.append(("Content-Type", "application/problem+json"))
        self.set_close_on_finish()
        self.content_length = len(body)
        self.write(body)


class Channel(HTTPChannel):  # type: ignore[misc]
    """One connection; a request that does not arrive whole in its time is dropped, however busily it trickles."""

    error_task_class = ProblemTask
    _arriving: object = None
    _since = 0.0

    def readable(self) -> bool:
        """Return whether to read on; asked at least once a second."""
        request, now = self.request, time.monotonic()
        if request is not self._arriving:
            self._arriving, self._since = request, now
        if request is not None:
            allowed = BODY_SECONDS if request.headers_finished else HEADER_SECONDS
            if now - self._since > allowed:
                self.will_close = True
        return bool(super().readable())

    @property
    def is_busy(self) -> bool:
        """Return whether an answer is being made or sent."""
        return bool(self.requests or self.total_outbufs_len)


class Listener:
    """A bound server; `run` serves until it is told to stop."""

    def __init__(self, application: Application, host: str, port: int, *, trusted_proxies: Sequence[str] = ()) -> None:
        self._sockets: dict[int, Any] = {}
        self._is_stopping = False
        self._server = create_server(
            behind_proxies(plain_bodies(application), trusted_proxies),
            map=self._sockets,
            host=host,
            port=port,
            threads=THREADS,
            connection_limit=_connections(),
            backlog=1024,
            channel_timeout=IDLE_SECONDS,
            cleanup_interval=10,
            max_request_body_size=LARGEST_BODY,
            max_request_header_size=LARGEST_HEADERS,
            inbuf_overflow=MIB,
            outbuf_overflow=MIB,
            outbuf_high_watermark=256 * MIB,
            asyncore_use_poll=True,
            ident=None,
            clear_untrusted_proxy_headers=False,
        )
        for each in self._listening():
            each.channel_class = Channel

    @property
    def port(self) -> int:
        """Return the port listened on."""
        return int(self._listening()[0].effective_port)

    def run(self) -> None:
        """This will serve until SIGTERM or SIGINT; then it takes no more and ends when every answer is sent."""
        before = {name: signal.signal(name, self._stop) for name in (signal.SIGTERM, signal.SIGINT)}
        try:
            while not self._is_stopping:
                self._turn(1.0)
        finally:
            for name, handler in before.items():
                signal.signal(name, handler)
        self._drain()

    def _stop(self, *_: object) -> None:
        self._is_stopping = True

    def _drain(self) -> None:
        for each in self._listening():
            each.del_channel()
            each.socket.close()
        until = time.monotonic() + DRAIN_SECONDS
        while time.monotonic() < until and any(_is_busy(each) for each in list(self._sockets.values())):
            self._turn(0.1)
        self._server.task_dispatcher.shutdown()

    def _turn(self, seconds: float) -> None:
        wasyncore.loop(timeout=seconds, use_poll=True, map=self._sockets, count=1)

    def _listening(self) -> list[BaseWSGIServer]:
        return [each for each in self._sockets.values() if isinstance(each, BaseWSGIServer)]


def problem(status: int, code: str, title: str, *, expected: str) -> bytes:
    """Return the body of an error that is found before any view is asked (RFC 9457)."""
    told = {"type": f"urn:watchbell:problem:{code}", "title": title, "status": status, "code": code}
    return json.dumps({**told, "expected": expected}).encode()


def plain_bodies(application: Application) -> Application:
    """Return the application that is never asked to inflate a body: what is compressed is uploaded as a file."""

    def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        coding = environ.get("HTTP_CONTENT_ENCODING", "identity").strip().lower()
        if coding in ("", "identity"):
            return application(environ, start_response)
        body = problem(
            415,
            "content-encoding",
            "A body with a Content-Encoding is not taken.",
            expected="No Content-Encoding; .gz and .zst files may be sent as they are",
        )
        headers = [("Content-Type", "application/problem+json"), ("Content-Length", str(len(body)))]
        start_response("415 Unsupported Media Type", [*headers, ("Accept-Encoding", "identity")])
        return [body]

    return answer


def behind_proxies(application: Application, trusted: Sequence[str]) -> Application:
    """Return the application that believes X-Forwarded-* of the trusted proxies alone, each one hop away."""
    stranger = proxy_headers_middleware(application, clear_untrusted=True)
    known = {
        proxy: proxy_headers_middleware(
            application, trusted_proxy=proxy, trusted_proxy_headers=FORWARDED, clear_untrusted=True
        )
        for proxy in trusted
    }

    def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        return known.get(environ["REMOTE_ADDR"], stranger)(environ, start_response)  # type: ignore[no-any-return]

    return answer


def _is_busy(each: object) -> bool:
    return isinstance(each, Channel) and each.is_busy


def _connections() -> int:
    """Return how many connections to hold: files are allowed for them, for buffered bodies and for the database."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 3 * CONNECTIONS
    if soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(hard, wanted)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return max(50, min(CONNECTIONS, soft // 3))
