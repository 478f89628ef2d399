"""One JSON parser for everything that comes in: what two readers could understand differently is refused."""

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from watchbell.domain.refusal import Refused
from watchbell.formats import strictjson

HOSTILE = {
    "a repeated key": (b'{"tlp":"CLEAR","tlp":"RED"}', "duplicate-key"),
    "a repeated key behind an escape": (rb'{"tlp":"CLEAR","\u0074lp":"RED"}', "duplicate-key"),
    "a repeated key deep inside": (b'{"a":[{"severity":1,"severity":2}]}', "duplicate-key"),
    "NaN": (b"[NaN]", "not-finite"),
    "minus infinity": (b'{"a": -Infinity}', "not-finite"),
    "NaN on a later line": (b'{"a":[1,\n  NaN]}', "not-finite"),
    "a number too large to be finite": (b"[1e999]", "not-finite"),
    "the same with a sign": (b"[-1E+400]", "not-finite"),
    "five thousand digits": (b"[" + b"7" * 5000 + b"]", "number-too-large"),
    "thirty-one digits": (b"[" + b"7" * 31 + b"]", "number-too-large"),
    "five thousand decimals": (b"[0." + b"7" * 5000 + b"]", "number-too-large"),
    "a NUL escape": (rb'["a\u0000b"]', "nul"),
    "a NUL byte": (b'{"name":"a\x00b"}', "nul"),
    "half a character": (rb'["\ud800"]', "surrogate"),
    "the other half": (rb'["\udc00"]', "surrogate"),
    "a byte order mark": (b"\xef\xbb\xbf{}", "not-utf8"),
    "UTF-16": ('{"a":1}'.encode("utf-16"), "not-utf8"),
    "UTF-16 without a mark": ('{"a":1}'.encode("utf-16-le"), "not-utf8"),
    "an overlong slash": (b'["\xc0\xaf"]', "not-utf8"),
    "an encoded surrogate": (b'["\xed\xa0\x80"]', "not-utf8"),
    "one level too many": (b"[" * 101 + b"]" * 101, "too-deep"),
    "a thousand levels": (b"[" * 1000 + b"]" * 1000, "too-deep"),
    "something after the end": (b"{} {}", "not-json"),
    "nothing": (b"", "not-json"),
    "a trailing comma": (b'{"a":1,}', "not-json"),
    "half a document": (b'{"a":[1,2', "not-json"),
}


@pytest.mark.parametrize(("document", "code"), HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_document_is_refused_with_its_code_and_place(document: bytes, code: str) -> None:
    with pytest.raises(Refused) as caught:
        strictjson.loads(document)

    assert caught.value.refusal.code == code
    assert caught.value.refusal.place.startswith("line ")


@pytest.mark.parametrize(
    "document",
    [
        b"[" * 100 + b"]" * 100,
        rb'["\\u0000", "\ud83d\ude00"]',
        b'["' + b"7" * 60 + b'", "1e999", " 1e999 ", "5e123456"]',
        b"[1e308, -0, 9007199254740993]",
        b'{"commit":"5e123456789012345678901234567890123456789"}',
        '["\u202eevil", "\u00e9"]'.encode(),
    ],
)
def test_an_odd_but_lawful_document_is_read(document: bytes) -> None:
    assert strictjson.loads(document) == orjson.loads(document)


def test_text_with_half_a_character_is_refused_before_it_is_parsed() -> None:
    with pytest.raises(Refused) as caught:
        strictjson.loads('["\ud800"]')

    assert caught.value.refusal.code == "surrogate"


def test_the_place_of_a_second_key_is_the_line_a_person_would_look_at() -> None:
    with pytest.raises(Refused) as caught:
        strictjson.loads(b'{\n "a": 1,\n "a": 2\n}')

    assert caught.value.refusal.place.startswith("line 3 ")


CODES = {code for _, code in HOSTILE.values()} | {"read"}
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(-(2**53), 2**53)
    | st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\x00")),
    lambda inner: (
        st.lists(inner, max_size=5)
        | st.dictionaries(
            st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\x00")), inner, max_size=5
        )
    ),
    max_leaves=20,
)


@settings(max_examples=150, deadline=None)
@given(VALUES)
def test_what_is_written_reads_back_the_same_and_writes_the_same_bytes(value: object) -> None:
    written = strictjson.dumps(value)

    assert strictjson.loads(written) == value
    assert strictjson.dumps(strictjson.loads(written)) == written


@settings(max_examples=150, deadline=None)
@given(VALUES)
def test_every_lawful_document_of_any_other_writer_is_read(value: object) -> None:
    document = orjson.dumps(value)

    assert strictjson.loads(document) == orjson.loads(document)


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=200) | st.text('[]{}":,0123456789eE+-.\\u NaInfity', max_size=60).map(str.encode))
def test_bytes_of_any_kind_are_either_read_or_refused(document: bytes) -> None:
    try:
        strictjson.loads(document)
        code = "read"
    except Refused as refused:
        code = refused.refusal.code if refused.refusal.message else ""

    assert code in CODES
