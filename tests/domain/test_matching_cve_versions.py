"""Which versions does a CVE record's list name? The program's own algorithm is the yardstick."""

import time

from hypothesis import given, settings
from hypothesis import strategies as st

from watchbell.domain.matching.cve_versions import VersionEntry, read_versions
from watchbell.domain.matching.evaluate import judge, judge_commit
from watchbell.domain.matching.outcomes import Reason, Status
from watchbell.domain.matching.ranges import Ranges
from watchbell.domain.matching.stretches import Standing
from watchbell.domain.versions import Scheme

AFFECTED, SAFE, UNKNOWN = Standing.AFFECTED, Standing.UNAFFECTED, Standing.UNKNOWN


def entry(version: str, status: Standing = AFFECTED, **more: object) -> VersionEntry:
    return VersionEntry(version=version, status=status, **more)  # type: ignore[arg-type]


def told(ranges: Ranges, *versions: str) -> list[Status]:
    return [judge(version, ranges, record="CVE-2026-0001").status for version in versions]


def test_a_default_that_is_not_given_is_unknown_and_never_safe() -> None:
    ranges = read_versions([entry("1.0", less_than="2.0")], UNKNOWN)

    assert told(ranges, "1.5", "2.0") == [Status.AFFECTED, Status.CANNOT_TELL]
    assert ranges.doubts[0].reason is Reason.RANGE_NOT_GIVEN


def test_what_is_listed_as_unaffected_is_safe_and_all_else_is_affected_when_that_is_the_default() -> None:
    ranges = read_versions([entry("2.5.2", SAFE, less_than="*")], AFFECTED)

    assert told(ranges, "0.1", "2.5.1", "2.5.2", "99") == [Status.AFFECTED, Status.AFFECTED, Status.FIXED, Status.FIXED]


def test_zero_and_star_leave_a_side_open_and_a_star_after_numbers_is_the_end_of_the_line() -> None:
    whole = read_versions([entry("0", less_than="*")], SAFE)
    line = read_versions([entry("2.0.0", less_than="2.*", version_type="semver")], SAFE)

    assert told(whole, "0.0.1", "99") == [Status.AFFECTED, Status.AFFECTED]
    assert told(line, "2.99.0", "3.0.0-0", "1.9.9") == [Status.AFFECTED, Status.NOT_AFFECTED, Status.NOT_AFFECTED]


def test_real_records_write_unspecified_and_whole_sentences_and_still_are_read() -> None:
    entries = [entry("unspecified", less_than="V3.2 SP1"), entry(">= 4.0, < 4.1.3"), entry("5.0 and later")]
    ranges = read_versions(entries, SAFE)

    assert told(ranges, "3.2", "3.2 SP1", "4.1.2", "4.1.3", "6") == [
        Status.AFFECTED,
        Status.FIXED,
        Status.AFFECTED,
        Status.FIXED,
        Status.AFFECTED,
    ]


def test_an_order_that_we_do_not_have_leaves_nothing_safe() -> None:
    ranges = read_versions([entry("1.0", less_than="2.0", version_type="Lunar")], SAFE)

    assert told(ranges, "1.5", "2.0") == [Status.AFFECTED, Status.CANNOT_TELL]


def test_a_bound_that_cannot_be_read_leaves_only_what_is_listed_as_safe() -> None:
    ranges = read_versions([entry("1.0", less_than="the fix"), entry("5.0", SAFE)], SAFE)

    assert told(ranges, "2.0", "5.0") == [Status.CANNOT_TELL, Status.NOT_AFFECTED]


def test_a_range_that_ends_before_it_begins_leaves_nothing_safe() -> None:
    assert told(read_versions([entry("5.0", less_than="4.2")], SAFE), "4.5", "6") == [Status.CANNOT_TELL] * 2


def test_nothing_known_is_nothing_told() -> None:
    assert told(read_versions([entry("n/a")], UNKNOWN), "1.0") == [Status.CANNOT_TELL]
    assert told(read_versions([], UNKNOWN), "1.0") == [Status.CANNOT_TELL]


def test_types_of_order_are_read_in_any_case_and_the_packages_own_order_counts_more() -> None:
    assert read_versions([entry("1.0", version_type="SemVer")], SAFE).scheme is Scheme.SEMVER
    assert read_versions([entry("1.0", version_type="RPM")], SAFE).scheme is Scheme.RPM
    assert read_versions([entry("1.0")], SAFE).scheme is Scheme.GENERIC
    assert read_versions([entry("1.0", version_type="semver")], SAFE, ecosystem="PyPI").scheme is Scheme.PYPI


def test_commits_are_told_letter_by_letter_and_say_nothing_about_releases() -> None:
    entries = [entry("0", SAFE, less_than="*", version_type="git", changes=(("AA11", AFFECTED), ("bb22", SAFE)))]
    ranges = read_versions(entries, UNKNOWN, repository="https://git.example/x")

    assert judge_commit("aa11", ranges, record="x").status is Status.AFFECTED
    assert judge_commit("bb22", ranges, record="x").status is Status.FIXED
    assert told(ranges, "1.0") == [Status.CANNOT_TELL]


places = st.integers(0, 12)
standings = st.sampled_from(Standing)
entries_of = st.lists(
    st.builds(
        lambda lo, size, closed, status, changes: (lo, lo + size, closed, status, changes),
        places,
        st.integers(0, 5),
        st.booleans(),
        standings,
        st.lists(st.tuples(places, standings), max_size=3, unique_by=lambda change: change[0]),
    ),
    max_size=5,
)
Plain = tuple[int, int, bool, Standing, list[tuple[int, Standing]]]


def by_the_book(entries: list[Plain], default: Standing, version: int) -> Standing:
    for lo, hi, closed, status, changes in entries:
        if lo <= version < hi or (closed and version == hi):
            for at, turned in sorted(changes):
                if at <= version:
                    status = turned
            return status
    return default


@settings(max_examples=300, deadline=None)
@given(entries_of, standings, places)
def test_every_version_stands_as_the_programs_own_algorithm_says(
    plain: list[Plain], default: Standing, version: int
) -> None:
    entries = [
        entry(
            f"{lo}.0",
            status,
            less_than="" if closed else f"{hi}.0",
            less_than_or_equal=f"{hi}.0" if closed else "",
            changes=tuple((f"{at}.0", turned) for at, turned in changes),
        )
        for lo, hi, closed, status, changes in plain
    ]

    (status,) = told(read_versions(entries, default), f"{version}.0")

    wanted = by_the_book(plain, default, version)
    assert (status is Status.AFFECTED) == (wanted is AFFECTED)
    assert (status is Status.CANNOT_TELL) == (wanted is UNKNOWN)


def test_ten_thousand_entries_cost_little_more_than_sorting_them() -> None:
    entries = [entry(f"{number}.0", less_than=f"{number}.5") for number in range(10_000)]
    started = time.process_time()

    ranges = read_versions(entries, SAFE)

    assert len(ranges.intervals) == 10_000
    assert time.process_time() - started < 5
