"""How long are the tasks, in human time, that a model solves half or four fifths of the time?

Success falls as a logistic function of log2(human minutes) (Kwa and others, arXiv 2503.14499); the horizon is where
the curve crosses a reliability. It exists only where people were timed on the items, and only when success
falls with time at all.
"""

import math
from collections.abc import Mapping

import numpy as np

from watchbell.domain.measurement.proportions import Interval
from watchbell.domain.measurement.resampling import Contrast, Equations, draws
from watchbell.domain.measurement.samples import Floats, Grid, Ints
from watchbell.domain.records import record

FEWEST_ITEMS = 20
STEEP_ENOUGH = 2.0
"""How many standard errors the slope must be from zero for a horizon to be said at all."""


@record(frozen=True, slots=True, kw_only=True)
class Horizon:
    """Minutes at which the model solves `reliability` of tasks; `extrapolated` when no item is that long or short."""

    reliability: float
    minutes: Interval
    items: int
    extrapolated: bool


def time_horizon(
    grid: Grid, model: str, minutes: Mapping[tuple[str, str, str], float], *, reliability: float, seed: int
) -> Horizon | None:
    """Return the horizon over the items with a human time, or None where too few have one or success does not fall.

    `minutes` goes by (suite, family, item). Raises ValueError for a time or reliability that cannot be.
    """
    if not 0 < reliability < 1 or any(not time > 0 for time in minutes.values()):
        raise ValueError("Human times are positive, and a reliability lies between 0 and 1.")
    at = grid.model(model)
    timed = np.array([name in minutes for name in grid.items.names], dtype=np.bool_) & (grid.judged[at] > 0)
    if int(timed.sum()) < FEWEST_ITEMS:
        return None
    long = np.array([math.log2(minutes.get(name, 1.0)) for name in grid.items.names])[timed]
    equations = _fitted(grid.solved[at][timed], grid.judged[at][timed], long, grid.items.family_of[timed], grid)
    slope_error = equations.along(np.array([0.0, 1.0]))
    if not equations.solution[1] > STEEP_ENOUGH * slope_error:
        return None
    spread = equations.resampled(crossing(reliability), draws(np.bincount(equations.stratum), seed)).interval()
    ends = [2.0 ** min(max(value, -60.0), 60.0) for value in (spread.estimate, spread.low, spread.high)]
    return Horizon(
        reliability=reliability,
        minutes=Interval(estimate=ends[0], low=ends[1], high=ends[2], method=spread.method, families=spread.families),
        items=int(timed.sum()),
        extrapolated=not long.min() <= spread.estimate <= long.max(),
    )


def crossing(reliability: float) -> Contrast:
    """Return the contrast that reads log2 of the horizon from the height at one minute and the fall per doubling."""
    odds = math.log(reliability / (1 - reliability))

    def cross(solution: Floats) -> tuple[Floats, Floats]:
        height, fall = solution[..., 0] - odds, solution[..., 1]
        fall = np.maximum(fall, 1e-3)
        return height / fall, np.stack([1 / fall, -height / fall**2], axis=-1)

    return cross


def _fitted(solved: Ints, judged: Ints, long: Floats, family: Ints, grid: Grid) -> Equations:
    """Return the logistic fit: success at one minute, and how much log odds fall with each doubling."""
    design = np.stack([np.ones_like(long), -long], axis=1)
    solution = np.zeros(2)
    for _ in range(50):
        chance = 1 / (1 + np.exp(-design @ solution))
        slopes = (design * (judged * chance * (1 - chance))[:, None]).T @ design + 1e-6 * np.eye(2)
        step = np.linalg.solve(slopes, design.T @ (solved - judged * chance))
        solution = solution + step * min(1.0, 3.0 / max(float(np.abs(step).max()), 1e-12))
        if np.abs(step).max() < 1e-9:
            break
    chance = 1 / (1 + np.exp(-design @ solution))
    families, place = np.unique(family, return_inverse=True)
    scores, curves = np.zeros((len(families), 2)), np.zeros((len(families), 2, 2))
    np.add.at(scores, place, design * (solved - judged * chance)[:, None])
    certain = (judged * chance * (1 - chance))[:, None, None]
    np.add.at(curves, place, certain * design[:, :, None] * design[:, None, :])
    _, stratum = np.unique(grid.items.suite_of[families], return_inverse=True)
    return Equations(solution, scores, curves, stratum)
