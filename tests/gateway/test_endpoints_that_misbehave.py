"""Whatever an endpoint does, the call ends in its time, the caller learns the true cause, and the next call works.

The ids are those of the list of faults that the project tests against (GW-03 to GW-10).
"""

import gc
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest
from tests.gateway.scene import CREDENTIAL, LIMITS, Scene, served
from tests.support import model_endpoint as its
from tests.support.model_endpoint import (
    CHUNKED,
    END,
    EVENTS,
    JSON,
    OK,
    Answer,
    ModelEndpoint,
    chunk,
    raw,
    spoken,
    whole,
)

from watchbell.domain.metering import Ending, Usage

MIB = 1 << 20
LATEST = 4.0
"""Every deadline of these tests is at most two seconds; the rest is for a machine that does other things too."""


def resident() -> int:
    """Return how much memory this process holds: gateway, endpoint and caller together."""
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * 4096


@contextmanager
def flat_memory(most: int = 48 * MIB) -> Iterator[None]:
    gc.collect()
    before = resident()
    yield
    assert resident() - before < most


def lives(scene: Scene) -> None:
    """Look whether the gateway serves the next call as if nothing had been."""
    scene.answers(spoken())
    assert scene.ask().status == 200
    assert scene.ask(stream=True).status == 200


# -- GW-03


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize(
    "where", ["http://169.254.169.254/latest/", "file:///etc/passwd", "https://other.example/", "/elsewhere"]
)
def test_gw_03_a_redirect_is_not_followed_and_carries_no_credential(scene: Scene, status: int, where: str) -> None:
    head = f"HTTP/1.1 {status} Go\r\nLocation: {where}\r\nContent-Length: 0\r\n\r\n"
    scene.answers(raw(head.encode()))

    got = scene.ask()

    assert (got.status, got.error["code"]) == (502, "endpoint-redirect")
    assert str(status) in got.error["message"]
    assert len(scene.endpoint.asked) == 1
    assert scene.settled().usage == Usage(0, 0)


def test_gw_03_a_redirect_to_another_server_never_reaches_it(scene: Scene) -> None:
    with ModelEndpoint() as other:
        scene.answers(raw(f"HTTP/1.1 307 Go\r\nLocation: {other.base_url}/\r\nContent-Length: 0\r\n\r\n".encode()))

        assert scene.ask().status == 502

        assert other.connections == 0


# -- GW-04, GW-05: silence and drips

SILENT = [
    ("after accept", its.hanging(), "endpoint-silent", Ending.ENDPOINT_SILENT, "silent for 0.6 s"),
    ("within the head", its.hanging(OK), "endpoint-silent", Ending.ENDPOINT_SILENT, "silent for 0.6 s"),
    (
        "after the head",
        its.hanging(OK + JSON + b"Content-Length: 9\r\n\r\n"),
        "endpoint-silent",
        Ending.ENDPOINT_SILENT,
        "silent for 0.5 s",
    ),
    (
        "within the body",
        its.hanging(OK + JSON + b"Content-Length: 9\r\n\r\n{"),
        "endpoint-silent",
        Ending.ENDPOINT_SILENT,
        "silent for 0.5 s",
    ),
    ("dripping head", its.dripping_head(0.01), "endpoint-silent", Ending.ENDPOINT_SILENT, "silent for 0.6 s"),
    ("dripping body", its.dripping(0.01), "endpoint-too-slow", Ending.OUT_OF_TIME, "after 2 s"),
]


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize(
    ("answer", "code", "ending", "words"), [one[1:] for one in SILENT], ids=[one[0] for one in SILENT]
)
def test_gw_04_gw_05_silence_and_drips_end_at_their_deadline(
    scene: Scene, answer: Answer, code: str, ending: Ending, words: str, stream: bool
) -> None:
    scene.answers(answer)

    with flat_memory():
        got = scene.ask(stream=stream)

    assert (got.status, got.error["code"]) == (504, code)
    assert words in got.error["message"]
    assert got.seconds < LATEST
    settled = scene.settled()
    assert (settled.ending, settled.usage) == (ending, None)
    lives(scene)


