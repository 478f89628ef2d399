"""A call ends when its time is over, when access ends, and when the process does: at once, with what it said so far."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from datetime import timedelta

import pytest
from tests.conftest import NOON
from tests.gateway.scene import PATHS, PATIENCE, Scene, served
from tests.support import gateway_process
from tests.support import model_endpoint as its
from tests.support.machine import ROOT
from tests.support.model_endpoint import CHUNKED, END, EVENTS, JSON, OK, ModelEndpoint, spoken

from watchbell.domain.metering import Ending
from watchbell.outside.upstream import Bounds

SLOW = spoken(("Hello", *[" and"] * 60), pause=0.04)
DIALECTS = sorted(PATHS)


def error_of(dialect: str, told: dict[str, object]) -> dict[str, object]:
    found = told if dialect == "responses" else told["error"]
    assert isinstance(found, dict)
    return found


@pytest.mark.parametrize("dialect", DIALECTS)
def test_tm_01_a_stream_is_cut_when_the_window_ends_and_keeps_what_it_said(scene: Scene, dialect: str) -> None:
    scene.answers(SLOW)
    scene.grant.ends_at = scene.clock.now() + timedelta(seconds=0.5)

    got = scene.ask(dialect, stream=True)

    assert got.status == 200
    assert 0.4 < got.seconds < 0.5 + 1.0
    assert b"Hello" in got.body
    told = error_of(dialect, got.last)
    assert (told["code"], told["message"]) == ("window-over", "The early-access window is over.")
    assert b"[DONE]" not in got.body
    settled = scene.settled()
    assert (settled.ending, settled.status, settled.usage) == (Ending.OUT_OF_TIME, 200, None)
    assert settled.response_bytes > 0


@pytest.mark.parametrize(
    "answer",
    [its.hanging(), its.hanging(OK + JSON + b"Content-Length: 9\r\n\r\n{"), spoken(pause=3.0)],
    ids=["before the head", "within the body", "a slow answer"],
)
def test_tm_01_an_answer_that_is_not_whole_when_the_window_ends_is_403(scene: Scene, answer: its.Answer) -> None:
    scene.answers(answer)
    scene.grant.ends_at = scene.clock.now() + timedelta(seconds=0.25)

    got = scene.ask()

    assert (got.status, got.error["code"]) == (403, "window-over")
    assert got.seconds < 0.25 + 1.0
    assert scene.settled().ending is Ending.OUT_OF_TIME


def test_tm_01_a_clock_that_jumps_over_the_end_cuts_at_once(scene: Scene) -> None:
    scene.answers(SLOW)

    with scene.begin() as caller:
        assert b"Hello" in read_until(caller, b"Hello")
        jumped = time.monotonic()
        scene.clock.shift = timedelta(days=2)
        assert b"window-over" in read_until(caller, b"window-over")

    assert time.monotonic() - jumped < 1.0
    assert scene.settled().ending is Ending.OUT_OF_TIME


def test_v3_no_credential_leaves_at_or_after_the_end(scene: Scene) -> None:
    scene.grant.ends_at = scene.clock.now() + timedelta(days=30)
    scene.ledger.seconds = 0.2

    class Late:
        def __call__(self) -> None:
            scene.clock.shift = timedelta(days=31)

    scene.ledger.admit = after(scene.ledger.admit, Late())  # type: ignore[method-assign]
    try:
        got = scene.ask()
    finally:
        del scene.ledger.admit

    assert (got.status, got.error["code"]) == (403, "window-over")
    assert scene.endpoint.asked == []
    settled = scene.settled()
    assert (settled.ending, settled.response_bytes, settled.usage.output_tokens) == (Ending.OUT_OF_TIME, 0, 0)


def after(deed: object, then: object) -> object:
    def done(*given: object, **named: object) -> object:
        try:
            return deed(*given, **named)
        finally:
            then()

    return done


@pytest.mark.parametrize("change", ["is_stopped", "is_paused"])
@pytest.mark.parametrize("dialect", DIALECTS)
def test_access_that_ends_or_is_paused_cuts_what_is_under_way_within_a_second(
    scene: Scene, dialect: str, change: str
) -> None:
    scene.answers(SLOW)

    with scene.begin(dialect) as caller:
        read_until(caller, b"Hello")
        setattr(scene.grant, change, True)
        stopped = time.monotonic()
        rest = read_until(caller, b"access-stopped")

    assert time.monotonic() - stopped < 1.0
    assert b"and" in rest or b"error" in rest
    assert scene.settled().ending is Ending.STOPPED
    assert scene.ask(dialect).status == (403 if change == "is_stopped" else 503)


def test_access_that_ends_for_one_leaves_the_others_alone(scene: Scene) -> None:
    scene.answers(spoken(("Hello", *[" and"] * 20), pause=0.04))
    other = scene.ledger.grants["another-token-0123456789"] = type(scene.grant)(
        engagement="e-2", upstream=scene.grant.upstream, ends_at=NOON + timedelta(days=1)
    )

    with scene.begin() as caller:
        read_until(caller, b"Hello")
        other.is_stopped = True

        assert b"[DONE]" in read_until(caller, b"[DONE]")

    assert scene.settled().ending is Ending.ANSWERED


def test_a_ledger_that_says_nothing_stops_what_it_might_have_stopped(scene: Scene) -> None:
    scene.answers(SLOW)

    with scene.begin() as caller:
        read_until(caller, b"Hello")
        scene.ledger.trouble = ConnectionError("the database is away")
        silent = time.monotonic()
        assert b"ledger-away" in read_until(caller, b"ledger-away")
        assert 0.5 < time.monotonic() - silent < 2.0
        got = scene.ask()
        scene.ledger.trouble = None

    assert (got.status, got.error["code"]) == (503, "ledger-away")
    assert scene.settled().ending is Ending.STOPPED
    scene.answers(spoken())
    assert scene.ask().status == 200


def test_a_ledger_that_was_away_while_nobody_called_stops_nobody_later(scene: Scene) -> None:
    scene.ledger.trouble = ConnectionError("the database is away")
    assert scene.ask().status == 503
    time.sleep(1.0)
    scene.ledger.trouble = None
    scene.answers(spoken(pause=0.1))

    assert b"[DONE]" in scene.ask(stream=True).body


def test_a_caller_that_leaves_ends_its_call_at_the_endpoint_too(scene: Scene) -> None:
    scene.answers(SLOW)

    with scene.begin() as caller:
        read_until(caller, b"Hello")

    assert scene.settled().ending is Ending.CALLER_LEFT
    until = time.monotonic() + 2
    while not scene.endpoint.left:
        assert time.monotonic() < until
        time.sleep(0.01)


def test_a_caller_that_never_reads_is_dropped_in_its_time(endpoint: ModelEndpoint) -> None:
    event = b'data: {"choices":[{"delta":{"content":"' + b"x" * 40_000 + b'"}}]}\n\n'
    endpoint.answer = its.endless(OK + EVENTS + CHUNKED + END, its.chunk(event))
    patient = Bounds(total_seconds=30, idle_seconds=30, body_bytes=1 << 30)

    with served(endpoint, bounds=patient) as scene, scene.begin():
        started = time.monotonic()
        settled = scene.settled()

    assert settled.ending is Ending.CALLER_LEFT
    assert time.monotonic() - started < 4.0
    assert settled.response_bytes < 32 << 20


def read_until(caller: socket.socket, words: bytes) -> bytes:
    """Read until these words have come; raises when they do not."""
    caller.settimeout(PATIENCE)
    held = b""
    while words not in held:
        data = caller.recv(65536)
        assert data, held[-500:]
        held += data
    return held


@pytest.mark.parametrize("words", [3, 400], ids=["ends in time", "has to be cut"])
def test_a_process_that_is_told_to_stop_lets_calls_end_then_cuts_and_settles_them_all(words: int) -> None:
    answer = spoken(("Hello", *[" and"] * words), pause=0.05)
    with ModelEndpoint(answer) as endpoint:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.gateway_process", endpoint.base_url],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            assert process.stdout is not None
            port = int(process.stdout.readline())
            callers = [begun(port) for _ in range(5)]
            for caller in callers:
                read_until(caller, b"Hello")
            process.send_signal(signal.SIGTERM)
            started = time.monotonic()
            ends = [read_until(one, b"[DONE]" if words == 3 else b"gateway-stopping") for one in callers]
            out, log = process.communicate(timeout=20)
        finally:
            process.kill()

    assert time.monotonic() - started < 8
    assert process.returncode == 0, log
    told = json.loads(out)  # noqa: TID251 (what our own process printed)
    assert told["open"] == 0
    assert told["calls"] == len(told["endings"]) == 5
    assert set(told["endings"]) == {"answered" if words == 3 else "stopped"}
    assert len(ends) == 5
    assert gateway_process.CREDENTIAL not in log
    assert gateway_process.TOKEN not in log
    lines = [json.loads(line) for line in log.splitlines()]  # noqa: TID251
    assert [line["status"] for line in lines if line.get("path")] == [200] * 5


def begun(port: int) -> socket.socket:
    body = b'{"model":"alias","stream":true,"messages":[]}'
    head = f"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nx-api-key: {gateway_process.TOKEN}\r\n"
    caller = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
    caller.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
    return caller


READ = """
import os, sys
os.setgroups([]); os.setgid(65534); os.setuid(65534)
for name in ("environ", "mem"):
    open(f"/proc/{sys.argv[1]}/{name}", "rb").read(0 if name == "mem" else 10)
"""
HOLD = """
import ctypes, os, sys
from watchbell.outside.closed import close_memory
os.setgroups([]); os.setgid(65534); os.setuid(65534)
ctypes.CDLL(None).prctl(4, 1, 0, 0, 0)  # as it is for a process that has never been another user's
if sys.argv[1] == "closed":
    close_memory()
print("ready", flush=True)
input()
"""


@pytest.mark.skipif(os.getuid() != 0, reason="only root can start processes of another user")
@pytest.mark.parametrize(("state", "code"), [("open", 0), ("closed", 1)])
def test_gw_13_no_other_process_of_its_user_reads_what_the_gateway_holds(state: str, code: int) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, state], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "ready\n"
        reading = [sys.executable, "-c", READ, str(holder.pid)]
        seen = subprocess.run(reading, capture_output=True, text=True, check=False)
    finally:
        holder.kill()
        holder.communicate()

    assert seen.returncode == code
    assert ("PermissionError" in seen.stderr) == (state == "closed")
