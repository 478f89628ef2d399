"""Is an answer found in the last fenced part of a text, and nowhere else, whatever else the text is?"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchbell.domain.suites.fenced import MOST, last, program, shown


@given(st.text(alphabet="`~ \nab\0\x85é", max_size=80), st.text(max_size=20))
def test_what_is_shown_between_fences_is_read_back(inside: str, before: str) -> None:
    text = before.replace("`", "").replace("~", "") + "\n" + shown(inside, "hex")

    found = last(text)

    assert found is not None
    assert found.label == "hex"
    assert found.text == inside.rstrip("\n")


@given(st.text(alphabet="`~ \nab\0", max_size=300))
def test_no_text_upsets_the_reader(text: str) -> None:
    found = last(text)

    assert found is None or found.text.strip("\n") in text


def test_the_last_of_several_counts() -> None:
    text = "First:\n```python\nold\n```\nBetter:\n~~~~ py extra\nnew\n```\n~~~\n~~~~\nDone."

    found = last(text)

    assert found is not None
    assert (found.label, found.text) == ("py", "new\n```\n~~~")


def test_a_part_that_nobody_closed_goes_on_to_the_end() -> None:
    assert program("```\nx = 1") == b"x = 1\n"


@pytest.mark.parametrize("text", ["", "42", "x = 1", "`x = 1`", "    ```\n    x\n    ```", "```\n\n```", "``` a`b\nx"])
def test_a_text_without_a_fenced_part_holds_no_program(text: str) -> None:
    assert program(text) is None


def test_a_text_beyond_the_bound_holds_no_answer() -> None:
    assert last("```\nx\n```\n" + "y" * MOST) is None


def test_half_a_character_becomes_a_question_mark() -> None:
    assert program("```\nx = '\udc80'\n```") == b"x = '?'\n"
