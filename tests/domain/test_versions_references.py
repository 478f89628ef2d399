"""Do the keys agree with each scheme's own way of comparing two versions, written out plainly?

The comparisons below follow the published algorithms (deb-version(7), rpmvercmp,
semver.org, Gem::Version) step by step and share no code with the keys.
"""

import itertools
import re

from hypothesis import given, settings
from hypothesis import strategies as st
from packaging.version import Version

from watchbell.domain.versions import Scheme, key


def sign(scheme: Scheme, a: str, b: str) -> int:
    """Return -1, 0 or 1 as the keys say."""
    one, other = key(scheme, a), key(scheme, b)
    return (one > other) - (one < other)


def by_packaging(a: str, b: str) -> int:
    return (Version(a) > Version(b)) - (Version(a) < Version(b))


def by_semver(a: str, b: str) -> int:
    def rank(text: str) -> tuple[object, ...]:
        core, _, pre = text.partition("-")
        numbers = tuple(int(part) for part in core.split("."))
        words = tuple((0, int(part), "") if part.isdigit() else (1, 0, part) for part in pre.split("."))
        return (numbers, 0, words) if pre else (numbers, 1, ())

    return (rank(a) > rank(b)) - (rank(a) < rank(b))  # type: ignore[operator]


def by_gem(a: str, b: str) -> int:
    def parts(text: str) -> list[int | str]:
        found = re.findall(r"[0-9]+|[a-zA-Z]+", text.replace("-", ".pre."))
        split = next((at for at, part in enumerate(found) if part.isalpha()), len(found))
        whole: list[int | str] = []
        for half in (found[:split], found[split:]):
            values = [int(part) if part.isdigit() else part for part in half]
            while values and values[-1] == 0:
                values.pop()
            whole += values
        return whole

    for one, other in itertools.zip_longest(parts(a), parts(b), fillvalue=0):
        if one == other:
            continue
        if isinstance(one, str) != isinstance(other, str):
            return -1 if isinstance(one, str) else 1
        return 1 if one > other else -1  # type: ignore[operator]
    return 0


def by_dpkg(a: str, b: str) -> int:
    def order(text: str, at: int) -> int:
        if at >= len(text) or text[at].isdigit():
            return 0
        if text[at] == "~":
            return -1
        return ord(text[at]) if text[at].isalpha() else ord(text[at]) + 256

    def compare(one: str, other: str) -> int:
        i = j = 0
        while i < len(one) or j < len(other):
            while (i < len(one) and not one[i].isdigit()) or (j < len(other) and not other[j].isdigit()):
                if order(one, i) != order(other, j):
                    return 1 if order(one, i) > order(other, j) else -1
                i, j = i + 1, j + 1
            left, right = re.match("[0-9]*", one[i:]), re.match("[0-9]*", other[j:])
            assert left is not None
            assert right is not None
            if int(left[0] or 0) != int(right[0] or 0):
                return 1 if int(left[0] or 0) > int(right[0] or 0) else -1
            i, j = i + left.end(), j + right.end()
        return 0

    def split(text: str) -> tuple[int, str, str]:
        epoch, colon, rest = text.partition(":")
        rest = rest if colon else text
        upstream, dash, revision = rest.rpartition("-")
        return int(epoch) if colon else 0, upstream if dash else rest, revision if dash else "0"

    one, other = split(a), split(b)
    if one[0] != other[0]:
        return 1 if one[0] > other[0] else -1
    return compare(one[1], other[1]) or compare(one[2], other[2])


def by_rpm(a: str, b: str) -> int:
    one, other = a, b
    while one or other:
        one, other = (re.sub(r"^[^a-zA-Z0-9~^]+", "", text) for text in (one, other))
        if one.startswith("~") or other.startswith("~"):
            if not one.startswith("~"):
                return 1
            if not other.startswith("~"):
                return -1
            one, other = one[1:], other[1:]
            continue
        if one.startswith("^") or other.startswith("^"):
            if not one:
                return -1
            if not other:
                return 1
            if not one.startswith("^"):
                return 1
            if not other.startswith("^"):
                return -1
            one, other = one[1:], other[1:]
            continue
        if not (one and other):
            break
        kind = r"[0-9]+" if one[0].isdigit() else r"[a-zA-Z]+"
        left, right = re.match(kind, one), re.match(kind, other)
        assert left is not None
        if right is None:
            return 1 if one[0].isdigit() else -1
        ranks = [(int(text), "") if text.isdigit() else (0, text) for text in (left[0], right[0])]
        if ranks[0] != ranks[1]:
            return 1 if ranks[0] > ranks[1] else -1
        one, other = one[left.end() :], other[right.end() :]
    return bool(one) - bool(other)


