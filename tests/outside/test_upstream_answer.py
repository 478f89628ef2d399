"""An answer of an endpoint is the same however its bytes arrive, and in doubt it is none."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchbell.outside.upstream import Bounds, EndpointTrouble
from watchbell.outside.upstream.answer import Answer

SMALL = Bounds(head_bytes=2000, head_fields=20, body_bytes=5000)
OK = b"HTTP/1.1 200 OK\r\n"
GOOD = {
    "length": (OK + b"Content-Length: 7\r\n\r\nabcdefg", True),
    "chunks": (OK + b"transfer-encoding: Chunked\r\n\r\n3;x=y\r\nabc\r\n04\r\ndefg\r\n0\r\nT: x\r\n\r\n", True),
    "interim": (b"HTTP/1.1 100 Continue\r\n\r\n" + OK + b"Content-Length: 7\r\n\r\nabcdefg", True),
    "says close": (OK + b"Connection: Close\r\nContent-Length: 7\r\n\r\nabcdefg", False),
    "old": (b"HTTP/1.0 200\r\nContent-Length: 7\r\n\r\nabcdefg", False),
    "until close": (OK + b"\r\nabcdefg", False),
}


def fed(data: bytes, places: list[int], *, ends: bool = True) -> tuple[Answer, bytes]:
    edges = [0, *sorted(one % (len(data) + 1) for one in places), len(data)]
    answer, pieces = Answer(SMALL), list[bytes]()
    for start, end in pairwise(edges):
        answer.feed(data[start:end], pieces)
    if ends:
        answer.end()
    return answer, b"".join(pieces)


@pytest.mark.parametrize(("data", "may_stay"), GOOD.values(), ids=GOOD.keys())
@given(places=st.lists(st.integers(0, 300), max_size=8))
def test_every_honest_framing_is_understood_however_it_arrives(data: bytes, may_stay: bool, places: list[int]) -> None:
    answer, body = fed(data, places)

    assert body == b"abcdefg"
    assert answer.is_whole
    assert answer.may_stay is may_stay


@pytest.mark.parametrize("status", [b"204 No", b"304 Same"])
def test_an_answer_without_a_body_has_none(status: bytes) -> None:
    answer, body = fed(b"HTTP/1.1 " + status + b"\r\nContent-Length: 99\r\n\r\n", [])

    assert (answer.is_whole, body) == (True, b"")


@given(st.binary(max_size=300), st.lists(st.integers(0, 300), max_size=4))
def test_any_bytes_are_an_answer_or_a_trouble(data: bytes, places: list[int]) -> None:
    for start in (b"", OK, OK + b"Transfer-Encoding: chunked\r\n\r\n", OK + b"Content-Length: 5\r\n\r\n"):
        try:
            _, body = fed(start + data, places)
        except EndpointTrouble:
            continue
        assert len(body) <= len(data)


@given(st.binary(max_size=60), st.lists(st.integers(0, 300), max_size=6))
def test_whether_an_answer_is_in_doubt_does_not_depend_on_how_it_arrives(data: bytes, places: list[int]) -> None:
    told = OK + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n" + data

    seen = []
    for cuts in ([], places, list(range(len(told)))):
        try:
            seen.append(fed(told, cuts)[1])
        except EndpointTrouble:
            seen.append(b"trouble")

    assert len(set(seen)) == 1


@given(
    st.lists(st.binary(min_size=1, max_size=40), max_size=8), st.sampled_from([b"", b";x=y", b" ;x", b";a\rb", b"x"])
)
def test_a_chunk_that_arrives_by_itself_is_read_as_it_would_be_among_others(parts: list[bytes], more: bytes) -> None:
    chunks = [b"%x%b\r\n%b\r\n" % (len(part), more, part) for part in parts]

    seen = []
    for arriving in ([b"".join(chunks)], chunks, [bytes([one]) for one in b"".join(chunks)]):
        answer, pieces = Answer(SMALL), list[bytes]()
        answer.feed(OK + b"Transfer-Encoding: chunked\r\n\r\n", pieces)
        try:
            for one in arriving:
                answer.feed(one, pieces)
        except EndpointTrouble:
            pieces = [b"trouble"]
        seen.append(b"".join(pieces))

    assert len(set(seen)) == 1


def test_what_came_before_the_doubt_is_handed_out() -> None:
    answer, pieces = Answer(SMALL), list[bytes]()

    with pytest.raises(EndpointTrouble):
        answer.feed(OK + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nzz\r\n", pieces)

    assert pieces == [b"abc"]


@pytest.mark.parametrize(
    "data",
    [
        OK + b"X: " + b"a" * 3000,
        OK + b"X: a\r\n" * 21,
        OK + b"\r\n" + b"a" * 5001,
        OK + b"Content-Length: 9999\r\n\r\n" + b"a" * 5001,
        OK + b"Transfer-Encoding: chunked\r\n\r\n" + b"fff\r\n" + b"a" * 4095 + b"\r\nfff\r\n" + b"a" * 4095,
        OK + b"Transfer-Encoding: chunked\r\n\r\n1;" + b"x" * 2000,
        OK + b"Transfer-Encoding: chunked\r\n\r\n0\r\n" + b"X: a\r\n" * 1000,
    ],
)
def test_nothing_is_read_beyond_its_bound(data: bytes) -> None:
    with pytest.raises(EndpointTrouble):
        fed(data, list(range(0, len(data), 100)), ends=False)
