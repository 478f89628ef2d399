"""How are things named to the outside? By 128 random bits that say nothing about order, volume or owner."""

from typing import Protocol


class Dice(Protocol):
    """Where randomness comes from: the system's at the entrances, a seeded one in tests."""

    def getrandbits(self, k: int, /) -> int:
        """Return k random bits as an integer."""

    def randbytes(self, n: int) -> bytes:
        """Return n random bytes."""


def new_id(rng: Dice) -> str:
    """Return a fresh public id: 32 hexadecimal digits."""
    return f"{rng.getrandbits(128):032x}"
