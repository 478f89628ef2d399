"""Several records on one thing in one asset are one line: the surest says how sure it is, and all stand there."""

from collections.abc import Iterable
from dataclasses import dataclass

from watchbell.apps.inventory.queries import Exposed
from watchbell.domain.matching.recognised import surer
from watchbell.domain.matching.tiers import Tier

_SURER = list(Tier).index


@dataclass(frozen=True, slots=True)
class Told:
    """One thing in one asset: what the surest record says of it, and what the others do."""

    one: Exposed
    others: tuple[Exposed, ...]


def once(exposures: Iterable[Exposed]) -> list[Told]:
    """Return these with each thing standing once, in their order; of two the surer tier and then basis wins."""
    things: dict[tuple[str, str, str], list[Exposed]] = {}
    for one in exposures:
        things.setdefault((one.asset, one.what, one.version), []).append(one)
    sorted_out = (sorted(found, key=_rank) for found in things.values())
    return [Told(found[0], tuple(found[1:])) for found in sorted_out]


def _rank(one: Exposed) -> tuple[int, int, str]:
    return _SURER(Tier(one.tier)), surer(one.basis), one.record
