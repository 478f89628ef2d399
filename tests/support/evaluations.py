"""Small evaluations to measure: samples with chosen outcomes, and tables made by hand."""

from collections.abc import Callable, Iterable

from watchbell.domain.evaluation import Outcome
from watchbell.domain.measurement.samples import Sample

SUITES, FAMILIES, ITEMS, EPOCHS = ("crash", "patch"), 6, 3, 2

Ending = Callable[[str, str, int, int], Outcome]
"""From model, suite, place of the item and epoch to the outcome."""


def evaluation(
    ending: Ending,
    *,
    models: Iterable[str] = ("anchor", "candidate"),
    budgets: Iterable[int] = (1000,),
    families: int = FAMILIES,
    suites: Iterable[str] = SUITES,
) -> list[Sample]:
    """Return the samples of an evaluation in which each attempt ends as told."""
    return [
        Sample(
            suite=suite,
            family=f"family-{family}",
            item=f"item-{level}",
            level=level,
            model=model,
            epoch=epoch,
            budget=budget,
            outcome=ending(model, suite, family * ITEMS + level, epoch),
        )
        for suite in suites
        for family in range(families)
        for level in range(ITEMS)
        for model in models
        for epoch in range(EPOCHS)
        for budget in budgets
    ]


def every(number: int, *, of: int, shift: int = 0) -> Ending:
    """Return an ending that solves `number` of each `of` attempts, spread over the items."""
    return lambda model, suite, place, epoch: (
        Outcome.SOLVED if (7 * place + 3 * epoch + len(suite) + shift) % of < number else Outcome.UNSOLVED
    )
