"""How is one thing shown to be among others without showing them, or how many there are?

A small Merkle tree of leaves that are salted one by one, filled up to a power of two and
sorted, so that neither the place of a leaf nor the length of its path says anything.
"""

import hmac
from collections.abc import Iterable
from dataclasses import dataclass

from watchbell.domain.sealing import Tree, commitment, leaf_hash

NOBODY = b"nobody:"


@dataclass(frozen=True, slots=True)
class Opening:
    """What shows that one member is in the crowd: its salt, and the way from its leaf to the root."""

    salt: bytes
    index: int
    size: int
    path: tuple[bytes, ...]

    def as_mapping(self) -> dict[str, object]:
        """Return the opening as an export writes it."""
        path = [step.hex() for step in self.path]
        return {"index": self.index, "path": path, "salt": self.salt.hex(), "size": self.size}


class Crowd:
    """The members as a tree; the root stands for all of them."""

    def __init__(self, members: Iterable[bytes], secret: bytes, *, label: bytes, fewest: int) -> None:
        """Salt each member from a secret used for nothing else, and fill up to a power of two, at least `fewest`."""
        self._secret, self._label = secret, label
        named = [self._leaf(label, member) for member in sorted(set(members))]
        width = max(fewest, 1 << max(0, len(named) - 1).bit_length())
        filling = [self._leaf(NOBODY, str(at).encode()) for at in range(width - len(named))]
        self._leaves = sorted(named + filling)
        self._tree = Tree(self._leaves)

    @property
    def root(self) -> bytes:
        """Return the hash over everybody."""
        return self._tree.root

    def opening(self, member: bytes) -> Opening:
        """Return this member's way to the root; raises ValueError for one who is not among them."""
        index = self._leaves.index(self._leaf(self._label, member))
        path = tuple(self._tree.inclusion_proof(index))
        return Opening(self._salt(self._label, member), index, len(self._leaves), path)

    def _salt(self, label: bytes, member: bytes) -> bytes:
        return hmac.digest(self._secret, label + member, "sha256")

    def _leaf(self, label: bytes, member: bytes) -> bytes:
        return leaf_hash(commitment(self._salt(label, member), member))
