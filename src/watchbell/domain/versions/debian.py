"""Which Debian or Ubuntu package comes first? (deb-version(7), as dpkg compares.)

A version is an epoch, an upstream part and a revision; each part is read as
pairs of (text, number). In text `~` sorts below the end, letters above it and
everything else above letters. No revision is the same as revision 0. Words such as
`unfixed` would sort above all numbers, so a version must start with a digit. A hyphen
with nothing after it is refused, as dpkg does.
"""

import re

from watchbell.domain.versions.encoding import NUMBERS, Unparsable

_SHAPE = re.compile(r"(?:([0-9]++):)?+([0-9][0-9A-Za-z.+~:-]*+)")
_PAIR = re.compile(r"([^0-9]*)([0-9]*)")
_END = b"\x02"
_TILDE = 0x01
_ZERO = NUMBERS["0"]
_TEXT = {ord("~"): _TILDE} | {ord(char): ord(char) | 0x80 for char in "+-.:"}
_ONLY_DOT = b"\xae" + _END


def key(version: str) -> bytes:
    """Return the key of a Debian version; raises Unparsable."""
    match = _SHAPE.fullmatch(version)
    if match is None:
        raise Unparsable(version, "Debian")
    epoch, rest = match.groups()
    if rest[-1] == "-" or (epoch is None and ":" in rest):
        raise Unparsable(version, "Debian")
    upstream, _, revision = rest.rpartition("-")
    if not upstream:
        upstream, revision = rest, "0"
    return (NUMBERS[epoch] if epoch else _ZERO) + _part(upstream) + _part(revision)


def _part(text: str) -> bytes:
    """Return the (text, number) pairs of one part; an empty part is "0"."""
    out = bytearray()
    for words, digits in _PAIR.findall(text):
        if words == ".":
            out += _ONLY_DOT
        elif words:
            out += words.translate(_TEXT).encode("latin-1") + _END
        elif digits:
            out += _END
        else:
            break
        out += NUMBERS[digits] if digits else _ZERO
    return bytes(out or _END + _ZERO) + _END
