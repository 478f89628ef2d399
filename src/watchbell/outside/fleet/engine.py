"""What has every engine in common that answers SQL? It is opened with a fleet, asked statements, and closed.

An engine says how it takes a fleet in and how it hands out rows; the statements and what
their rows mean stand in `domain.matching.join` and `interface`, and are asked here for all.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from pathlib import Path

from watchbell.domain.matching import join
from watchbell.domain.matching.outcomes import Reason
from watchbell.outside.fleet.interface import (
    UNASSESSED,
    WHOLE,
    Match,
    Shard,
    Tally,
    counted_reasons,
    in_words,
    number,
    tallied,
)

Rows = Iterator[Sequence[str | None]]


class SqlEngine(ABC):
    """An executor once it can take a fleet in, hand out the rows of a statement, and let go."""

    def take_in(self, fleet: Path) -> None:
        """Load the fleet; whatever was opened for it is closed again when that fails. Raises FleetError."""
        try:
            self._load(fleet)
        except BaseException:
            self.close()
            raise

    @abstractmethod
    def _load(self, fleet: Path) -> None:
        """Make the tables of this fleet, and the view of its matches, readable."""

    @abstractmethod
    def _rows(self, statement: str) -> Rows:
        """Yield the rows of a statement, without keeping them all in memory."""

    @abstractmethod
    def close(self) -> None:
        """This will let go of the engine and of what it holds in memory."""

    def matches(self, shard: Shard = WHOLE) -> Iterator[Match]:
        """Yield every match of this part, in the engine's own order."""
        return in_words(self._rows(join.NAMED + shard.condition))

    def tally(self, shard: Shard = WHOLE) -> Tally:
        """Return the matches of this part, counted."""
        return tallied(next(self._rows(join.TALLY + shard.condition)))

    def checksum(self, shard: Shard = WHOLE) -> int:
        """Return a number that is equal for two engines when their matches of this part are."""
        return number(next(self._rows(join.CHECKSUM + shard.condition)))

    def unassessed(self) -> dict[Reason, int]:
        """Return how many components could not be assessed, by reason."""
        return counted_reasons(list(self._rows(UNASSESSED)))
