"""How far does blind chance get? A fuzzer that knows one good input and nothing of the parser, drawn from a seed."""

from collections.abc import Callable
from typing import Final

from watchbell.domain.suites.draw import Draw

TRIES: Final = 1_000
_LONGEST: Final = 24


def solved_at(draw: Draw, good: bytes, breaks: Callable[[bytes], bool], tries: int = TRIES) -> int | None:
    """Return at which try an input breaks the flawed build alone, or None after this many.

    Every second input is a few random bytes; the others are the good input with one to three changes.
    """
    for at in range(1, tries + 1):
        data = _changed(draw, good) if at % 2 else bytes(draw.below(256) for _ in range(draw.between(1, _LONGEST)))
        if breaks(data):
            return at
    return None


def _changed(draw: Draw, good: bytes) -> bytes:
    data = bytearray(good)
    for _ in range(draw.between(1, 3)):
        at, how = draw.below(len(data) + 1), draw.below(4)
        if how == 0 or at == len(data):
            data.insert(at, draw.below(256))
        elif how == 1:
            del data[at]
        elif how == 2:
            data[at] = draw.below(256)
        else:
            data[at] = (data[at] + draw.one((1, 255))) % 256
    return bytes(data)
