"""Which gem comes first? (Gem::Version: a word makes a pre-release, missing parts are zero.)

Gem::Version compares as if every version went on with zeros for ever, and a word
sorts below a number. So how a run of zeros sorts depends on what follows it: before
a word it is below the end, before a number above. A run is therefore written
together with the part that follows.
"""

import re

from watchbell.domain.versions.encoding import NUMBERS, Unparsable

_SHAPE = re.compile(r"[0-9][0-9A-Za-z]*+(?:\.[0-9A-Za-z]++)*+(?:-[0-9A-Za-z-]++(?:\.[0-9A-Za-z-]++)*+)?+")
_PART = re.compile(r"[0-9]+|[A-Za-z]+")
_WORD = b"\x10"
_ZEROS_THEN_WORD = b"\x11"
_END = b"\x18"
_ZEROS_THEN_NUMBER = b"\x20"
_ZERO = NUMBERS["0"]


def key(version: str) -> bytes:
    """Return the key of a gem version; raises Unparsable."""
    text = version.strip()
    parts = text.split(".")
    if text.isascii() and all(map(str.isdigit, parts)):
        return _numbers(parts)
    if _SHAPE.fullmatch(text) is None:
        raise Unparsable(version, "RubyGems")
    return _mixed(_PART.findall(text.replace("-", ".pre.")))


def _numbers(parts: list[str]) -> bytes:
    encoded = [NUMBERS[part] for part in parts]
    if _ZERO in encoded:
        return _mixed(parts)
    return b"".join(encoded) + _END


def _mixed(parts: list[str]) -> bytes:
    """Return the key of all parts; zeros at the end, and those just before the first word, do not count."""
    out = bytearray()
    zeros, seen_word = 0, False
    for part in parts:
        if part[0].isalpha():
            zeros = zeros if seen_word else 0
            out += (_ZEROS_THEN_WORD + zeros.to_bytes(2, "big") if zeros else _WORD) + part.encode() + b"\x00"
            zeros, seen_word = 0, True
        elif (number := NUMBERS[part]) == _ZERO:
            zeros += 1
        else:
            # A longer run of zeros before a number is lower, so its length is written upside down.
            out += (_ZEROS_THEN_NUMBER + (0xFFFF - zeros).to_bytes(2, "big") if zeros else b"") + number
            zeros = 0
    return bytes(out + _END)