def test_gw_04_a_stream_that_falls_silent_keeps_what_it_said_and_says_why_it_ends(scene: Scene) -> None:
    said = b'data: {"choices":[{"delta":{"content":"Hello"}}]}\n\n'
    scene.answers(its.hanging(OK + EVENTS + CHUNKED + END + chunk(said)))

    got = scene.ask(stream=True)

    assert got.status == 200
    assert got.body.startswith(said)
    assert got.last["error"]["code"] == "endpoint-silent"
    assert scene.settled().ending is Ending.ENDPOINT_SILENT


# -- GW-06: too much

TOO_MUCH = [
    ("a body without end", its.endless(OK + JSON + CHUNKED + END, chunk(b" " * 65536)), "endpoint-too-large"),
    (
        "ten gigabytes announced",
        its.endless(OK + JSON + b"Content-Length: 10000000000\r\n\r\n", b" " * 65536),
        "too-large",
    ),
    ("a body until close", its.endless(OK + JSON + END, b" " * 65536), "endpoint-too-large"),
    ("a bomb in two layers", raw(its.bomb(64 * MIB)), "endpoint-coding"),
    (
        "compressed though asked not to",
        raw(OK + b"Content-Encoding: br\r\nContent-Length: 2\r\n\r\n{}"),
        "endpoint-coding",
    ),
    ("a head of 20 MB", raw(its.huge_head(20 * MIB)), "endpoint-too-large"),
    ("one field of 20 MB", its.endless(OK + b"X: ", b"a" * 65536), "endpoint-too-large"),
    ("a thousand small fields", raw(OK + b"X: a\r\n" * 1000 + b"Content-Length: 2\r\n\r\n{}"), "endpoint-too-large"),
    ("interim answers", its.endless(b"", b"HTTP/1.1 103 Early Hints\r\n\r\n" * 50), "endpoint-framing"),
    (
        "a trailer without end",
        its.endless(OK + JSON + CHUNKED + END + b"0\r\n", b"X: a\r\n" * 5000),
        "endpoint-too-large",
    ),
    ("an error without end", its.endless(b"HTTP/1.1 500 No\r\n" + CHUNKED + END, chunk(b" " * 65536)), "too-large"),
]


@pytest.mark.parametrize(("answer", "code"), [one[1:] for one in TOO_MUCH], ids=[one[0] for one in TOO_MUCH])
def test_gw_06_too_much_is_cut_at_the_cap(scene: Scene, answer: Answer, code: str) -> None:
    scene.answers(answer)

    with flat_memory():
        got = scene.ask()

    assert got.status == 502
    assert got.error["code"].endswith(code)
    assert got.seconds < LATEST
    scene.wait_until_settled()
    lives(scene)


def test_gw_06_answers_that_come_at_once_are_bounded_together(endpoint: ModelEndpoint) -> None:
    endpoint.answer = its.endless(OK + JSON + CHUNKED + END, chunk(b" " * 1000), pause=0.01, times=200)
    with served(endpoint, limits=replace(LIMITS, wholes_bytes=50_000)) as scene:
        callers = [threading.Thread(target=scene.ask) for _ in range(5)]
        for one in callers:
            one.start()
        got = scene.ask()
        for one in callers:
            one.join(10)

        assert (got.status, got.error["code"]) == (503, "gateway-busy")
        scene.wait_until_settled()
        lives(scene)


# -- GW-07: framing in doubt

