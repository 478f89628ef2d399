"""Were the held-out items fixed before anybody saw an answer? A hash beforehand, the seed at the close.

The seed draws the items (`domain.suites`); whoever has seed and salt can draw them again and compare.
"""

import hashlib
from typing import Final

SEED_BYTES: Final = 32
_COMMITTED: Final = b"watchbell seed commitment\0"
_CANARY: Final = b"watchbell canary\0"


def commitment(seed: bytes, salt: bytes) -> str:
    """Return what is written down beforehand: SHA-256 over seed and salt, in hex. Raises ValueError for other sizes."""
    if len(seed) != SEED_BYTES or len(salt) != SEED_BYTES:
        raise ValueError("Seed and salt are 32 bytes each.")
    return hashlib.sha256(_COMMITTED + seed + salt).hexdigest()


def opens(committed: str, *, seed: bytes, salt: bytes) -> bool:
    """Return whether this seed is the one that was committed to."""
    return len(seed) == len(salt) == SEED_BYTES and commitment(seed, salt) == committed


def canary(seed: bytes) -> str:
    """Return the text that stands in this set's items and nowhere else; found in an answer or in training, it tells."""
    return "watchbell-canary-" + hashlib.sha256(_CANARY + seed).hexdigest()[:32]
