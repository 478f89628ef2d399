"""Do intervals say what their definitions say? Against brute force, published tables and slow recomputation."""

import math
from itertools import combinations

import numpy as np
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from watchbell.domain.measurement.clustered import Clusters, clusters_of, score_interval
from watchbell.domain.measurement.horizon import crossing
from watchbell.domain.measurement.multiplicity import holm
from watchbell.domain.measurement.paired import logit_difference
from watchbell.domain.measurement.pass_at_k import pass_at_k
from watchbell.domain.measurement.proportions import proportion, rule_of_three, wilson
from watchbell.domain.measurement.resampling import Contrast, Spread, draws, of_means, studentised
from watchbell.domain.measurement.samples import Floats, Items
from watchbell.domain.quantiles import normal_below, student_below, student_quantile

counts = st.integers(1, 200).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))
shares = st.floats(0, 1)
families = st.lists(st.lists(st.tuples(shares, shares), min_size=2, max_size=6), min_size=1, max_size=4)


@given(counts)
@example((0, 1))
@example((1, 1))
def test_wilsons_interval_holds_the_share_and_stays_between_nothing_and_everything(count: tuple[int, int]) -> None:
    solved, number = count

    low, high = wilson(solved / number, number)

    assert 0 <= low <= solved / number <= high <= 1
    assert low < high


@given(counts)
def test_the_ends_of_wilsons_interval_are_where_the_score_test_just_does_not_reject(count: tuple[int, int]) -> None:
    solved, number = count

    ends = wilson(solved / number, number)

    for end in ends:
        assume(0 < end < 1)
        assert abs(solved / number - end) == pytest.approx(1.959963985 * math.sqrt(end * (1 - end) / number), abs=1e-7)


@given(counts)
def test_one_more_solution_moves_both_ends_of_wilsons_interval_up(count: tuple[int, int]) -> None:
    solved, number = count
    assume(solved < number)

    less, more = wilson(solved / number, number), wilson((solved + 1) / number, number)

    assert less[0] <= more[0]
    assert less[1] <= more[1]


@given(shares, st.integers(1, 100))
def test_more_attempts_at_the_same_share_make_wilsons_interval_narrower(share: float, number: int) -> None:
    few, many = wilson(share, number), wilson(share, 2 * number)

    assert many[1] - many[0] < few[1] - few[0]


@given(st.integers(1, 10_000))
def test_three_in_the_number_may_hide_behind_none_or_all(number: int) -> None:
    none, everything = rule_of_three(0, number), rule_of_three(number, number)

    assert none == (0, min(1, 3 / number))
    assert everything == (1 - none[1], 1)
    assert (1 - none[1]) ** number <= 0.05  # so rare is nothing at all in so many, were the share at the end


def test_the_rule_of_three_is_for_none_or_all_alone() -> None:
    with pytest.raises(ValueError, match="none or all"):
        rule_of_three(1, 3)

    assert proportion(0, 30).method == "rule of three"
    assert proportion(1, 30).method == "wilson"


@pytest.mark.parametrize(
    ("probability", "degrees", "published"),
    [
        (0.975, 1, 12.706205),
        (0.975, 2, 4.302653),
        (0.95, 5, 2.015048),
        (0.975, 10, 2.228139),
        (0.995, 30, 2.749996),
        (0.975, 120, 1.979930),
        (0.975, math.inf, 1.959964),
    ],
)
def test_students_quantiles_are_the_published_ones(probability: float, degrees: float, published: float) -> None:
    assert student_quantile(probability, degrees) == pytest.approx(published, abs=1e-6)


@given(st.floats(-8, 8), st.floats(1, 300))
def test_students_distribution_is_the_integral_of_its_density(t: float, degrees: float) -> None:
    scale = math.exp(math.lgamma((degrees + 1) / 2) - math.lgamma(degrees / 2)) / math.sqrt(degrees * math.pi)
    steps = 400
    heights = [scale * (1 + (t * at / steps) ** 2 / degrees) ** (-(degrees + 1) / 2) for at in range(steps + 1)]

    simpson = t / steps / 3 * sum(h * (1 if at in (0, steps) else 2 + 2 * (at % 2)) for at, h in enumerate(heights))

    assert student_below(t, degrees) == pytest.approx(0.5 + simpson, abs=1e-6)