BODY = b'{"choices":[]}'
LENGTH = b"Content-Length: 14\r\n"
FRAMING = {
    "shorter than stated": OK + JSON + b"Content-Length: 99\r\n\r\n" + BODY,
    "longer than stated": OK + JSON + b"Content-Length: 2\r\n\r\n" + BODY,
    "a second answer behind it": OK + JSON + LENGTH + END + BODY + OK + JSON + b"Content-Length: 5\r\n\r\n{bad}",
    "two lengths": OK + JSON + LENGTH + b"Content-Length: 2\r\n\r\n" + BODY,
    "the same length twice": OK + JSON + LENGTH + LENGTH + END + BODY,
    "two lengths in one": OK + JSON + b"Content-Length: 14, 14\r\n\r\n" + BODY,
    "a length with a sign": OK + JSON + b"Content-Length: +14\r\n\r\n" + BODY,
    "length and chunks": OK + JSON + LENGTH + CHUNKED + END + chunk(BODY) + b"0\r\n\r\n",
    "another coding": OK + JSON + b"Transfer-Encoding: gzip, chunked\r\n\r\n" + chunk(BODY) + b"0\r\n\r\n",
    "a bare line feed": b"HTTP/1.1 200 OK\n" + LENGTH + END + BODY,
    "a bare line feed in a field": OK + b"X: a\n" + LENGTH + END + BODY,
    "a bare carriage return": OK + b"X: a\rb\r\n" + LENGTH + END + BODY,
    "NUL in a field": OK + b"X: a\x00b\r\n" + LENGTH + END + BODY,
    "a folded field": OK + b"X: a\r\n b\r\n" + LENGTH + END + BODY,
    "a space before the colon": OK + b"Content-Length : 14\r\n\r\n" + BODY,
    "no HTTP": b"SSH-2.0-OpenSSH_9.2\r\n" * 3,
    "HTTP/0.9": BODY + b"\r\n",
    "HTTP/2 preface": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "a status without number": b"HTTP/1.1 OK\r\n\r\n",
    "a chunk without size": OK + CHUNKED + END + b"\r\n" + BODY,
    "a chunk with a sign": OK + CHUNKED + END + b"-5\r\n" + BODY,
    "a chunk of hexadecimal prose": OK + CHUNKED + END + b"0x5\r\n" + BODY,
    "a chunk longer than stated": OK + CHUNKED + END + b"5\r\n" + BODY + b"\r\n0\r\n\r\n",
    "a chunk line ending in a bare line feed": OK + CHUNKED + END + b"e\n" + BODY + b"\n0\n\n",
    "switching protocols": b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n",
}


@pytest.mark.parametrize("sent", FRAMING.values(), ids=FRAMING.keys())
def test_gw_07_an_answer_framed_in_doubt_is_an_error_and_its_connection_ends(scene: Scene, sent: bytes) -> None:
    scene.answers(raw(sent, its.CLOSE))

    got = scene.ask()

    assert (got.status, got.error["code"]) == (502, "endpoint-framing")
    assert "does not speak HTTP properly" in got.error["message"]
    assert scene.settled().ending is Ending.ENDPOINT_BROKEN
    assert scene.endpoints.unused == 0
    lives(scene)
    assert scene.endpoint.connections == 2


def test_gw_07_an_endpoint_that_closes_without_a_word_is_lost_and_not_asked_twice(scene: Scene) -> None:
    scene.answers(raw(its.CLOSE))

    got = scene.ask()

    assert (got.status, got.error["code"]) == (502, "endpoint-lost")
    assert len(scene.endpoint.asked) == 1


def test_gw_07_bytes_that_nobody_asked_for_close_the_connection_that_waits(scene: Scene) -> None:
    scene.answers(raw(whole(BODY), 0.05, whole(b'{"forged":true}')))

    assert scene.ask().body == BODY
    time.sleep(0.2)

    scene.answers(spoken())
    assert b"forged" not in scene.ask().body
    assert scene.endpoint.connections == 2


def test_gw_07_a_stream_cut_short_says_so(scene: Scene) -> None:
    said = b'data: {"choices":[{"delta":{"content":"Hello"}}]}\n\n'
    head = OK + EVENTS + CHUNKED + END
    for sent in (
        head + chunk(said) + b"0\r\n\r\n",
        head + chunk(said),
        OK + EVENTS + END + said,
        head + chunk(said[:-4]),
    ):
        scene.answers(raw(sent, its.CLOSE))

        got = scene.ask(stream=True)

        told = got.last if got.status == 200 else got.told
        assert told["error"]["code"] in ("endpoint-cut-short", "endpoint-framing")
        assert scene.settled().ending is Ending.ENDPOINT_BROKEN


# -- GW-08: streams


