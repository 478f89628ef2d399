"""How does one entry hold the one before it, without showing what it says?

An entry is known to others only by a salted commitment: who holds salt and body
can prove it, and who holds only the commitment can guess nothing. Each seal
hashes the seal before it, so no entry can be changed, dropped or moved alone.
"""

import hashlib

from watchbell.domain.sealing.hashes import HASH_SIZE

SMALLEST_SALT = 16
GENESIS = bytes(HASH_SIZE)


def commitment(salt: bytes, body: bytes) -> bytes:
    """Return SHA-256 over salt and body, each after its length in 8 bytes, big end first.

    The lengths keep `("ab", "c")` and `("a", "bc")` apart. Raises ValueError for a
    salt under 16 bytes: a short one could be guessed together with a short body.
    """
    if len(salt) < SMALLEST_SALT:
        raise ValueError(f"the salt has {len(salt)} bytes; use at least {SMALLEST_SALT} random ones")
    parts = (len(salt).to_bytes(8, "big"), salt, len(body).to_bytes(8, "big"), body)
    return hashlib.sha256(b"".join(parts)).digest()


def chain(previous: bytes, commitment: bytes) -> bytes:
    """Return the seal that follows `previous` (GENESIS for the first) and holds this commitment.

    Raises ValueError unless both are whole hashes: a shorter one could slide into its neighbour.
    """
    for name, value in (("previous seal", previous), ("commitment", commitment)):
        if len(value) != HASH_SIZE:
            raise ValueError(f"the {name} has {len(value)} bytes; a SHA-256 hash has {HASH_SIZE}")
    return hashlib.sha256(previous + commitment).digest()
