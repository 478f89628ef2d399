"""What a version key promises: byte order is version order, and a bound is as tight as can be."""

import sys
from collections.abc import Callable
from types import FrameType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from watchbell.domain.versions import (
    HIGHEST,
    LOWEST,
    MAX_LENGTH,
    Scheme,
    Unparsable,
    is_only_convention,
    just_after,
    key,
    scheme_for,
)

versions = st.one_of(
    st.from_regex(r"[0-9]{1,3}(\.[0-9]{1,3}){0,4}([-.+~^_][0-9a-zA-Z]{1,4}){0,4}", fullmatch=True),
    st.text(alphabet="019aAbrcdevpost.-+~^:!_", min_size=1, max_size=14),
)
schemes = st.sampled_from(Scheme)


def keys_of(scheme: Scheme, texts: list[str]) -> dict[str, bytes]:
    """Return the keys of those texts that are versions in this scheme."""
    found = {}
    for text in texts:
        try:
            found[text] = key(scheme, text)
        except Unparsable:
            continue
    return found


@given(schemes, st.lists(versions, max_size=8))
@settings(max_examples=100)
def test_no_key_is_the_beginning_of_another_so_the_upper_bound_of_one_never_swallows_its_neighbour(
    scheme: Scheme, texts: list[str]
) -> None:
    keys = set(keys_of(scheme, texts).values())

    assert not [(one, other) for one in keys for other in keys if one != other and other.startswith(one)]


@given(schemes, st.lists(versions, max_size=8))
@settings(max_examples=100)
def test_every_key_lies_between_the_lowest_and_the_highest_bound(scheme: Scheme, texts: list[str]) -> None:
    for place in keys_of(scheme, texts).values():
        assert LOWEST < place < just_after(place) < HIGHEST


@given(schemes, versions, versions)
@settings(max_examples=100)
def test_what_sorts_above_a_version_is_at_or_above_the_bound_just_after_it(scheme: Scheme, a: str, b: str) -> None:
    keys = keys_of(scheme, [a, b])
    if len(keys) < 2:
        return

    assert (keys[b] > keys[a]) == (keys[b] >= just_after(keys[a]))


@pytest.mark.parametrize("scheme", list(Scheme))
@pytest.mark.parametrize("text", ["", " ", "1" * (MAX_LENGTH + 1), "1.0 beta", "1.0\n2.0", "1.0\x00"])
def test_what_is_not_a_version_is_refused_with_a_sentence_that_says_what_to_do(scheme: Scheme, text: str) -> None:
    if (scheme, text) == (Scheme.GENERIC, "1.0 beta"):
        return  # firmware is written with spaces

    with pytest.raises(Unparsable, match="give the exact version"):
        key(scheme, text)


@pytest.mark.parametrize(
    ("scheme", "text"),
    [
        (Scheme.SEMVER, "latest"),
        (Scheme.SEMVER, "^1.2.3"),
        (Scheme.SEMVER, "1.x"),
        (Scheme.SEMVER, "1.2.x"),
        (Scheme.SEMVER, "1..2"),
        (Scheme.SEMVER, "１.２"),
        (Scheme.PYPI, ">=1.0"),
        (Scheme.PYPI, "latest"),
        (Scheme.PYPI, "1.*"),
        (Scheme.PYPI, "١.٢"),
        (Scheme.RUBYGEMS, "~> 1.2"),
        (Scheme.RUBYGEMS, "1..2"),
        (Scheme.ALPINE, "unknown"),
        (Scheme.ALPINE, ">=1.2"),
        (Scheme.PACKAGIST, "dev-main"),
        (Scheme.PACKAGIST, "master"),
        (Scheme.PACKAGIST, "^1.2"),
        (Scheme.PACKAGIST, "1.x"),
        (Scheme.PACKAGIST, "1.*"),
        (Scheme.GENERIC, "2.3.6 and below"),
        (Scheme.GENERIC, "All versions"),
        (Scheme.GENERIC, "< 3.0"),
        (Scheme.GENERIC, "2.x"),
        (Scheme.GENERIC, "SP3"),
        (Scheme.NUGET, "[1.0,2.0)"),
        (Scheme.NUGET, "1.*"),
        (Scheme.PUB, "^1.2.3"),
        (Scheme.PUB, "1.2.3+"),
        (Scheme.CRAN, "1.0a"),
        (Scheme.MAVEN, "[1.0,2.0)"),
        (Scheme.MAVEN, "${revision}"),
        (Scheme.MAVEN, "LATEST"),
        (Scheme.HACKAGE, "1.0-1"),
        (Scheme.DEBIAN, "<unfixed>"),
        (Scheme.DEBIAN, "a:1.0"),
        (Scheme.DEBIAN, "1a:1.0"),
        (Scheme.DEBIAN, "unfixed"),
        (Scheme.DEBIAN, "1.0-"),
        (Scheme.RPM, "Latest"),
        (Scheme.DEBIAN, "1.0é"),
    ],
)
def test_a_wish_for_a_version_is_not_a_version(scheme: Scheme, text: str) -> None:
    with pytest.raises(Unparsable):
        key(scheme, text)


