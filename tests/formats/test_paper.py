"""Text that a stranger wrote goes to the typesetter as data, in letters that can be set, and in nothing else."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchbell.formats import strictjson
from watchbell.formats.paper import Facts, Heading, Paper, Picture, Points, Quote, Table, Text, dumps, letters

MADE = datetime(2026, 11, 20, 12, tzinfo=UTC)


def paper(*blocks: Any, title: str = "A report") -> Paper:
    return Paper(
        title=title, language="en", made_at=MADE, marking="TLP:CLEAR", lead="Of it", on_letters="Some.", blocks=blocks
    )


def test_every_block_is_named_and_has_its_values() -> None:
    whole = paper(
        Heading(text="H"),
        Text(text="t"),
        Quote(text="q\nq"),
        Points(items=("a", "b")),
        Facts(pairs=(("n", "v"),)),
        Table(caption="c", head=("x",), rows=(("1",),), numbers=(0,)),
        Picture(svg="<svg/>", alt="a", caption="c"),
    )

    found = strictjson.loads(dumps(whole))

    kinds = ["heading", "text", "quote", "points", "facts", "table", "picture"]
    assert [one["kind"] for one in found["blocks"]] == kinds
    assert found["blocks"][2]["text"] == "q\nq"
    assert found["blocks"][5]["rows"] == [["1"]]
    assert (found["title"], found["language"], found["marking"]) == ("A report", "en", "TLP:CLEAR")


@given(st.text(max_size=80))
def test_whatever_is_written_every_letter_of_it_can_be_set(text: str) -> None:
    said = letters(text)

    assert all(one.isprintable() or one in "\n\t" for one in said)
    assert letters(said) == said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a\u202eb", "a\\u202eb"),
        ("a\x00\x1b[31m", "a\\x00\\x1b[31m"),
        ("\N{CJK UNIFIED IDEOGRAPH-4E2D}", "[U+4E2D]"),
        ("10\N{NARROW NO-BREAK SPACE}000", "10 000"),
        ("Señor Müller, Žižek, Ω, Пример", "Señor Müller, Žižek, Ω, Пример"),
    ],
)
def test_what_cannot_be_seen_is_spelt_out_and_what_has_no_typeface_is_its_number(text: str, said: str) -> None:
    assert letters(text) == said


def test_a_paper_that_lacks_letters_says_so_and_another_does_not() -> None:
    lacking = strictjson.loads(dumps(paper(Quote(text="\N{CJK UNIFIED IDEOGRAPH-4E2D}"))))
    other = strictjson.loads(dumps(paper(Quote(text="whole"))))

    assert [one.get("text") for one in lacking["blocks"]] == ["[U+4E2D]", "Some."]
    assert [one.get("text") for one in other["blocks"]] == ["whole"]
