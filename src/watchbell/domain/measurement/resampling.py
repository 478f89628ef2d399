"""How far would the answer move with other families? A bootstrap that draws families anew within each suite.

Each resample is studentised (bootstrap-t): its distance from the estimate is divided by its own standard error, so
that the interval is right to second order where percentiles are too short (0.90 for 0.95 was measured). The same
spread of distances gives the probability that the truth lies at or above a value: one minus the level of the
one-sided interval that just reaches it. "At least 0.95" thus means that a truth exactly at the value would
be called above it in one of twenty evaluations.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from watchbell.domain.measurement.clustered import Clusters
from watchbell.domain.measurement.proportions import LEVEL, Interval
from watchbell.domain.measurement.samples import Floats, Ints

RESAMPLES = 1999

Contrast = Callable[[Floats], tuple[Floats, Floats]]
"""From parameters (their last axis) to the number that is asked for, and its gradient."""


@dataclass(frozen=True, slots=True, eq=False)
class Spread:
    """An estimate, its standard error, and the studentised distances of its resamples, ascending."""

    estimate: float
    error: float
    distances: Floats
    families: int

    def interval(self) -> Interval:
        """Return the bootstrap-t interval."""
        low, high = np.quantile(self.distances, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
        return Interval(
            estimate=self.estimate,
            low=self.estimate - float(high) * self.error,
            high=self.estimate - float(low) * self.error,
            method="stratified family bootstrap-t",
            families=self.families,
        )

    def probability_at_least(self, value: float) -> float:
        """Return the probability that the truth is `value` or more; never quite 0 or 1, as resamples are finite."""
        if self.error == 0:
            return 0.5
        below = int(np.searchsorted(self.distances, (self.estimate - value) / self.error))
        return (below + 0.5) / (len(self.distances) + 1)


def draws(sizes: Ints, seed: int, resamples: int = RESAMPLES) -> Floats:
    """Return how often each family enters each resample: resamples by families, each stratum's sum its size."""
    dice = np.random.default_rng(seed)
    return np.concatenate([_drawn(int(size), dice, resamples) for size in sizes], axis=1)


def _drawn(size: int, dice: np.random.Generator, resamples: int) -> Floats:
    chosen = dice.integers(0, size, (resamples, size)) + size * np.arange(resamples)[:, None]
    return np.bincount(chosen.reshape(-1), minlength=resamples * size).reshape(resamples, size).astype(np.float64)


def of_means(clusters: Clusters, contrast: Contrast, weights: Floats) -> Spread:
    """Return the spread of a contrast of the means, every stratum alike."""
    sizes, variables = clusters.sizes, clusters.values.shape[1]
    middle, spread = np.zeros((len(weights), variables)), np.zeros((len(weights), variables, variables))
    for at, size in enumerate(sizes):
        own = clusters.stratum == at
        values, weight = clusters.values[own], weights[:, own]
        mean = weight @ values / size
        square = weight @ (values[:, :, None] * values[:, None, :]).reshape(size, -1) / size
        middle += mean / len(sizes)
        between = square.reshape(-1, variables, variables) - mean[:, :, None] * mean[:, None, :]
        spread += between / max(int(size) - 1, 1) / len(sizes) ** 2
    value, gradient = contrast(clusters.mean())
    error, _ = clusters.along(gradient)
    values, gradients = contrast(middle)
    errors = np.sqrt(np.maximum(np.einsum("bi,bij,bj->b", gradients, spread, gradients), 0))
    return studentised(float(value), error, values, errors, len(clusters.values))


@dataclass(frozen=True, slots=True, eq=False)
class Equations:
    """A fit as sums over families: at `solution` the scores (families by parameters) add up to nothing.

    `slopes` say how each family's scores fall as the parameters rise (families by parameters by parameters).
    """

    solution: Floats
    scores: Floats
    slopes: Floats
    stratum: Ints

    def along(self, gradient: Floats) -> float:
        """Return the standard error of a linear combination of the parameters, clustered by family (sandwich)."""
        once = np.ones((1, len(self.scores)))
        return float(self._errors(once, self._summed(once), self.scores[None], gradient[None])[0])

    def resampled(self, contrast: Contrast, weights: Floats) -> Spread:
        """Return the spread of a contrast of the parameters, the whole fit made anew in each resample.

        From the solution one Newton step is taken with the resample's own slopes: what is left out is smaller than
        the step by a factor of the order of one over the number of families.
        """
        value, gradient = contrast(self.solution)
        summed = self._summed(weights)
        steps = np.linalg.solve(summed, (weights @ self.scores)[:, :, None])[:, :, 0]
        values, gradients = contrast(self.solution + steps)
        families, size = self.scores.shape
        fallen = (self.slopes.reshape(-1, size) @ steps.T).reshape(families, size, -1).transpose(2, 0, 1)
        errors = self._errors(weights, summed, self.scores[None] - fallen, gradients)
        return studentised(float(value), self.along(gradient), values, errors, families)

    def _summed(self, weights: Floats) -> Floats:
        families, size = self.scores.shape
        return np.asarray(weights @ self.slopes.reshape(families, -1)).reshape(-1, size, size)

    def _errors(self, weights: Floats, summed: Floats, scores: Floats, gradients: Floats) -> Floats:
        pulls = (scores @ np.linalg.solve(summed, gradients[:, :, None]))[:, :, 0]
        variance = np.zeros(len(weights))
        for at, size in enumerate(np.bincount(self.stratum).tolist()):
            own = self.stratum == at
            mean = (weights[:, own] * pulls[:, own]).sum(axis=1, keepdims=True) / size
            variance += (weights[:, own] * (pulls[:, own] - mean) ** 2).sum(axis=1) * size / max(size - 1, 1)
        return np.sqrt(variance)


def studentised(estimate: float, error: float, values: Floats, errors: Floats, families: int) -> Spread:
    """Return the spread; a resample of almost the same family over and over has its error kept from vanishing."""
    held = np.maximum(errors, error * 0.05 if error > 0 else 1.0)
    return Spread(estimate, error, np.sort((values - estimate) / held), families)