@given(st.floats(1e-6, 1 - 1e-6), st.floats(0.5, 500) | st.just(math.inf))
def test_a_quantile_has_its_probability_below_it(probability: float, degrees: float) -> None:
    assert student_below(student_quantile(probability, degrees), degrees) == pytest.approx(probability, rel=1e-6)


def test_many_degrees_of_freedom_are_the_normal_distribution() -> None:
    assert student_below(1.3, 1e7) == pytest.approx(normal_below(1.3), abs=1e-7)


@given(st.integers(1, 9), st.integers(0, 9), st.integers(1, 9))
def test_at_least_one_of_k_is_the_share_of_all_choices_with_a_solution(number: int, solved: int, attempts: int) -> None:
    assume(max(solved, attempts) <= number)
    choices = list(combinations([True] * solved + [False] * (number - solved), attempts))

    assert pass_at_k(number, solved, attempts) == pytest.approx(sum(map(any, choices)) / len(choices))


@given(counts)
def test_the_first_attempt_alone_is_the_share_solved_and_more_attempts_solve_no_less(count: tuple[int, int]) -> None:
    solved, number = count

    by_attempts = [pass_at_k(number, solved, attempts) for attempts in range(1, number + 1)]

    assert by_attempts[0] == pytest.approx(solved / number)
    assert by_attempts == sorted(by_attempts)


def test_more_attempts_than_were_made_are_refused() -> None:
    with pytest.raises(ValueError, match="at least k attempts"):
        pass_at_k(3, 1, 4)


@given(st.lists(shares, min_size=1, max_size=6))
def test_holms_adjustment_is_that_of_the_closed_test(values: list[float]) -> None:
    everyone = range(len(values))
    sets = [chosen for size in range(1, len(values) + 1) for chosen in combinations(everyone, size)]

    closed = [
        max(min(1.0, len(chosen) * min(values[at] for at in chosen)) for chosen in sets if one in chosen)
        for one in everyone
    ]

    assert holm(values) == pytest.approx(closed)


@given(st.lists(shares, min_size=1, max_size=6), st.randoms(use_true_random=False))
def test_holms_adjustment_does_not_depend_on_the_order_of_the_indicators(values: list[float], dice: object) -> None:
    order = list(range(len(values)))
    dice.shuffle(order)  # type: ignore[attr-defined]

    adjusted, shuffled = holm(values), holm([values[at] for at in order])

    assert shuffled == pytest.approx([adjusted[at] for at in order])


def made(strata: list[list[tuple[float, float]]]) -> Clusters:
    values = np.array([pair for stratum in strata for pair in stratum])
    return Clusters(values, np.repeat(np.arange(len(strata)), [len(stratum) for stratum in strata]))


@given(families)
def test_a_clustered_mean_and_its_error_are_those_worked_out_by_hand(strata: list[list[tuple[float, float]]]) -> None:
    mean = variance = 0.0
    for stratum in strata:
        apart = [first - second for first, second in stratum]
        middle = sum(apart) / len(apart)
        mean += middle / len(strata)
        variance += sum((one - middle) ** 2 for one in apart) / (len(apart) - 1) / len(apart) / len(strata) ** 2

    clusters, along = made(strata), np.array([1.0, -1.0])
    error, degrees = clusters.along(along)

    assert clusters.mean() @ along == pytest.approx(mean, abs=1e-12)
    assert error == pytest.approx(math.sqrt(variance), abs=1e-9)
    fewest, most = min(map(len, strata)) - 1, sum(map(len, strata)) - len(strata)
    assert fewest - 1e-6 <= degrees <= most + 1e-6


def difference(means: Floats) -> tuple[Floats, Floats]:
    return means[..., 0] - means[..., 1], np.broadcast_to(np.array([1.0, -1.0]), means.shape)


