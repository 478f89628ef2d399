"""Which versions does a vendor's sentence name, and when do we say that we cannot tell?"""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from watchbell.domain.matching.evaluate import judge
from watchbell.domain.matching.outcomes import Reason, Status
from watchbell.domain.matching.version_text import read_version_text, read_version_texts
from watchbell.domain.versions import HIGHEST, LOWEST, Scheme


def shown(text: str, scheme: Scheme = Scheme.GENERIC) -> list[str]:
    found = read_version_text(text, scheme)
    assert not found.doubts, found.doubts
    return [str(interval) for interval in found.intervals]


def status(version: str, text: str, scheme: Scheme = Scheme.GENERIC) -> Status:
    return judge(version, read_version_text(text, scheme), record="ICSA-1").status


@pytest.mark.parametrize(
    ("text", "ranges"),
    [
        ("< 8.1 SP3", ["[0, 8.1 SP3)"]),
        ("All versions < V8.1 SP3", ["[0, V8.1 SP3)"]),
        ("All BIOS versions < V26.01.07", ["[0, V26.01.07)"]),
        ("<= 3.4.4 Build 16102416", ["[0, 3.4.4 Build 16102416]"]),
        ("2.3.6 and  below", ["[0, 2.3.6]"]),
        ("Version 2.3.6 and prior", ["[0, 2.3.6]"]),
        ("3.4.4 Build 16102416 and earlier versions", ["[0, 3.4.4 Build 16102416]"]),
        ("prior to 4.2", ["[0, 4.2)"]),
        ("versions before 4.2", ["[0, 4.2)"]),
        ("up to and including 4.2", ["[0, 4.2]"]),
        ("Prior to and including 4.2", ["[0, 4.2]"]),
        ("4.2 and later", ["[4.2, no end)"]),
        ("later than 4.2", ["[above 4.2, no end)"]),
        ("1.0 through 1.4", ["[1.0, 1.4]"]),
        ("from 1.0 to 1.4", ["[1.0, 1.4]"]),
        ("between 1.0 and 1.4", ["[1.0, 1.4]"]),
        ("V1.81.01 - V1.81.03", ["[V1.81.01, V1.81.03]"]),
        ("V191-V195", ["[V191, V195]"]),
        (">= V2.0 < V2.2.28", ["[V2.0, V2.2.28)"]),
        (">= 1.0.0, < 1.2.3 || >= 2.0.0, < 2.0.5", ["[1.0.0, 1.2.3)", "[2.0.0, 2.0.5)"]),
        ("1.91 <= 2.8.0.367", ["[1.91, 2.8.0.367]"]),
        ("> V1.0  and < V1.6", ["[above V1.0, V1.6)"]),
        ("V8.3.0.1, V8.6.0 and V8.7.0", ["[V8.3.0.1, V8.3.0.1]", "[V8.6.0, V8.6.0]", "[V8.7.0, V8.7.0]"]),
        ("V04.00.02 and all versions >= V04.00.15 < 04.00.18", ["[V04.00.02, V04.00.02]", "[V04.00.15, 04.00.18)"]),
        ("2.x", ["[2, 2.x]"]),
        ("vers:all/<V5.2.5", ["[0, V5.2.5)"]),
        ("vers:generic/>=1.0|<=2.3|!=2.0", ["[1.0, 2.0)", "[above 2.0, 2.3]"]),
        ("vers:generic/1.0|>=2.0|<3.0|>4", ["[1.0, 1.0]", "[2.0, 3.0)", "[above 4, no end)"]),
        ("vers:generic/<=5.0|<=5.1", ["[0, 5.1]"]),
        ("vers:npm/>=1.0.0|<2.0.0%2Bb", ["[1.0.0, 2.0.0+b)"]),
    ],
)
def test_a_way_of_writing_versions_is_understood(text: str, ranges: list[str]) -> None:
    assert shown(text) == ranges


@pytest.mark.parametrize("text", ["all", "All versions", "*", "vers:all/*", "vers:generic/*", "any version", "0 < *"])
def test_all_versions_are_every_version(text: str) -> None:
    found = read_version_text(text)

    assert [(one.lo, one.hi) for one in found.intervals] == [(LOWEST, HIGHEST)]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", Reason.RANGE_NOT_GIVEN),
        ("-", Reason.RANGE_NOT_GIVEN),
        ("N/A", Reason.RANGE_NOT_GIVEN),
        ("unspecified", Reason.RANGE_NOT_GIVEN),
        ("< March 13, 2019", Reason.RANGE_NOT_UNDERSTOOD),
        ("<  july 1 2017", Reason.RANGE_NOT_UNDERSTOOD),
        ("vers:stardate/<41153.7", Reason.RANGE_NOT_UNDERSTOOD),
        ("vers:generic/", Reason.RANGE_NOT_UNDERSTOOD),
        ("<=the_first_5_digits_of_serial_number_22081", Reason.UNPARSABLE_VERSION),
        ("All versions < SIMATIC WinAC RTX 2010 SP3", Reason.UNPARSABLE_VERSION),
        ("base units (BU)|handheld base units (HBU)", Reason.UNPARSABLE_VERSION),
        ("750-831/xxx-xxx", Reason.UNPARSABLE_VERSION),
        ("2404267 version 1.x", Reason.UNPARSABLE_VERSION),
        ("< 1.0.2x", Reason.UNPARSABLE_VERSION),
        (">= 1.0 <= <= 2.0", Reason.RANGE_NOT_UNDERSTOOD),
        ("<" * 400, Reason.RANGE_NOT_UNDERSTOOD),
        ("9" * 600, Reason.RANGE_NOT_UNDERSTOOD),
    ],
)
def test_what_is_not_understood_cannot_be_told_and_is_never_safe(text: str, reason: Reason) -> None:
    outcome = judge("1.0", read_version_text(text), record="ICSA-1")

    assert (outcome.status, outcome.reason) == (Status.CANNOT_TELL, reason)


