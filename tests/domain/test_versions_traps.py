"""Every trap that version comparison is known to have fallen into, by ecosystem."""

import pytest

from watchbell.domain.matching.evaluate import judge
from watchbell.domain.matching.outcomes import Outcome, Status
from watchbell.domain.matching.ranges import read_affected
from watchbell.domain.versions import (
    Scheme,
    Standing,
    Unparsable,
    compare_exactly,
    is_only_convention,
    key,
    place,
    scheme_for,
)


def rising(scheme: Scheme, *versions: str) -> bool:
    keys = [key(scheme, version) for version in versions]
    return keys == sorted(set(keys))


def equal(scheme: Scheme, *versions: str) -> bool:
    return len({key(scheme, version) for version in versions}) == 1


def judged(ecosystem: str, version: str, *events: tuple[str, str]) -> Outcome:
    ranges = [{"type": "ECOSYSTEM", "events": [{kind: value} for kind, value in events]}]
    return judge(version, read_affected(ecosystem, ranges), record="GHSA-x")


def test_maven_a_word_after_a_dot_is_below_the_same_word_after_a_hyphen() -> None:
    assert rising(Scheme.MAVEN, "2.1.jre8", "2.1-jre8", "2.1-1", "2.1.1")


def test_maven_an_early_release_after_a_zero_stays_below_the_release_and_what_is_built_on_it() -> None:
    assert rising(Scheme.MAVEN, "1.0.RC1", "1.0.RC3", "1.0", "1.0-1")


@pytest.mark.parametrize(
    ("one", "other"),
    [("2.9.0-1", "2.9.0.RC1"), ("1.1.0-01-glassfish", "1.1.0.Beta1"), ("1.0.0-gradle-rework-beta3", "1.0.0.RC7-3")],
)
def test_maven_the_shape_without_one_order_is_flagged_and_asked_pair_by_pair(one: str, other: str) -> None:
    assert place(Scheme.MAVEN, other).standing is Standing.AMBIGUOUS
    assert compare_exactly(Scheme.MAVEN, one, other) == 1


@pytest.mark.parametrize(("lower", "higher"), [("1.5.9.RC1", "1.5.9-RC1"), ("1.0-RC1", "1.0.RC1")])
def test_maven_a_zero_before_the_dot_turns_the_order_round_and_to_maven_itself_both_are_the_same(
    lower: str, higher: str
) -> None:
    assert rising(Scheme.MAVEN, lower, higher)
    assert compare_exactly(Scheme.MAVEN, lower, higher) == 0
    assert Standing.AMBIGUOUS in (place(Scheme.MAVEN, lower).standing, place(Scheme.MAVEN, higher).standing)


def test_maven_an_underscore_is_no_separator() -> None:
    assert place(Scheme.MAVEN, "1.2_3").standing is Standing.CERTAIN
    assert rising(Scheme.MAVEN, "1.2-SNAPSHOT", "1.2", "1.2_3", "1.2.3")


def test_maven_a_flagged_version_that_maven_puts_in_the_range_is_affected_though_its_key_lies_outside() -> None:
    # By the specification 1.5.9.RC1 is below 1.5.9-RC0; Maven itself reads it as 1.5.9-RC1.
    outcome = judged("Maven", "1.5.9.RC1", ("introduced", "1.5.9-RC0"), ("fixed", "1.5.9"))

    assert rising(Scheme.MAVEN, "1.5.9.RC1", "1.5.9-RC0")
    assert outcome.status is Status.AFFECTED


def test_maven_a_flagged_version_that_maven_takes_out_of_the_range_is_not_called_safe() -> None:
    # By the specification 1.5.9.RC1 is below 1.5.9-RC0, so inside; Maven itself puts it above.
    outcome = judged("Maven", "1.5.9.RC1", ("introduced", "0"), ("fixed", "1.5.9-RC0"))

    assert outcome.status is Status.CANNOT_TELL
    assert "1.5.9.RC1 has no certain place" in outcome.because


def test_maven_a_plain_version_is_judged_by_its_key_alone() -> None:
    assert judged("Maven", "2.14.1", ("introduced", "2.0-beta9"), ("fixed", "2.15.0")).status is Status.AFFECTED
    assert judged("Maven", "2.15.0", ("introduced", "2.0-beta9"), ("fixed", "2.15.0")).status is Status.FIXED


def test_python_an_early_release_is_below_the_fix_and_a_local_one_above_it() -> None:
    events = (("introduced", "0"), ("fixed", "2.0"))

    assert judged("PyPI", "2.0rc1", *events).status is Status.AFFECTED
    assert judged("PyPI", "2.0+local.1", *events).status is Status.FIXED


def test_python_what_is_not_pep_440_has_a_place_below_all_others_and_says_it_is_a_convention() -> None:
    assert rising(Scheme.PYPI, "1.0-banana", "0.0.dev0", "0")
    assert place(Scheme.PYPI, "1.0-banana").standing is Standing.UNPARSABLE


def test_go_a_leading_v_and_incompatible_do_not_count_and_a_pseudo_version_is_an_early_release() -> None:
    assert equal(Scheme.SEMVER, "v2.0.0+incompatible", "2.0.0")
    assert rising(Scheme.SEMVER, "v1.2.3", "v1.2.4-0.20240101000000-abcdefabcdef", "v1.2.4")


def test_rust_introduced_at_zero_zero_zero_zero_is_below_every_release() -> None:
    assert rising(Scheme.SEMVER, "0.0.0-0", "0.0.0", "0.0.1-alpha")


