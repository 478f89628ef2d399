"""Write an access log and a journal's anchors the way the page of the standard says, for the verifier to read."""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import rfc8785
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

ENGAGEMENT = "e" * 32
OURS, THEIRS = (Ed25519PrivateKey.from_private_bytes(bytes([digit]) * 32) for digit in (1, 2))
Write = Callable[[Any], bytes]
Entries = Mapping[str, Sequence[Mapping[str, Any]]]

ENTRIES: Entries = {
    "calls-1": [
        {"at": "2026-11-04T12:00:00.000000Z", "what": "call.admitted", "tokens": 9000},
        {"at": "2026-11-04T12:00:02.000000Z", "what": "call.settled", "tokens": 12, "cut": False},
    ],
    "openings": [{"at": "2026-11-04T13:00:00.000000Z", "what": "material.opened", "purpose": "run", "for": None}],
}


def public(key: Ed25519PrivateKey) -> str:
    return key.public_key().public_bytes_raw().hex()


def chained(chain: str, entries: Iterable[Mapping[str, Any]], write: Write = rfc8785.dumps) -> list[dict[str, Any]]:
    """Return the lines of one chain."""
    lines, previous = [], bytes(32)
    for seq, entry in enumerate(entries):
        made = hashlib.sha256(previous + hashlib.sha256(write(dict(entry))).digest()).digest()
        line = {"chain": chain, "entry": dict(entry), "hash": made.hex(), "previous": previous.hex(), "seq": seq}
        lines.append(line)
        previous = made
    return lines


def signed_header(statement: dict[str, Any], by: Ed25519PrivateKey) -> bytes:
    signature = by.sign(rfc8785.dumps(statement)).hex()
    return rfc8785.dumps({**statement, "public_key": public(by), "signature": signature}) + b"\n"


def written(
    entries: Entries = ENTRIES,
    *,
    by: Ed25519PrivateKey = OURS,
    engagement: str = ENGAGEMENT,
    write: Write = rfc8785.dumps,
    **header: Any,
) -> list[bytes]:
    """Return a log, line by line; `header` replaces what stands in the first one before it is signed."""
    chains = {chain: chained(chain, entries[chain], write) for chain in sorted(entries)}
    statement = {
        "type": "watchbell-access-log-1",
        "engagement": engagement,
        "made_at": "2026-11-05T00:00:00.000000Z",
        "chains": [
            {"chain": chain, "size": len(lines), "head": lines[-1]["hash"] if lines else "0" * 64}
            for chain, lines in chains.items()
        ],
        "lines": sum(map(len, chains.values())),
        "key": "access-logs",
        **header,
    }
    lines = [write(line) + b"\n" for chain in chains.values() for line in chain]
    return [signed_header(statement, by), *lines]


def head_after(size: int, chain: str, entries: Entries = ENTRIES) -> str:
    """Return the last hash of a chain after its first `size` entries."""
    return str(chained(chain, entries[chain][:size])[-1]["hash"]) if size else "0" * 64


def journal(*anchors: tuple[str, int, str], engagement: str = ENGAGEMENT) -> list[bytes]:
    """Return what matters of a journal's export: entries that anchor (chain, size, head), among others."""
    entries: list[dict[str, Any]] = [
        {
            "action": "engagement.log_anchored",
            "subject": {"id": engagement, "kind": "engagements.engagement"},
            "facts": {"chain": chain, "size": size},
            "digests": {"head": head},
        }
        for chain, size, head in anchors
    ]
    entries.insert(0, {"action": "engagement.offered", "subject": {"id": engagement, "kind": "x"}, "facts": {}})
    header = {"type": "watchbell-journal-export-2", "size": len(entries)}
    return [rfc8785.dumps(one) + b"\n" for one in (header, *({"entry": entry} for entry in entries))]
