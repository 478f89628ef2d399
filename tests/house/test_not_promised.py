"""The page that says what cannot be promised says what the documentation says, line by line."""

import re
from collections.abc import Iterator

import pytest
from django.utils import translation
from tests.support import machine

from watchbell.web.early_access.not_promised import BOUNDS, INSTEAD, LASTING

DOCUMENT = machine.ROOT / "docs" / "what-watchbell-cannot-promise.md"


@pytest.fixture(autouse=True)
def in_english() -> Iterator[None]:
    with translation.override("en"):
        yield


def plain(text: str) -> str:
    """Return Markdown without its marks and addresses, on one line."""
    return " ".join(re.sub(r"[*`]", "", re.sub(r"\[([^\]]+)\]\([^)]*\)", r"\1", text)).split())


def test_the_page_and_the_document_say_the_same_of_every_bound() -> None:
    lines = [line for line in DOCUMENT.read_text(encoding="utf-8").splitlines() if line.startswith("| **")]

    written = [tuple(plain(cell) for cell in line.strip("|").split(" | ")) for line in lines]

    assert written == [(str(one.about), str(one.is_true), str(one.not_ours)) for one in BOUNDS]


def test_the_page_and_the_document_end_alike() -> None:
    text = plain(DOCUMENT.read_text(encoding="utf-8"))

    assert text.endswith(f"{LASTING} {INSTEAD} See File findings once, offer early access.")
