"""Do profiles, curves, horizons and the look at public items show what is there, and nothing where nothing is?"""

from dataclasses import replace

import numpy as np
import pytest
from benchmarks.measurement import World, draw, items
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.evaluations import EPOCHS, FAMILIES, ITEMS, evaluation, every

from watchbell.domain.evaluation import Outcome
from watchbell.domain.measurement.clustered import benchmark_accuracy, generalised_accuracy
from watchbell.domain.measurement.curves import Shape, budget_curve
from watchbell.domain.measurement.exposure import public_against_held_out
from watchbell.domain.measurement.horizon import time_horizon
from watchbell.domain.measurement.pass_at_k import at_least_once
from watchbell.domain.measurement.profile import profile
from watchbell.domain.measurement.samples import Sample, table_of

outcomes = st.sampled_from((Outcome.SOLVED, Outcome.UNSOLVED, Outcome.LIMIT, Outcome.REFUSED))
places = 2 * FAMILIES * ITEMS * EPOCHS


def with_outcomes(chosen: list[Outcome]) -> list[Sample]:
    rows = evaluation(every(1, of=2), models=("candidate",))
    return [replace(row, outcome=outcome) for row, outcome in zip(rows, chosen, strict=True)]


@settings(max_examples=40, deadline=None)
@given(st.lists(outcomes, min_size=places, max_size=places))
def test_a_score_is_the_mean_of_suites_of_families_of_items_of_judged_attempts(chosen: list[Outcome]) -> None:
    rows = with_outcomes(chosen)

    found = generalised_accuracy(table_of(rows).grids[0], "candidate")

    suites = []
    for suite in sorted({row.suite for row in rows}):
        families = []
        for family in sorted({row.family for row in rows}):
            means = []
            for item in sorted({row.item for row in rows}):
                ends = [row.outcome for row in rows if (row.suite, row.family, row.item) == (suite, family, item)]
                judged = [one is Outcome.SOLVED for one in ends if one is not Outcome.REFUSED]
                means += [sum(judged) / len(judged)] if judged else []
            families += [sum(means) / len(means)] if means else []
        suites += [sum(families) / len(families)] if families else []
    assert found is not None
    assert found.estimate == pytest.approx(sum(suites) / len(suites))
    assert 0 <= found.low <= found.estimate <= found.high <= 1


def test_the_profile_has_a_cell_for_each_suite_budget_and_model_and_counts_every_attempt() -> None:
    cells = profile(table_of(evaluation(every(1, of=3), budgets=(10, 20))))

    assert len(cells) == 2 * 2 * 2
    for cell in cells:
        assert sum(count for _, count in cell.outcomes) == FAMILIES * ITEMS * EPOCHS
        assert cell.generalised is not None
        assert cell.benchmark is not None


def test_new_families_are_less_certain_than_the_same_items_another_time() -> None:
    grid = draw(World(), 11).grids[-1]

    again, anew = benchmark_accuracy(grid, "candidate"), generalised_accuracy(grid, "candidate")

    assert again is not None
    assert anew is not None
    assert again.estimate == pytest.approx(anew.estimate)
    assert again.high - again.low < anew.high - anew.low


def test_a_suite_without_a_judged_attempt_has_no_score() -> None:
    rows = evaluation(lambda *_: Outcome.REFUSED)

    cells = profile(table_of(rows))

    assert {(cell.generalised, cell.benchmark, cell.credit) for cell in cells} == {(None, None, None)}
    assert at_least_once(table_of(rows).grids[0], "candidate", 1) is None


def test_at_least_one_of_more_attempts_is_no_lower_and_says_what_it_left_out() -> None:
    rows = evaluation(every(1, of=3))
    refused = [replace(row, outcome=Outcome.REFUSED) if row.epoch and row.item == "item-0" else row for row in rows]
    grid = table_of(refused).grids[0]

    once, twice = (at_least_once(grid, "candidate", attempts) for attempts in (1, 2))

    assert once is not None
    assert twice is not None
    assert (once.left_out, twice.left_out) == (0, 2 * FAMILIES)
    assert once.score.estimate == pytest.approx(generalised_accuracy(grid, "candidate").estimate)  # type: ignore[union-attr]


