"""What is this really, whatever its name says?"""

import re
from enum import Enum

from watchbell.domain.refusal import refuse
from watchbell.domain.sentence import Sentence

# `tar` has its mark at 257; everything else we know shows itself earlier.
HEAD_BYTES = 512


class Kind(Enum):
    """What the first bytes of a document say it is."""

    TEXT = "text"
    GZIP = "a gzip file"
    ZSTD = "a zstd file"
    ZIP = "a zip archive"
    HTML = "an HTML page"
    WIDE_TEXT = "text in UTF-16 or UTF-32"
    PDF = "a PDF document"
    PROGRAM = "a program"
    PICTURE = "a picture"
    ARCHIVE = "an archive of a kind we do not open"
    DATABASE = "a database"
    PICKLE = "a Python pickle"
    BINARY = "binary data"


COMPRESSED = frozenset({Kind.GZIP, Kind.ZSTD, Kind.ZIP})

_MARKS: tuple[tuple[bytes, Kind], ...] = (
    (b"\x1f\x8b", Kind.GZIP),
    (b"\x28\xb5\x2f\xfd", Kind.ZSTD),
    (b"PK\x03\x04", Kind.ZIP),
    (b"PK\x05\x06", Kind.ZIP),
    (b"\xff\xfe", Kind.WIDE_TEXT),
    (b"\xfe\xff", Kind.WIDE_TEXT),
    (b"\x00\x00\xfe\xff", Kind.WIDE_TEXT),
    (b"%PDF-", Kind.PDF),
    (b"\x7fELF", Kind.PROGRAM),
    (b"MZ", Kind.PROGRAM),
    (b"\xcf\xfa\xed\xfe", Kind.PROGRAM),
    (b"\xfe\xed\xfa", Kind.PROGRAM),
    (b"\xca\xfe\xba\xbe", Kind.PROGRAM),
    (b"#!", Kind.PROGRAM),
    (b"\x89PNG", Kind.PICTURE),
    (b"\xff\xd8\xff", Kind.PICTURE),
    (b"GIF8", Kind.PICTURE),
    (b"7z\xbc\xaf\x27\x1c", Kind.ARCHIVE),
    (b"Rar!", Kind.ARCHIVE),
    (b"\xfd7zXZ\x00", Kind.ARCHIVE),
    (b"BZh", Kind.ARCHIVE),
    (b"\x04\x22\x4d\x18", Kind.ARCHIVE),
    (b"SQLite format 3\x00", Kind.DATABASE),
    (b"PAR1", Kind.DATABASE),
)
_PICKLE = re.compile(rb"\x80[\x02-\x05][\x80-\x9f(c}\]\x4b\x58\x8c]")
_HTML = re.compile(rb"(?:\xef\xbb\xbf)?\s*(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body|script)\b", re.I | re.S)
_NULS = re.compile(rb"(?:[^\x00]\x00|\x00[^\x00]|\x00{3}[^\x00])")


def kind_of(head: bytes) -> Kind:
    """Return what the first 512 bytes of a document show it to be."""
    for mark, kind in _MARKS:
        if head.startswith(mark):
            return kind
    if _PICKLE.match(head):
        return Kind.PICKLE
    if _HTML.match(head):
        return Kind.HTML
    if head[257:262] == b"ustar":
        return Kind.ARCHIVE
    if _NULS.match(head):
        return Kind.WIDE_TEXT
    return Kind.BINARY if b"\x00" in head else Kind.TEXT


def require_text(head: bytes, place: str) -> None:
    """This will refuse, with Refused, every document whose first bytes are not those of UTF-8 text."""
    kind = kind_of(head)
    if kind is Kind.TEXT:
        return
    if kind in COMPRESSED:
        raise refuse(
            "nested-archive",
            Sentence("inside the document is {kind}", kind=Sentence(kind.value)),
            place=place,
            expected="Documents packed once",
            todo="Unpack it first and send what is inside",
        )
    if kind is Kind.WIDE_TEXT:
        raise refuse(
            "not-utf8",
            Sentence("the document is {kind}", kind=Sentence(kind.value)),
            place=place,
            expected="UTF-8",
            todo="Save it as UTF-8",
        )
    raise refuse(
        "wrong-kind",
        Sentence("the document is {kind}", kind=Sentence(kind.value)),
        place=place,
        expected="JSON, XML or plain text, alone or in a .gz, .zst or .zip",
        todo="Check the address or the file you chose",
    )
