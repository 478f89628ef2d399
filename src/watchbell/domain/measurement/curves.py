"""Would a larger budget have solved more? The score at each budget, and whether the curve has gone flat.

Flat is something to show, not the absence of a significant rise: the gain of the last step, per doubling of
the budget, must lie below a small margin with 95 % confidence. A curve of too few budgets or too few attempts
is neither flat nor rising but unknown, and rules nothing out.
"""

import math
from enum import StrEnum

import numpy as np

from watchbell.domain.measurement.clustered import clusters_of, generalised_accuracy, solved_rate
from watchbell.domain.measurement.proportions import Interval
from watchbell.domain.measurement.samples import Bools, Grid, Table
from watchbell.domain.quantiles import student_quantile
from watchbell.domain.records import record

FEWEST_BUDGETS = 3
MARGIN = 0.05
"""The gain in score per doubling of the budget below which a curve counts as flat."""
CONFIDENCE = 0.95


class Shape(StrEnum):
    """How a budget curve ends."""

    RISING = "still rising"
    FLAT = "flat"
    UNKNOWN = "unknown"


@record(frozen=True, slots=True, kw_only=True)
class Curve:
    """The score of a model at each budget, and the gain per doubling of its last step (one-sided 95 % ends)."""

    model: str
    points: tuple[tuple[int, Interval], ...]
    gain: Interval | None
    shape: Shape


def budget_curve(table: Table, model: str, kept: Bools | None = None) -> Curve:
    """Return the curve of a model over the budgets at which it has judged attempts."""
    found = [(grid, generalised_accuracy(grid, model, kept)) for grid in table.grids if grid.has(model)]
    points = [(grid, score) for grid, score in found if score is not None]
    gain = _gain(points[-2][0], points[-1][0], model, kept) if len(points) > 1 else None
    return Curve(
        model=model,
        points=tuple((grid.budget, score) for grid, score in points),
        gain=gain,
        shape=_shape(gain, len(points)),
    )


def _shape(gain: Interval | None, budgets: int) -> Shape:
    if gain is not None and gain.low > 0 and gain.high > MARGIN:
        return Shape.RISING
    if gain is None or budgets < FEWEST_BUDGETS or gain.high > MARGIN:
        return Shape.UNKNOWN
    return Shape.FLAT


def _gain(less: Grid, more: Grid, model: str, kept: Bools | None) -> Interval | None:
    """Return the gain in score per doubling, paired by item; None when no item was judged at both budgets."""
    before, seen = solved_rate(less, model)
    after, also = solved_rate(more, model)
    both = seen & also if kept is None else seen & also & kept
    if not both.any():
        return None
    doublings = math.log2(more.budget / less.budget)
    clusters = clusters_of(more.items, (after - before)[None] / doublings, both)
    error, degrees = clusters.along(np.ones(1))
    reach, value = student_quantile(CONFIDENCE, degrees) * error, float(clusters.mean()[0])
    method = "paired, family-clustered t, one-sided ends"
    return Interval(estimate=value, low=value - reach, high=value + reach, method=method, families=len(clusters.values))
