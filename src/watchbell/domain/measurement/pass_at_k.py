"""How likely is at least one solution among k attempts? pass@k without bias, from n attempts of which c solved.

Chen and others, arXiv 2107.03374: of all choices of k among the n attempts, the share with a solution in it.
"""

from math import comb

import numpy as np

from watchbell.domain.measurement.clustered import clusters_of, score_interval
from watchbell.domain.measurement.proportions import Interval
from watchbell.domain.measurement.samples import Grid
from watchbell.domain.records import record


@record(frozen=True, slots=True, kw_only=True)
class AtLeastOnce:
    """pass@k over all suites alike, at the budget named, and how many items had too few judged attempts for it."""

    attempts: int
    budget: int
    score: Interval
    items: int
    left_out: int


def pass_at_k(number: int, solved: int, attempts: int) -> float:
    """Return pass@k of one item, k being `attempts`. Raises ValueError when there were fewer attempts than that."""
    if not 0 <= solved <= number or not 1 <= attempts <= number:
        raise ValueError("pass@k needs at least k attempts, and no more solutions than attempts.")
    return 1 - comb(number - solved, attempts) / comb(number, attempts)


def at_least_once(grid: Grid, model: str, attempts: int) -> AtLeastOnce | None:
    """Return pass@k of a model with its family-clustered interval; None when no item had enough judged attempts."""
    at = grid.model(model)
    judged, solved = grid.judged[at], grid.solved[at]
    kept = judged >= attempts
    if not kept.any():
        return None
    pairs = zip(judged.tolist(), solved.tolist(), kept.tolist(), strict=True)
    values = np.array([pass_at_k(n, c, attempts) if enough else 0.0 for n, c, enough in pairs])
    clusters = clusters_of(grid.items, values[None], kept)
    return AtLeastOnce(
        attempts=attempts,
        budget=grid.budget,
        score=score_interval(clusters, number=int(judged[kept].sum())),
        items=int(kept.sum()),
        left_out=int((grid.planned[at] > 0).sum() - kept.sum()),
    )
