"""Can somebody stop a node for everyone else by sending slowly, or by not reading what they asked for?"""

import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from django.urls import reverse
from tests.support.nodes import Served, served, throwaway

PATIENCE_SECONDS = 5.0
SIGN_IN = reverse("account_login")
HALF_A_FORM = (
    f"POST {SIGN_IN} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n"
    "Content-Length: 100000\r\n\r\nlogin=somebody"
).encode()
HALF_AN_UPLOAD = (
    b"POST /api/v1/submissions HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer wb_none\r\n"
    b"Content-Length: 1000000\r\n\r\n{"
)
HALF_A_CHUNK = (
    f"POST {SIGN_IN} HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nlogin\r\nffff\r\nx"
).encode()
HALF_A_HEADER = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Slow: "


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with throwaway(tmp_path_factory.mktemp("half") / "home") as made:
        made.make()
        with served(made) as running:
            running.ask(SIGN_IN)  # the first page of a process loads its templates
            yield running


@contextmanager
def held_open(node: Served, start: bytes, number: int) -> Iterator[list[socket.socket]]:
    """Hold this many connections that have sent only the start of a request; all are closed at the end."""
    with ExitStack() as closing:
        sockets = []
        for _ in range(number):
            one = closing.enter_context(socket.create_connection(("127.0.0.1", node.port), timeout=10))
            one.sendall(start)
            sockets.append(one)
        yield sockets


def slowest_answer(node: Served) -> float:
    """Return how many seconds the slower of a liveness check and a sign-in page took; both must be right."""
    slowest = 0.0
    for path, wanted in [("/healthz", b"alive"), (SIGN_IN, b"<form")]:
        started = time.monotonic()
        status, _, body = node.ask(path)
        slowest = max(slowest, time.monotonic() - started)
        assert status == 200
        assert wanted in body
    return slowest


@pytest.mark.parametrize("number", [90, 600])
@pytest.mark.parametrize(
    "start", [HALF_A_FORM, HALF_AN_UPLOAD, HALF_A_CHUNK, HALF_A_HEADER], ids=["form", "upload", "chunk", "header"]
)
def test_half_sent_requests_stop_nobody_else(node: Served, start: bytes, number: int) -> None:
    with held_open(node, start, number):
        taken = slowest_answer(node)

    assert taken < PATIENCE_SECONDS


def test_trickling_senders_stop_nobody_else(node: Served) -> None:
    with held_open(node, HALF_A_HEADER, 90) as headers, held_open(node, HALF_A_FORM, 90) as bodies:
        for _ in range(4):
            for one in (*headers, *bodies):
                one.sendall(b"x")
            assert slowest_answer(node) < PATIENCE_SECONDS


def test_visitors_who_ask_and_never_read_stop_nobody_else(node: Served) -> None:
    request = f"GET {SIGN_IN} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode() * 4

    with held_open(node, request, 90):
        taken = slowest_answer(node)

    assert taken < 2 * PATIENCE_SECONDS  # 360 pages are made first, on a machine that does other things too


def test_a_request_the_server_cannot_read_is_answered_as_a_problem(node: Served) -> None:
    cases = {
        b"POST /api/v1/submissions HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999\r\n\r\n": b" 413 ",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"a" * 70_000 + b"\r\n\r\n": b" 431 ",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5, 6\r\n\r\n": b" 400 ",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: gzip, chunked\r\n\r\n": b" 501 ",
    }
    for request, status in cases.items():
        with socket.create_connection(("127.0.0.1", node.port), timeout=10) as one:
            one.sendall(request)
            answer = one.recv(65536)
            while b"\r\n\r\n{" not in answer and (more := one.recv(65536)):
                answer += more

        assert status in answer.partition(b"\r\n")[0]
        assert b"application/problem+json" in answer
        assert b"waitress" not in answer.lower()


def test_the_server_does_not_say_what_it_is(node: Served) -> None:
    _, headers, _ = node.ask("/healthz")

    assert "server" not in headers
    assert "via" not in headers


def was_dropped(one: socket.socket) -> bool:
    """Send one more byte and say whether the server has closed this connection."""
    try:
        one.sendall(b"x")
        return one.recv(1) == b""
    except TimeoutError:
        return False
    except OSError:
        return True


def test_a_request_that_never_ends_is_dropped_in_its_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from watchbell.cli import listening

    monkeypatch.setattr(listening, "HEADER_SECONDS", 0.2)
    monkeypatch.setattr(listening, "BODY_SECONDS", 0.2)
    listener = listening.Listener(lambda environ, start: [b""], "127.0.0.1", 0)

    for start in (HALF_A_HEADER, HALF_A_FORM):
        with socket.create_connection(("127.0.0.1", listener.port), timeout=10) as one:
            one.settimeout(0.02)
            one.sendall(start)
            is_dropped = False
            for _ in range(40):
                listener._turn(0.05)
                is_dropped = is_dropped or was_dropped(one)
            assert is_dropped

    listener._server.task_dispatcher.shutdown()
    listener._server.close()
