"""Does a model that was swapped show, and is one that was not said to differ no more often than the level allows?"""

import random
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from watchbell.domain.evaluation.fingerprints import EACH, LONGEST, PROMPTS, Fingerprint, Moment, Seen, kept
from watchbell.domain.measurement.sameness import LEVEL, alike, compared
from watchbell.formats import fingerprints as written

AT = datetime(2026, 11, 28, tzinfo=UTC)
WORDS = ("harbour", "clover", "ninety", "violin", "maple", "walrus", "thimble", "barley")


def answers(dice: random.Random, *, other: int = 0, peak: float = 0.6) -> tuple[tuple[str, ...], ...]:
    """Return answers of a model with a favourite to each question, of which `other` are another model's."""

    def one(at: int) -> str:
        favourite = "another" if at < other else "favourite"
        return favourite if dice.random() < peak else dice.choice(WORDS)

    return tuple(tuple(one(at) for _ in range(EACH)) for at in range(len(PROMPTS)))


def moments(seed: int, *others: int, peak: float = 0.6) -> list[Fingerprint]:
    dice = random.Random(seed)
    return [Fingerprint(moment=Moment.AGAIN, at=AT, answers=answers(dice, other=one, peak=peak)) for one in others]


def test_one_model_is_said_to_differ_no_more_often_than_the_level_allows() -> None:
    found = [compared(moments(seed, 0, 0, 0), seed=seed).seen for seed in range(200)]

    assert found.count(Seen.DIFFER) <= 6  # 2 are expected; with a rate of 0.01, 7 or more happen once in 200 times
    assert LEVEL == 0.01


@pytest.mark.parametrize(
    ("others", "peak", "least"),
    [((0, 10, 10), 0.9, 1.0), ((0, 10, 10), 0.6, 0.7), ((0, 0, 5), 0.9, 0.9), ((0, 10, 10), 0.3, 0.0)],
)
def test_how_often_a_swapped_model_shows_is_as_the_decision_page_says(
    others: tuple[int, ...], peak: float, least: float
) -> None:
    found = [compared(moments(seed, *others, peak=peak), seed=seed).seen for seed in range(40)]

    assert found.count(Seen.DIFFER) / 40 >= least
    if peak < 0.5:
        assert found.count(Seen.DIFFER) / 40 < 0.4


def test_two_moments_are_needed_and_one_with_few_answers_is_none() -> None:
    [one] = moments(1, 0)
    thin = Fingerprint(moment=Moment.END, at=AT, answers=(*one.answers[:4], *[()] * (len(PROMPTS) - 4)))

    assert compared([], seed=1).seen is Seen.NOT_TAKEN
    assert compared([one], seed=1).seen is Seen.NOT_TAKEN
    assert compared([one, thin], seed=1).probability is None
    assert compared([one, one], seed=1).seen is Seen.NO_DIFFERENCE


def test_the_same_answers_and_seed_say_the_same_and_very_many_moments_are_thinned_out() -> None:
    many = moments(3, *[0] * 130)

    assert compared(many, seed=5) == compared(many, seed=5)
    assert compared(many, seed=5).moments == 100


@given(st.text(max_size=200))
def test_what_is_kept_of_an_answer_is_short_and_kept_as_it_is_a_second_time(text: str) -> None:
    once = kept(text)

    assert len(once) <= LONGEST
    assert kept(once.strip(" .\"'*")) == once.strip(" .\"'*")[:LONGEST]
    assert not set(once) & set("\n\r\t\x00")


@settings(max_examples=50)
@given(st.lists(st.text("abc", max_size=8), min_size=1, max_size=6))
def test_texts_are_alike_by_the_places_that_agree(texts: list[str]) -> None:
    found = alike(texts)

    for at, one in enumerate(texts):
        for to, other in enumerate(texts):
            longest = max(len(one), len(other))
            same = sum(a == b for a, b in zip(one, other, strict=False)) / longest if longest else 1.0
            assert found[at, to] == pytest.approx(same)


@given(st.lists(st.sampled_from(Moment), max_size=4), st.integers(0, 2**30))
def test_fingerprints_come_back_from_their_bytes(named: list[Moment], seed: int) -> None:
    dice = random.Random(seed)
    made = tuple(Fingerprint(moment=one, at=AT, answers=answers(dice)) for one in named)

    assert written.loads(written.dumps(made)) == made
    assert written.dumps(written.loads(written.dumps(made))) == written.dumps(made)
