"""Which Semantic Version comes first? (semver.org 2.0.0, read as leniently as OSV does.)

A leading `v` and missing parts are allowed, `+build` (and with it Go's
`+incompatible`) never counts, and whatever else follows the third number is read
as a pre-release, which is how OSV's own tools read it. Go's pseudo-versions need
nothing special: they are pre-releases by construction. `1.x` is a wish, not a version.
"""

import re

from watchbell.domain.versions.encoding import NUMBERS, Unparsable

_SHAPE = re.compile(
    r"[vV=]?(?P<major>[0-9]++)(?:\.(?P<minor>[0-9]++))?+(?:\.(?P<patch>[0-9]++))?+"
    r"(?P<rest>(?!\.?[xX*](?:[.+-]|\Z))(?:-|\.?[0-9A-Za-z_~])[0-9A-Za-z.~_-]*+)?+(?:\+[ -~]*+)?+"
)
_ZERO = NUMBERS["0"]
_END = b"\x01"
_WORD = b"\xfa"
_RELEASE = b"\xfc"


def key(version: str) -> bytes:
    """Return the key of a Semantic Version; raises Unparsable."""
    match = _SHAPE.fullmatch(version)
    if match is None:
        raise Unparsable(version, "Semantic")
    major, minor, patch, rest = match.groups()
    head = NUMBERS[major] + (NUMBERS[minor] if minor else _ZERO) + (NUMBERS[patch] if patch else _ZERO)
    if not rest:
        return head + _RELEASE
    return head + prerelease(rest.removeprefix("-"))


def prerelease(text: str) -> bytes:
    """Return the key of dot-separated identifiers: numbers below words, fewer below more."""
    out = bytearray()
    for part in text.split("."):
        out += NUMBERS[part] if part.isdigit() else _WORD + part.encode() + b"\x00"
    return bytes(out + _END)
