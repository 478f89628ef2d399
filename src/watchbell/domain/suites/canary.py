"""Has this set of items leaked? Each carries a GUID of its own, so that whoever repeats it has read the set before."""

import re
from hashlib import sha256
from typing import Final

_GROUPS: Final = ((0, 8), (8, 12), (12, 16), (16, 20), (20, 32))


def canary_of(seed: bytes, purpose: str = "header") -> str:
    """Return the GUID of the set that grows from this seed; another one for each purpose (RFC 9562, version 8)."""
    drawn = bytearray(sha256(b"watchbell canary\0" + purpose.encode() + b"\0" + seed).digest()[:16])
    drawn[6] = drawn[6] & 0x0F | 0x80
    drawn[8] = drawn[8] & 0x3F | 0x80
    return "-".join(drawn.hex()[first:end] for first, end in _GROUPS)


def headed(seed: bytes, prompt: str) -> str:
    """Return the prompt under the line that every prompt of the set begins with."""
    return f"Watchbell evaluation item, never to be trained on. Canary GUID {canary_of(seed)}\n\n{prompt}"


def repeats(text: str, canary: str) -> bool:
    """Return whether a text holds the canary, however it is spaced, hyphenated or written in capitals."""
    return _digits(canary) in _digits(text)


def _digits(text: str) -> str:
    """Return the text without what may stand between the digits of a GUID."""
    return re.sub(r"[\s\-_{}:.]+", "", text.lower())
