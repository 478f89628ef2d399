"""Which Alpine package comes first? (apk-tools: numbers, a letter, suffixes, a hash, a revision.)

What may stand at one position sorts, from low to high: `_alpha` to `_rc`, the end,
`-r`, a hash, a suffix's number, `_cvs` to `_p`, a letter, a number. A number with a
leading zero, unless it is the first, compares as text. No `-r` sorts below `-r0`,
as in apk-tools. What apk-tools calls invalid (`1.2_blah`, `0..8`) is read as it reads it:
a missing number is below all, and from the first fault on nothing counts. Such a key
ends in another byte, because its place is only a convention.
"""

import re

from watchbell.domain.versions.encoding import NUMBERS, Unparsable

_NUMBER = r"[0-9]++(?:\.[0-9]++)*+"
_SHAPE = re.compile(
    # Old packages such as 5.1p1-r0 have numbers after the letter, and one letter after another.
    rf"{_NUMBER}(?:[a-z](?:{_NUMBER})?+)*+"
    r"(?:_(?:alpha|beta|pre|rc|cvs|svn|git|hg|p)[0-9]*+)*+(?:~[0-9a-f]++)?+(?:-r[0-9]*+)?+"
)
_TOKEN = re.compile(r"\.?([0-9]+)|_([a-z]+)([0-9]*)|~([0-9a-f]+)|-r([0-9]*)|([a-z])")
_FAULTY_SHAPE = re.compile(r"[0-9A-Za-z.][0-9A-Za-z._~-]*+")
_FAULTY_TOKEN = re.compile(
    r"(?P<empty>\.(?![0-9]))|\.?(?P<number>[0-9]+)|_(?P<suffix>alpha|beta|pre|rc|cvs|svn|git|hg|p)(?P<count>[0-9]*)"
    r"|(?P<letter>[a-z])|-r(?P<revision>[0-9]+)"
)
_SUFFIXES = {
    "alpha": b"\x02", "beta": b"\x03", "pre": b"\x04", "rc": b"\x05",
    "cvs": b"\x0c", "svn": b"\x0d", "git": b"\x0e", "hg": b"\x0f", "p": b"\x10",
}  # fmt: skip
_FAULT, _EMPTY = b"\x01", b"\x06"
_END, _REVISION, _HASH, _SUFFIX_NUMBER, _LETTER, _LEADING_ZERO = b"\x08", b"\x09", b"\x0a", b"\x0b", b"\x18", b"\x20"


def key(version: str) -> bytes:
    """Return the key of an Alpine version; raises Unparsable."""
    if _SHAPE.fullmatch(version) is None:
        return _faulty(version)
    out = bytearray()
    for number, suffix, suffix_number, commit, revision, letter in _TOKEN.findall(version):
        if number:
            out += _number(number, is_first=not out)
        elif suffix:
            out += _SUFFIXES[suffix] + (_SUFFIX_NUMBER + NUMBERS[suffix_number] if suffix_number else b"")
        elif letter:
            out += _LETTER + letter.encode()
        elif commit:
            out += _HASH + commit.encode() + b"\x00"
        else:
            out += _REVISION + NUMBERS[revision or "0"]
    return bytes(out + _END)


def is_faulty(key: bytes) -> bool:
    """Return whether apk-tools calls this key's version invalid, so that its place is only a convention."""
    return key[-1:] == _FAULT


def _faulty(version: str) -> bytes:
    """Return the key of what comes before the first fault."""
    if _FAULTY_SHAPE.fullmatch(version) is None:
        raise Unparsable(version, "Alpine")
    out, at = bytearray(), 0
    while match := _FAULTY_TOKEN.match(version, at):
        at = match.end()
        if match["number"]:
            out += _number(match["number"], is_first=not out)
        elif match["suffix"]:
            out += _SUFFIXES[match["suffix"]] + (_SUFFIX_NUMBER + NUMBERS[match["count"]] if match["count"] else b"")
        elif match["letter"]:
            out += (b"" if out else _EMPTY) + _LETTER + match["letter"].encode()
        else:
            out += _EMPTY if match["empty"] else _REVISION + NUMBERS[match["revision"]]
    return bytes(out + _FAULT)


def _number(digits: str, *, is_first: bool) -> bytes:
    """Return a number; one with a leading zero sorts between nothing and 1, as text."""
    if digits[0] == "0" and not is_first:
        return _LEADING_ZERO + digits.encode() + b"\x00"
    return NUMBERS[digits]
