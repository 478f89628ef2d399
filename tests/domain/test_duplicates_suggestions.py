"""Which known reports are suggested, how probably, and why? Ids and dates are never looked at."""

from dataclasses import replace
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from watchbell.domain.duplicates import weaknesses
from watchbell.domain.duplicates.answer import Answer
from watchbell.domain.duplicates.features import Feature
from watchbell.domain.duplicates.index import TEMPLATE, Index
from watchbell.domain.duplicates.report import Report
from watchbell.domain.duplicates.suggest import SHIPPED, Suggestion, read, suggestions
from watchbell.domain.duplicates.words import package_name, plain_version, prepared

OVERREAD = Report(
    name="K-1",
    title="Frame reader reads past its end",
    text="Pumpd is a pump controller. A crafted telemetry frame makes read_frame in frame.c read out of bounds. "
    "Fixed in 2.4.1.",
    packages=("pumpd",),
    cwes=("CWE-125",),
)
TRAVERSAL = Report(
    name="K-2",
    title="Archive import leaves its folder",
    text="Pumpd is a pump controller. The importer follows ../ in names of an uploaded archive. Fixed in 1.9.0.",
    packages=("pumpd",),
    cwes=("CWE-22",),
)
TOLD_AGAIN = Report(
    name="new",
    title="Out-of-bounds read for crafted telemetry frames in example.org/pumpd",
    text="The telemetry decoder trusts the length of a frame.",
    packages=("example.org/pumpd/v2",),
    versions=("2.4.1",),
    places=("read_frame",),
)


def background(count: int = 300) -> list[Report]:
    """Return reports of other products in words of their own."""
    dice = Random(4)
    syllables = ["ba", "ce", "di", "fo", "gu", "ka", "le", "mi", "no", "pu", "ra", "se", "ti", "vo", "zu"]
    word = lambda: "".join(dice.choices(syllables, k=3))  # noqa: E731
    return [
        Report(name=f"B-{at}", title=" ".join(word() for _ in range(5)), text=" ".join(word() for _ in range(30)))
        for at in range(count)
    ]


@pytest.fixture(scope="module")
def index() -> Index:
    return Index([*background(), OVERREAD, TRAVERSAL])


def of(name: str, found: list[Suggestion]) -> Suggestion:
    (one,) = [each for each in found if each.name == name]
    return one


def test_a_flaw_told_in_other_words_is_suggested_with_its_sibling_as_related(index: Index) -> None:
    found = suggestions(index, TOLD_AGAIN)

    assert (found[0].name, found[0].answer) == ("K-1", Answer.SAME)
    assert of("K-2", found).answer is Answer.RELATED
    assert found[0].probability > 0.9 > of("K-2", found).probability


def test_each_suggestion_says_what_weighs_for_and_against_it(index: Index) -> None:
    found = suggestions(index, TOLD_AGAIN)

    said = {str(one.said): one.weight for one in found[0].reasons}
    against = {str(one.said): one.weight for one in of("K-2", found).reasons}
    assert said["The known report names or mentions the package pumpd."] > 0
    assert said["Both name the versions 2.4.1."] > 0
    assert any(one.startswith("They share rare words: ") and "read_frame" in one for one in said)
    assert against["They name different versions: 2.4.1 here, 1.9.0 there."] < 0
    assert against["Another known report is nearer in its words."] < 0
    assert any(one.startswith("They speak of different kinds of flaw: memory misuse here") for one in against)


def test_at_most_one_known_report_is_called_the_same_and_their_probabilities_are_shares_of_one(index: Index) -> None:
    twice = Index([*background(), OVERREAD, replace(OVERREAD, name="K-3")])

    found = suggestions(twice, replace(OVERREAD, name="new"))

    assert sum(one.answer is Answer.SAME for one in found) <= 1
    assert sum(one.probability for one in found) <= 1


def test_where_few_reports_are_known_already_the_same_likeness_says_less(index: Index) -> None:
    usual, seldom = (suggestions(index, TOLD_AGAIN, prevalence=share)[0] for share in (None, 0.01))

    assert seldom.probability < usual.probability
    assert SHIPPED.probabilities([0.3, 2.0], SHIPPED.prevalence) == pytest.approx(SHIPPED.probabilities([0.3, 2.0]))


def test_ids_of_the_flaw_change_nothing(index: Index) -> None:
    named = replace(
        TOLD_AGAIN, name="CVE-2026-0001", text=f"{TOLD_AGAIN.text} See CVE-2026-0001 and GHSA-aaaa-bbbb-cccc."
    )

    assert suggestions(index, named) == suggestions(index, replace(TOLD_AGAIN, text=f"{TOLD_AGAIN.text} See and ."))


