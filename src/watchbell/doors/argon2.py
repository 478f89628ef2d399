"""How are passwords kept? As Argon2id digests, with the parameters written beside each."""

import base64
import hmac
import os
from typing import Any

from cryptography.exceptions import InvalidKey
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id as Kdf
from django.contrib.auth.hashers import BasePasswordHasher, mask_hash

MEMORY_KIB = 19 * 1024
PASSES = 2
LANES = 1


class Argon2id(BasePasswordHasher):
    """Hash passwords with Argon2id (RFC 9106; 19 MiB, 2 passes: the OWASP minimum)."""

    algorithm = "wb_argon2id"

    def salt(self) -> str:
        """Return a fresh 128-bit salt."""
        return base64.b64encode(os.urandom(16)).decode()

    def encode(self, password: str, salt: str) -> str:
        """Return `algorithm$memory$passes$lanes$salt$digest`."""
        return self._encode(password, salt, MEMORY_KIB, PASSES, LANES)

    def _encode(self, password: str, salt: str, memory: int, passes: int, lanes: int) -> str:
        kdf = Kdf(
            salt=base64.b64decode(salt),
            length=32,
            iterations=passes,
            lanes=lanes,
            memory_cost=memory,
        )
        digest = base64.b64encode(kdf.derive(password.encode())).decode()
        return f"{self.algorithm}${memory}${passes}${lanes}${salt}${digest}"

    def decode(self, encoded: str) -> dict[str, str | int]:
        """Return the parts of a kept digest."""
        algorithm, memory, passes, lanes, salt, digest = encoded.split("$")
        return {
            "algorithm": algorithm,
            "memory": int(memory),
            "passes": int(passes),
            "lanes": int(lanes),
            "salt": salt,
            "hash": digest,
        }

    def verify(self, password: str, encoded: str) -> bool:
        """Return whether this password made that digest."""
        parts = self.decode(encoded)
        try:
            again = self._encode(
                password, str(parts["salt"]), int(parts["memory"]), int(parts["passes"]), int(parts["lanes"])
            )
        except (InvalidKey, ValueError):
            return False
        return hmac.compare_digest(again, encoded)

    def must_update(self, encoded: str) -> bool:
        """Return whether the digest was made with weaker parameters than today's."""
        parts = self.decode(encoded)
        return (parts["memory"], parts["passes"], parts["lanes"]) != (MEMORY_KIB, PASSES, LANES)

    def safe_summary(self, encoded: str) -> Any:
        """Return what may be shown of a kept digest."""
        parts = self.decode(encoded)
        return {"algorithm": self.algorithm, "hash": mask_hash(str(parts["hash"]))}

    def harden_runtime(self, password: str, encoded: str) -> None:
        """Argon2id needs no extra rounds to hide which parameters were used."""
