"""One small format: a parser with a check that is sound or flawed, an input it takes, and one that breaks it."""

from collections.abc import Callable, Mapping

from watchbell.domain.records import record
from watchbell.domain.suites.draw import Draw

Words = Mapping[str, str]


@record(frozen=True, slots=True, kw_only=True)
class Family:
    """A template of the generator.

    `source` defines `$parse(data)` and `$holds(data, value)`; `$check` is where the builds differ. `breaks` gives an
    input that every one of the flawed checks lets through and `sound` refuses; `good` one that both take.
    """

    name: str
    source: str
    sound: str
    flawed: tuple[str, ...]
    words: Callable[[Draw], dict[str, str]]
    good: Callable[[Draw, Words], bytes]
    breaks: Callable[[Draw, Words], bytes]


def some_bytes(draw: Draw, least: int, most: int) -> bytes:
    """Return a few drawn bytes."""
    return bytes(draw.below(256) for _ in range(draw.between(least, most)))
