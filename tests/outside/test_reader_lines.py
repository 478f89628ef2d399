"""Newline-delimited JSON, cut into lines."""

import gzip
import io

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from watchbell.domain.refusal import Refused
from watchbell.outside.reader import Limits, Line, Position, RefusedLine, ndjson_lines, open_document

LIMITS = Limits(max_line_bytes=100, max_items=50)


def lines_of(content, limits=LIMITS, **kwargs):
    return list(ndjson_lines(io.BytesIO(content), limits, **kwargs))


def test_lines_are_numbered_from_one_with_the_byte_each_begins_at():
    found = lines_of(b'{"a":1}\r\n\n{"b":2}\n{"c":3}')

    assert [(line.number, line.offset, line.content) for line in found] == [
        (1, 0, b'{"a":1}'),
        (3, 10, b'{"b":2}'),
        (4, 18, b'{"c":3}'),
    ]


def test_a_line_that_is_too_long_is_reported_and_the_others_are_read():
    found = lines_of(b"{}\n" + b"x" * 1_000_000 + b"\n[]\n")

    assert [type(line) for line in found] == [Line, RefusedLine, Line]
    assert found[1].refusal.code == "line-too-long"
    assert found[1].refusal.place == "line 2"
    assert (found[2].number, found[2].offset, found[2].content) == (3, 1_000_004, b"[]")


@pytest.mark.parametrize("ending", [b"", b"\n", b"\r\n"])
@pytest.mark.parametrize("size", [99, 100, 101, 102, 65_535, 65_536, 65_537])
def test_the_limit_counts_the_line_without_its_ending(ending, size):
    found = lines_of(b"[" * size + ending)

    assert isinstance(found[0], Line) == (size <= 100)
    assert found[0].after == Position(size + len(ending), 2)


def test_more_lines_than_allowed_are_refused_with_the_line_where_it_happened():
    with pytest.raises(Refused) as caught:
        lines_of(b"{}\n" * 51)

    assert (caught.value.refusal.code, caught.value.refusal.place) == ("too-many-items", "line 51")


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"\xef\xbb\xbf{}\n", "byte-order-mark"),
        ("{}\n".encode("utf-16"), "not-utf8"),
        ("{}\n".encode("utf-16-be"), "not-utf8"),
        (b"<!doctype html>", "wrong-kind"),
    ],
)
def test_what_is_no_utf8_text_is_refused_at_once(content, code):
    with pytest.raises(Refused) as caught:
        lines_of(content)

    assert caught.value.refusal.code == code


def test_a_document_that_became_shorter_than_where_we_stopped_is_not_resumed():
    (member,) = open_document(gzip.compress(b"{}\n", mtime=0), "upload", LIMITS)

    with pytest.raises(Refused) as caught:
        list(ndjson_lines(member.stream, LIMITS, start=Position(100, 5)))

    assert caught.value.refusal.code == "shorter-than-before"


@hypothesis_settings(max_examples=150, deadline=None)
@given(
    st.lists(st.binary(max_size=130).map(lambda raw: b"{" + raw.replace(b"\n", b"").replace(b"\0", b"")), max_size=12),
    st.sampled_from([b"\n", b"\r\n"]),
    st.booleans(),
    st.data(),
)
def test_reading_on_from_any_line_gives_what_reading_it_all_gives(lines, ending, is_closed, data):
    content = ending.join(lines) + (ending if is_closed else b"")
    packed = gzip.compress(content, mtime=0)
    whole = lines_of(content)
    stop = data.draw(st.integers(0, len(whole)))
    start = whole[stop - 1].after if stop else Position()

    resumed = lines_of(content, start=start)
    members = list(open_document(packed, "upload", LIMITS)) if content else []
    from_gzip = [line for member in members for line in ndjson_lines(member.stream, LIMITS, start=start)]

    assert resumed == whole[stop:]
    assert from_gzip == whole[stop:]
