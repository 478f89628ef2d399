"""What is the root after one more entry, without reading the old ones again?

A compact range: one hash for each complete subtree, largest first; their sizes
are the one bits of the number of entries. Ten million entries need 24 hashes.
"""

from dataclasses import dataclass
from typing import Self

from watchbell.domain.sealing.hashes import EMPTY_ROOT, HASH_SIZE, node_hash

_SIZE_BYTES = 8


@dataclass(frozen=True, slots=True)
class Frontier:
    """The right edge of a tree of `size` entries; a value, so appending returns a new one."""

    size: int = 0
    peaks: tuple[bytes, ...] = ()

    def __post_init__(self) -> None:
        """Refuse an edge that no tree has."""
        if self.size < 0 or len(self.peaks) != self.size.bit_count():
            raise ValueError(f"{len(self.peaks)} peaks cannot be the edge of a tree of {self.size} entries")
        if any(len(peak) != HASH_SIZE for peak in self.peaks):
            raise ValueError(f"every peak is a hash of {HASH_SIZE} bytes")

    def append(self, leaf: bytes) -> Self:
        """Return the edge after this leaf hash: it merges with each complete neighbour of its size."""
        peaks, size = list(self.peaks), self.size
        while size & 1:
            leaf = node_hash(peaks.pop(), leaf)
            size >>= 1
        return type(self)(self.size + 1, (*peaks, leaf))

    @property
    def root(self) -> bytes:
        """Return the root of everything appended so far; SHA-256 of nothing when empty."""
        if not self.peaks:
            return EMPTY_ROOT
        root = self.peaks[-1]
        for peak in reversed(self.peaks[:-1]):
            root = node_hash(peak, root)
        return root

    def to_bytes(self) -> bytes:
        """Return the edge as bytes: the size in 8 (big end first), then the peaks."""
        return self.size.to_bytes(_SIZE_BYTES, "big") + b"".join(self.peaks)

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Return the edge these bytes hold; raises ValueError when they hold none."""
        size, body = int.from_bytes(data[:_SIZE_BYTES], "big"), data[_SIZE_BYTES:]
        if len(data) < _SIZE_BYTES or len(body) != size.bit_count() * HASH_SIZE:
            raise ValueError(f"{len(data)} bytes cannot be the edge of a tree of {size} entries")
        return cls(size, tuple(body[at : at + HASH_SIZE] for at in range(0, len(body), HASH_SIZE)))
