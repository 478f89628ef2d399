"""Which few hashes prove that an entry is in the log, or that the log only grew? RFC 9162, sections 2.1.1 to 2.1.4.

Everything here takes *leaf hashes* (see `leaf_hash`), so that a log need not be
read again to prove one line of it.
"""

from collections.abc import Sequence

from watchbell.domain.sealing.frontier import Frontier
from watchbell.domain.sealing.hashes import EMPTY_ROOT, node_hash


def root(leaves: Sequence[bytes]) -> bytes:
    """Return the root of these leaf hashes."""
    return Tree(leaves).root


def inclusion_proof(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """Return the path that proves leaf `index`; for many proofs of one log, keep one Tree."""
    return Tree(leaves).inclusion_proof(index)


def consistency_proof(leaves: Sequence[bytes], old_size: int) -> list[bytes]:
    """Return the proof that the log of these leaves starts with its first `old_size` ones."""
    return Tree(leaves).consistency_proof(old_size)


class Tree:
    """Every complete subtree of a log, hashed once; each proof then costs a few look-ups."""

    def __init__(self, leaves: Sequence[bytes]) -> None:
        """Hash the complete subtrees; twice the memory of the leaves."""
        self.size = len(leaves)
        self._levels = [list(leaves)]
        while len(below := self._levels[-1]) > 1:
            pairs = zip(below[::2], below[1::2], strict=False)
            self._levels.append([node_hash(left, right) for left, right in pairs])

    @property
    def root(self) -> bytes:
        """Return the root; SHA-256 of nothing for an empty log."""
        return self._subtree(0, self.size) if self.size else EMPTY_ROOT

    def frontier(self) -> Frontier:
        """Return the right edge, ready for the next leaf."""
        bits = (1 << bit for bit in reversed(range(self.size.bit_length())) if self.size >> bit & 1)
        peaks, start = [], 0
        for width in bits:
            peaks.append(self._subtree(start, start + width))
            start += width
        return Frontier(self.size, tuple(peaks))

    def inclusion_proof(self, index: int) -> list[bytes]:
        """Return the siblings from leaf `index` up to the root (PATH in the RFC); raises IndexError outside."""
        if not 0 <= index < self.size:
            raise IndexError(f"entry {index} is not in a log of {self.size}; the first is 0")
        path, low, high = [], 0, self.size
        while high - low > 1:
            middle = low + _split(high - low)
            if index < middle:
                path.append(self._subtree(middle, high))
                high = middle
            else:
                path.append(self._subtree(low, middle))
                low = middle
        return path[::-1]

    def consistency_proof(self, old_size: int) -> list[bytes]:
        """Return the proof from the first `old_size` leaves to all (PROOF in the RFC).

        Empty for 0 and for the whole size; raises ValueError for a size the log never had.
        """
        if not 0 <= old_size <= self.size:
            raise ValueError(f"a log of {self.size} entries never had {old_size}")
        if old_size in (0, self.size):
            return []
        proof, low, high = [], 0, self.size
        while old_size != high:
            middle = low + _split(high - low)
            if old_size <= middle:
                proof.append(self._subtree(middle, high))
                high = middle
            else:
                proof.append(self._subtree(low, middle))
                low = middle
        if low:
            proof.append(self._subtree(low, high))
        return proof[::-1]

    def _subtree(self, low: int, high: int) -> bytes:
        """Return the hash over leaves low to high; complete ones are already known."""
        width = high - low
        if width & (width - 1) == 0:
            return self._levels[width.bit_length() - 1][low // width]
        middle = low + _split(width)
        return node_hash(self._subtree(low, middle), self._subtree(middle, high))


def _split(size: int) -> int:
    """Return the largest power of two below `size`."""
    return 1 << (size - 1).bit_length() - 1