def test_npm_a_fourth_part_is_read_as_what_follows_the_third() -> None:
    assert rising(Scheme.SEMVER, "1.2.3.4", "1.2.3", "1.2.4.1")


def test_rpm_a_tilde_is_below_the_end_a_caret_above_it_then_words_then_numbers() -> None:
    assert rising(Scheme.RPM, "1.0~rc1-1", "1.0-1", "1.0^git1-1", "1.0a-1", "1.0.1-1")


def test_rpm_only_digits_make_an_epoch() -> None:
    assert equal(Scheme.RPM, "+1-n:1", "1-n.1")
    assert rising(Scheme.RPM, "9:9", "10:1")


def test_rpm_a_release_of_the_distribution_is_part_of_the_ecosystem_and_never_of_the_version() -> None:
    assert scheme_for("AlmaLinux:8") is scheme_for("AlmaLinux:9") is Scheme.RPM
    assert rising(Scheme.RPM, "1.1.1k-7.el8", "1.1.1k-7.el9")


def test_debian_a_backport_is_below_what_it_was_made_from() -> None:
    assert rising(Scheme.DEBIAN, "6.1.90-1~bpo11+1", "6.1.90-1", "6.1.90-1+deb12u1")


def test_alpine_a_number_with_a_leading_zero_compares_as_text() -> None:
    assert rising(Scheme.ALPINE, "1.05", "1.06", "1.1")
    assert rising(Scheme.ALPINE, "1.010", "1.02", "1.1")


def test_alpine_an_old_letter_and_number_is_read() -> None:
    assert place(Scheme.ALPINE, "5.1p1-r0").standing is Standing.CERTAIN
    assert rising(Scheme.ALPINE, "5.1-r0", "5.1p1-r0", "5.1p2-r0")


def test_alpine_no_revision_is_below_revision_zero() -> None:
    assert rising(Scheme.ALPINE, "1.2", "1.2-r0", "1.2-r1")


def test_alpine_what_apk_calls_invalid_has_a_place_and_says_it_is_a_convention() -> None:
    assert place(Scheme.ALPINE, "1.2_blah").standing is Standing.UNPARSABLE
    assert rising(Scheme.ALPINE, "1.2_blah", "1.2_alpha", "1.2")


def test_nuget_case_does_not_count_and_a_fourth_part_does() -> None:
    assert equal(Scheme.NUGET, "1.0.0-RC.1", "1.0-rc.1", "1.0.0.0-Rc.1+meta")
    assert rising(Scheme.NUGET, "1.0.0", "1.0.0.1")


def test_pub_build_metadata_counts() -> None:
    assert rising(Scheme.PUB, "1.0.0", "1.0.0+1", "1.0.0+2", "1.0.1-dev")


def test_php_words_nobody_knows_are_equal_and_below_all_others() -> None:
    assert equal(Scheme.PACKAGIST, "1.0.0-foo", "1.0.0-quux")
    assert rising(Scheme.PACKAGIST, "1.0.0-foo", "1.0.0-dev", "1.0.0")


def test_php_a_short_version_is_padded_before_it_is_compared() -> None:
    assert rising(Scheme.PACKAGIST, "0.5.0-beta.1", "0.5")
    assert judged("Packagist", "3.0.0-beta", ("introduced", "3.0"), ("fixed", "3.0.5")).status is not Status.AFFECTED


def test_php_a_capital_v_is_no_part_of_the_version() -> None:
    assert rising(Scheme.PACKAGIST, "0.7.3", "V0.7.4", "v0.7.5")


def test_php_a_branch_is_no_version_but_the_end_of_a_numbered_line_is() -> None:
    assert place(Scheme.PACKAGIST, "dev-main").key is None
    assert rising(Scheme.PACKAGIST, "1.2.99", "1.2.x-dev", "1.3.0-alpha1")
    assert judged("Packagist", "dev-main", ("introduced", "0"), ("fixed", "2.0")).status is Status.CANNOT_TELL


def test_php_numbers_beyond_sixty_three_bits_go_on_counting_where_php_stops() -> None:
    assert rising(Scheme.PACKAGIST, f"1.{2**63}", f"1.{2**63 + 1}")


def test_gems_the_end_of_a_pessimistic_range_leaves_the_next_versions_early_releases_outside() -> None:
    assert rising(Scheme.RUBYGEMS, "1.2.9", "1.3.a", "1.3.0.beta1", "1.3")


def test_what_cannot_be_compared_is_never_called_safe() -> None:
    events = (("introduced", "1.0"), ("fixed", "2.0"))

    for ecosystem, version in (("PyPI", "0.9-banana"), ("npm", "latest"), ("Cobol", "3"), ("Alpine", "2.1_blah")):
        assert judged(ecosystem, version, *events).status is Status.CANNOT_TELL


def test_a_key_says_by_itself_that_its_place_is_a_convention_so_that_a_stored_one_does_too() -> None:
    for scheme, odd, plain in (
        (Scheme.PYPI, "1.0-banana", "1.0"),
        (Scheme.ALPINE, "1.2_blah", "1.2_p1"),
        (Scheme.PACKAGIST, "3.1.0.post1", "3.1.0-p1"),
    ):
        assert is_only_convention(scheme, key(scheme, odd))
        assert not is_only_convention(scheme, key(scheme, plain))


def test_every_scheme_refuses_a_word_for_no_version() -> None:
    for scheme in Scheme:
        with pytest.raises(Unparsable):
            key(scheme, "unknown")
