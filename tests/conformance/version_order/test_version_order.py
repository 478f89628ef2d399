"""Do our keys order versions as other people's fixtures, and our own small ones, say?

The published fixtures hold 71,903 lines. Those we do not follow stand in `exceptions.tsv`,
each with its reason, and nothing else may differ.
"""

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.conformance.version_order.oracles import ORACLES
from tests.support.machine import SHARED_DATA

from watchbell.domain.versions import Scheme, Standing, Unparsable, key, place

OURS = Path(__file__).parent
THEIRS = SHARED_DATA / "version-order"
LINES, AT_LEAST = 71_903, 71_879
NAMES = {"redhat": Scheme.RPM}
EXCEPTIONS = [
    tuple(line.split("\t"))
    for line in (OURS / "exceptions.tsv").read_text(encoding="utf-8").splitlines()
    if not line.startswith("#")
]

needs_theirs = pytest.mark.skipif(
    not THEIRS.is_dir(), reason=f"the published version-order fixtures are not at ../shared/data/{THEIRS.name}"
)


def family_of(path: Path) -> str:
    return path.name.removesuffix(".txt").partition("-")[0]


def scheme_of(family: str) -> Scheme:
    return NAMES.get(family) or Scheme(family)


def lines_of(path: Path) -> Iterator[tuple[str, str, str]]:
    """Yield (left, operator, right) of each line that is a comparison."""
    for line in path.read_text(encoding="utf-8").splitlines():
        parts = line.split()
        if len(parts) == 3 and parts[1] in "<=>" and not line.startswith(("#", "//")):
            yield parts[0], parts[1], parts[2]


def unlike(path: Path) -> list[str]:
    """Return the lines whose order our keys do not give, also those with a version that has no key."""
    scheme = scheme_of(family_of(path))
    found = []
    for left, operator, right in lines_of(path):
        try:
            one, other = key(scheme, left), key(scheme, right)
        except Unparsable:
            found.append(f"{left} {operator} {right}")
            continue
        if operator != ("<" if one < other else ">" if one > other else "="):
            found.append(f"{left} {operator} {right}")
    return found


@pytest.mark.parametrize("path", sorted(OURS.glob("*.txt")), ids=lambda path: path.stem)
def test_every_line_of_our_own_fixtures_is_ordered_as_written(path: Path) -> None:
    assert len(list(lines_of(path))) > 10

    assert unlike(path) == []


@needs_theirs
@pytest.mark.parametrize("family", sorted({family_of(path) for path in THEIRS.glob("*.txt")}))
def test_every_line_of_the_published_fixtures_is_ordered_as_written_or_listed_with_its_reason(family: str) -> None:
    paths = [path for path in THEIRS.glob("*.txt") if family_of(path) == family]

    found = {line for path in paths for line in unlike(path)}

    assert found == {line for name, line, reason in EXCEPTIONS if name == family and reason}


@needs_theirs
def test_of_the_published_lines_as_many_are_right_as_was_promised() -> None:
    paths = sorted(THEIRS.glob("*.txt"))

    lines = sum(len(list(lines_of(path))) for path in paths)
    wrong = sum(len(unlike(path)) for path in paths)

    assert lines == LINES
    assert lines - wrong >= AT_LEAST


@needs_theirs
def test_no_line_made_from_a_registry_is_wrong_outside_maven_unless_the_registrys_own_tool_says_so() -> None:
    paths = [path for path in sorted(THEIRS.glob("*-generated.txt")) if family_of(path) != "maven"]

    wrong = {line for path in paths for line in unlike(path)}

    answered = {line for _, line, reason in EXCEPTIONS if "Composer: " in reason}
    assert len(paths) == 6
    assert wrong <= answered
    assert len(wrong) == 10


@pytest.mark.parametrize(("tool", "scheme"), [("Maven", Scheme.MAVEN), ("Composer", Scheme.PACKAGIST)])
def test_what_an_exception_says_of_a_tool_is_what_the_tool_says(tool: str, scheme: Scheme) -> None:
    oracle = next(oracle for oracle in ORACLES if oracle.scheme is scheme)
    listed = [(line.split(), reason[-1]) for _, line, reason in EXCEPTIONS if f"{tool}: " in reason]
    if reason := oracle.why_missing():
        pytest.skip(reason)

    answers = oracle.ask([(words[0], words[2]) for words, _ in listed])

    assert answers == [answer for _, answer in listed]


def test_a_version_of_an_exception_is_flagged_wherever_its_key_departs_from_the_tool() -> None:
    for family, line, _ in EXCEPTIONS:
        left, _, right = line.split()
        standings = {place(scheme_of(family), text).standing for text in (left, right)}

        assert standings != {Standing.CERTAIN} or family == "packagist", line


@pytest.mark.parametrize("scheme", list(Scheme), ids=str)
def test_no_key_of_a_published_version_is_the_beginning_of_another(scheme: Scheme) -> None:
    paths = [path for folder in (OURS, THEIRS) for path in folder.glob("*.txt") if scheme_of(family_of(path)) is scheme]
    texts = {text for path in paths for left, _, right in lines_of(path) for text in (left, right)}

    keys = sorted({found.key for text in texts if (found := place(scheme, text)).key})

    assert len(keys) > 10
    # In byte order whatever begins with a key follows it at once.
    assert [one for one, other in itertools.pairwise(keys) if other.startswith(one)] == []
