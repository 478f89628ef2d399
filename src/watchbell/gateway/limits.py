"""How much and how long does the gateway bear from whoever calls it?"""

from dataclasses import dataclass

MIB = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Seconds, bytes and numbers, each of which ends in an answer that says so."""

    request_bytes: int = 8 * MIB
    request_seconds: float = 60.0
    requests_bytes: int = 256 * MIB
    """How much all bodies that are on their way in may take together."""

    known_seconds: float = 300.0
    known_most: int = 10_000
    """For how long, and of how many tokens, it is remembered that they were given out."""

    whole_bytes: int = 16 * MIB
    """The largest answer that is not a stream."""

    wholes_bytes: int = 512 * MIB
    """How much all such answers may take together while they come."""

    event_bytes: int = 4 * MIB
    events: int = 300_000
    """The largest event of a stream, and how many a stream may have."""

    held_bytes: int = 64 * 1024
    """How much of a stream is held back while it could be spelling out the credential."""

    error_bytes: int = 64 * 1024
    caller_seconds: float = 120.0
    """How long a caller may leave unread what it asked for."""

    closing_seconds: float = 0.25
    """How long the end of a stream is waited for once its last event has come, so that the connection can stay."""

    look_seconds: float = 0.2
    """How often calls under way are held against the window's end and the ledger's stops."""

    ledger_seconds: float = 5.0
    """For how long calls go on while the ledger does not say whether they still may."""

    drain_seconds: float = 10.0
    """How long calls under way may go on once the gateway is told to stop."""

    settle_seconds: float = 5.0
    """How long the last settlements are tried at the end."""

    asks_waiting: int = 1000
    asks_together: int = 200