def test_gw_08_a_stream_without_end_is_cut(scene: Scene) -> None:
    event = b'data: {"choices":[{"delta":{"content":"' + b"x" * 20_000 + b'"}}]}\n\n'
    scene.answers(its.endless(OK + EVENTS + CHUNKED + END, chunk(event)))

    with flat_memory():
        got = scene.ask(stream=True)

    assert got.status == 200
    assert len(got.body) < 5 * MIB
    assert got.last["error"]["code"] == "endpoint-too-large"
    assert scene.settled().ending is Ending.TOO_LARGE
    lives(scene)


def test_gw_08_a_million_tiny_events_are_cut_at_the_most_there_may_be(scene: Scene) -> None:
    scene.answers(its.endless(OK + EVENTS + CHUNKED + END, chunk(b":\n\n" * 5000), times=200))

    with flat_memory():
        got = scene.ask(stream=True)

    assert got.last["error"]["code"] == "endpoint-too-large"
    assert "events" in got.last["error"]["message"]
    assert got.seconds < LATEST
    lives(scene)


def test_gw_08_one_event_of_a_gigabyte_is_cut_at_its_cap(scene: Scene) -> None:
    start = OK + EVENTS + CHUNKED + END + chunk(b'data: {"choices":[{"delta":{"content":"')
    scene.answers(its.endless(start, chunk(b"x" * 65536), times=16384))

    with flat_memory():
        got = scene.ask(stream=True)

    assert (got.status, got.error["code"]) == (502, "endpoint-too-large")
    assert got.seconds < LATEST
    lives(scene)


def test_gw_08_invalid_utf_8_across_pieces_is_replaced_and_valid_text_is_not(scene: Scene) -> None:
    event = 'data: {"choices":[{"delta":{"content":"über €"}}]}\n\n'.encode()
    bad = b'data: {"choices":[{"delta":{"content":"\xc3(\xff"}}]}\n\n'
    end = b"data: [DONE]\n\n"
    both = event + bad + end
    pieces = [part for at in range(len(both)) for part in (chunk(both[at : at + 1]), 0.0)]
    scene.answers(raw(OK + EVENTS + CHUNKED + END, *pieces, b"0\r\n\r\n"))

    got = scene.ask(stream=True)

    assert got.body.decode() == (event + bad + end).decode(errors="replace")


# -- GW-09: how an endpoint says no


@pytest.mark.parametrize(
    ("stated", "wait"),
    [
        (b"7", 7),
        (b"0", 1),
        (b"-5", 1),
        (b"1000000000", 300),
        (b"9" * 40, 10),
        (b"soon", 10),
        (b"Wed, 04 Nov 2026 12:00:30 GMT", range(20, 31)),
        (b"Wed, 04 Nov 2099 12:00:00 GMT", 300),
        (b"Wed, 04 Nov 1999 12:00:00 GMT", 1),
        (b"", 10),
    ],
)
@pytest.mark.parametrize("status", [429, 503, 529])
def test_gw_09_waiting_is_bounded_whatever_the_endpoint_states(
    scene: Scene, status: int, stated: bytes, wait: int | range
) -> None:
    said = b'{"error":{"message":"slow down"}}'
    scene.answers(raw(whole(said, status=b"%d No" % status, headers=JSON + b"Retry-After: %b\r\n" % stated)))

    got = scene.ask()

    assert got.status == (429 if status == 429 else 503)
    assert int(got.headers["retry-after"]) in (wait if isinstance(wait, range) else [wait])
    assert "slow down" in got.error["message"]
    settled = scene.settled()
    assert (settled.ending, settled.status, settled.usage) == (Ending.ENDPOINT_REFUSED, status, Usage(0, 0))


@pytest.mark.parametrize("kind", [b"text/html; charset=utf-8", b"application/json"])
def test_gw_09_a_page_for_people_is_named_as_such(scene: Scene, kind: bytes) -> None:
    page = b"<!DOCTYPE html><title>Sign in</title>"
    for status in (b"200 OK", b"502 Bad", b"404 No"):
        scene.answers(raw(whole(page, status=status, headers=b"Content-Type: %b\r\n" % kind)))

        for stream in (False, True):
            got = scene.ask(stream=stream)

            assert got.status == 502
            assert f"The endpoint returned HTML (status {status[:3].decode()})" in got.error["message"]
            assert b"Sign in" not in got.body


