"""What is affected when a record only says what is not?"""

import pytest

from watchbell.domain.matching.evaluate import judge
from watchbell.domain.matching.gem_requirements import read_requirements, read_rubysec
from watchbell.domain.matching.outcomes import Reason, Status


def affected(versions: list[str], patched: list[str], unaffected: list[str]) -> list[str]:
    ranges = read_requirements(patched, unaffected)
    return [version for version in versions if judge(version, ranges, record="R-1").status is Status.AFFECTED]


def test_everything_between_the_unaffected_and_the_patched_versions_is_affected() -> None:
    ranges = read_requirements([">= 4.3.3"], ["< 4.0.0"])

    assert [str(interval) for interval in ranges.intervals] == ["[4.0.0, 4.3.3)"]
    assert judge("4.3.3", ranges, record="R-1").status is Status.FIXED
    assert judge("3.9", ranges, record="R-1").status is Status.NOT_AFFECTED


def test_a_pessimistic_requirement_ends_below_the_pre_releases_of_the_next_release() -> None:
    versions = ["1.2.2", "1.2.3", "1.2.99", "1.3.0.rc1", "1.3.0", "2.0.0"]

    assert affected(versions, ["~> 1.2.3", ">= 2.0.0"], []) == ["1.2.2", "1.3.0.rc1", "1.3.0"]


def test_a_pessimistic_requirement_of_two_numbers_reaches_to_the_next_first_number() -> None:
    assert affected(["0.8", "0.9", "0.99.9", "1.0.a", "1.0"], ["~> 0.9"], []) == ["0.8", "1.0.a", "1.0"]


def test_a_pessimistic_requirement_of_a_platform_gem_reaches_as_far_as_without_the_platform() -> None:
    versions = ["1.7", "1.8.10-java", "1.8.11", "1.9.0.pre", "1.9"]

    assert affected(versions, ["~> 1.8.10-java"], []) == ["1.7", "1.9.0.pre", "1.9"]


def test_parts_of_one_requirement_must_all_hold() -> None:
    versions = ["1.0", "1.5", "1.6", "2.0"]

    assert affected(versions, [">= 1.5, < 2.0"], []) == ["1.0", "2.0"]
    assert affected(versions, [">= 1.5, != 1.6"], []) == ["1.0", "1.6"]
    assert affected(versions, ["1.5", "> 1.6"], ["<= 1.0"]) == ["1.6"]


def test_without_a_patch_every_other_version_is_affected() -> None:
    assert affected(["0.1", "99"], [], []) == ["0.1", "99"]


@pytest.mark.parametrize("text", ["", ">= ", ">= 1.0 < 2.0", "=> 1.0", "~> x", ">= 1..0"])
def test_a_requirement_that_cannot_be_read_is_a_doubt_and_nothing_is_guessed(text: str) -> None:
    outcome = judge("1.0", read_requirements([text, ">= 9"], []), record="R-1")

    assert (outcome.status, outcome.reason) == (Status.CANNOT_TELL, Reason.RANGE_NOT_UNDERSTOOD)


def test_requirements_that_contradict_each_other_are_a_doubt_and_not_an_all_clear() -> None:
    outcome = judge("1.0", read_requirements([], ["< 1.0.12", "> 0.1.4"]), record="R-1")

    assert (outcome.status, outcome.reason) == (Status.CANNOT_TELL, Reason.RANGE_NOT_UNDERSTOOD)


def test_rubysecs_own_fields_are_read_where_it_gives_no_ranges() -> None:
    ranges = read_rubysec({"patched_versions": [">= 4.3.3"], "unaffected_versions": ["< 4.0.0"]})
    unpatched = read_rubysec({"patched_versions": []})

    assert ranges is not None
    assert unpatched is not None
    assert [str(interval) for interval in ranges.intervals] == ["[4.0.0, 4.3.3)"]
    assert judge("99", unpatched, record="R-1").status is Status.AFFECTED


@pytest.mark.parametrize(
    "held", [None, [], {}, {"cvss_v3": 7.5}, {"patched_versions": ">= 1"}, {"patched_versions": [1]}]
)
def test_other_fields_are_not_taken_for_requirements(held: object) -> None:
    assert read_rubysec(held) is None