@given(families, st.integers(0, 2**32))
def test_each_resample_is_what_the_families_drawn_give(strata: list[list[tuple[float, float]]], seed: int) -> None:
    clusters = made(strata)
    weights = draws(clusters.sizes, seed, 7)

    found = of_means(clusters, difference, weights)

    values, errors = [], []
    for drawn in weights.astype(int):
        again = Clusters(np.repeat(clusters.values, drawn, axis=0), np.repeat(clusters.stratum, drawn))
        values.append(difference(again.mean())[0])
        errors.append(again.along(np.array([1.0, -1.0]))[0])
    error = clusters.along(np.array([1.0, -1.0]))[0]
    slow = studentised(found.estimate, error, np.array(values), np.array(errors), len(clusters.values))
    assume(error > 1e-3)
    assert found.distances == pytest.approx(slow.distances, abs=1e-4)


@given(st.lists(st.integers(1, 9), min_size=1, max_size=5), st.integers(0, 2**32))
def test_a_resample_draws_as_many_families_of_each_suite_as_there_are(sizes: list[int], seed: int) -> None:
    weights = draws(np.array(sizes), seed, 20)

    ends = np.cumsum([0, *sizes])
    for size, start, end in zip(sizes, ends, ends[1:], strict=False):
        assert (weights[:, start:end].sum(axis=1) == size).all()
    assert (weights == draws(np.array(sizes), seed, 20)).all()


@given(families, st.floats(-3, 3), st.floats(0, 3))
def test_a_higher_bar_is_never_more_probable(strata: list[list[tuple[float, float]]], bar: float, up: float) -> None:
    clusters = made(strata)
    found = of_means(clusters, difference, draws(clusters.sizes, 1, 199))

    assert found.probability_at_least(bar + up) <= found.probability_at_least(bar)
    assert 0 < found.probability_at_least(bar) < 1


def test_far_distances_above_reach_down_and_far_distances_below_reach_up() -> None:
    skewed = Spread(10.0, 2.0, np.linspace(-1, 3, 2001), 12)

    found = skewed.interval()

    assert (found.low, found.high) == pytest.approx((10 - 2 * 2.9, 10 + 2 * 0.9))
    assert skewed.probability_at_least(10 - 2 * 2.9) == pytest.approx(0.975, abs=1e-3)


@pytest.mark.parametrize("contrast", [logit_difference, crossing(0.5), crossing(0.8)])
@given(st.tuples(st.floats(0.1, 0.9), st.floats(0.1, 0.9)))
def test_a_gradient_is_how_the_number_moves(contrast: Contrast, point: tuple[float, float]) -> None:
    at, step = np.array(point), 1e-6

    _, gradient = contrast(at)

    for place in range(2):
        away = step * (np.arange(2) == place)
        assert gradient[place] == pytest.approx((contrast(at + away)[0] - contrast(at - away)[0]) / 2e-6, rel=1e-4)


def one_suite(number: int) -> Items:
    return Items(
        suites=("patch",),
        families=tuple(("patch", f"{at}") for at in range(number)),
        names=tuple(("patch", f"{at}", "a") for at in range(number)),
        suite_of=np.zeros(number, dtype=np.int64),
        family_of=np.arange(number),
        level=np.ones(number, dtype=np.int64),
        held_out=np.ones(number, dtype=np.bool_),
    )


@given(st.lists(shares, min_size=2, max_size=12))
def test_a_clustered_score_lies_in_its_interval_and_that_between_nothing_and_everything(scores: list[float]) -> None:
    clusters = clusters_of(one_suite(len(scores)), np.array([scores]), np.ones(len(scores), dtype=np.bool_))

    found = score_interval(clusters, number=3 * len(scores))

    assert 0 <= found.low <= found.estimate <= found.high <= 1


def test_nothing_solved_counts_families_and_not_attempts() -> None:
    clusters = clusters_of(one_suite(12), np.zeros((1, 12)), np.ones(12, dtype=np.bool_))

    found = score_interval(clusters, number=180)

    assert (found.low, found.high) == (0, 3 / 12)
