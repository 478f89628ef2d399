"""Do the statistics recover what is true, in sixty simulated worlds? `python -m benchmarks measurement` runs more.

The bounds are wide on purpose, so that another stream of random numbers under a right implementation almost never
crosses them: intervals that hold the truth 95 % of the time hold it in 50 or fewer of 60 worlds once in 1,400
runs, and a word that is false 5 % of the time is said in 10 or more of 60 once in 1,400. An interval that is right
75 % of the time, as with difficulties taken as known, is caught in 98 of 100 runs.
"""

import pytest
from benchmarks.measurement import BEHAVIOURS, KINDS, Sightings, World, many, recovery, truth

from watchbell.domain.measurement.words import Word

EACH = 20


@pytest.fixture(scope="module")
def alike() -> dict[str, Sightings]:
    return {kind: many(World(kind=kind), EACH, start=1000 * at) for at, kind in enumerate(KINDS)}


def test_intervals_hold_the_true_difference_whatever_the_items_are_like(alike: dict[str, Sightings]) -> None:
    held = sum(recovery(seen.ours, truth(World(kind=kind))).covered for kind, seen in alike.items())

    assert held >= 51


def test_a_joint_fit_holds_the_gap_where_known_difficulties_do_not(alike: dict[str, Sightings]) -> None:
    joint = sum(recovery(seen.joint, 0.0).covered for seen in alike.values())
    naive = sum(recovery(seen.naive, 0.0).covered for seen in alike.values())

    assert joint >= 51
    assert naive < joint


@pytest.mark.parametrize("word", [Word.INDICATED, Word.NOT_INDICATED])
def test_models_that_are_alike_are_seldom_told_apart(alike: dict[str, Sightings], word: Word) -> None:
    said = sum(found.word is word for seen in alike.values() for found in seen.found)

    assert said <= 9


def test_a_model_half_a_logit_below_the_anchor_is_not_indicated() -> None:
    words = [found.word for found in many(World(gap=-0.5), EACH, beside=False, start=5000).found]

    assert Word.INDICATED not in words
    assert words.count(Word.NOT_INDICATED) >= EACH // 2


@pytest.mark.parametrize("name", [name for name in BEHAVIOURS if "30 %" in name or "10 %" in name])
def test_refusing_and_interrupted_models_come_out_inconclusive(name: str) -> None:
    words = {found.word for found in many(BEHAVIOURS[name], 4, beside=False).found}

    assert words == {Word.INCONCLUSIVE}


def test_a_model_that_holds_back_is_not_found_out_and_the_comparison_says_that_it_cannot() -> None:
    found = many(BEHAVIOURS["more able by 1, holds back half"], 4, beside=False).found

    assert {one.word for one in found} == {Word.NOT_INDICATED}
    assert all(any("held back on purpose" in limit for limit in one.limits) for one in found)
