"""Which versions does a record name, and what is said of a version against it?"""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from watchbell.domain.matching.evaluate import holds, judge, judge_commit
from watchbell.domain.matching.gem_requirements import read_rubysec
from watchbell.domain.matching.outcomes import Reason, Status
from watchbell.domain.matching.ranges import Ranges, read_affected
from watchbell.domain.matching.version_text import read_version_text
from watchbell.domain.versions import HIGHEST, LOWEST, Scheme, key

OSV = Path(__file__).parents[2].parent / "shared" / "data" / "osv" / "osv.ndjson.zst"


def semver(*events: tuple[str, str], versions: tuple[str, ...] = ()) -> Ranges:
    return read_affected("npm", [{"type": "SEMVER", "events": [{kind: value} for kind, value in events]}], versions)


def shown(ranges: Ranges) -> list[str]:
    return [str(interval) for interval in ranges.intervals]


def status(version: str | None, ranges: Ranges) -> Status:
    return judge(version, ranges, record="GHSA-x").status


def test_a_fixed_version_is_outside_and_a_last_affected_version_is_inside() -> None:
    fixed = semver(("introduced", "1.0.0"), ("fixed", "1.2.3"))
    last = semver(("introduced", "1.0.0"), ("last_affected", "1.2.3"))

    assert (shown(fixed), shown(last)) == (["[1.0.0, 1.2.3)"], ["[1.0.0, 1.2.3]"])
    assert status("1.2.3", fixed) is Status.FIXED
    assert status("1.2.3", last) is Status.AFFECTED
    assert status("1.2.4-0", last) is Status.NOT_AFFECTED


def test_introduced_zero_is_below_every_version_and_no_end_is_above_every_version() -> None:
    ranges = semver(("introduced", "0"))

    assert [(interval.lo, interval.hi) for interval in ranges.intervals] == [(LOWEST, HIGHEST)]
    assert status("0.0.0-0", ranges) is Status.AFFECTED


def test_events_may_come_in_any_order() -> None:
    ranges = semver(("fixed", "2.0.0"), ("introduced", "3.0.0"), ("introduced", "1.0.0"), ("fixed", "3.1.0"))

    assert shown(ranges) == ["[1.0.0, 2.0.0)", "[3.0.0, 3.1.0)"]


def test_an_empty_last_stretch_does_not_become_a_range_without_an_end() -> None:
    ranges = semver(("introduced", "1.0.0"), ("fixed", "1.5.0"), ("introduced", "45.0.0"), ("fixed", "45.0.0"))

    assert shown(ranges) == ["[1.0.0, 1.5.0)"]
    assert status("46.0.0", ranges) is Status.FIXED


def test_two_stretches_that_touch_lose_nothing_between_them() -> None:
    ranges = semver(("introduced", "0.12.2"), ("fixed", "0.13.0"), ("introduced", "0.13.0"), ("fixed", "0.14.0"))

    assert shown(ranges) == ["[0.12.2, 0.14.0)"]


def test_equal_versions_in_other_spellings_also_cancel_each_other() -> None:
    ranges = semver(("introduced", "1"), ("fixed", "2.0"), ("introduced", "v2.0.0"), ("fixed", "3.0.0"))

    assert shown(ranges) == ["[1, 3.0.0)"]


def test_a_limit_cuts_what_lies_above_it_and_the_farthest_limit_counts() -> None:
    ranges = semver(("introduced", "1.0.0"), ("limit", "2.0.0"), ("limit", "3.0.0"))
    star = semver(("introduced", "1.0.0"), ("fixed", "2.0.0"), ("limit", "*"))

    assert shown(ranges) == ["[1.0.0, the limit given)"]
    assert (status("2.5.0", ranges), status("3.0.0", ranges)) == (Status.AFFECTED, Status.NOT_AFFECTED)
    assert shown(star) == ["[1.0.0, 2.0.0)"]


def test_a_range_without_a_beginning_is_a_doubt_and_never_not_affected() -> None:
    outcome = judge("1.0.0", semver(("fixed", "2.0.0")), record="GHSA-x")

    assert (outcome.status, outcome.reason) == (Status.CANNOT_TELL, Reason.RANGE_NOT_UNDERSTOOD)
    assert "GHSA-x" in outcome.because