number = st.sampled_from(["0", "00", "1", "2", "9", "10", "01", "255", "256", "65536", "99999999999999999999"])
plain = st.sampled_from(["0", "1", "2", "9", "10", "255", "256", "65536", "99999999999999999999"])
dotted = st.lists(number, min_size=1, max_size=4).map(".".join)
pep440 = st.builds(
    "".join,
    st.tuples(
        st.sampled_from(["", "", "", "0!", "1!"]),
        dotted,
        st.sampled_from(["", "", "a", "b1", "rc0", "rc10", ".alpha2", "-preview", "c3"]),
        st.sampled_from(["", "", ".post", ".post0", "-1", ".r2", "-post10"]),
        st.sampled_from(["", "", ".dev", ".dev0", "-dev10"]),
        st.sampled_from(["", "", "+a", "+1", "+a.1", "+a.10", "+10", "+A-b_2"]),
    ),
)
semvers = st.builds(
    "".join,
    st.tuples(
        st.tuples(plain, plain, plain).map(".".join),
        st.lists(st.sampled_from(["0", "1", "10", "a", "A", "a-b", "rc", "rc1", "x1"]), max_size=4).map(
            lambda parts: "-" + ".".join(parts) if parts else ""
        ),
    ),
)
gems = st.builds(
    "".join,
    st.tuples(
        dotted,
        st.lists(st.sampled_from([".0", ".0", ".1", ".a", ".b", ".rc1", "-x", ".00"]), max_size=6).map("".join),
    ),
)
pieces = st.lists(
    st.sampled_from(["0", "1", "10", "01", "a", "Z", "z", "ab", "~", "~", ".", "+", ".0", ".1", "rc", "-1", "-"]),
    max_size=7,
).map("".join)
debs = st.builds("".join, st.tuples(st.sampled_from(["", "", "0:", "1:"]), number, pieces)).map(
    lambda text: text.rstrip("-")  # dpkg refuses a hyphen with nothing after it, and so do we
)
rpms = st.lists(
    st.sampled_from(["0", "1", "10", "01", "a", "Z", "ab", "~", "^", ".", "_", ".0", ".1", "rc", "é"]),
    min_size=1,
    max_size=8,
).map("".join)


@given(st.lists(pep440, min_size=2, max_size=6))
@settings(max_examples=200)
def test_python_versions_are_ordered_as_pip_orders_them(texts: list[str]) -> None:
    for a, b in itertools.combinations(texts, 2):
        assert sign(Scheme.PYPI, a, b) == by_packaging(a, b), (a, b)


@given(st.lists(semvers, min_size=2, max_size=6))
@settings(max_examples=200)
def test_semantic_versions_are_ordered_by_the_eleventh_clause_of_the_specification(texts: list[str]) -> None:
    for a, b in itertools.combinations(texts, 2):
        assert sign(Scheme.SEMVER, a, b) == by_semver(a, b), (a, b)


@given(st.lists(gems, min_size=2, max_size=6))
@settings(max_examples=200)
def test_gems_are_ordered_part_by_part_with_zeros_for_ever_after_the_end(texts: list[str]) -> None:
    for a, b in itertools.combinations(texts, 2):
        assert sign(Scheme.RUBYGEMS, a, b) == by_gem(a, b), (a, b)


@given(st.lists(debs, min_size=2, max_size=6))
@settings(max_examples=200)
def test_debian_packages_are_ordered_as_dpkg_walks_through_them(texts: list[str]) -> None:
    for a, b in itertools.combinations(texts, 2):
        assert sign(Scheme.DEBIAN, a, b) == by_dpkg(a, b), (a, b)


@given(st.lists(rpms, min_size=2, max_size=6))
@settings(max_examples=200)
def test_rpm_packages_are_ordered_as_rpm_walks_through_them(texts: list[str]) -> None:
    for a, b in itertools.combinations(texts, 2):
        assert sign(Scheme.RPM, a, b) == by_rpm(a, b), (a, b)
