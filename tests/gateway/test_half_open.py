"""Whoever sends slowly, or leaves unread what was asked for, stops nobody else (OV-02)."""

import asyncio
import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest
from tests.gateway.scene import LIMITS, PATIENCE, TOKEN, Scene, served
from tests.support.model_endpoint import ModelEndpoint, spoken

from watchbell.gateway.known import Known
from watchbell.gateway.limits import Limits
from watchbell.outside.upstream import Bounds

HEAD = f"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TOKEN}\r\n"
STARTS = {
    "body": f"{HEAD}Content-Length: 100000\r\n\r\n{{".encode(),
    "chunk": f"{HEAD}Transfer-Encoding: chunked\r\n\r\nffff\r\nx".encode(),
    "head": b"POST /v1/messages HTTP/1.1\r\nHost: x\r\nX-Slow: ",
    "stranger": b"POST /v1/messages HTTP/1.1\r\nHost: x\r\nContent-Length: 9999\r\n\r\n{",
}


STRANGER = f"wbg_{'f' * 32}_{'guessed':x<43}"


@pytest.fixture(scope="module")
def slow() -> Iterator[Scene]:
    """A gateway that waits for requests as long as it does in earnest."""
    limits = Limits(request_seconds=60.0)
    patient = Bounds(total_seconds=30, first_byte_seconds=10, idle_seconds=10)
    with ModelEndpoint() as endpoint, served(endpoint, limits=limits, bounds=patient, head_seconds=30.0) as one:
        yield one


@contextmanager
def held_open(scene: Scene, start: bytes, number: int) -> Iterator[list[socket.socket]]:
    with ExitStack() as closing:
        sockets = []
        for _ in range(number):
            one = closing.enter_context(socket.create_connection(("127.0.0.1", scene.port), timeout=PATIENCE))
            one.sendall(start)
            sockets.append(one)
        yield sockets


@pytest.mark.parametrize("number", [90, 600])
@pytest.mark.parametrize("start", STARTS.values(), ids=STARTS.keys())
def test_ov_02_half_sent_requests_stop_nobody_else(slow: Scene, start: bytes, number: int) -> None:
    with held_open(slow, start, number):
        for stream in (False, True):
            got = slow.ask(stream=stream)

            assert got.status == 200
            assert got.seconds < 2.0
        assert slow.send("GET", "/healthz").body == b"alive"


def test_ov_02_callers_who_ask_and_never_read_stop_nobody_else(slow: Scene) -> None:
    body = b'{"model":"alias","messages":[]}'
    request = f"{HEAD}Content-Length: {len(body)}\r\n\r\n".encode() + body

    with held_open(slow, request * 3, 90):
        got = slow.ask()

    assert got.status == 200
    assert got.seconds < 4.0
    slow.wait_until_settled()


def test_a_body_that_does_not_arrive_in_time_is_408(scene: Scene) -> None:
    for start in (STARTS["body"], STARTS["chunk"]):
        with socket.create_connection(("127.0.0.1", scene.port), timeout=PATIENCE) as one:
            one.sendall(start)
            started = time.monotonic()
            answer = one.recv(65536)

        assert answer.startswith(b"HTTP/1.1 408 ")
        assert time.monotonic() - started < LIMITS.request_seconds + 1
    assert not scene.ledger.asks


def test_a_head_that_does_not_arrive_in_time_or_is_too_large_ends_the_connection(scene: Scene) -> None:
    for start in (STARTS["head"], b"", b"GET / HTTP/1.1\r\nX: " + b"a" * 70_000):
        with socket.create_connection(("127.0.0.1", scene.port), timeout=3) as one:
            one.sendall(start)
            try:
                assert one.recv(65536) == b""
            except ConnectionResetError:
                continue


def test_a_body_beyond_its_bound_is_413_whether_or_not_it_says_so() -> None:
    limits = Limits(request_bytes=10_000)
    with ModelEndpoint() as endpoint, served(endpoint, limits=limits) as scene:
        said = scene.send("POST", "/v1/messages", b"x" * 20_000, {"x-api-key": TOKEN})
        chunks = b"ffff\r\n" + b"x" * 65535 + b"\r\n"
        with socket.create_connection(("127.0.0.1", scene.port), timeout=PATIENCE) as one:
            one.sendall(f"{HEAD}Transfer-Encoding: chunked\r\n\r\n".encode() + chunks)
            unsaid = one.recv(65536)

    assert (said.status, said.error["code"]) == (413, "request-too-large")
    assert unsaid.startswith(b"HTTP/1.1 413 ")


def test_all_bodies_together_are_bounded_too() -> None:
    limits = Limits(requests_bytes=300_000, request_seconds=5.0)
    start = f"{HEAD}Content-Length: 100000\r\n\r\n".encode() + b" " * 90_000
    with ModelEndpoint() as endpoint, served(endpoint, limits=limits) as scene:
        with held_open(scene, start, 6):
            time.sleep(0.3)
            got = scene.ask(messages=[{"role": "user", "content": "x" * 50_000}])

        assert (got.status, got.error["code"], got.headers["retry-after"]) == (503, "gateway-busy", "1")
        scene.wait_until_settled()
        time.sleep(0.2)
        assert scene.ask().status == 200


