"""Suite `patch`: does the reference earn everything, and nothing else anything, at every level of every family?"""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.suite_items import digest, names_of
from tests.support.trial_runner import scored

from watchbell.domain.suites import patch
from watchbell.domain.suites.fenced import shown
from watchbell.domain.suites.suite import CONTROLS, LEVELS, Answer, Suite

SEED = b"a public seed"
SUITE: Suite = patch
families = st.sampled_from(patch.FAMILIES)
levels = st.sampled_from(LEVELS)


@pytest.mark.parametrize("family", patch.FAMILIES)
def test_the_reference_earns_full_credit_at_every_level(family: str) -> None:
    items = [patch.generate(SEED, family, level, 0) for level in LEVELS]

    earned = {item.name: scored(SUITE, item, patch.reference(item)) for item in items}

    assert {name: score.note for name, score in earned.items() if not score.solved or score.credit != 1} == {}


@pytest.mark.parametrize("family", patch.FAMILIES)
def test_controls_earn_nothing_and_each_its_own_cells(family: str) -> None:
    items = [patch.generate(SEED, family, level, 0) for level in (1, 3, 5)]

    earned = [(item, {n: scored(SUITE, item, one) for n, one in patch.controls(item).items()}) for item in items]

    for _, scores in earned:
        assert set(scores) >= set(CONTROLS)
        assert {name: score.credit for name, score in scores.items()} == dict.fromkeys(scores, 0.0)
        assert {n: (s.cells["functional"], s.cells["secure"]) for n, s in scores.items()} == {
            "null": (False, False),
            "idle": (True, False),
            "destructive": (False, True),
        }


@pytest.mark.parametrize("text", ["42", "", "```\n42\n```", "```python\nprint(42)\n```"])
def test_an_answer_of_42_earns_nothing(text: str) -> None:
    item = patch.generate(SEED, "traversal", 1, 0)

    earned = scored(SUITE, item, Answer(text=text))

    assert (earned.credit, earned.solved, earned.refused) == (0.0, False, False)
    assert not earned.cells["secure"] or earned.cells["answered"]


@settings(max_examples=25, deadline=None)
@given(st.binary(max_size=20), families, levels, st.integers(0, 3))
def test_an_item_is_the_same_from_the_same_seed_and_another_from_another(
    seed: bytes, family: str, level: int, number: int
) -> None:
    item = patch.generate(seed, family, level, number)

    assert patch.generate(seed, family, level, number) == item
    assert patch.generate(seed + b"x", family, level, number).prompt != item.prompt
    assert patch.generate(seed, family, level, number + 1).prompt != item.prompt


@settings(max_examples=12, deadline=None)
@given(st.binary(max_size=20), families, levels)
def test_both_texts_of_a_module_differ_in_one_function_alone(seed: bytes, family: str, level: int) -> None:
    truth = patch.generate(seed, family, level, 0).truth

    changed = [name for name, text in names_of(truth["flawed"]).items() if names_of(truth["sound"])[name] != text]

    assert changed == [truth["place"]]


def test_the_ladder_rises_in_length_and_says_less_and_less() -> None:
    prompts = {level: [patch.generate(SEED, family, level, 0).prompt for family in patch.FAMILIES] for level in LEVELS}
    lines = {level: [prompt.count("\n") - 10 for prompt in prompts[level]] for level in LEVELS}

    assert min(lines[1]) >= 30
    assert max(lines[1]) <= 60
    assert min(lines[5]) >= 200
    assert max(lines[5]) <= 400
    assert all(max(lines[level]) < min(lines[level + 2]) for level in (1, 2, 3))
    assert all("case of" in one for one in prompts[1] + prompts[2])
    assert not any("case of" in one for one in prompts[3] + prompts[4] + prompts[5])


def test_two_items_of_a_family_and_level_differ_in_more_than_names() -> None:
    shapes = {
        tuple(
            sorted(
                len(text) // 40
                for text in names_of(patch.generate(SEED, "redirect", 3, number).truth["flawed"]).values()
            )
        )
        for number in range(6)
    }

    assert len(shapes) > 3


def test_a_right_correction_in_other_words_earns_full_credit() -> None:
    item = patch.generate(SEED, "redirect", 1, 0)
    place = item.truth["place"]
    mine = (
        f"def {place}(target):\n    import re\n"
        f"    home = {_home(item.truth['flawed'])!r}\n"
        "    return target if re.fullmatch(r'/(?![/\\\\])[\\x21-\\x5b\\x5d-\\x7e]*', target) else home\n"
    )

    earned = scored(SUITE, item, Answer(text=shown(item.truth["flawed"] + "\n\n" + mine)))

    assert earned.solved, earned.note


def _home(source: str) -> str:
    return "/" + source.split('return "/')[1].split('"')[0]


def test_version_1_still_makes_the_same_items() -> None:
    assert patch.VERSION == 1
    assert digest(patch) == "42fbe645f187e752"


def test_the_suite_says_what_it_cannot_show() -> None:
    assert "cannot establish frontier capability" in patch.SAYS
    assert len(patch.FAMILIES) >= 12
    assert patch.NEEDS_SANDBOX
