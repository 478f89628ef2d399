"""How likely is a claim of this source and kind real? Learnt from what was judged, and shrunk where that is little.

Two layers. Sources and kinds each shift the odds that hold for all (logistic, the shifts normal around nothing, their
spread learnt from the same figures); then a cell, one kind of one source, has a beta distribution around what its
source and its kind let expect, and its own judgements move it (beta-binomial). A source nobody knows stands where all
stand together. Old judgements weigh half as much every ninety days, so that a source which gets worse is noticed.

The interval is that of a cell's beta distribution: what is uncertain in the shifts is in it only through the strength.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Final

from watchbell.domain.quantiles import beta_quantile
from watchbell.domain.records import record

HALF_LIFE_DAYS: Final = 90.0
_STRENGTHS: Final = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0)
_USUAL_STRENGTH: Final = 8.0
_OF_SOURCE: Final = 2.0
_ROUNDS: Final = 12
_LEAST_SPREAD: Final = 0.1

Cell = tuple[str, str]
"""A source and a kind."""


@record(frozen=True, slots=True, kw_only=True)
class Tally:
    """How many claims of one source and kind were judged real and not, some days ago."""

    source: str
    kind: str
    real: int
    not_real: int
    days_ago: float = 0.0


@record(frozen=True, slots=True, kw_only=True)
class Belief:
    """The probability that a claim is real, with its 95 % interval, and how many judgements of its own it rests on.

    `judged` and `real` count each judgement as heavy as it still weighs.
    """

    chance: float
    low: float
    high: float
    judged: float
    real: float


@record(frozen=True, slots=True, kw_only=True)
class Beliefs:
    """All that was learnt; ask with `about`, or with `of_source` for a source whatever the kind."""

    base: float
    sources: Mapping[str, float]
    kinds: Mapping[str, float]
    strength: float
    cells: Mapping[Cell, tuple[float, float]]
    by_source: Mapping[str, tuple[float, float]]

    def about(self, source: str, kind: str) -> Belief:
        """Return what is believed of one more claim."""
        expected = _share(self.base + self.sources.get(source, 0.0) + self.kinds.get(kind, 0.0))
        return _belief(self.strength, expected, *self.cells.get((source, kind), (0.0, 0.0)))

    def of_source(self, source: str) -> Belief:
        """Return what is believed of a source over the kinds it has sent: nearly its own judgements alone."""
        return _belief(_OF_SOURCE, _share(self.base), *self.by_source.get(source, (0.0, 0.0)))


def learn(tallies: Iterable[Tally]) -> Beliefs:
    """Return what these judgements teach; the order in which they come is of no account."""
    cells: dict[Cell, list[float]] = defaultdict(lambda: [0.0, 0.0])
    for one in sorted(tallies, key=lambda each: (each.source, each.kind, each.days_ago, each.real, each.not_real)):
        weight = 0.5 ** (max(0.0, one.days_ago) / HALF_LIFE_DAYS)
        cells[one.source, one.kind][0] += weight * one.real
        cells[one.source, one.kind][1] += weight * (one.real + one.not_real)
    judged = {cell: (real, number) for cell, (real, number) in cells.items() if number > 0}
    base, sources, kinds = _shifts(judged)
    by_source: dict[str, tuple[float, float]] = {}
    for (source, _), (real, number) in judged.items():
        before = by_source.get(source, (0.0, 0.0))
        by_source[source] = (before[0] + real, before[1] + number)
    expected = {cell: _share(base + sources[cell[0]] + kinds[cell[1]]) for cell in judged}
    strength = max(_STRENGTHS, key=lambda each: _fit(judged, expected, each))
    return Beliefs(base=base, sources=sources, kinds=kinds, strength=strength, cells=judged, by_source=by_source)


def _belief(strength: float, expected: float, real: float, judged: float) -> Belief:
    a, b = strength * expected + real, strength * (1 - expected) + judged - real
    low, high = beta_quantile(0.025, a, b), beta_quantile(0.975, a, b)
    return Belief(chance=a / (a + b), low=low, high=high, judged=judged, real=real)


def _shifts(judged: Mapping[Cell, tuple[float, float]]) -> tuple[float, dict[str, float], dict[str, float]]:
    """Return the log odds of all, and by how much each source and each kind shifts them: coordinate ascent."""
    real, number = (sum(one[at] for one in judged.values()) for at in (0, 1))
    base = _odds((real + 1) / (number + 2))
    groups: tuple[dict[str, list[Cell]], dict[str, list[Cell]]] = (defaultdict(list), defaultdict(list))
    for cell in judged:
        for at in (0, 1):
            groups[at][cell[at]].append(cell)
    shifts: tuple[dict[str, float], dict[str, float]] = (dict.fromkeys(groups[0], 0.0), dict.fromkeys(groups[1], 0.0))
    spreads = [1.0, 1.0]
    for _ in range(_ROUNDS):
        for at in (0, 1):
            curved = 0.0
            for name, cells in groups[at].items():
                known = [(*judged[cell], base + shifts[1 - at][cell[1 - at]]) for cell in cells]
                shifts[at][name], certainty = _shift(known, spreads[at])
                curved += 1 / certainty
            total = sum(one * one for one in shifts[at].values())
            spreads[at] = max(_LEAST_SPREAD, math.sqrt((total + curved) / len(groups[at]))) if groups[at] else 1.0
    return base, shifts[0], shifts[1]


def _shift(known: list[tuple[float, float, float]], spread: float) -> tuple[float, float]:
    """Return the likeliest shift of these (real, judged, log odds without it), and how sharp its peak is."""
    shift, certainty = 0.0, 1 / spread**2
    for _ in range(25):
        slope, certainty = -shift / spread**2, 1 / spread**2
        for real, number, without in known:
            share = _share(without + shift)
            slope += real - number * share
            certainty += number * share * (1 - share)
        step = max(-1.0, min(1.0, slope / certainty))
        shift += step
        if abs(step) < 1e-9:
            break
    return shift, certainty


def _fit(judged: Mapping[Cell, tuple[float, float]], expected: Mapping[Cell, float], strength: float) -> float:
    """Return how likely the cells' figures are around what is expected of them, as a logarithm.

    Few cells say little about it: then it stays near what is usual (lognormal, a factor of e).
    """
    total = -(math.log(strength / _USUAL_STRENGTH) ** 2) / 2
    for cell, (real, number) in judged.items():
        a, b = strength * expected[cell], strength * (1 - expected[cell])
        total += _log_beta(a + real, b + number - real) - _log_beta(a, b)
    return total


def _log_beta(a: float, b: float) -> float:
    return math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)


def _share(odds: float) -> float:
    """Return the probability at these log odds, never quite nothing or all."""
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, odds))))


def _odds(share: float) -> float:
    return math.log(share / (1 - share))
