"""Which bytes of an entry are sealed, and how does one reader open them without seeing who else may?

The body is canonical JSON (RFC 8785). The organisations that may read an entry
are inside it only as the root of a small Merkle tree whose leaves are salted one
by one and padded, so that an export shows its reader their own leaf and neither
the names nor the number of the others.
"""

import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from watchbell.domain.canonical import canonical
from watchbell.domain.sealing import Tree, commitment, leaf_hash

Scalar = str | int | bool | None
BODY_VERSION = 1
FEWEST_LEAVES = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """Everything an entry says, before it is bytes."""

    public_id: str
    action: str
    at: datetime
    actor_kind: str
    actor_id: str
    organisation_id: str
    subject_kind: str
    subject_id: str
    digests: dict[str, str]
    facts: dict[str, Scalar]

    def as_mapping(self, concerns_root: bytes) -> dict[str, object]:
        """Return the body as the verifier will read it."""
        return {
            "action": self.action,
            "actor": {"id": self.actor_id, "kind": self.actor_kind},
            "at": instant(self.at),
            "concerns": concerns_root.hex(),
            "digests": self.digests,
            "facts": self.facts,
            "id": self.public_id,
            "organisation": self.organisation_id,
            "subject": {"id": self.subject_id, "kind": self.subject_kind},
            "v": BODY_VERSION,
        }


@dataclass(frozen=True, slots=True)
class Opening:
    """What one organisation needs to see that it is among those an entry concerns."""

    organisation: str
    salt: bytes
    index: int
    size: int
    path: tuple[bytes, ...]

    def as_mapping(self) -> dict[str, object]:
        """Return the opening as an export writes it."""
        path = [step.hex() for step in self.path]
        return {"index": self.index, "path": path, "salt": self.salt.hex(), "size": self.size}


class Concerns:
    """The organisations an entry concerns, as a tree of salted leaves."""

    def __init__(self, organisations: Iterable[str], secret: bytes) -> None:
        """Salt each name from the entry's own secret and fill up to a power of two, at least eight."""
        self._secret = secret
        named = [self._leaf(b"concern:", name.encode()) for name in sorted(set(organisations))]
        width = max(FEWEST_LEAVES, 1 << max(0, len(named) - 1).bit_length())
        padding = [self._leaf(b"nobody:", str(at).encode()) for at in range(width - len(named))]
        self._leaves = sorted(named + padding)
        self._tree = Tree(self._leaves)

    @property
    def root(self) -> bytes:
        """Return the hash that stands in the body."""
        return self._tree.root

    def opening(self, organisation: str) -> Opening:
        """Return this organisation's way from its leaf to the root; raises ValueError for one not concerned."""
        index = self._leaves.index(self._leaf(b"concern:", organisation.encode()))
        path = tuple(self._tree.inclusion_proof(index))
        return Opening(organisation, self._salt(b"concern:", organisation.encode()), index, len(self._leaves), path)

    def _salt(self, label: bytes, name: bytes) -> bytes:
        return hmac.digest(self._secret, label + name, "sha256")

    def _leaf(self, label: bytes, name: bytes) -> bytes:
        return leaf_hash(commitment(self._salt(label, name), name))


def sealed_bytes(deed: Deed, concerns_root: bytes) -> bytes:
    """Return the bytes whose salted commitment becomes the leaf."""
    return canonical(deed.as_mapping(concerns_root))


def instant(at: datetime) -> str:
    """Return a moment as the record writes it: UTC, six digits of a second, Z."""
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
