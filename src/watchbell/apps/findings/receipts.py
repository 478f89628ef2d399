"""What does someone without an account hold in hand? A secret code, of which only a digest is kept."""

import base64
import hashlib

from watchbell.domain.identity import Dice


def new_code(rng: Dice) -> str:
    """Return a fresh receipt code of 128 bits, in groups that can be read aloud."""
    letters = base64.b32encode(rng.randbytes(16)).decode().rstrip("=")
    return "-".join(["WB", *(letters[at : at + 5] for at in range(0, len(letters), 5))])


def digest_of(code: str) -> str:
    """Return the digest under which a code is known, however it was typed (RFC 4648 has no 0, 1 or 8)."""
    typed = "".join(letter for letter in code.upper() if letter.isalnum())
    letters = typed.removeprefix("WB").translate(str.maketrans("018", "OIB"))
    return hashlib.sha256(letters.encode()).hexdigest()