def test_bounds_of_several_release_lines_are_certain_at_both_ends_and_open_between() -> None:
    text = "<= 5.0.27 | <= 5.1.19 | <= 6.0.16"

    said = {version: status(version, text) for version in ("5.0.27", "5.0.28", "5.1.3", "6.0.16", "6.0.17")}

    assert said == {
        "5.0.27": Status.AFFECTED,
        "5.0.28": Status.CANNOT_TELL,
        "5.1.3": Status.CANNOT_TELL,
        "6.0.16": Status.CANNOT_TELL,
        "6.0.17": Status.NOT_AFFECTED,
    }


def test_a_condition_makes_versions_inside_uncertain_and_leaves_those_outside_safe() -> None:
    text = "< V10.3.3.3 only if web components are used"

    assert (status("V10.2", text), status("V10.3.3.3", text)) == (Status.CANNOT_TELL, Status.NOT_AFFECTED)
    assert status("2.0", "All versions in default configuration") is Status.CANNOT_TELL


def test_one_bound_that_cannot_be_read_leaves_nothing_safe_beside_it() -> None:
    assert status("9.0", ">= 1.0 | < Collection Edition") is Status.CANNOT_TELL


def test_a_whole_release_line_ends_before_the_next_lines_pre_releases() -> None:
    said = {version: status(version, "2.*", Scheme.SEMVER) for version in ("2.0.0-rc.1", "2.9.9", "3.0.0-0")}

    assert said["2.0.0-rc.1"] is Status.AFFECTED
    assert said["2.9.9"] is Status.AFFECTED
    assert said["3.0.0-0"] is not Status.AFFECTED


EARLY = {
    Scheme.SEMVER: "3.0.0-alpha", Scheme.PYPI: "3.0a1", Scheme.RUBYGEMS: "3.0.a", Scheme.DEBIAN: "3.0~rc1",
    Scheme.RPM: "3.0~rc1", Scheme.ALPINE: "3_rc1", Scheme.NUGET: "3.0.0-alpha", Scheme.PUB: "3.0.0-alpha",
    Scheme.MAVEN: "3-beta", Scheme.PACKAGIST: "3.0.0-alpha1", Scheme.GENERIC: "3.0 beta",
}  # fmt: skip


@pytest.mark.parametrize("scheme", Scheme)
def test_a_release_line_holds_its_own_pre_releases_and_not_the_next_ones(scheme: Scheme) -> None:
    early = EARLY.get(scheme, "3.0")

    assert status(early, "3.x", scheme) is Status.AFFECTED
    assert status(early, "2.x", scheme) is not Status.AFFECTED
    assert status("3.0.0" if scheme in (Scheme.SEMVER, Scheme.PUB) else "3.1", "3.x", scheme) is Status.AFFECTED


def test_several_texts_are_read_as_their_union() -> None:
    found = read_version_texts(["2.5", "vers:generic/>=2.7|<=2.8"])

    assert [str(one) for one in found.intervals] == ["[2.5, 2.5]", "[2.7, 2.8]"]
    assert read_version_texts(["1.0", "vers:npm/<2.0.0"]).doubts


numbers = st.integers(0, 9)
bounds = st.lists(st.tuples(st.sampled_from(["<", "<=", ">", ">=", "="]), numbers), min_size=1, max_size=5)


@settings(max_examples=200, deadline=None)
@given(bounds, numbers, st.randoms(use_true_random=False))
def test_the_order_of_constraints_never_matters(parts: list[tuple[str, int]], version: int, dice: object) -> None:
    mixed = list(parts)
    dice.shuffle(mixed)  # type: ignore[attr-defined]

    texts = ["vers:generic/" + "|".join(f"{op}{number}" for op, number in each) for each in (parts, mixed)]

    assert status(str(version), texts[0]) is status(str(version), texts[1])


@settings(max_examples=200, deadline=None)
@given(numbers, numbers, numbers)
def test_two_bounds_mean_both(low: int, high: int, version: int) -> None:
    found = status(str(version), f">= {low} and < {high}")

    assert low >= high or (found is Status.AFFECTED) == (low <= version < high)


PIECES = [
    "all",
    "versions",
    "<",
    "<=",
    ">=",
    ">",
    "=",
    "V1.2",
    "1.0",
    "2.x",
    "SP3",
    "Build",
    "7",
    "and",
    "or",
    "|",
    ",",
]
WORDS = st.sampled_from([*PIECES, "prior", "to", "below", "only", "*", "-", "n/a", "vers:"])


@settings(max_examples=300, deadline=None)
@given(st.lists(WORDS, max_size=12).map(" ".join) | st.text(max_size=60))
def test_any_text_is_read_without_an_error_and_an_empty_answer_has_its_reason(text: str) -> None:
    found = read_version_text(text)

    assert found.intervals or found.doubts or found.safe or found.named


@pytest.mark.parametrize("part", ["1.0 SP3 ", "1.0 - ", "all x versions ", "<=", "| ", "1.0 and ", "(((", "SP 1 "])
def test_the_work_grows_in_step_with_the_text(part: str) -> None:
    started = time.process_time()

    for _ in range(20):
        read_version_text((part * 500)[:500])

    assert time.process_time() - started < 2
