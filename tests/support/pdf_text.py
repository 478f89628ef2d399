"""What does a PDF say? Enough of a reader for what our typesetter writes: streams, fonts with their letters, strings.

Another's reader is no part of our tests: this one knows nothing of the typesetter but what the format says.
"""

import re
import zlib
from collections.abc import Iterator

OBJECT = re.compile(rb"(?:^|\n)(\d+) 0 obj\n(.*?)\nendobj", re.DOTALL)
LETTER = re.compile(rb"<([0-9A-F]{4})> <([0-9A-F]+)>")
FONT = re.compile(rb"/(f\d+) [\d.]+ Tf")
ESCAPED = re.compile(rb"\\([0-7]{3}|.)", re.DOTALL)
PLAIN = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}


def objects(pdf: bytes) -> dict[int, bytes]:
    """Return every object by its number."""
    return {int(number): body for number, body in OBJECT.findall(pdf)}


def text_of(pdf: bytes) -> str:
    """Return what the pages say, page after page, one space for each run of space."""
    found = objects(pdf)
    pages = [body for body in found.values() if b"/Type/Page/" in body]
    return re.sub(r"\s+", " ", "".join(text for page in pages for text in _page(page, found)))


def _page(page: bytes, found: dict[int, bytes]) -> Iterator[str]:
    resources = found[int(re.search(rb"/Resources (\d+)", page)[1])]  # type: ignore[index]
    fonts = {
        name.decode(): _letters(found[int(number)], found)
        for names in re.findall(rb"/Font<<(.*?)>>", resources)
        for name, number in re.findall(rb"/(f\d+) (\d+) 0 R", names)
    }
    content = _stream(found[int(re.search(rb"/Contents (\d+)", page)[1])])  # type: ignore[index]
    font: dict[int, str] = {}
    at = 0
    while at < len(content):
        if named := FONT.match(content, at):
            font, at = fonts[named[1].decode()], named.end()
        elif content[at : at + 1] == b"(":
            end = _closed(content, at)
            yield _said(content[at + 1 : end], font)
            at = end + 1
        else:
            if content[at : at + 2] == b"ET":
                yield " "
            at += 1


def _closed(content: bytes, at: int) -> int:
    """Return where the string that begins here ends; parentheses within it may stand in pairs."""
    depth = 0
    while True:
        match content[at : at + 1]:
            case b"\\":
                at += 1
            case b"(":
                depth += 1
            case b")":
                depth -= 1
                if depth == 0:
                    return at
        at += 1


def _letters(font: bytes, found: dict[int, bytes]) -> dict[int, str]:
    table = _stream(found[int(re.search(rb"/ToUnicode (\d+)", font)[1])])  # type: ignore[index]
    return {int(code, 16): bytes.fromhex(letter.decode()).decode("utf-16-be") for code, letter in LETTER.findall(table)}


def _said(string: bytes, font: dict[int, str]) -> str:
    raw = ESCAPED.sub(lambda one: bytes([int(one[1], 8)]) if len(one[1]) == 3 else PLAIN.get(one[1], one[1]), string)
    codes = [int.from_bytes(raw[at : at + 2], "big") for at in range(0, len(raw), 2)]
    return "".join(font.get(code, "") for code in codes)


def _stream(body: bytes) -> bytes:
    head, _, rest = body.partition(b"stream")
    start = 2 if rest.startswith(b"\r\n") else 1
    raw = rest[start : start + int(re.search(rb"/Length (\d+)", head)[1])]  # type: ignore[index]
    return zlib.decompress(raw) if b"FlateDecode" in head else raw
