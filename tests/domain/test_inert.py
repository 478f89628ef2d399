"""Text by strangers does nothing where it is shown (SB-08)."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchbell.domain import inert

HARMFUL = [
    "\x1b[2J\x1b]0;title\x07",
    "\x9b31m",
    "\r\nsolved",
    "\u202egnp.exe",
    "\u2066hidden\u2069",
    "\0",
    "\ud800",
    "\u200b",
    "\x08\x08\x08",
]


@pytest.mark.parametrize("text", HARMFUL)
def test_sb08_nothing_that_a_terminal_obeys_or_an_eye_does_not_see_is_shown_as_it_is(text: str) -> None:
    assert inert.shown(text).replace("\n", "").isprintable()
    assert inert.line(text).isprintable()


@given(text=st.text() | st.binary())
def test_sb08_what_is_shown_is_printable_but_for_lines_and_tabs(text: str | bytes) -> None:
    seen = inert.shown(text)

    assert seen.replace("\n", "").replace("\t", "").isprintable()
    assert inert.shown(seen) == seen


@given(text=st.text(st.characters(categories=["L", "N", "P"])))
def test_plain_text_is_shown_as_it_is(text: str) -> None:
    assert inert.shown(text) == text


@pytest.mark.parametrize(
    "text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1", "'=1", "=cmd|' /C calc'!A0"]
)
def test_sb08_no_cell_is_a_formula(text: str) -> None:
    target = io.StringIO()

    csv.writer(target).writerow([inert.cell(text)])

    ((back,),) = csv.reader(io.StringIO(target.getvalue(), newline=""))
    assert not back.startswith(("=", "+", "-", "@", "\t", "\r"))
    assert back == inert.cell(text)


def test_long_text_is_cut_and_says_so() -> None:
    assert inert.shown("x" * 20, most=5) == "xxxxx [15 more characters]"
    assert inert.shown(b"\xff", most=5) == "\\xff"
