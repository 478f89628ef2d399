"""What does matching answer? One record for a match, one for what could not be assessed, and how they add up."""

from typing import NamedTuple

from watchbell.domain.matching.tiers import Basis, Tier
from watchbell.domain.priority import Priority
from watchbell.formats.sbom import Component

NOT_COVERED = "no records for this ecosystem"
"""Why a component is not assessed whose ecosystem the snapshot says nothing about at all."""

AFFECTED, UNDETERMINED, NOT_AFFECTED = "affected", "undetermined", "not_affected"


class Flaw(NamedTuple):
    """A vulnerability under all its ids; `aliases` are all but the one it is shown by."""

    id: str
    aliases: tuple[str, ...]
    summary: str


class Match(NamedTuple):
    """One vulnerability and one component; `status` is one of the three words above, not_affected only by VEX.

    `basis` is by what the component was recognised, `tier` how sure that makes it.
    """

    component: Component
    status: str
    tier: Tier
    basis: Basis
    flaw: Flaw
    sources: tuple[str, ...]
    fixed_in: tuple[str, ...]
    because: str
    priority: Priority


class NotAssessed(NamedTuple):
    """A component that no record could be compared with, and why."""

    component: Component
    reason: str


class Answer(NamedTuple):
    """Everything one run found; components = assessed + not_assessed, always.

    `candidates` are guesses about components that are not assessed: they count for nothing.
    """

    snapshot: dict[str, object]
    components: int
    not_assessed: tuple[NotAssessed, ...]
    matches: tuple[Match, ...]
    candidates: tuple[Match, ...] = ()
    is_partial: bool = False
    """Whether a list held something that could not be read as a component, or nothing at all."""

    @property
    def assessed(self) -> int:
        """Return how many components were compared with every record that names them."""
        return self.components - len(self.not_assessed)

    def count(self, status: str) -> int:
        """Return how many matches have this status."""
        return sum(one.status == status for one in self.matches)

    def exit_code(self, *, fails_on_any: bool) -> int:
        """Return 1 when something is affected, 4 when something could not be told (unless not asked), else 0."""
        if self.count(AFFECTED):
            return 1
        is_open = self.not_assessed or self.is_partial or self.count(UNDETERMINED)
        return 4 if is_open and fails_on_any else 0
