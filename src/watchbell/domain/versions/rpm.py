"""Which RPM package comes first? (rpmvercmp: epoch, then version, then release.)

At one position `~` sorts below the end, then come the end, `^`, words, and numbers
above all. Everything else only separates. A missing epoch is 0; a missing release
sorts below every release. Only digits make an epoch, as in rpm itself.
"""

import re

from watchbell.domain.versions.encoding import NUMBERS, Unparsable

_SHAPE = re.compile(r"(?:([0-9]++):)?+([^\s\x00-\x1f\x7f]++)")
_TOKEN = re.compile(r"[0-9]+|[A-Za-z]+|[~^]")
_ZERO = NUMBERS["0"]
_END = b"\x02"
_WORD = b"\x04"
_NO_RELEASE, _RELEASE = b"\x01", b"\x02"
_MARKS = {"~": b"\x01", "^": b"\x03"}


def key(version: str) -> bytes:
    """Return the key of an `[epoch:]version[-release]`; raises Unparsable."""
    match = _SHAPE.fullmatch(version)
    if match is None:
        raise Unparsable(version, "RPM")
    epoch, rest = match.groups()
    text, dash, release = rest.rpartition("-")
    head = NUMBERS[epoch] if epoch else _ZERO
    if not dash:
        return head + _part(rest) + _NO_RELEASE
    return head + _part(text) + _RELEASE + _part(release)


def _part(text: str) -> bytes:
    out = bytearray()
    for token in _TOKEN.findall(text):
        if token.isdigit():
            out += NUMBERS[token]
        elif token in _MARKS:
            out += _MARKS[token]
        else:
            out += _WORD + token.encode() + b"\x00"
    return bytes(out + _END)
