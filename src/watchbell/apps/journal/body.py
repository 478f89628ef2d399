"""Which bytes of an entry are sealed, and how does one reader open them without seeing who else may?

The body is canonical JSON (RFC 8785). The organisations that may read an entry are
inside it only as the root of a `Crowd`, so that an export shows its reader their own
leaf and neither the names nor the number of the others.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from watchbell.apps.journal.crowd import Crowd
from watchbell.domain.canonical import canonical

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


def crowd_of(organisations: Iterable[str], secret: bytes) -> Crowd:
    """Return the organisations an entry concerns, as one root that shows each of them only themselves."""
    return Crowd((name.encode() for name in organisations), secret, label=b"concern:", fewest=FEWEST_LEAVES)


def sealed_bytes(deed: Deed, concerns_root: bytes) -> bytes:
    """Return the bytes whose salted commitment becomes the leaf."""
    return canonical(deed.as_mapping(concerns_root))


def instant(at: datetime) -> str:
    """Return a moment as the record writes it: UTC, six digits of a second, Z."""
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
