"""On which suites does an answer rest? The same comparison without each suite, and on items of one kind alone."""

from dataclasses import dataclass

from watchbell.domain.measurement.clustered import Clusters
from watchbell.domain.measurement.paired import logit_difference_of, pairs
from watchbell.domain.measurement.resampling import Spread, draws, of_means
from watchbell.domain.measurement.samples import Bools, Grid
from watchbell.domain.measurement.words import OfKind, Without


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """Which two models are compared, on which grid, by how much the one is to exceed the other, and the seed."""

    grid: Grid
    candidate: str
    anchor: str
    margin: float
    seed: int

    def spread(self, kept: Bools) -> Spread | None:
        """Return the spread of the difference over the items kept; None where no item was judged for both."""
        clusters = pairs(self.grid, self.candidate, self.anchor, kept)
        return None if clusters is None else spread_of(clusters, self.seed)


def spread_of(clusters: Clusters, seed: int) -> Spread:
    """Return the spread of the difference on the logit scale."""
    return of_means(clusters, logit_difference_of(len(clusters.values)), draws(clusters.sizes, seed))


def without_each(asked: Asked, suites: tuple[str, ...]) -> tuple[Without, ...]:
    """Return the comparison without each suite in turn; nothing where there is only one."""
    found = []
    for suite in suites if len(suites) > 1 else ():
        spread = asked.spread(asked.grid.items.in_suites(one for one in suites if one != suite))
        if spread is not None:
            probability = spread.probability_at_least(asked.margin)
            found.append(Without(suite=suite, difference=spread.interval(), probability=probability))
    return tuple(found)


def by_kind(asked: Asked, suites: tuple[str, ...]) -> tuple[OfKind, ...]:
    """Return the comparison on public and on held-out items alone; nothing where all are of one kind."""
    items, found = asked.grid.items, []
    for held_out in (False, True):
        kept = items.in_suites(suites) & (items.held_out == held_out)
        spread = asked.spread(kept)
        if spread is None:
            return ()
        of = sorted({items.suites[at] for at in items.suite_of_item[kept]})
        probability = spread.probability_at_least(asked.margin)
        found.append(OfKind(held_out=held_out, suites=tuple(of), difference=spread.interval(), probability=probability))
    return tuple(found)
