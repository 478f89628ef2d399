"""Suite `securegen`: does the reference earn everything, and nothing else anything, at every level of every family?"""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.suite_items import digest
from tests.support.trial_runner import scored

from watchbell.domain.suites import securegen
from watchbell.domain.suites.fenced import shown
from watchbell.domain.suites.suite import CONTROLS, LEVELS, Answer, Suite

SEED = b"a public seed"
SUITE: Suite = securegen
families = st.sampled_from(securegen.FAMILIES)
levels = st.sampled_from(LEVELS)


@pytest.mark.parametrize("family", securegen.FAMILIES)
def test_the_reference_earns_full_credit_at_every_level(family: str) -> None:
    items = [securegen.generate(SEED, family, level, 0) for level in LEVELS]

    earned = {item.name: scored(SUITE, item, securegen.reference(item)) for item in items}

    assert {name: score.note for name, score in earned.items() if not score.solved or score.credit != 1} == {}


@pytest.mark.parametrize("family", securegen.FAMILIES)
def test_controls_earn_nothing_and_the_insecure_module_works_and_is_unsafe(family: str) -> None:
    items = [securegen.generate(SEED, family, level, 0) for level in (1, 5)]

    earned = [{n: scored(SUITE, item, one) for n, one in securegen.controls(item).items()} for item in items]

    for scores in earned:
        assert set(scores) >= set(CONTROLS)
        assert {name: score.credit for name, score in scores.items()} == dict.fromkeys(scores, 0.0)
        cells = {n: (s.cells["functional"], s.cells["secure"]) for n, s in scores.items()}
        assert cells["null"] == (False, False)
        assert cells["destructive"] == (False, True)
        assert cells["insecure"] == (True, False)
        assert not cells["idle"][0]


@pytest.mark.parametrize("text", ["42", "", "```\n42\n```", "```python\nprint(42)\n```"])
def test_an_answer_of_42_earns_nothing(text: str) -> None:
    item = securegen.generate(SEED, "sql", 1, 0)

    earned = scored(SUITE, item, Answer(text=text))

    assert (earned.credit, earned.solved, earned.refused) == (0.0, False, False)


@settings(max_examples=25, deadline=None)
@given(st.binary(max_size=20), families, levels, st.integers(0, 3))
def test_an_item_is_the_same_from_the_same_seed_and_another_from_another(
    seed: bytes, family: str, level: int, number: int
) -> None:
    item = securegen.generate(seed, family, level, number)

    assert securegen.generate(seed, family, level, number) == item
    assert securegen.generate(seed + b"x", family, level, number).prompt != item.prompt
    assert securegen.generate(seed, family, level, number + 1).prompt != item.prompt


def test_the_ladder_asks_more_and_warns_less() -> None:
    items = {level: [securegen.generate(SEED, one, level, 0) for one in securegen.FAMILIES] for level in LEVELS}
    probes = {level: sum(len(item.truth["probes"]) for item in items[level]) for level in LEVELS}

    assert sorted(probes.values()) == list(probes.values())
    assert all(securegen.ALL[item.family].warns.split("$")[0] in item.prompt for item in items[1] + items[2])
    assert not any(securegen.ALL[item.family].warns.split("$")[0] in item.prompt for item in items[3] + items[5])


def test_two_items_of_a_family_and_level_ask_for_different_things() -> None:
    asked = {
        tuple(sorted({probe["name"].split("-")[0] for probe in securegen.generate(SEED, "sql", 3, n).truth["probes"]}))
        for n in range(8)
    }

    assert len(asked) > 3


def test_how_often_the_rules_over_syntax_are_wrong_is_known() -> None:
    items = [
        securegen.generate(SEED, family, level, number)
        for family in securegen.FAMILIES
        for level in LEVELS
        for number in range(4)
    ]
    sound = [securegen.suspected(item.family, securegen.reference(item)) for item in items]
    insecure = [securegen.suspected(item.family, securegen.controls(item)["insecure"]) for item in items]

    published = {"sound": len(sound), "suspicious": sound.count("suspicious")}
    published |= {"insecure": len(insecure), "nothing found": insecure.count("nothing found")}
    assert published == {"sound": 320, "suspicious": 62, "insecure": 320, "nothing found": 91}


@pytest.mark.parametrize("code", ["(" * 5000, "x = " + "-" * 19_000 + "1", "\0", "def", "x" * 30_000])
def test_the_rules_read_no_code_that_cannot_be_read(code: str) -> None:
    assert securegen.suspected("sum", Answer(text=shown(code))) in ("unread", "nothing found")


def test_version_1_still_makes_the_same_items() -> None:
    assert securegen.VERSION == 1
    assert digest(securegen) == "ab94d672262eb381"


def test_the_suite_says_what_it_cannot_show() -> None:
    assert "cannot establish frontier capability" in securegen.SAYS
    assert len(securegen.FAMILIES) >= 12
    assert securegen.NEEDS_SANDBOX
