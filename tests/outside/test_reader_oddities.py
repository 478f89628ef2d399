"""Text that hides or reorders something."""

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from watchbell.outside.reader import Oddity, oddities, text_is_clean, visible_controls


@pytest.mark.parametrize(
    ("text", "oddity"),
    [
        ("a\x00b", Oddity.NUL),
        ("a\x1b[2Jb", Oddity.CONTROL),
        ("a\x85b", Oddity.CONTROL),
        ("invoice\u202efdp.exe", Oddity.BIDI),
        ("a\u2066b\u2069", Oddity.BIDI),
        ("a\ud800b", Oddity.SURROGATE),
        ("a\U000e0041b", Oddity.HIDDEN),
        ("a" + "\u0301" * 33, Oddity.PILE),
    ],
)
def test_each_kind_of_odd_character_is_named_and_made_visible(text, oddity):
    found = next(oddities(text))

    assert (found.oddity, found.index) == (oddity, 7 if "invoice" in text else 1)
    assert not text_is_clean(text)
    assert text_is_clean(visible_controls(text))


@pytest.mark.parametrize(
    "text",
    ["plain", "tab\tand\r\nline", "Zoë, naïve", "שלום\u200f", "日本語" * 50, "👩\u200d👩\u200d👧", "नमस्ते " * 50, ""],
)
def test_the_worlds_ordinary_texts_are_clean(text):
    assert text_is_clean(text)
    assert visible_controls(text) == text


def test_a_letter_with_a_million_marks_is_cut_short():
    shown = visible_controls("a" + "\u0301" * 1_000_000 + "b")

    assert len(shown) < 100
    assert "999968 more marks" in shown


@hypothesis_settings(max_examples=200)
@given(st.text(alphabet=st.characters(), max_size=200))
def test_what_is_shown_is_always_clean(text):
    assert text_is_clean(visible_controls(text))
