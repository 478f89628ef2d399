"""How does chance enter an item? From the seed alone, by SHA-256, so that any machine and any Python draws the same."""

from collections.abc import Sequence
from hashlib import sha256
from typing import TypeVar

T = TypeVar("T")


class Draw:
    """A stream of choices that depends on a seed and a path of words, and on nothing else."""

    def __init__(self, seed: bytes, *path: str | int) -> None:
        whole = b"".join(len(part).to_bytes(4) + part for part in (seed, *(str(word).encode() for word in path)))
        self._key = sha256(b"watchbell suite\0" + whole).digest()
        self._at = 0

    def below(self, end: int) -> int:
        """Return a number from 0 up to `end`, each as likely as any other. Raises ValueError outside of 1 to 2**64."""
        if not 1 <= end <= 1 << 64:
            raise ValueError("There is nothing to draw from, or more than one number can choose among.")
        most = (1 << 64) - (1 << 64) % end
        while True:
            found = int.from_bytes(sha256(self._key + self._at.to_bytes(8)).digest()[:8])
            self._at += 1
            if found < most:
                return found % end

    def between(self, first: int, last: int) -> int:
        """Return a number from `first` to `last`, both included."""
        return first + self.below(last - first + 1)

    def one(self, of: Sequence[T]) -> T:
        """Return one of these."""
        return of[self.below(len(of))]

    def several(self, of: Sequence[T], number: int) -> list[T]:
        """Return this many of these, none twice, in a drawn order. Raises ValueError when there are too few."""
        left = list(of)
        if number > len(left):
            raise ValueError("There are fewer than that to draw from.")
        return [left.pop(self.below(len(left))) for _ in range(number)]

    def shuffled(self, of: Sequence[T]) -> list[T]:
        """Return all of these in a drawn order."""
        return self.several(of, len(of))

    def word(self, letters: int = 6) -> str:
        """Return a made-up word that is no Python keyword: consonants and vowels in turn."""
        return "".join(self.one("bdfgklmnprstvz" if at % 2 == 0 else "aeiou") for at in range(letters))
