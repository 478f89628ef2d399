"""Do samples become the counts they are, whatever their order, and is nonsense refused where it stands?"""

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.evaluations import EPOCHS, FAMILIES, ITEMS, evaluation, every

from watchbell.domain.evaluation import Outcome
from watchbell.domain.measurement.samples import OUTCOMES, Sample, table_of
from watchbell.domain.refusal import Refused

outcomes = st.sampled_from(OUTCOMES)
samples = st.lists(
    st.builds(
        Sample,
        suite=st.sampled_from(("crash", "patch")),
        family=st.sampled_from(("a", "b")),
        item=st.sampled_from(("1", "2")),
        level=st.just(1),
        model=st.sampled_from(("anchor", "candidate")),
        epoch=st.integers(0, 2),
        budget=st.sampled_from((10, 20)),
        outcome=outcomes,
        credit=st.floats(0, 1),
        tokens=st.integers(0, 1000),
    ),
    min_size=1,
    max_size=40,
    unique_by=lambda row: (row.suite, row.family, row.item, row.model, row.epoch, row.budget),
)


@settings(max_examples=60, deadline=None)
@given(samples)
def test_every_sample_is_counted_once_where_it_belongs(rows: list[Sample]) -> None:
    table = table_of(rows)

    wanted = Counter((row.budget, row.outcome, row.model, (row.suite, row.family, row.item)) for row in rows)
    for grid in table.grids:
        for outcome in OUTCOMES:
            if outcome is Outcome.MISSING:
                continue
            for at, model in enumerate(table.models):
                for place, name in enumerate(table.items.names):
                    assert grid.of(outcome)[at, place] == wanted[grid.budget, outcome, model, name]


@settings(max_examples=60, deadline=None)
@given(samples, st.randoms(use_true_random=False))
def test_the_order_of_samples_changes_nothing(rows: list[Sample], dice: object) -> None:
    shuffled = list(rows)
    dice.shuffle(shuffled)  # type: ignore[attr-defined]

    one, other = table_of(rows), table_of(shuffled)

    assert (one.items.names, one.models) == (other.items.names, other.models)
    for first, second in zip(one.grids, other.grids, strict=True):
        assert (first.counts == second.counts).all()
        assert (first.tokens == second.tokens).all()


def test_an_attempt_that_others_had_and_this_model_has_not_is_missing() -> None:
    whole = evaluation(every(1, of=2))
    lost = [row for row in whole if not (row.model == "candidate" and row.epoch == 1 and row.suite == "patch")]

    grid = table_of(lost).grids[0]

    assert grid.share("candidate", Outcome.MISSING) == 0.25
    assert grid.share("anchor", Outcome.MISSING) == 0
    assert grid.planned.sum() == 2 * 2 * FAMILIES * ITEMS * EPOCHS


def test_a_model_that_was_not_run_at_a_budget_misses_nothing_there() -> None:
    rows = [row for row in evaluation(every(1, of=2), budgets=(10, 20)) if row.budget == 20 or row.model == "candidate"]

    small, large = table_of(rows).grids

    assert (small.has("anchor"), small.share("anchor", Outcome.MISSING)) == (False, 0)
    assert large.has("anchor")


def test_refused_interrupted_and_missing_attempts_are_no_part_of_what_is_judged() -> None:
    endings = dict(enumerate(OUTCOMES))
    grid = table_of(evaluation(lambda model, suite, place, epoch: endings[place % 6])).grids[0]

    judged = grid.judged[grid.model("candidate")]

    says_something = {Outcome.SOLVED, Outcome.UNSOLVED, Outcome.LIMIT}
    assert [bool(count) for count in judged[:6]] == [one in says_something for one in OUTCOMES]


def test_a_sample_that_stands_twice_is_refused_where_it_stands() -> None:
    rows = evaluation(every(1, of=2))

    with pytest.raises(Refused, match="patch/family-0/item-0 candidate epoch 1 budget 1000"):
        table_of([*rows, *(row for row in rows if row.model == "candidate" and row.epoch == 1)][::-1][:20] + rows[-72:])


@pytest.mark.parametrize(
    ("change", "code"),
    [({"level": 9}, "two-items"), ({"held_out": False}, "two-items"), ({"credit": 1.5}, "bad-credit")],
)
def test_nonsense_is_refused_with_its_reason(change: dict[str, float], code: str) -> None:
    first, *others = evaluation(every(1, of=2))

    with pytest.raises(Refused) as refused:
        table_of([replace(first, **change), *others])  # type: ignore[arg-type]

    assert refused.value.refusal.code == code


def test_no_samples_and_unknown_models_are_refused() -> None:
    with pytest.raises(Refused, match="no sample"):
        table_of([])
    with pytest.raises(Refused, match="no samples"):
        table_of(evaluation(every(1, of=2))).grids[0].model("nobody")