@pytest.mark.parametrize("token", ["", "nothing-of-ours", f"wbg_{'0' * 32}_short", STRANGER])
def test_a_stranger_is_sent_away_at_the_head_of_the_request_with_the_body_still_to_come(
    scene: Scene, token: str
) -> None:
    start = f"POST /v1/messages HTTP/1.1\r\nHost: x\r\nx-api-key: {token}\r\nContent-Length: 8000000\r\n\r\n{{"
    with socket.create_connection(("127.0.0.1", scene.port), timeout=PATIENCE) as one:
        one.sendall(start.encode())
        started = time.monotonic()
        held = b""
        while data := one.recv(65536):
            held += data

    assert held.startswith(b"HTTP/1.1 401 ")
    assert b"connection: close" in held.lower()
    assert time.monotonic() - started < LIMITS.request_seconds
    assert not scene.ledger.asks
    assert not scene.ledger.refused


def test_strangers_bodies_take_none_of_the_room_that_callers_have() -> None:
    limits = Limits(requests_bytes=300_000, request_seconds=5.0)
    start = f"POST /v1/messages HTTP/1.1\r\nHost: x\r\nx-api-key: {STRANGER}\r\nContent-Length: 100000\r\n\r\n"
    with ModelEndpoint() as endpoint, served(endpoint, limits=limits) as scene:
        with held_open(scene, start.encode() + b" " * 30_000, 40):
            got = scene.ask(messages=[{"role": "user", "content": "x" * 50_000}])

        assert got.status == 200


def test_the_ledger_is_asked_who_somebody_is_once_in_a_while_and_not_at_every_call() -> None:
    with ModelEndpoint() as endpoint, served(endpoint, limits=LIMITS) as scene:
        got = [scene.ask().status for _ in range(5)]
        del scene.ledger.grants[TOKEN]
        ended = scene.ask()

        assert got == [200] * 5
        assert scene.ledger.transactions["known_among"] == 1
        assert (ended.status, ended.error["code"]) == (401, "bad-token")


def test_what_is_remembered_of_tokens_is_bounded_and_grows_old() -> None:
    now, asked = [0.0], list[str]()

    async def knows(token: str) -> bool:
        asked.append(token)
        return True

    known = Known(knows, Limits(known_seconds=10, known_most=2), clock=lambda: now[0])

    async def show(*tokens: str) -> None:
        for token in tokens:
            await known.require(token)

    asyncio.run(show("a", "b", "a", "c", "b", "a"))
    now[0] = 10.0
    asyncio.run(show("a"))

    assert asked == ["a", "b", "c", "a", "a"]
    assert len(known._until) == 2


def test_requests_sent_all_at_once_over_one_connection_are_answered_in_turn(scene: Scene) -> None:
    body = b'{"model":"alias","messages":[]}'
    request = f"{HEAD}Content-Length: {len(body)}\r\n\r\n".encode() + body
    with socket.create_connection(("127.0.0.1", scene.port), timeout=PATIENCE) as one:
        one.sendall(request * 5)
        held = b""
        while held.count(b'"completion_tokens"') < 5:
            data = one.recv(65536)
            assert data
            held += data

    assert held.count(b"HTTP/1.1 200 ") == 5
    scene.wait_until_settled()
    assert len(scene.ledger.settled) == 5


def test_many_calls_at_once_are_all_answered(scene: Scene) -> None:
    got: list[int] = []

    def call() -> None:
        got.extend(scene.ask(stream=True).status for _ in range(3))

    threads = [threading.Thread(target=call) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)

    assert got == [200] * 60
    scene.wait_until_settled()
    assert len(scene.ledger.settled) == 60


def test_one_huge_request_holds_up_nobodys_stream(slow: Scene) -> None:
    slow.answers(spoken(("word",) * 150, pause=0.02))
    huge = json.dumps({"model": "alias", "messages": [{"role": "user", "content": "hi"}] * 100_000}).encode()
    gaps, last = [], time.monotonic()
    with slow.begin() as stream:
        sending = threading.Thread(
            target=slow.send, args=("POST", "/v1/chat/completions", huge, {"Authorization": f"Bearer {TOKEN}"})
        )
        sending.start()
        held = b""
        while b"[DONE]" not in held:
            held = held[-20:] + stream.recv(65536)
            gaps.append(time.monotonic() - last)
            last = time.monotonic()
        sending.join(20)

    assert max(gaps) < 1.0
    slow.wait_until_settled()
    slow.answers(spoken())


@pytest.mark.parametrize(
    "request_line",
    [
        b"GET /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"POST /v1/messages HTTP/1.1\r\nHost: x\r\nContent-Length: 5, 6\r\n\r\n",
        b"POST /v1/messages HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n",
        b"POST /v1/messages HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        b"POST /v1/messages HTTP/1.1\r\nHost: x\r\nA\x00: b\r\n\r\n",
        b"nonsense\r\n\r\n",
    ],
)
def test_a_request_that_two_readers_could_understand_differently_is_400(scene: Scene, request_line: bytes) -> None:
    with socket.create_connection(("127.0.0.1", scene.port), timeout=PATIENCE) as one:
        one.sendall(request_line)
        answer = one.recv(65536)

    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b"uvicorn" not in answer.lower()
