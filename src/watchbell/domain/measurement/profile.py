"""What does each model score, suite by suite and budget by budget, and does it do better on what it may have seen?"""

import numpy as np

from watchbell.domain.evaluation import Outcome
from watchbell.domain.measurement.clustered import (
    benchmark_accuracy,
    clusters_of,
    generalised_accuracy,
    solved_rate,
)
from watchbell.domain.measurement.paired import logit
from watchbell.domain.measurement.proportions import Interval
from watchbell.domain.measurement.resampling import draws, of_means
from watchbell.domain.measurement.samples import OUTCOMES, Bools, Floats, Grid, Table
from watchbell.domain.records import record


@record(frozen=True, slots=True, kw_only=True)
class Cell:
    """One model in one suite at one budget. Both scores are None where no attempt was judged.

    `generalised` is the score to expect on new items of new families, `benchmark` that on these items
    another time. `outcomes` count every planned attempt, in the order of `Outcome`.
    """

    suite: str
    budget: int
    model: str
    generalised: Interval | None
    benchmark: Interval | None
    outcomes: tuple[tuple[Outcome, int], ...]
    credit: float | None
    tokens: int


@record(frozen=True, slots=True, kw_only=True)
class Exposure:
    """How much better a model does on public than on held-out items, beyond what its references do (logits).

    An interval wholly above zero suggests that public items, or their solutions, were seen before.
    """

    model: str
    references: tuple[str, ...]
    difference: Interval
    suites: tuple[str, ...]


def profile(table: Table) -> tuple[Cell, ...]:
    """Return a cell for each suite, budget and model that was run there."""
    return tuple(
        _cell(grid, suite, model)
        for suite in table.items.suites
        for grid in table.grids
        for model in table.models
        if grid.has(model)
    )


def _cell(grid: Grid, suite: str, model: str) -> Cell:
    kept, at = grid.items.in_suites([suite]), grid.model(model)
    judged = int(grid.judged[at][kept].sum())
    return Cell(
        suite=suite,
        budget=grid.budget,
        model=model,
        generalised=generalised_accuracy(grid, model, kept),
        benchmark=benchmark_accuracy(grid, model, kept),
        outcomes=tuple(zip(OUTCOMES, grid.counts[:, at][:, kept].sum(axis=1).tolist(), strict=True)),
        credit=float(grid.credit[at][kept].sum() / judged) if judged else None,
        tokens=int(grid.tokens[at][kept].sum()),
    )


def public_against_held_out(grid: Grid, model: str, references: tuple[str, ...], *, seed: int) -> Exposure | None:
    """Return how much more public items suit this model than its references; None without items of both kinds.

    Only families with both kinds count, so that what is compared is the same template, seen and unseen.
    """
    rates, kept, both = _both_kinds(grid, (model, *references))
    if not both.any():
        return None
    clusters = clusters_of(grid.items, rates, kept)
    others = len(references)

    def beyond(means: Floats) -> tuple[Floats, Floats]:
        inside = np.clip(means, 1e-3, 1 - 1e-3)
        share = np.concatenate([[1.0], np.full(others, -1 / others)])
        signs = np.concatenate([share, -share])
        return logit(inside) @ signs, signs / (inside * (1 - inside))

    difference = of_means(clusters, beyond, draws(clusters.sizes, seed)).interval()
    suites = {grid.items.suites[at] for at in grid.items.suite_of[both]}
    return Exposure(model=model, references=references, difference=difference, suites=tuple(sorted(suites)))


def _both_kinds(grid: Grid, models: tuple[str, ...]) -> tuple[Floats, Bools, Bools]:
    """Return item values whose family means are each model's public scores and then its held-out ones.

    With them which items count, and which families have both kinds.
    """
    items = grid.items
    found = [solved_rate(grid, model) for model in models]
    seen = np.logical_and.reduce([one for _, one in found])
    number = len(items.families)
    counts = [np.bincount(items.family_of[seen & kind], minlength=number) for kind in (~items.held_out, items.held_out)]
    both = (counts[0] > 0) & (counts[1] > 0)
    kept = seen & both[items.family_of]
    whole = counts[0] + counts[1]
    # A family mean is over all its items: what is of one kind is scaled so that it becomes the mean of that kind.
    scales = [whole / np.maximum(count, 1) for count in counts]
    kinds = (~items.held_out, items.held_out)
    rows = [
        np.where(kind, rate * scale[items.family_of], 0.0)
        for kind, scale in zip(kinds, scales, strict=True)
        for rate, _ in found
    ]
    return np.stack(rows), kept, both