@pytest.mark.parametrize(
    ("status", "seen", "code"),
    [
        (400, 400, "endpoint-refused"),
        (401, 502, "endpoint-refused"),
        (402, 502, "endpoint-refused"),
        (403, 502, "endpoint-refused"),
        (404, 502, "endpoint-refused"),
        (413, 413, "endpoint-refused"),
        (422, 422, "endpoint-refused"),
        (500, 502, "endpoint-refused"),
        (504, 504, "endpoint-refused"),
    ],
)
def test_gw_09_an_endpoints_no_is_never_taken_for_ours(scene: Scene, status: int, seen: int, code: str) -> None:
    scene.answers(raw(whole(b'{"error":{"message":"not like this"}}', status=b"%d No" % status)))

    got = scene.ask()

    assert (got.status, got.headers["x-watchbell-code"]) == (seen, code)
    assert "not like this" in got.error["message"]
    assert (str(status) in got.error["message"]) == (seen >= 500)
    assert scene.settled().status == status


def test_gw_09_neither_json_nor_html_is_named_too(scene: Scene) -> None:
    for said in (b"plain words", b"data: {}\n\n", b"", b"[1]", b'{"a":'):
        scene.answers(raw(whole(said, headers=b"Content-Type: text/plain\r\n")))

        got = scene.ask()

        assert (got.status, got.error["code"]) == (502, "endpoint-not-json")
        assert "text/plain" in got.error["message"]


def test_gw_09_an_error_within_a_stream_goes_on_to_the_caller_and_is_noted(scene: Scene) -> None:
    event = b'data: {"error":{"message":"overloaded"}}\n\n'
    scene.answers(raw(OK + EVENTS + CHUNKED + END + chunk(event + b"data: [DONE]\n\n") + b"0\r\n\r\n"))

    got = scene.ask(stream=True)

    assert event in got.body
    assert scene.settled().ending is Ending.ENDPOINT_REFUSED


# -- GW-10: another answer than asked for


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
def test_gw_10_the_name_an_endpoint_gives_itself_is_recorded(scene: Scene, stream: bool) -> None:
    scene.answers(spoken(name="a-smaller-model-" + "x" * 500))

    scene.ask(stream=stream)

    assert scene.settled().answered_as == ("a-smaller-model-" + "x" * 500)[:200]


@pytest.mark.parametrize("arguments", ["{not json", "[" * 10_000, "x" * 1_000_000, "\\u0000", '{"a":1e999}'])
def test_gw_10_a_tool_call_of_any_kind_is_handed_on_unread(scene: Scene, arguments: str) -> None:
    escaped = arguments.replace('"', '\\"').encode()
    call = b'{"model":"m-1","choices":[{"message":{"tool_calls":[{"function":{"arguments":"' + escaped + b'"}}]}}],'
    said = call + b'"usage":{"prompt_tokens":1,"completion_tokens":2}}'
    scene.answers(raw(whole(said)))

    got = scene.ask()

    if "u0000" in arguments:
        assert (got.status, got.error["code"]) == (502, "endpoint-not-json")
    else:
        assert (got.status, got.body) == (200, said)
        assert scene.settled().usage == Usage(1, 2)


def test_gw_10_numbers_only_some_readers_take_are_handed_on_and_count_for_nothing(scene: Scene) -> None:
    said = b'{"choices":[{"logprobs":[-Infinity, NaN]}],"usage":{"prompt_tokens":1,"completion_tokens":2}}'
    scene.answers(raw(whole(said)))

    got = scene.ask()

    assert (got.status, got.body) == (200, said)
    assert scene.settled().usage is None


def test_an_endpoint_that_is_not_there_is_named_and_costs_no_tokens() -> None:
    with ModelEndpoint() as gone:
        url = gone.base_url
    with served(gone, base_url=url) as scene:
        got = scene.ask()

        assert (got.status, got.error["code"]) == (502, "endpoint-unreachable")
        assert "ConnectionRefusedError" in got.error["message"]
        assert scene.settled().usage == Usage(0, 0)
        assert CREDENTIAL not in got.body.decode()
