"""Read TOML with bounds that keep the standard parser from taking long or falling over."""

import re

from watchbell.domain.refusal import refuse
from watchbell.domain.sentence import Sentence
from watchbell.formats.fields import Json
from watchbell.formats.installed.entries import not_toml
from watchbell.formats.installed.text import note_open_end, text_of
from watchbell.formats.sbom import Collected

MAX_BYTES = 16 * 1024 * 1024
MAX_DOTS = 200
"""Dots in one line: the parser's time grows with the square of a dotted key's parts."""

_FILES = re.compile(r"^(?:wheels|files) = \[\n(?: {4}\{[^\n]*\},?\n)*\]$", re.MULTILINE)
"""What poetry and uv list of each package to download: most of the text, and nothing we ask for."""

_LONG_TEXTS = ('"""', "'''")
_WHERE = re.compile(r"^(?P<what>.*) \(at (?P<where>line \d+, column \d+|end of document)\)$", re.DOTALL)


def loads(data: bytes, found: Collected) -> Json:
    """Return the document; an open end, which no tool leaves, is noted. Raises Refused with the line."""
    import tomllib  # imported late: most lists are not TOML

    text = _checked(data)
    note_open_end(text, found)
    try:
        return tomllib.loads(_without_files(text))
    except RecursionError:
        raise refuse("too-deep", "The document nests too deeply.", place="line 1") from None
    except ValueError as error:
        place = _WHERE.match(str(error))
        if not place:
            raise not_toml(str(error)[:200], "line 1") from None
        where = place["where"].replace(",", "")
        raise not_toml(place["what"][:200], where if where != "end of document" else _end(text)) from None


def _checked(data: bytes) -> str:
    if len(data) > MAX_BYTES:
        message = Sentence("The list has more than {limit} bytes.", limit=MAX_BYTES)
        raise refuse("too-large", message, place="line 1", todo="Split it, one list for each system")
    text = text_of(data)
    if "\ufffd" in text or "\\u0000" in text or "\\U00000000" in text:
        at = min(at for sign in ("\ufffd", "\\u0000", "\\U00000000") if (at := text.find(sign)) >= 0)
        raise not_toml("a character that is no text", f"line {text.count(chr(10), 0, at) + 1}")
    for number, line in enumerate(text.split("\n"), start=1):
        if line.count(".") > MAX_DOTS:
            raise refuse("too-deep", "The document nests too deeply.", place=f"line {number}")
    return text


def _without_files(text: str) -> str:
    """Return the text with lists of files emptied and its lines where they were: parsing takes a fifth of the time."""
    if any(quotes in text for quotes in _LONG_TEXTS):
        return text
    return _FILES.sub(lambda found: "\n" * found[0].count("\n"), text)


def _end(text: str) -> str:
    return f"line {text.count(chr(10)) + 1}"