def test_a_version_with_an_epoch_sorts_above_every_version_without_one() -> None:
    for scheme, newest in ((Scheme.DEBIAN, "1:0"), (Scheme.RPM, "1:0"), (Scheme.PYPI, "1!0")):
        assert key(scheme, newest) > key(scheme, "99999999999999999999.9")


def test_a_python_version_from_before_pep_440_is_marked_as_ordered_by_convention_only() -> None:
    assert is_only_convention(Scheme.PYPI, key(Scheme.PYPI, "1.0-banana"))
    assert not is_only_convention(Scheme.PYPI, key(Scheme.PYPI, "1.0.post1"))
    assert not is_only_convention(Scheme.SEMVER, key(Scheme.SEMVER, "1.0.0-banana"))


@pytest.mark.parametrize(
    ("ecosystem", "scheme"),
    [
        ("npm", Scheme.SEMVER),
        ("Go", Scheme.SEMVER),
        ("crates.io", Scheme.SEMVER),
        ("PyPI", Scheme.PYPI),
        ("RubyGems", Scheme.RUBYGEMS),
        ("Debian:12", Scheme.DEBIAN),
        ("Ubuntu:22.04:LTS", Scheme.DEBIAN),
        ("AlmaLinux:8", Scheme.RPM),
        ("Red Hat:enterprise_linux:9::appstream", Scheme.RPM),
        ("Rocky Linux:9", Scheme.RPM),
        ("Alpine:v3.18", Scheme.ALPINE),
        ("NuGet", Scheme.NUGET),
        ("Pub", Scheme.PUB),
        ("CRAN", Scheme.CRAN),
        ("Maven", Scheme.MAVEN),
        ("Hackage", Scheme.HACKAGE),
        ("Packagist", Scheme.PACKAGIST),
        ("Hex", Scheme.SEMVER),
        ("SwiftURL", Scheme.SEMVER),
        ("Bitnami", Scheme.SEMVER),
    ],
)
def test_an_ecosystem_is_known_with_and_without_its_release(ecosystem: str, scheme: Scheme) -> None:
    assert scheme_for(ecosystem) is scheme


@pytest.mark.parametrize(
    "ecosystem", ["", "Cobol", "NPM", "debian", "Debianish:12", "ConanCenter", "Linux", "packagist", "generic"]
)
def test_an_ecosystem_that_is_not_in_the_table_has_no_scheme_rather_than_a_guess(ecosystem: str) -> None:
    assert scheme_for(ecosystem) is None


def steps(work: Callable[[], object]) -> int:
    """Return how many lines of Python this runs."""
    count = 0

    def trace(frame: FrameType, event: str, arg: object) -> object:
        nonlocal count
        count += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        work()
    finally:
        sys.settrace(before)
    return count


@pytest.mark.parametrize("scheme", list(Scheme))
@pytest.mark.parametrize("piece", ["1.", "a.", "0.", "1-", "~a", "1a"])
def test_twice_the_length_is_at_most_twice_the_work(scheme: Scheme, piece: str) -> None:
    def work(times: int) -> Callable[[], object]:
        return lambda: keys_of(scheme, ["1." + piece * times + "1"])

    short, double = steps(work(100)), steps(work(200))

    assert double <= 2 * short + 50


@pytest.mark.parametrize("scheme", list(Scheme))
@pytest.mark.parametrize("start", ["1" * 500, "1." * 250, "1-" * 250, "a-" * 250, "1.0a" * 125])
def test_a_hostile_ending_after_a_long_start_is_refused_without_trying_every_split(scheme: Scheme, start: str) -> None:
    # A backtracking pattern would need the 500th power of two here and never end.
    texts = [start + ending for ending in ("\x00", " ", "é!")]

    found = keys_of(scheme, texts)

    assert found.keys() <= set(texts)
    assert all(LOWEST < one < HIGHEST for one in found.values())
