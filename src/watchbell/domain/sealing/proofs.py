"""Does this proof hold? The two algorithms a stranger runs (RFC 9162, sections 2.1.3.2 and 2.1.4.2).

A proof that does not hold is an answer, False, never an exception: whatever bytes
a stranger sends, the check ends after as many steps as the proof has hashes.
"""

from collections.abc import Sequence

from watchbell.domain.sealing.hashes import EMPTY_ROOT, HASH_SIZE, node_hash


def verify_inclusion(*, leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Return whether `proof` shows this leaf hash at `index` in the log of `size` entries with this root."""
    if not 0 <= index < size or not _are_hashes((leaf, root, *proof)):
        return False
    node, last, result = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            return False
        if node & 1 or node == last:
            result = node_hash(sibling, result)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            result = node_hash(result, sibling)
        node, last = node >> 1, last >> 1
    return last == 0 and result == root


def verify_consistency(
    *, old_size: int, old_root: bytes, new_size: int, new_root: bytes, proof: Sequence[bytes]
) -> bool:
    """Return whether `proof` shows that the new log begins with every entry of the old one.

    Every log begins with the empty one, and with itself; both need an empty proof.
    """
    if not 0 <= old_size <= new_size or not _are_hashes((old_root, new_root, *proof)):
        return False
    if old_size == new_size:
        return not proof and old_root == new_root
    if old_size == 0:
        return not proof and old_root == EMPTY_ROOT
    path = list(proof) if old_size & (old_size - 1) else [old_root, *proof]
    return bool(path) and _walks_to(path, old_size, old_root, new_size, new_root)


def _walks_to(path: list[bytes], old_size: int, old_root: bytes, new_size: int, new_root: bytes) -> bool:
    """Return whether the path leads to both roots at once (steps 4 to 7 of section 2.1.4.2)."""
    node, last = old_size - 1, new_size - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    old = new = path[0]
    for sibling in path[1:]:
        if last == 0:
            return False
        if node & 1 or node == last:
            old, new = node_hash(sibling, old), node_hash(sibling, new)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            new = node_hash(new, sibling)
        node, last = node >> 1, last >> 1
    return last == 0 and old == old_root and new == new_root


def _are_hashes(values: Sequence[bytes]) -> bool:
    """Return whether each of these has the size of a hash."""
    return all(len(value) == HASH_SIZE for value in values)
