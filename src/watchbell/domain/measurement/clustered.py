"""How sure is a mean when tasks come in families? Families are the independent units, suites the strata.

An item is the mean over its attempts, a family the mean over its items, a suite the mean over its families, and
the whole the mean over its suites: a suite with more items weighs no more. What is estimated is the score over
infinitely many items of infinitely many families of the same suites (generalised accuracy); how these very
items would go another time (benchmark accuracy) is the smaller question, and answered apart.
"""

import math
from dataclasses import dataclass

import numpy as np

from watchbell.domain.measurement.proportions import LEVEL, Interval, rule_of_three, wilson
from watchbell.domain.measurement.samples import Bools, Floats, Grid, Ints, Items
from watchbell.domain.quantiles import student_quantile


@dataclass(frozen=True, slots=True, eq=False)
class Clusters:
    """One or more values for each family, and the stratum of each; in an order that names do not touch."""

    values: Floats
    """Families by variables."""
    stratum: Ints
    """From 0, without gaps, ascending."""

    @property
    def sizes(self) -> Ints:
        """Return how many families each stratum has."""
        return np.bincount(self.stratum).astype(np.int64)

    def means(self) -> Floats:
        """Return the mean of each variable in each stratum: strata by variables."""
        sums = np.zeros((len(self.sizes), self.values.shape[1]))
        np.add.at(sums, self.stratum, self.values)
        return np.asarray(sums / self.sizes[:, None], dtype=np.float64)

    def mean(self) -> Floats:
        """Return the mean of each variable, every stratum alike."""
        return np.asarray(self.means().mean(axis=0), dtype=np.float64)

    def along(self, gradient: Floats) -> tuple[float, float]:
        """Return the standard error of this linear combination of the mean, and its degrees of freedom.

        The degrees are Satterthwaite's. A stratum of one family tells nothing of its spread and adds none:
        who compares asks for enough families first.
        """
        sizes = self.sizes.astype(np.float64)
        away = (self.values - self.means()[self.stratum]) @ gradient
        spread = np.bincount(self.stratum, away**2) / np.maximum(sizes - 1, 1)
        parts = spread / sizes / len(sizes) ** 2
        total = float(parts.sum())
        below = float((parts**2 / np.maximum(sizes - 1, 1)).sum())
        return math.sqrt(total), total**2 / below if below > 0 else float(max(sizes.sum() - len(sizes), 1))


def clusters_of(items: Items, values: Floats, kept: Bools) -> Clusters:
    """Return the family means of item values (variables by items), over the items kept; families without any leave."""
    family = items.family_of[kept]
    number = np.bincount(family, minlength=len(items.families))
    there = number > 0
    sums = np.stack([np.bincount(family, row[kept], minlength=len(there)) for row in values], axis=1)
    return _in_order(sums[there] / number[there, None], items.suite_of[there])


def _in_order(values: Floats, stratum: Ints) -> Clusters:
    """Order families and strata by what was seen, so that resampling gives the same whatever they are called."""
    rounded = np.round(values, 9)
    groups = []
    for one in np.unique(stratum):
        own = np.flatnonzero(stratum == one)
        own = own[np.lexsort(rounded[own].T)]
        groups.append((rounded[own].tolist(), values[own]))
    groups.sort(key=lambda group: group[0])
    labels = [np.full(len(group), at, dtype=np.int64) for at, (_, group) in enumerate(groups)]
    return Clusters(np.concatenate([group for _, group in groups]), np.concatenate(labels))


def solved_rate(grid: Grid, model: str) -> tuple[Floats, Bools]:
    """Return the share solved of each item's judged attempts, and which items have any; 0 where they have none."""
    at = grid.model(model)
    judged = grid.judged[at]
    return grid.solved[at] / np.maximum(judged, 1), judged > 0


def score_interval(clusters: Clusters, *, number: int) -> Interval:
    """Return the mean of one variable between 0 and 1, with a Wilson interval at its effective number of attempts.

    The effective number is what a plain share with this family-clustered variance would rest on, and never more
    than the attempts themselves; the quantile is Student's. Where nothing or everything was solved, the rule of three
    counts families, not attempts: a family none of whose items is solved is one piece of evidence.
    """
    share, families = float(np.clip(clusters.mean()[0], 0, 1)), len(clusters.values)
    if share <= 1e-12 or share >= 1 - 1e-12:
        low, high = rule_of_three(round(share) * families, families)
        return Interval(estimate=share, low=low, high=high, method="rule of three over families", families=families)
    error, degrees = clusters.along(np.ones(1))
    effective = min(float(number), share * (1 - share) / error**2 if error > 0 else math.inf)
    low, high = wilson(share, effective, quantile=student_quantile((1 + LEVEL) / 2, degrees))
    return Interval(estimate=share, low=low, high=high, method="family-clustered wilson", families=families)


def generalised_accuracy(grid: Grid, model: str, kept: Bools | None = None) -> Interval | None:
    """Return the score to expect over new items of new families of the same suites; None without a judged attempt."""
    rates, seen = solved_rate(grid, model)
    seen = seen if kept is None else seen & kept
    if not seen.any():
        return None
    number = int(grid.judged[grid.model(model)][seen].sum())
    return score_interval(clusters_of(grid.items, rates[None], seen), number=number)


def benchmark_accuracy(grid: Grid, model: str, kept: Bools | None = None) -> Interval | None:
    """Return the score to expect on these very items another time: only the attempts vary.

    None without a judged attempt, or when no item was attempted twice, because then nothing tells how much they vary.
    """
    rates, seen = solved_rate(grid, model)
    seen = seen if kept is None else seen & kept
    judged = grid.judged[grid.model(model)]
    if not (judged[seen] > 1).any():
        return None
    weight = _weights(grid.items, seen)
    share = float(weight @ rates)
    again = seen & (judged > 1)
    spread = np.where(again, rates * (1 - rates) / np.maximum(judged - 1, 1), 0.0)
    # Items attempted once get the mean variance of the others.
    spread[seen & ~again] = (rates * (1 - rates) * judged / np.maximum(judged - 1, 1))[again].mean()
    error = math.sqrt(float(weight**2 @ spread))
    number = int(judged[seen].sum())
    effective = min(float(number), share * (1 - share) / error**2 if error > 0 else math.inf)
    low, high = wilson(min(share, 1.0), effective)
    return Interval(estimate=min(share, 1.0), low=low, high=high, method="wilson over attempts")


def _weights(items: Items, kept: Bools) -> Floats:
    """Return how much each item weighs in the whole: families alike in a suite, suites alike in the whole."""
    in_family = np.bincount(items.family_of[kept], minlength=len(items.families))
    in_suite = np.bincount(items.suite_of[in_family > 0], minlength=len(items.suites))
    weight = 1.0 / (np.maximum(in_family, 1)[items.family_of] * np.maximum(in_suite, 1)[items.suite_of_item])
    return np.asarray(np.where(kept, weight, 0.0) / (in_suite > 0).sum(), dtype=np.float64)
