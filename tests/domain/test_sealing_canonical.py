"""Is there exactly one way to write down a JSON value?"""

import hashlib
from unittest.mock import patch

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchbell.domain.canonical import NotCanonical, canonical, digest

EXACT = 2**53 - 1
WORDS = st.none() | st.booleans() | st.text() | st.integers(-EXACT, EXACT)
SCALARS = WORDS | st.floats(allow_nan=False, allow_infinity=False)


def nested(scalars):
    return st.recursive(scalars, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20)


VALUES = nested(SCALARS)
SMALL_VALUES = nested(WORDS | st.floats(-EXACT, EXACT))


def test_keys_stand_in_the_order_of_their_utf_16_units():
    written = canonical({"\ufb33": 1, "\U0001f600": 2, "\u20ac": 3, "1": 4, "\r": 5})

    assert [orjson.loads(written)[key] for key in orjson.loads(written)] == [5, 4, 3, 2, 1]


@pytest.mark.parametrize(
    ("number", "written"),
    [
        (0.0, b"0"),
        (-0.0, b"0"),
        (1.0, b"1"),
        (1e21, b"1e+21"),
        (1e20, b"100000000000000000000"),
        (1e-6, b"0.000001"),
        (1e-7, b"1e-7"),
        (333333333.33333329, b"333333333.3333333"),
        (5e-324, b"5e-324"),
        (2**53 - 1, b"9007199254740991"),
        (2**53, b"9007199254740992"),
        (float(2**53), b"9007199254740992"),
        (4.293917748101439e16, b"42939177481014390"),
    ],
)
def test_numbers_are_written_as_ecmascript_writes_them(number, written):
    assert canonical(number) == written


@given(SMALL_VALUES)
def test_reading_the_bytes_back_gives_the_same_value(value):
    assert orjson.loads(canonical(value)) == value


@given(VALUES)
def test_reading_the_bytes_back_and_writing_them_again_gives_the_same_bytes(value):
    written = canonical(value)

    assert canonical(orjson.loads(written)) == written
    assert canonical(value) == written


@given(VALUES | st.text(st.sampled_from('\x00\x1f\x7f"\\/\u2028\ufffe\U0001f600a')))
def test_the_quick_way_writes_what_the_slow_one_writes(value):
    with patch("watchbell.domain.canonical._quickly", return_value=None):
        slow = canonical(value)

    assert canonical(value) == slow


@given(st.dictionaries(st.text(), SCALARS))
def test_the_order_in_which_an_object_was_built_leaves_no_trace(value):
    turned = dict(reversed(value.items()))

    assert canonical(turned) == canonical(value)
    assert digest(turned) == hashlib.sha256(canonical(value)).digest()


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ({"a": [1, float("nan")]}, "at /a/1: nan is not a JSON number"),
        ({"a/b": {"~": float("inf")}}, "at /a~1b/~0: inf is not a JSON number"),
        ([2**53 + 1], "at /0: not every reader keeps an integer this long"),
        ({"n": 10**400}, "at /n: not every reader keeps an integer this long"),
        ([2**53, float("nan")], "at /1: nan is not a JSON number"),
        ("\ud800", "at the top: the text holds half of a surrogate pair"),
        ({"\udc00": 1}, "at the top: a key holds half of a surrogate pair"),
        ({"a": {1: 2}}, "at /a: the key 1 is not text"),
        ({"when": b"bytes"}, "at /when: bytes is not a JSON type"),
    ],
)
def test_what_json_cannot_carry_is_refused_with_its_place(value, said):
    with pytest.raises(NotCanonical) as refusal:
        canonical(value)

    assert str(refusal.value).startswith(said)
    str(refusal.value).encode()


def test_a_hundred_thousand_nested_lists_are_refused_not_a_crash():
    value = []
    for _ in range(100_000):
        value = [value]

    for deep in (value, [2**53, value]):
        with pytest.raises(NotCanonical, match="nested too deeply"):
            canonical(deep)
