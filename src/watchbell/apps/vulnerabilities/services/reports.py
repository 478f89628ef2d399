"""What came of an import: how many were stored, unchanged, refused, and why?"""

from collections.abc import Callable
from dataclasses import dataclass, field

from watchbell.domain.refusal import Refusal

MOST_SHOWN = 1000

Told = Callable[[int], None]
"""Called between chunks with how many items have been seen; may raise to stop the import there."""


def silent(seen: int) -> None:
    """Tell nobody."""


@dataclass(slots=True)
class Report:
    """Counts of one import; `older` are records that a newer one of the same source already replaced.

    `refusals` holds the first thousand, each with its place; `refused` counts all. `left` are items that
    are known and still to be read, by the next run.
    """

    stored: int = 0
    unchanged: int = 0
    older: int = 0
    refused: int = 0
    refusals: list[Refusal] = field(default_factory=list)
    left: int = 0

    @property
    def seen(self) -> int:
        """Return how many items there were."""
        return self.stored + self.unchanged + self.older + self.refused

    def refuse(self, refusal: Refusal) -> None:
        """Count a refusal, and keep it while there is room."""
        self.refused += 1
        if len(self.refusals) < MOST_SHOWN:
            self.refusals.append(refusal)

    def add(self, other: "Report") -> None:
        """Add the counts of another part of the same import."""
        self.stored += other.stored
        self.unchanged += other.unchanged
        self.older += other.older
        self.refused += other.refused
        self.refusals.extend(other.refusals[: MOST_SHOWN - len(self.refusals)])