def test_a_report_that_says_nothing_gets_no_answer_but_different(index: Index) -> None:
    assert all(one.answer is Answer.DIFFERENT for one in suggestions(index, Report(name="empty")))
    assert suggestions(Index([]), TOLD_AGAIN) == []


def test_a_package_that_no_text_mentions_is_compared_by_its_name() -> None:
    known = Report(name="K-1", title="Overread", packages=("pumpd",))
    index = Index([known, Report(name="K-2", title="Other", packages=("valved",))])

    (found,) = suggestions(index, Report(name="new", title="Crash", packages=("pumpd",)))

    assert (found.name, found.answer) == ("K-1", Answer.RELATED)
    assert "Both name the same package." in [one.said for one in found.reasons]


def test_a_report_is_not_suggested_for_itself(index: Index) -> None:
    assert "K-1" not in [one.name for one in suggestions(index, OVERREAD)]


def test_a_sentence_that_many_reports_share_is_a_template_and_not_compared() -> None:
    advice = "Frobnicated customers quiesce the daemon nightly."
    reports = [Report(name=f"T-{at}", text=f"{advice} Word{at} breaks.") for at in range(TEMPLATE)]

    index = Index(reports)

    assert "frobnic" not in index.words
    assert "frobnic" in Index(reports[:-1]).words


def test_words_are_told_apart_by_what_they_are() -> None:
    words = prepared(
        Report(
            name="a",
            title="Crash in parse::readFrame",
            text="See https://git.example/o/pump/commit/0a1b2c3d4e5f and https://git.example/o/pump/pull/77. "
            "src/frame.c before v2.4.1 crashes.",
        )
    )

    assert {"change 0a1b2c3d4e", "change pump#77", "file frame.c", "code readframe", "crash", "fram"} <= set(
        words.words
    )
    assert words.versions == {"2.4.1"}
    assert words.words.count("crash") == 1


@pytest.mark.parametrize(
    ("written", "read_as"),
    [("v1.2.3-rc1", "1.2.3"), ("1.5.1-0.20231206184617-48ba0b76bc88", ""), ("0.0", ""), ("unknown", ""), ("2", "")],
)
def test_a_version_is_its_numbers(written: str, read_as: str) -> None:
    assert plain_version(written) == read_as


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("github.com/argoproj/argo-cd/v2", "argo cd"),
        ("tensorflow-gpu", "tensorflow"),
        ("pkg:pypi/Pump_Control@1.2?arch=any", "pump control"),
        ("https://git.example/o/pump.git", "pump"),
        ("n/a", ""),
    ],
)
def test_a_package_goes_by_the_last_part_of_its_name(written: str, name: str) -> None:
    assert package_name(written) == name


def test_a_kind_of_flaw_is_known_by_its_words_or_its_cwe() -> None:
    assert weaknesses.named(weaknesses.called("Stored XSS in a form")) == ("cross-site scripting",)
    assert weaknesses.called("Stored XSS") & weaknesses.of_cwes(["CWE-79"])
    assert weaknesses.of_cwes(["CWE-99999", "none"]) == 0


def test_a_scorer_that_leaves_a_feature_out_is_not_read() -> None:
    with pytest.raises(KeyError):
        read({"coefficients": dict.fromkeys(list(Feature)[1:], 1.0)})


WORDS = ["alpha", "beta", "gamma", "frame.c", "read_frame", "1.2.3", "2.0", "xss", "overflow"]
TEXTS = st.lists(st.sampled_from(WORDS), max_size=8)
REPORTS = st.lists(
    st.builds(lambda words, package: (" ".join(words), package), TEXTS, st.sampled_from(["pump", "valve", "n/a"])),
    min_size=1,
    max_size=8,
)


@given(REPORTS, st.randoms(use_true_random=False))
@settings(max_examples=80, deadline=None)
def test_what_is_suggested_does_not_depend_on_the_order_of_the_known(
    told: list[tuple[str, str]], chance: Random
) -> None:
    known = [Report(name=f"K-{at}", text=text, packages=(package,)) for at, (text, package) in enumerate(told)]
    shuffled = list(known)
    chance.shuffle(shuffled)

    one, other = (suggestions(Index(reports), known[0], most=20) for reports in (known, shuffled))

    assert [each.name for each in one] == [each.name for each in other]
    assert [each.probability for each in one] == pytest.approx([each.probability for each in other])
    assert all(0 <= each.probability <= 1 for each in one)
