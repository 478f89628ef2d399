"""What does one record say of one component, by what was it recognised, and which of several records count?"""

from collections.abc import Iterable
from typing import NamedTuple

from watchbell.domain.matching.outcomes import Outcome, Status
from watchbell.domain.matching.tiers import Basis, Tier
from watchbell.edge.looking import Record

_ORDER = {basis: at for at, basis in enumerate(Basis)}


class Verdict(NamedTuple):
    """What one record says of a version, a commit or a product, and by what that was recognised."""

    record: Record
    outcome: Outcome
    basis: Basis

    @property
    def is_certain(self) -> bool:
        """Return whether the component is affected, and that is no guess."""
        return self.outcome.status is Status.AFFECTED and not self.basis.is_candidate


def tier_of(basis: Basis, *, is_affected: bool) -> Tier:
    """Return how sure a match on this basis is; a name is only possible until the version has settled it."""
    if basis.is_candidate:
        return Tier.POSSIBLE
    if basis in (Basis.BRANCHES, Basis.PICKED):
        return Tier.PROBABLE if is_affected else Tier.POSSIBLE
    return Tier.EXACT


def surest(verdicts: list[Verdict]) -> list[Verdict]:
    """Return the verdicts that are no guesses, or all when there is nothing else; the surest first."""
    if len(verdicts) == 1:
        return verdicts
    ordered = sorted(verdicts, key=lambda one: (surety(one.basis), one.record.name))
    return [one for one in ordered if not one.basis.is_candidate] or ordered


def surety(basis: Basis) -> int:
    """Return where a basis stands among all, the surest first."""
    return _ORDER[basis]


def by_flaw(verdicts: Iterable[Verdict]) -> dict[int, list[Verdict]]:
    """Return the verdicts by the vulnerability they are about."""
    found: dict[int, list[Verdict]] = {}
    for one in verdicts:
        found.setdefault(one.record.vulnerability, []).append(one)
    return found
