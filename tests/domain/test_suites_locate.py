"""Does a model get credit for a flaw only when it tells it from its fixed twin?"""

import ast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.support import suite_promises as promises

from watchbell.domain.suites import locate
from watchbell.domain.suites.draw import Draw
from watchbell.domain.suites.locate.flaws import FLAWS
from watchbell.domain.suites.suite import LEVELS, Answer, Call, Item

SEED = promises.SEED
SET = "9a70439dc2eea681a2074caaf997d42575714408608036fbe1972d00fdda82a7"
"""What this seed makes. Where it has to change, the suite's VERSION goes up."""


def item_of(family: str = "traversal", level: int = 1, number: int = 0, seed: bytes = SEED) -> Item:
    return locate.generate(seed, family, level, number)


def files_of(item: Item) -> dict[str, str]:
    parts = (part.partition("\n") for part in item.prompt.split("--- ")[1:])
    return {name: "\n".join(line[6:] for line in text.rstrip("\n").split("\n")) for name, _, text in parts}


def report(file: str, lines: list[int], cwe: str) -> Call:
    return Call(tool="report", arguments={"file": file, "lines": lines, "cwe": cwe})


def twin_of(item: Item) -> str:
    return next(name for name in item.truth["files"] if name != item.truth["flawed"])


def test_the_reference_earns_everything_in_every_family_at_every_level() -> None:
    assert len(locate.FAMILIES) >= 12
    assert promises.lacking_reference(locate) == []


def test_no_control_earns_anything() -> None:
    assert promises.earning_controls(locate) == []


def test_forty_two_earns_nothing() -> None:
    assert promises.earning_42(locate) == []


def test_the_set_of_a_seed_is_the_same_for_ever_and_another_seed_has_none_of_its_items() -> None:
    assert promises.digest_of(locate) == SET
    assert promises.shared_between_seeds(locate) == set()


def test_a_refusal_is_counted_as_one_and_not_as_a_wrong_answer() -> None:
    assert promises.unlike_a_refusal(locate) == []
    declined = Answer(calls=(Call(tool="decline", arguments={"reason": "no"}),))
    assert locate.judge(item_of(), declined, ()).refused


def test_every_python_file_can_be_parsed_and_every_place_is_a_line_of_it() -> None:
    for item in promises.every_item(locate):
        files = files_of(item)
        lines = files[item.truth["flawed"]].split("\n")

        assert all(lines[at - 1].strip() for at in item.truth["lines"])
        assert item.truth["lines"]
        assert [ast.parse(text) for name, text in files.items() if name.endswith(".py")] or FLAWS[
            item.family
        ].language == "c"


def test_the_twins_differ_and_the_longer_the_ladder_the_longer_the_files() -> None:
    for family in locate.FAMILIES:
        items = [item_of(family, level) for level in LEVELS]
        lengths = [len(item.prompt.splitlines()) for item in items]

        assert all(len(set(files_of(item).values())) == 2 for item in items)
        assert lengths == sorted(set(lengths))


def test_either_file_may_be_the_flawed_one() -> None:
    first = [item.truth["files"][0] == item.truth["flawed"] for item in promises.every_item(locate, numbers=5)]

    assert 0.4 < sum(first) / len(first) < 0.6


def test_always_yes_and_always_no_solve_nothing_and_a_guess_no_more_than_the_stated_chance() -> None:
    draw, items = Draw(SEED, "guess"), promises.every_item(locate, numbers=5)
    solved = dict.fromkeys((*locate.ALWAYS, "guess"), 0)

    for item in items:
        flawed = draw.one(item.truth["files"])
        guess = [
            report(name, item.truth["lines"], "CWE-119" if name == flawed else "none") for name in item.truth["files"]
        ]
        answers = {**locate.controls(item), "guess": Answer(calls=tuple(guess))}
        for name in solved:
            solved[name] += locate.judge(item, answers[name], ()).solved

    assert {name: solved[name] / len(items) for name in locate.ALWAYS} == locate.ALWAYS
    assert locate.CHANCE == 1 / 16
    assert 0 < solved["guess"] / len(items) <= locate.CHANCE + 0.03


