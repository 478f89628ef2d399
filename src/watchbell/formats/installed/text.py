"""Take a text list apart into lines, bounded, with every byte that is no text located."""

from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Iterator

from watchbell.domain.refusal import refuse
from watchbell.domain.sentence import Sentence
from watchbell.formats.sbom import Collected

MAX_BYTES = 64 * 1024 * 1024
MAX_LINE = 65_536
"""Characters of one line; a longer one is left out and said so."""

_REPLACED = "\ufffd"


def text_of(data: bytes) -> str:
    """Return the text; bytes that are not UTF-8 become U+FFFD. UTF-16 needs its mark, as PowerShell writes it.

    Raises Refused for a list above MAX_BYTES, for NUL and for broken UTF-16.
    """
    if len(data) > MAX_BYTES:
        message = Sentence("The list has more than {limit} bytes.", limit=MAX_BYTES)
        raise refuse("too-large", message, place="line 1", todo="Split it, one list for each system")
    if data.startswith((BOM_UTF16_LE, BOM_UTF16_BE)):
        try:
            text = data.decode("utf-16")
        except UnicodeDecodeError as error:
            raise _not_text(data[: error.start].count(b"\n") + 1) from None
    else:
        text = data.removeprefix(BOM_UTF8).decode("utf-8", "replace")
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise refuse("nul", "The document holds NUL bytes.", place=f"line {line}", todo="Save it as UTF-8 text")
    return text


def note_open_end(text: str, found: Collected) -> None:
    """Note a last line that does not end: the sign of a list that was cut off."""
    if not text.endswith("\n"):
        message = Sentence("The last line does not end; the list may be cut off.")
        found.note("cut-off", message, f"line {text.count(chr(10)) + 1}")


def lines_of(data: bytes, found: Collected) -> Iterator[tuple[int, str]]:
    """Yield (number, line) without line ends; what is too long or no text is noted and left out or marked."""
    text = text_of(data)
    note_open_end(text, found)
    lines = text.removesuffix("\n").split("\n")
    for number, line in enumerate(lines, start=1):
        if len(line) > MAX_LINE:
            message = Sentence("The line has more than {limit} characters.", limit=MAX_LINE)
            found.note("line-too-long", message, f"line {number}")
            continue
        if _REPLACED in line:
            found.note("not-utf8", Sentence("The line is not UTF-8 text."), f"line {number}")
        yield number, line.removesuffix("\r")


def stanzas(data: bytes, wanted: frozenset[str], found: Collected) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield (number of its first line, its wanted fields) for each block of "Field: value" lines between blank ones.

    The first value of a field counts; lines that go on with a space belong to the field above and are left out.
    """
    start, fields = 0, dict[str, str]()
    for number, line in lines_of(data, found):
        if not line.strip():
            if start:
                yield start, fields
            start, fields = 0, {}
            continue
        start = start or number
        name, colon, value = line.partition(":")
        if colon and name in wanted and not line[0].isspace():
            fields.setdefault(name, value.strip())
        elif not colon and not line[0].isspace():
            found.note("bad-line", Sentence("The line is not a field and its value."), f"line {number}")
    if start:
        if not any(one.code == "cut-off" for one in found.defects):
            message = Sentence("The last entry is not followed by an empty line; the list may be cut off.")
            found.note("cut-off", message, f"line {start}")
        yield start, fields


def _not_text(line: int) -> Exception:
    return refuse("not-utf8", "The document is not UTF-8.", place=f"line {line}", todo="Save it as UTF-8 text")