def curve_of(solved_of_twenty: dict[int, int]) -> Shape:
    rows = []
    for budget, solved in solved_of_twenty.items():
        rows += evaluation(every(solved, of=20), models=("candidate",), budgets=(budget,), families=12)
    return budget_curve(table_of(rows), "candidate").shape


def test_a_curve_is_flat_only_where_that_is_shown() -> None:
    assert curve_of({1000: 8, 4000: 10, 16000: 10}) is Shape.FLAT
    assert curve_of({1000: 4, 2000: 8, 4000: 14}) is Shape.RISING
    assert curve_of({1000: 10, 2000: 10}) is Shape.UNKNOWN
    assert curve_of({1000: 10}) is Shape.UNKNOWN


def test_a_last_step_too_small_to_tell_is_neither_flat_nor_rising() -> None:
    table = draw(World(), 2)
    narrow = zip(table.grids, (1_000, 4_000, 4_200), strict=True)
    close = replace(table, grids=tuple(replace(grid, budget=budget) for grid, budget in narrow))

    assert budget_curve(table, "candidate").shape is Shape.FLAT
    assert budget_curve(close, "candidate").shape is Shape.UNKNOWN


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(0, 20), min_size=1, max_size=4))
def test_a_curve_has_a_point_for_each_budget_in_order(solved: list[int]) -> None:
    rows = []
    for at, number in enumerate(solved):
        rows += evaluation(every(number, of=20), models=("candidate",), budgets=(10 * 2**at,))

    curve = budget_curve(table_of(rows), "candidate")

    assert [budget for budget, _ in curve.points] == [10 * 2**at for at in range(len(solved))]
    assert (curve.gain is None) == (len(solved) == 1)


MINUTES = {name: 4.0**level for name, level in zip(items().names, items().level.tolist(), strict=True)}


def test_the_horizon_at_a_higher_reliability_is_shorter_and_each_lies_in_its_interval() -> None:
    grid = draw(World(gap=0.5), 4).grids[-1]

    half, most = (time_horizon(grid, "candidate", MINUTES, reliability=one, seed=1) for one in (0.5, 0.8))

    assert half is not None
    assert most is not None
    assert most.minutes.estimate < half.minutes.estimate
    for one in (half, most):
        assert one.minutes.low < one.minutes.estimate < one.minutes.high
        assert not one.extrapolated


def test_minutes_a_hundred_times_longer_make_the_horizon_a_hundred_times_longer() -> None:
    grid = draw(World(gap=0.5), 4).grids[-1]
    longer = {name: 100 * minutes for name, minutes in MINUTES.items()}

    one, other = (time_horizon(grid, "candidate", times, reliability=0.5, seed=1) for times in (MINUTES, longer))

    assert one is not None
    assert other is not None
    assert other.minutes.estimate == pytest.approx(100 * one.minutes.estimate, rel=1e-6)
    assert other.minutes.low == pytest.approx(100 * one.minutes.low, rel=1e-3)


def test_there_is_no_horizon_without_human_times_or_where_success_does_not_fall() -> None:
    grid = draw(World(), 4).grids[-1]
    same = dict.fromkeys(items().names, 10.0)
    shuffled = dict(zip(items().names, np.random.default_rng(1).permutation(list(MINUTES.values())), strict=True))

    assert time_horizon(grid, "candidate", {}, reliability=0.5, seed=1) is None
    assert time_horizon(grid, "candidate", same, reliability=0.5, seed=1) is None
    assert time_horizon(grid, "candidate", shuffled, reliability=0.5, seed=1) is None
    with pytest.raises(ValueError, match="positive"):
        time_horizon(grid, "candidate", {items().names[0]: 0.0}, reliability=0.5, seed=1)


