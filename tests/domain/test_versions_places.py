"""What is said of a version beside its key: how far it can be relied on, and the answer for a very pair."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from watchbell.domain.matching.evaluate import judge
from watchbell.domain.matching.outcomes import Status
from watchbell.domain.matching.ranges import Interval, Ranges
from watchbell.domain.versions import (
    KEY_FORMAT,
    LOWEST,
    NOT_ALWAYS_ORDERED,
    Place,
    Scheme,
    Standing,
    Unparsable,
    compare_exactly,
    key,
    place,
)

number = st.sampled_from(["0", "1", "2", "9", "10", "01", "00", "255", "256", "65536", "20240101"])
piece = st.sampled_from(
    [
        ".0",
        ".1",
        "-1",
        "-0",
        "-alpha",
        ".RC1",
        "-rc2",
        ".Final",
        "-SNAPSHOT",
        ".sp",
        "-jre",
        ".x",
        "b2",
        "--",
        ".",
        "-ga",
    ]
)
mavens = st.builds("{}{}".format, number, st.lists(piece, max_size=5).map("".join))
firmware_piece = st.sampled_from(
    [".0", ".1", ".10", "b", " SP1", " SP 10", " Update 2", " build 7", " rc1", "-M3", " HF2"]
)
firmware = st.builds("V{}{}".format, number, st.lists(firmware_piece, max_size=4).map("".join))
dotted = st.lists(number, min_size=1, max_size=4).map(".".join)
ALIKE = {
    Scheme.SEMVER: ("{}", "v{}", "{}+build.1"),
    Scheme.PYPI: ("{}", " v{} ", "{}.0", "0!{}"),
    Scheme.RUBYGEMS: ("{}", "{}.0"),
    Scheme.DEBIAN: ("{}", "0:{}", "{}-0", "0:{}-00"),
    Scheme.RPM: ("{}", "0:{}", "{}_"),
    Scheme.ALPINE: ("{}",),
    Scheme.NUGET: ("{}", "v{}", "{}+Meta"),
    Scheme.PUB: ("{}", "v{}"),
    Scheme.CRAN: ("{}",),
    Scheme.HACKAGE: ("{}",),
    Scheme.MAVEN: ("{}", "{}.0", "{}-0", "{}.Final", "{}-ga"),
    Scheme.PACKAGIST: ("{}", "v{}", "V{}", "{}+meta", "{}-stable", "{}@stable"),
    Scheme.GENERIC: ("{}", "V{}", "Firmware {}", "Version: {}", "{}.0", "FW V{}"),
}


@given(st.sampled_from(Scheme), dotted)
@settings(max_examples=200)
def test_what_the_ecosystem_writes_in_two_ways_has_one_key(scheme: Scheme, text: str) -> None:
    if place(scheme, text).standing is not Standing.CERTAIN:
        return

    assert len({key(scheme, form.format(text)) for form in ALIKE[scheme]}) == 1


@given(mavens, mavens)
@settings(max_examples=200)
def test_a_pair_asked_the_other_way_round_gives_the_opposite_answer(a: str, b: str) -> None:
    assert compare_exactly(Scheme.MAVEN, a, b) == -(compare_exactly(Scheme.MAVEN, b, a) or 0)
    assert compare_exactly(Scheme.MAVEN, a, a) == 0


@given(st.sampled_from(sorted(NOT_ALWAYS_ORDERED)), st.lists(mavens | firmware, min_size=2, max_size=5))
@settings(max_examples=200)
def test_versions_that_are_not_ambiguous_are_ordered_by_their_keys_as_pair_by_pair(
    scheme: Scheme, texts: list[str]
) -> None:
    certain = [text for text in texts if place(scheme, text).standing is Standing.CERTAIN]

    for a, b in itertools.combinations(certain, 2):
        one, other = key(scheme, a), key(scheme, b)
        assert compare_exactly(scheme, a, b) == (one > other) - (one < other), (a, b)


@given(st.lists(firmware, min_size=3, max_size=3))
@settings(max_examples=200)
def test_firmware_where_a_pair_has_an_answer_it_is_the_keys(texts: list[str]) -> None:
    for a, b in itertools.permutations(texts, 2):
        answer = compare_exactly(Scheme.GENERIC, a, b)
        one, other = key(Scheme.GENERIC, a), key(Scheme.GENERIC, b)
        assert answer in (None, (one > other) - (one < other)), (a, b)


@given(st.sampled_from(Scheme), st.text(alphabet="019aAbrcdevspx.-+~^:!_# ", min_size=1, max_size=14))
@settings(max_examples=300)
def test_any_text_has_a_standing_and_only_the_unparsable_may_lack_a_key(scheme: Scheme, text: str) -> None:
    found = place(scheme, text)

    assert found.key is not None or found.standing is Standing.UNPARSABLE
    assert scheme in NOT_ALWAYS_ORDERED or found.standing is not Standing.AMBIGUOUS


@pytest.mark.parametrize(
    ("lower", "higher"),
    [
        ("V8.1", "V8.1 SP3"),
        ("V8.1 SP3", "V8.1 SP 10"),
        ("V8.1 SP3", "V8.1 SP3 Update 2"),
        ("V8.1 Update 9", "V8.1 Service Pack 1"),
        ("v2.9.2 rc1", "Version 2.9.2"),
        ("FW 2.03", "fw: 2.3b"),
        ("Firmware 4.9", "4.10"),
        ("3.4.4 Build 16102416", "3.4.5"),
        ("3.4.4 Build 5", "3.4.4 (build 17)"),
        ("1.20.0 (2023-01-05)", "1.20.0 (2023-11-01)"),
    ],
)
def test_firmware_is_ordered_as_its_vendor_means_it(lower: str, higher: str) -> None:
    assert compare_exactly(Scheme.GENERIC, lower, higher) == -1
    assert key(Scheme.GENERIC, lower) < key(Scheme.GENERIC, higher)


@pytest.mark.parametrize(
    ("one", "other"),
    [("3.4.4", "3.4.4 Build 16102416"), ("2.1 Rev C", "2.1"), ("2.1 gold", "2.1 silver"), ("2.0", "2.0b1")],
)
def test_firmware_whose_word_only_the_vendor_could_explain_is_not_put_in_order(one: str, other: str) -> None:
    assert compare_exactly(Scheme.GENERIC, one, other) is None
    assert Standing.AMBIGUOUS in (place(Scheme.GENERIC, one).standing, place(Scheme.GENERIC, other).standing)


def test_firmware_that_cannot_be_put_in_order_with_the_fix_is_cannot_tell() -> None:
    fix = "3.4.4 Build 16102416"
    until_fix = Ranges(Scheme.GENERIC, (Interval(LOWEST, key(Scheme.GENERIC, fix), "0", fix),))

    answers = {text: judge(text, until_fix, record="ICSA-x").status for text in ("3.4.4", "3.4.3", "3.4.5", fix)}

    assert answers == {
        "3.4.4": Status.CANNOT_TELL,
        "3.4.3": Status.AFFECTED,
        "3.4.5": Status.FIXED,
        fix: Status.FIXED,
    }


def test_a_place_is_a_key_and_a_standing() -> None:
    assert place(Scheme.SEMVER, "1.2.3") == Place(key(Scheme.SEMVER, "1.2.3"), Standing.CERTAIN)
    assert place(Scheme.SEMVER, "latest") == Place(None, Standing.UNPARSABLE)
    assert place(Scheme.MAVEN, "1.0.RC1").standing is Standing.AMBIGUOUS
    assert KEY_FORMAT == 2


def test_a_pair_with_what_is_no_version_is_refused() -> None:
    for scheme in Scheme:
        with pytest.raises(Unparsable):
            compare_exactly(scheme, "1.0", "unknown")


def test_a_very_deep_version_is_compared_without_running_out_of_room() -> None:
    deep = "1-" * 250 + "1"

    assert compare_exactly(Scheme.MAVEN, deep, deep + "1") == -1
