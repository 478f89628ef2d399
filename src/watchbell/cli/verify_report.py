"""Is this evaluation report what a node signed, byte for byte? Recomputed with no code of its writer's.

Reads the file as a node hands it out: one line, an object of the public key, the report's own bytes, and the signature
over exactly those. Run on a machine that knows nothing else of us.
"""

import hashlib
import json
import re
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

FORMS = ("watchbell-evaluation-report-1", "watchbell-evaluation-report-2")
BEGINS = re.compile(rb'\{"public_key":"([0-9a-f]{64})","report":')
ENDS = re.compile(rb',"signature":"([0-9a-f]{128})"\}\n?\Z')
END = 160
MOST_BYTES = 1 << 30


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found, and for whom the report says it is."""

    holds: bool
    text: str
    key: str = ""
    reader: str = ""
    digest: str = ""

    def as_mapping(self) -> dict[str, object]:
        """Return the verdict as a program reads it."""
        return {
            "holds": self.holds,
            "text": self.text,
            "keys": [self.key] if self.key else [],
            "for": self.reader,
            "digest": self.digest,
        }

    def __str__(self) -> str:
        if not self.holds:
            return f"The report does NOT hold: {self.text}. Fetch it again from the node that issued it."
        return f"The report holds: {self.text}. Signed by {self.key}; compare with the node's."


def is_report(path: Path) -> bool:
    """Return whether this file begins as a signed report does; raises OSError."""
    with path.open("rb") as file:
        return BEGINS.match(file.read(END)) is not None


def verify_file(path: Path, *, trusted: Collection[str] = ()) -> Verdict:
    """Return whether this file's report is what its key signed; `trusted` are keys in hexadecimal. Raises OSError."""
    with path.open("rb") as file:
        content = file.read(MOST_BYTES + 1)
    begins, ends = BEGINS.match(content), ENDS.search(content, max(len(content) - END, 0))
    if begins is None or ends is None or len(content) > MOST_BYTES:
        return Verdict(False, "the file is not whole")
    key, report = begins[1].decode(), content[begins.end() : ends.start()]
    if trusted and key not in trusted:
        return Verdict(False, "the key that signed it is not one you trust", key)
    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(key)).verify(bytes.fromhex(ends[1].decode()), report)
    except (InvalidSignature, ValueError):
        return Verdict(False, "the signature does not fit", key)
    return _told(report, key)


def _told(report: bytes, key: str) -> Verdict:
    try:
        found: Any = json.loads(report)  # noqa: TID251 (no shared code)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict) or found.get("report") not in FORMS:
        return Verdict(False, "what was signed is no evaluation report", key)
    digest = hashlib.sha256(report).hexdigest()
    reader = found.get("for", "")
    whom = f"as {reader} may read it" if reader in ("partner", "public") else "whole"
    return Verdict(True, f"report {found.get('number')}, {whom}, SHA-256 {digest}", key, str(reader), digest)
