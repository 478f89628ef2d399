"""How long may one call last, and how much may come back?"""

from dataclasses import dataclass

MIB = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """Seconds and bytes of one call; a drip is cut at `total_seconds`, whatever has come by then.

    A model may think for minutes before its first word, and between two: what is silent longer than
    `first_byte_seconds` (until its head is whole) or `idle_seconds` (afterwards) is taken for dead.
    """

    connect_seconds: float = 5.0
    first_byte_seconds: float = 300.0
    idle_seconds: float = 300.0
    total_seconds: float = 1800.0
    unused_seconds: float = 2.0
    """How long a connection waits for the next call; servers close theirs after five seconds or more."""

    unused_lines: int = 32
    """How many connections wait for one credential."""

    head_bytes: int = 64 * 1024
    head_fields: int = 100
    body_bytes: int = 256 * MIB
    ahead_bytes: int = 64 * 1024
    """How much is read before the caller has taken it."""