def test_a_range_with_both_kinds_of_end_is_certain_below_the_first_and_doubtful_above() -> None:
    ranges = semver(("introduced", "1.0.0"), ("last_affected", "1.5.0"), ("fixed", "2.0.0"))

    assert status("1.2.0", ranges) is Status.AFFECTED
    assert status("1.7.0", ranges) is Status.CANNOT_TELL


def test_a_bound_that_cannot_be_compared_is_kept_as_a_doubt_beside_the_other_ranges() -> None:
    ranges = read_affected(
        "npm",
        [
            {"type": "SEMVER", "events": [{"introduced": "1.0.0"}, {"fixed": "soon"}]},
            {"type": "SEMVER", "events": [{"introduced": "3.0.0"}, {"fixed": "3.1.0"}]},
        ],
    )

    assert status("3.0.5", ranges) is Status.AFFECTED
    assert judge("1.0.5", ranges, record="GHSA-x").reason is Reason.UNPARSABLE_VERSION


@pytest.mark.parametrize(
    "broken",
    [
        {"type": "SEMVER"},
        {"type": "SEMVER", "events": "introduced"},
        {"type": "SEMVER", "events": ["introduced"]},
        {"type": "SEMVER", "events": [{"introduced": 1}]},
        {"type": "SEMVER", "events": [{"introduced": "0"}, {"mended": "1"}]},
        {"type": "SEMVER", "events": []},
        {"type": "SOMETHING", "events": [{"introduced": "0"}]},
        {},
    ],
)
def test_a_broken_range_is_a_doubt_with_a_sentence(broken: dict[str, object]) -> None:
    outcome = judge("1.0.0", read_affected("npm", [broken]), record="GHSA-x")

    assert (outcome.status, outcome.reason) == (Status.CANNOT_TELL, Reason.RANGE_NOT_UNDERSTOOD)


def test_listed_versions_outside_the_ranges_are_affected_and_their_neighbours_are_not() -> None:
    ranges = semver(("introduced", "1.0.0"), ("fixed", "1.1.0"), versions=("1.0.5", "3.0.0", "3.0"))

    assert shown(ranges) == ["[1.0.0, 1.1.0)", "[3.0.0, 3.0.0]"]
    assert status("3.0.0", ranges) is Status.AFFECTED
    assert status("3.0.1-0", ranges) is not Status.AFFECTED


def test_a_listed_version_without_an_order_is_matched_letter_by_letter() -> None:
    ranges = semver(versions=("final-cut", "1.0.0"))

    assert ranges.named == {"final-cut"}
    assert status("final-cut", ranges) is Status.AFFECTED


def test_a_record_that_names_a_package_and_no_versions_cannot_be_told() -> None:
    outcome = judge("1.0.0", read_affected("RubyGems", []), record="RUBYSEC-x")

    assert outcome.reason is Reason.RANGE_NOT_GIVEN


def test_an_unknown_ecosystem_cannot_be_told_but_its_listed_versions_still_match() -> None:
    ranges = read_affected("Cobol", [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}]}], ["74"])

    assert status("74", ranges) is Status.AFFECTED
    assert judge("85", ranges, record="X-1").reason is Reason.UNKNOWN_ECOSYSTEM


def test_a_component_without_a_version_or_with_an_unreadable_one_cannot_be_told() -> None:
    ranges = semver(("introduced", "0"))

    assert judge(None, ranges, record="X-1").reason is Reason.NO_VERSION
    assert judge("latest", ranges, record="X-1").reason is Reason.UNPARSABLE_VERSION


def test_a_version_ordered_by_convention_only_is_not_called_safe() -> None:
    ranges = read_affected("PyPI", [{"type": "ECOSYSTEM", "events": [{"introduced": "1.0"}, {"fixed": "2.0"}]}])

    assert status("1.5-banana", ranges) is Status.CANNOT_TELL


