"""How is one piece of a version written so that plain byte order is its order?

An integer is one length byte (0x20 + number of bytes) and its big-endian bytes, so
a longer number sorts above a shorter one and zero is the single byte 0x20. Text is
its bytes and a closing 0x00. Between the two, a scheme puts tag bytes whose value
*is* the precedence. Every key ends with an END tag, so no key is the beginning of
another one and `just_after(key)` is the tightest upper bound.
"""

from watchbell.domain.sentence import Sentence

MAX_LENGTH = 512
"""Longest version read, in characters; the longest real one seen is about 100."""

LOWEST = b""
"""Sorts at or below every key: OSV's `introduced: "0"`."""

HIGHEST = b"\xff"
"""Sorts above every key: a range without an end."""


class Unparsable(ValueError):
    """This text is not a version of that scheme; the message says what to do."""

    def __init__(self, version: str, scheme: str) -> None:
        shown = version if len(version) <= 60 else version[:60] + "..."
        super().__init__(
            Sentence(
                "{version} is not a {scheme} version, so it cannot be compared; "
                "give the exact version as the package's registry writes it",
                version=repr(shown),
                scheme=scheme,
            )
        )


def just_after(key: bytes) -> bytes:
    """Return the lowest bound above `key`: everything greater than `key` is at or above it."""
    return key + b"\x00"


def encode(number: int) -> bytes:
    """Return the bytes of a whole number, zero or more, in an order-keeping form."""
    size = (number.bit_length() + 7) >> 3
    return (0x20 + size).to_bytes(1, "big") + number.to_bytes(size, "big")


class _Numbers(dict[str, bytes]):
    """Digits to their encoding; the usual ones are ready, others are computed and not kept."""

    def __missing__(self, digits: str) -> bytes:
        return encode(int(digits))


NUMBERS = _Numbers({str(number): encode(number) for number in range(2048)})
"""Look digits up here: `NUMBERS["17"]`; leading zeros do not count. A measured third of the time of a key."""