def half_public(knows: bool) -> list[Sample]:
    """Return an evaluation whose first epoch's items are public; the candidate may know those by heart."""
    endings = {"candidate": every(9, of=20), "reference": every(9, of=20, shift=3), "anchor": every(9, of=20, shift=8)}
    rows = evaluation(lambda model, *rest: endings[model](model, *rest), models=tuple(endings), families=12)
    seen = [replace(row, item=f"{row.item}-public", held_out=False, epoch=row.epoch + 2) for row in rows]
    if knows:
        seen = [replace(row, outcome=Outcome.SOLVED) if row.model == "candidate" and row.level else row for row in seen]
    return rows + seen


def test_what_a_model_may_have_seen_shows_when_only_it_does_better_there() -> None:
    innocent, knowing = (
        public_against_held_out(table_of(half_public(knows)).grids[0], "candidate", ("anchor", "reference"), seed=1)
        for knows in (False, True)
    )

    assert innocent is not None
    assert knowing is not None
    assert innocent.difference.low <= 0 <= innocent.difference.high
    assert knowing.difference.low > 0


def test_public_items_that_are_easier_for_everyone_say_nothing_of_one_model() -> None:
    rows = [
        replace(row, outcome=Outcome.SOLVED) if not row.held_out and row.level == 0 else row
        for row in half_public(knows=False)
    ]

    found = public_against_held_out(table_of(rows).grids[0], "candidate", ("anchor", "reference"), seed=1)

    assert found is not None
    assert found.difference.low <= 0 <= found.difference.high


def test_without_public_items_nothing_is_said_about_them() -> None:
    grid = table_of(evaluation(every(1, of=2))).grids[0]

    assert public_against_held_out(grid, "candidate", ("anchor",), seed=1) is None


def of_two_kinds(knows: bool, families: int = 12) -> list[Sample]:
    """Return an evaluation of two suites, one of public items, of which the candidate may know all."""
    endings = {"candidate": every(9, of=20), "anchor": every(9, of=20, shift=8)}
    rows = evaluation(lambda model, *rest: endings[model](model, *rest), models=tuple(endings), families=families)
    rows = [replace(row, held_out=row.suite == "crash") for row in rows]
    if not knows:
        return rows
    known = [row.model == "candidate" and not row.held_out and bool(row.level) for row in rows]
    return [replace(row, outcome=Outcome.SOLVED) if one else row for one, row in zip(known, rows, strict=True)]


def test_whole_suites_of_each_kind_are_compared_too_and_said_to_be_no_pairs() -> None:
    innocent, knowing = (
        public_against_held_out(table_of(of_two_kinds(knows)).grids[0], "candidate", ("anchor",), seed=1)
        for knows in (False, True)
    )

    assert innocent is not None
    assert knowing is not None
    assert (innocent.is_paired, innocent.suites) == (False, ("crash", "patch"))
    assert innocent.difference.low <= 0 <= innocent.difference.high
    assert knowing.difference.low > 0


def test_too_few_families_of_a_kind_say_nothing_of_public_items() -> None:
    rows = of_two_kinds(knows=True, families=4)

    assert public_against_held_out(table_of(rows).grids[0], "candidate", ("anchor",), seed=1) is None
    assert public_against_held_out(table_of(of_two_kinds(knows=True)).grids[0], "candidate", (), seed=1) is None


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 19), st.integers(1, 19))
def test_the_number_beside_public_items_is_the_difference_of_two_differences_of_scores(ours: int, theirs: int) -> None:
    endings = {"candidate": every(ours, of=20), "anchor": every(theirs, of=20, shift=8)}
    rows = evaluation(lambda model, *rest: endings[model](model, *rest), models=tuple(endings), families=12)
    rows = [replace(row, held_out=row.suite == "crash") for row in rows]

    found = public_against_held_out(table_of(rows).grids[0], "candidate", ("anchor",), seed=1)

    def odds(model: str, suite: str) -> float:
        own = [row.outcome is Outcome.SOLVED for row in rows if (row.model, row.suite) == (model, suite)]
        share = min(max(sum(own) / len(own), 0.5 / 13), 1 - 0.5 / 13)
        return float(np.log(share / (1 - share)))

    ahead = {suite: odds("candidate", suite) - odds("anchor", suite) for suite in ("patch", "crash")}
    assert found is not None
    assert found.difference.estimate == pytest.approx(ahead["patch"] - ahead["crash"])