def test_commits_match_only_themselves() -> None:
    events = [{"introduced": "0"}, {"introduced": "aa11"}, {"fixed": "bb22"}]
    ranges = read_affected("npm", [{"type": "GIT", "repo": "git.example/thing", "events": events}])

    assert judge_commit("AA11", ranges, record="X-1").status is Status.AFFECTED
    assert judge_commit("bb22", ranges, record="X-1").status is Status.FIXED
    assert judge_commit("cc33", ranges, record="X-1").reason is Reason.ONLY_COMMITS
    assert judge("1.0.0", ranges, record="X-1").reason is Reason.ONLY_COMMITS


def test_the_sentence_names_version_range_and_record_and_the_fix_to_go_to() -> None:
    outcome = judge("1.2.0", semver(("introduced", "1.0.0"), ("fixed", "1.2.3")), record="GHSA-abcd")

    assert outcome.because == "1.2.0 is in [1.0.0, 1.2.3) of GHSA-abcd"
    assert outcome.fixed_in == ("1.2.3",)


def test_a_version_that_the_record_calls_safe_stays_safe_beside_a_doubt_about_others() -> None:
    ranges = read_version_text("<= 1.0 | <= 2.0")

    said = [judge(version, ranges, record="ICSA-1").status for version in ("1.0", "1.5", "2.1")]

    assert said == [Status.AFFECTED, Status.CANNOT_TELL, Status.NOT_AFFECTED]


def test_a_stretch_that_begins_above_a_version_or_ends_with_a_release_line_is_told_by_its_keys() -> None:
    above = read_version_text("> 1.1 Build 7 and < 2.0")
    line = read_version_text("<= 2.x")

    assert judge("1.1 Build 7", above, record="ICSA-1").status is Status.NOT_AFFECTED
    assert judge("1.2", above, record="ICSA-1").status is Status.AFFECTED
    assert [status(version, line) for version in ("2.9 Build 3", "3.0")] == [Status.AFFECTED, Status.NOT_AFFECTED]


numbers = st.integers(0, 9).map(lambda number: f"{number}.0.0")
events_of = st.lists(st.tuples(st.sampled_from(["introduced", "fixed"]), numbers), min_size=1, max_size=8)


@given(events_of, numbers, st.randoms(use_true_random=False))
@settings(max_examples=200)
def test_the_order_of_events_never_matters(events: list[tuple[str, str]], version: str, dice: object) -> None:
    mixed = list(events)
    dice.shuffle(mixed)  # type: ignore[attr-defined]

    assert [(i.lo, i.hi) for i in semver(*events).intervals] == [(i.lo, i.hi) for i in semver(*mixed).intervals]


@given(events_of, numbers)
@settings(max_examples=200)
def test_intervals_agree_with_walking_through_the_events_one_by_one(
    events: list[tuple[str, str]], version: str
) -> None:
    is_affected = False
    for number in range(int(version[0]) + 1):
        kinds = {kind for kind, value in events if value == f"{number}.0.0"}
        if len(kinds) == 1:
            is_affected = kinds == {"introduced"}

    found = holds(semver(*events).intervals, key(Scheme.SEMVER, version))

    assert (found is not None) == is_affected


def published() -> Iterator[dict[str, list[dict[str, object]]]]:
    zstandard = pytest.importorskip("zstandard", reason="zstandard is not installed")
    with OSV.open("rb") as packed, zstandard.ZstdDecompressor().stream_reader(packed) as stream:
        for line in stream.read().splitlines():
            yield orjson.loads(line)


def test_every_range_of_the_published_records_is_understood() -> None:
    if not OSV.exists():
        pytest.skip("the published OSV records are not at ../shared/data/osv")
    doubts, intervals, points, gems = Counter[Reason](), 0, 0, 0
    for record in published():
        for entry in record["affected"]:
            package, ranges, versions = entry["package"], entry.get("ranges", []), entry.get("versions", [])
            own = None if ranges or versions else read_rubysec(entry.get("database_specific"))
            gems += own is not None
            read = own or read_affected(package["ecosystem"], ranges, versions)  # type: ignore[index,arg-type]
            doubts.update(doubt.reason for doubt in read.doubts)
            intervals += len(read.intervals)
            points += sum(interval.last_affected is not None for interval in read.intervals)

    assert doubts.keys() <= {Reason.RANGE_NOT_GIVEN, Reason.RANGE_NOT_UNDERSTOOD}
    assert doubts.total() < 10
    assert gems > 500
    assert intervals > 80_000
    assert points < 50
