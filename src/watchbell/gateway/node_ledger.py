"""The ledger of a node: the room of engagements, with the node's keystore."""

from collections.abc import Collection, Sequence
from datetime import datetime

from watchbell.apps.engagements.services import metering, settling
from watchbell.domain.identity import Dice
from watchbell.domain.metering import Admission, Ask, Settlement, TurnedAway
from watchbell.outside.keystore import Keystore


class NodeLedger:
    """Asks the room anew for each batch; nothing of an engagement is remembered here."""

    def __init__(self, keys: Keystore) -> None:
        self._keys = keys

    def open_chain(self, *, now: datetime, rng: Dice) -> str:
        """Return a name for the log chains of this process."""
        return metering.open_chain(rng=rng)

    def known_among(self, tokens: Collection[str]) -> Collection[str]:
        """Return those of these tokens that were ever given out."""
        return metering.known_among(tokens)

    def admit(self, asks: Sequence[Ask], *, chain: str, now: datetime, rng: Dice) -> list[Admission | TurnedAway]:
        """Return an answer to each ask."""
        return metering.admit(asks, chain=chain, now=now, keys=self._keys, rng=rng)

    def settle(self, ends: Sequence[Settlement], *, chain: str, now: datetime, rng: Dice) -> None:
        """This will charge what each admitted call used, and note how it ended."""
        settling.settle(ends, now=now)

    def stopped_among(self, engagements: Collection[str], *, now: datetime) -> Collection[str]:
        """Return those engagements whose calls must end now."""
        return metering.stopped_among(engagements, now=now, keys=self._keys)
