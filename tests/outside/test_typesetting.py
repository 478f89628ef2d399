"""A paper becomes a PDF that a screen reader reads, byte for byte the same, and nothing that was written in it acts."""

import re
import subprocess
import sys
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from tests.support.pdf_text import objects, text_of

from watchbell.formats import paper as papers
from watchbell.formats.paper import Facts, Heading, Paper, Picture, Points, Quote, Table, Text
from watchbell.outside import typesetting
from watchbell.outside.typesetting import NotTypeset, typeset

pytest.importorskip("typst", reason="the extra `reports` is not installed")
MADE = datetime(2026, 11, 20, 12, tzinfo=UTC)
HOSTILE = (
    '#read("/etc/passwd") #include "/etc/hostname" #import "@preview/cetz:0.3.0" #eval("1+1") #panic("x") $x^2$ *bold*'
    " _it_ `raw` <label> @nobody \\ \\u{41} ~ -- --- // gone /* gone */ = = - + [x] {x} \"'"
)
PICTURE = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 40"><circle cx="60" cy="20" r="6"/></svg>'


def paper(*pieces: Any, **other: Any) -> Paper:
    texts = {"title": "A report", "language": "en", "marking": "TLP:CLEAR", "lead": "", "on_letters": ""}
    return Paper(**{**texts, "made_at": MADE, "pieces": pieces, **other})


ALL = (
    Heading(text=HOSTILE),
    Text(text=HOSTILE),
    Quote(text=f"{HOSTILE}\nsecond line"),
    Points(items=(HOSTILE,)),
    Facts(pairs=((HOSTILE, HOSTILE), ("SHA-256", "ab" * 32))),
    Table(caption=HOSTILE, head=("What", "How many"), rows=((HOSTILE, "1,234"),), numbers=(1,)),
    Picture(svg=PICTURE, alt="a dot", caption=HOSTILE),
)


def test_it_is_tagged_titled_and_in_a_language_as_pdf_ua_asks() -> None:
    pdf = typeset(paper(*ALL, title="Northlight 1", language="es"))

    assert pdf.startswith(b"%PDF-1.7")
    for there in (b"/MarkInfo<</Marked true", b"/StructTreeRoot", b"/Lang(es)", b"<pdfuaid:part>1</pdfuaid:part>"):
        assert there in pdf
    assert b">Northlight 1</rdf:li>" in pdf
    tags = set(re.findall(rb"/S/(\w+)", b"".join(objects(pdf).values())))
    assert {b"Table", b"TH", b"TD", b"Figure", b"Caption", b"H1", b"L", b"BlockQuote"} <= tags
    assert b"/Alt(a dot)" in pdf


def test_the_same_paper_is_the_same_bytes_and_bears_its_own_moment() -> None:
    first, second = typeset(paper(*ALL)), typeset(paper(*ALL))

    assert first == second
    assert b"<xmp:CreateDate>2026-11-20T12:00:00+00:00</xmp:CreateDate>" in first


def test_hostile_text_stands_there_letter_by_letter_and_does_nothing() -> None:
    said = text_of(typeset(paper(*ALL, title=HOSTILE, marking=HOSTILE, lead=HOSTILE)))

    passwd = Path("/etc/passwd").read_text().splitlines()[0]
    assert passwd not in said
    wanted = re.sub(r"\s+", "", HOSTILE).replace('"', "").replace("'", "")
    plain = re.sub(r"[\s\N{LEFT DOUBLE QUOTATION MARK}\N{RIGHT DOUBLE QUOTATION MARK}\"'\u2018\u2019]", "", said)
    assert plain.count(wanted) >= 9


def test_every_letter_that_is_let_through_has_a_typeface() -> None:
    let_through = [one for one in map(chr, range(0x20, 0x2300)) if one.isprintable() and papers.letters(one) == one]

    pdf = typeset(paper(*(Text(text=f"a{one}") for one in let_through)))

    assert len(let_through) > 2000
    assert pdf.startswith(b"%PDF-")


def test_what_is_too_large_takes_too_long_or_fails_is_told_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(NotTypeset, match="more than"):
        typeset(paper(*(Text(text="x" * 40_000) for _ in range(120))))
    with pytest.raises(NotTypeset, match="ended with"):
        typeset(paper(Picture(svg="no picture", alt="a", caption="c")))
    monkeypatch.setattr(typesetting, "MOST_SECONDS", 0.01)
    with pytest.raises(NotTypeset, match="more than"):
        typeset(paper())


def test_without_the_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(typesetting, "is_installed", lambda: False)

    with pytest.raises(NotTypeset, match=r"watchbell\[reports\]"):
        typeset(paper())


@pytest.mark.parametrize("wish", ["#read({path})", "#image({path})", '#import "@preview/x:1.0.0"'])
def test_even_a_template_that_wished_to_could_read_nothing_but_its_empty_folder(tmp_path: Path, wish: str) -> None:
    secret, root, template = tmp_path / "secret.svg", tmp_path / "root", tmp_path / "t.typ"
    secret.write_text("<svg>secret</svg>")
    root.mkdir()
    for path in (f'"{secret}"', '"../secret.svg"', '"/etc/passwd"'):
        template.write_text('#set document(title: "t")\n' + wish.format(path=path))
        command = [sys.executable, "-I", str(typesetting.CHILD), str(template), str(root), "0"]

        done = subprocess.run(command, input=b"{}", env={}, capture_output=True, timeout=60, check=False)

        assert (done.returncode, done.stdout) == (1, b"")


def test_whoever_finds_both_turns_taken_is_told_so_in_seconds_and_the_next_one_has_its_paper(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(typesetting, "MOST_WAITING_SECONDS", 0.1)
    with ExitStack() as taken:
        for _ in range(typesetting.AT_ONCE):
            taken.enter_context(typesetting._turns)
        with pytest.raises(NotTypeset, match="Others are waiting"):
            typeset(paper())

    assert typeset(paper()).startswith(b"%PDF-")
