"""Is the joint 1PL fit the top of its likelihood, and its bootstrap that of the whole fit? Against slow Python."""

import math

import numpy as np
import pytest
from benchmarks.measurement import World, draw
from hypothesis import given, settings
from hypothesis import strategies as st

from watchbell.domain.measurement import ability
from watchbell.domain.measurement.resampling import draws
from watchbell.domain.measurement.samples import OUTCOMES, Grid, Ints, Items

SUITE_OF = (0, 0, 0, 1, 1, 1)
ITEMS_EACH = 2
NODES = 90


def grid_of(solved: list[list[int]], attempts: int, suite_of: tuple[int, ...] = SUITE_OF) -> Grid:
    """Return a grid of two items a family, all judged."""
    families = tuple((f"suite-{suite}", f"family-{at:03}") for at, suite in enumerate(suite_of))
    items = Items(
        suites=tuple(f"suite-{at}" for at in range(max(suite_of) + 1)),
        families=families,
        names=tuple((*family, f"{at}") for family in families for at in range(ITEMS_EACH)),
        suite_of=np.array(suite_of),
        family_of=np.repeat(np.arange(len(families)), ITEMS_EACH),
        level=np.ones(len(families) * ITEMS_EACH, dtype=np.int64),
        held_out=np.ones(len(families) * ITEMS_EACH, dtype=np.bool_),
    )
    counts = np.zeros((len(OUTCOMES), len(solved), len(items.names)), dtype=np.int64)
    counts[0] = np.array(solved)
    counts[1] = attempts - counts[0]
    models = ("anchor", *(f"model-{at}" for at in range(1, len(solved))))
    return Grid(items, models, 1, counts, np.zeros(counts.shape[1:]), np.zeros(counts.shape[1:], dtype=np.int64))


def log_likelihood(grid: Grid, abilities: list[float], suites: list[float], spread: float) -> float:
    """Return the marginal log likelihood, by the midpoint rule on a fine grid, with the fit's loose prior."""
    total = -sum(able**2 for able in abilities) / 50
    for item, suite in enumerate(grid.items.suite_of_item.tolist()):
        chance = 0.0
        for step in range(NODES):
            z = -6 + 12 * (step + 0.5) / NODES
            product = math.exp(-z * z / 2) / math.sqrt(2 * math.pi) * 12 / NODES
            for model, able in enumerate(abilities):
                solves = 1 / (1 + math.exp(suites[suite] + spread * z - able))
                solved, judged = int(grid.solved[model, item]), int(grid.judged[model, item])
                product *= solves**solved * (1 - solves) ** (judged - solved)
            chance += product
        total += math.log(chance)
    return total


scores = st.lists(st.lists(st.integers(0, 4), min_size=12, max_size=12), min_size=3, max_size=3)


@settings(max_examples=2, deadline=None)
@given(scores)
def test_no_small_step_from_the_fit_is_more_likely(solved: list[list[int]]) -> None:
    grid = grid_of(solved, 4)

    found = ability.fit(grid, "anchor")

    point = [*found.ability.tolist()[1:], *found.suites.tolist(), found.spread]
    top = log_likelihood(grid, [0.0, *point[:2]], point[2:4], point[4])
    for at in range(len(point)):
        for step in (-0.05, 0.05):
            moved = [one + step * (at == place) for place, one in enumerate(point)]
            assert log_likelihood(grid, [0.0, *moved[:2]], moved[2:4], moved[4]) <= top + 1e-6


@settings(max_examples=10, deadline=None)
@given(scores, st.permutations(range(1, 3)))
def test_abilities_do_not_depend_on_what_models_are_called(solved: list[list[int]], order: list[int]) -> None:
    found = ability.fit(grid_of(solved, 4), "anchor")

    again = ability.fit(grid_of([solved[0], *(solved[at] for at in order)], 4), "anchor")

    assert again.ability == pytest.approx(found.ability[[0, *order]], abs=1e-4)


@settings(max_examples=10, deadline=None)
@given(scores)
def test_who_solves_more_in_all_is_the_more_able(solved: list[list[int]]) -> None:
    found = ability.fit(grid_of(solved, 4), "anchor")

    totals = [sum(one) for one in solved]
    for one in range(3):
        for other in range(3):
            if totals[one] > totals[other]:
                assert found.ability[one] > found.ability[other] - 1e-6


def test_a_model_that_solves_nothing_is_far_below_and_still_on_the_line() -> None:
    found = ability.fit(grid_of([[2] * 12, [0] * 12, [1, 3] * 6], 4), "anchor")

    assert found.converged
    assert -15 < found.ability[1] < -2


def refitted(grid: Grid, weights: Ints) -> float:
    """Return how far the candidate is above the anchor when every family is there as often as it was drawn."""
    columns, suites = [], []
    for family, times in enumerate(weights.tolist()):
        own = np.flatnonzero(grid.items.family_of == family)
        columns += [own] * times
        suites += [int(grid.items.suite_of[family])] * times
    each = len(columns[0])
    families = tuple((grid.items.suites[suite], f"{at}") for at, suite in enumerate(suites))
    items = Items(
        suites=grid.items.suites,
        families=families,
        names=tuple((*family, f"{at}") for family in families for at in range(each)),
        suite_of=np.array(suites),
        family_of=np.repeat(np.arange(len(families)), each),
        level=np.ones(len(families) * each, dtype=np.int64),
        held_out=np.ones(len(families) * each, dtype=np.bool_),
    )
    counts = grid.counts[:, :, np.concatenate(columns)]
    whole = Grid(items, grid.models, 1, counts, np.zeros(counts.shape[1:]), np.zeros(counts.shape[1:], dtype=np.int64))
    return float(ability.fit(whole, "anchor").ability[-1])


def test_one_newton_step_is_as_good_as_a_whole_fit_in_each_resample() -> None:
    grid = draw(World(gap=0.5), 3).grids[-1]
    found = ability.fit(grid, "anchor")
    weights = draws(np.bincount(grid.items.suite_of), 5, 10)
    equations = found.equations

    summed = np.einsum("bf,fpq->bpq", weights, equations.slopes)
    steps = np.linalg.solve(summed, (weights @ equations.scores)[:, :, None])[:, :, 0]
    stepped = found.ability[-1] + steps[:, -found.suites.size - 2]

    whole = np.array([refitted(grid, one.astype(np.int64)) for one in weights])
    assert np.abs(stepped - whole).max() < 0.1 * whole.std()