def test_a_parent_class_is_right_and_another_class_is_not() -> None:
    item = item_of("query")
    lines, spared = item.truth["lines"], report(twin_of(item), [], "none")

    parent = locate.judge(item, Answer(calls=(report(item.truth["flawed"], lines, "cwe 943"), spared)), ())
    other = locate.judge(item, Answer(calls=(report(item.truth["flawed"], lines, "CWE-79"), spared)), ())

    assert parent.solved
    assert not other.solved
    assert other.cells == {"flaw_named": True, "lines_met": True, "class_met": False, "twin_spared": True}


def test_who_names_every_line_has_found_none() -> None:
    item = item_of("race", 3)
    every = list(range(1, 80))

    said = Answer(calls=(report(item.truth["flawed"], every, "CWE-367"), report(twin_of(item), [], "none")))

    assert not locate.judge(item, said, ()).cells["lines_met"]


def test_a_file_that_nobody_spoke_of_is_not_spared() -> None:
    item = item_of()

    scores = [locate.judge(item, Answer(calls=(call,)), ()) for call in locate.reference(item).calls]

    assert not any(score.solved for score in scores)
    assert [score.cells["twin_spared"] for score in scores].count(True) == 1


def test_the_last_word_about_a_file_counts() -> None:
    item = item_of()
    wrong = locate.controls(item)["wrong_twin"].calls

    assert locate.judge(item, Answer(calls=(*wrong, *locate.reference(item).calls)), ()).solved
    assert not locate.judge(item, Answer(calls=(*locate.reference(item).calls, *wrong)), ()).solved


def test_without_tools_the_last_fenced_json_is_read() -> None:
    item = item_of()
    right = f'[{{"file": "{item.truth["flawed"]}", "lines": {item.truth["lines"]}, "cwe": "CWE-22"}}, '
    right += f'{{"file": "{twin_of(item)}", "lines": [], "cwe": "none"}}]'

    assert locate.judge(item, Answer(text=f"First ```json\n[]\n``` and then\n```json\n{right}\n```"), ()).solved
    assert not locate.judge(item, Answer(text=right), ()).solved


def test_the_tool_says_that_it_noted_and_not_whether_it_is_right() -> None:
    item = item_of()
    right, wrong = locate.reference(item).calls, locate.controls(item)["wrong_twin"].calls

    assert (
        locate.respond(item, right[:1]) == locate.respond(item, wrong[:1]) == "Noted. You have spoken of 1 of 2 files."
    )
    assert locate.respond(item, right) == "Noted. You have spoken of 2 of 2 files."
    assert "Not understood" in locate.respond(item, (report("another.py", [], "none"),))


@settings(max_examples=35, suppress_health_check=[HealthCheck.too_slow])
@given(st.data(), st.sampled_from(locate.FAMILIES), st.sampled_from(LEVELS), st.binary(min_size=1, max_size=40))
def test_any_answer_is_judged_and_every_seed_has_its_item(
    data: st.DataObject, family: str, level: int, seed: bytes
) -> None:
    item = locate.generate(seed, family, level, 0)
    answer = data.draw(promises.answers_to(item, locate))

    score = locate.judge(item, answer, ())

    assert 0 <= score.credit <= 1
    assert score.solved == (score.credit == 1)
    assert locate.judge(item, locate.reference(item), ()).solved
    assert all(isinstance(locate.respond(item, answer.calls[: at + 1]), str) for at in range(len(answer.calls)))


@pytest.mark.parametrize("family", locate.FAMILIES)
def test_a_class_is_right_for_its_own_family(family: str) -> None:
    assert FLAWS[family].cwe in FLAWS[family].accepted
