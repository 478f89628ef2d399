"""What does each model score, suite by suite and budget by budget?"""

from watchbell.domain.evaluation import Outcome
from watchbell.domain.measurement.clustered import benchmark_accuracy, generalised_accuracy
from watchbell.domain.measurement.proportions import Interval
from watchbell.domain.measurement.samples import OUTCOMES, Grid, Table
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
