"""Do our keys order versions as other people's fixtures, and our own small ones, say?"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from watchbell.domain.versions import Scheme, Unparsable, key

OURS = Path(__file__).parent
THEIRS = Path(__file__).parents[3].parent / "shared" / "data" / "version-order"
FAMILIES = {
    "semver": Scheme.SEMVER,
    "pypi": Scheme.PYPI,
    "rubygems": Scheme.RUBYGEMS,
    "debian": Scheme.DEBIAN,
    "redhat": Scheme.RPM,
    "rpm": Scheme.RPM,
    "alpine": Scheme.ALPINE,
    "nuget": Scheme.NUGET,
    "pub": Scheme.PUB,
    "cran": Scheme.CRAN,
    "hackage": Scheme.HACKAGE,
    "maven": Scheme.MAVEN,
}
# Maven's own comparison goes in a circle for `.0.early-word` against `-something`: no order can satisfy all lines.
CIRCULAR = {"maven": 3}
# Alpine's fixtures hold lines with what apk-tools itself calls invalid (`1-ruff`, `0..8`): we say "cannot tell".
REFUSED = {"alpine": 32}


def lines_of(path: Path) -> Iterator[tuple[str, str, str]]:
    """Yield (left, operator, right) of each line that is a comparison."""
    for line in path.read_text(encoding="utf-8").splitlines():
        parts = line.split()
        if len(parts) == 3 and parts[1] in "<=>" and not line.startswith(("#", "//")):
            yield parts[0], parts[1], parts[2]


def wrong_and_refused(path: Path) -> tuple[list[str], list[str]]:
    """Return the lines whose order our keys do not give, and those with a version that has no key."""
    scheme = FAMILIES[path.name.partition("-")[0].removesuffix(".txt")]
    wrong, refused = [], []
    for left, operator, right in lines_of(path):
        try:
            one, other = key(scheme, left), key(scheme, right)
        except Unparsable:
            refused.append(f"{left} {operator} {right}")
            continue
        if operator != ("<" if one < other else ">" if one > other else "="):
            wrong.append(f"{left} {operator} {right}")
    return wrong, refused


@pytest.mark.parametrize("path", sorted(OURS.glob("*.txt")), ids=lambda path: path.stem)
def test_every_line_of_our_own_fixtures_is_ordered_as_written(path: Path) -> None:
    assert len(list(lines_of(path))) > 10

    assert wrong_and_refused(path) == ([], [])


@pytest.mark.parametrize("family", sorted(FAMILIES.keys() - {"rpm"}))
def test_every_line_of_the_published_fixtures_is_ordered_as_written(family: str) -> None:
    paths = sorted(THEIRS.glob(f"{family}-versions*.txt"))
    if not paths:
        pytest.skip(f"the published version-order fixtures are not at ../shared/data/{THEIRS.name}")

    answers = [wrong_and_refused(path) for path in paths]

    assert sum(len(wrong) for wrong, _ in answers) == CIRCULAR.get(family, 0)
    assert sum(len(refused) for _, refused in answers) == REFUSED.get(family, 0)
