"""What does the gateway need of the ledger? Five deeds, each one transaction; the room of engagements has them."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Protocol

from watchbell.domain.identity import Dice
from watchbell.domain.metering import Admission, Ask, Settlement, TurnedAway


class Ledger(Protocol):
    """Who may call what, and what it has cost. Asked from one thread of the gateway."""

    def open_chain(self, *, now: datetime, rng: Dice) -> str:
        """Return a name for the log chains of this process: each chain has one writer."""

    def known_among(self, tokens: Collection[str]) -> Collection[str]:
        """Return those of these tokens that were ever given out; whether they still hold, `admit` says."""

    def admit(self, asks: Sequence[Ask], *, chain: str, now: datetime, rng: Dice) -> Sequence[Admission | TurnedAway]:
        """Return an answer to each ask; what an admission may use at most is reserved."""

    def settle(self, ends: Sequence[Settlement], *, chain: str, now: datetime, rng: Dice) -> None:
        """This will charge what each admitted call used, and note how it ended."""

    def stopped_among(self, engagements: Collection[str], *, now: datetime) -> Collection[str]:
        """Return those engagements whose calls under way must end now: ended, withdrawn, paused, without a key."""
