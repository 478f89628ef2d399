"""How much more does one model solve than another on the same items? Paired, so that what items share cancels.

The primary number of every comparison is the difference between two expected scores over infinitely many items
of the same suites, each taken to the logit scale. It needs no model of items: whatever their difficulties,
discriminations and chances to guess, two models that would solve equally much differ by 0, and the interval
is that of a smooth function of family means. (A 1PL ability says the same in its own unit where 1PL holds, and where it
does not its unit means nothing outside the fit; it is shown beside this one, see `ability`.)
"""

from functools import partial

import numpy as np

from watchbell.domain.measurement.clustered import Clusters, clusters_of, solved_rate
from watchbell.domain.measurement.proportions import LEVEL, Interval
from watchbell.domain.measurement.resampling import Contrast
from watchbell.domain.measurement.samples import Bools, Floats, Grid
from watchbell.domain.quantiles import student_quantile

_EDGE = 1e-3


def pairs(grid: Grid, candidate: str, anchor: str, kept: Bools | None = None) -> Clusters | None:
    """Return the family means of both models over the items on which both have a judged attempt; None without any."""
    ours, seen = solved_rate(grid, candidate)
    theirs, also = solved_rate(grid, anchor)
    both = seen & also if kept is None else seen & also & kept
    return clusters_of(grid.items, np.stack([ours, theirs]), both) if both.any() else None


def logit(share: Floats, edge: float = _EDGE) -> Floats:
    """Return the log odds of a share, kept finite at 0 and 1."""
    inside = np.clip(share, edge, 1 - edge)
    return np.asarray(np.log(inside / (1 - inside)), dtype=np.float64)


def logit_difference(means: Floats, *, edge: float = _EDGE) -> tuple[Floats, Floats]:
    """Return the first mean's logit minus the second's, and the gradient: a contrast for `resampling`."""
    inside = np.clip(means, edge, 1 - edge)
    steep = 1 / (inside * (1 - inside))
    return logit(means[..., 0], edge) - logit(means[..., 1], edge), steep * np.array([1.0, -1.0])


def logit_difference_of(families: int) -> Contrast:
    """Return that contrast for so many families: a score never counts as nearer to 0 or 1 than half a family of them.

    A resample of a few families is easily all solved or all unsolved; its logit would otherwise be as far away as the
    edge is small, and six families of which one model solves 8 in 9 and the other 1 in 9 would look undecided.
    """
    return partial(logit_difference, edge=edge_of(families))


def edge_of(families: int) -> float:
    """Return how near to 0 or 1 a score of so many families is taken to be at most."""
    return max(_EDGE, 0.5 / (families + 1))


def score_difference(clusters: Clusters) -> Interval:
    """Return how much more of the score the first has than the second, with Student's interval."""
    gradient = np.array([1.0, -1.0])
    value = float(clusters.mean() @ gradient)
    error, degrees = clusters.along(gradient)
    reach = student_quantile((1 + LEVEL) / 2, degrees) * error
    return Interval(
        estimate=value,
        low=value - reach,
        high=value + reach,
        method="paired, family-clustered t",
        families=len(clusters.values),
    )
