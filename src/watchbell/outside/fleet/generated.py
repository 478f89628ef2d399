"""A fleet of any size that nobody owns: made-up packages, records and assets, the same for the same seed.

For the self-test and for measurements. It holds every kind of bound a record may write,
and things that cannot be assessed: no package URL, no version, no known order.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random

from watchbell.domain.matching.ranges import read_affected
from watchbell.outside.fleet.bulk import Build, RangeRow, rows_of_entry

_KINDS = (
    ("npm", "lib-{}", "pkg:npm/lib-{}@"),
    ("PyPI", "lib-{}", "pkg:pypi/Lib_{}@"),
    ("Maven", "org.example:lib-{}", "pkg:maven/org.example/lib-{}@"),
    ("Go", "example.org/lib-{}", "pkg:golang/example.org/lib-{}@v"),
    ("Debian:12", "lib-{}", "pkg:deb/debian/lib-{}@"),
)
_ENDINGS = {"Debian:12": "?distro=debian-12"}
_SUFFIXES = ("", "", "", "", "-rc1", "-1")
_STRANGE = ("no url", "pkg:npm/lib-0", "pkg:npm/lib-0@latest", "pkg:generic/lib@1.0", "pkg:deb/debian/lib-4@1.0")


@dataclass(frozen=True, slots=True)
class Known:
    """A package, the beginning and end of its package URLs, and the versions there are of it."""

    ecosystem: str
    name: str
    begin: str
    end: str
    versions: tuple[str, ...]

    @property
    def purls(self) -> list[str]:
        """Return the package URL of each version."""
        return [self.begin + version + self.end for version in self.versions]


def packages(count: int, versions: int, *, rng: Random) -> list[Known]:
    """Return made-up packages with so many versions each, over ecosystems of five different orders."""
    found = []
    for number in range(count):
        ecosystem, name, begin = _KINDS[number % len(_KINDS)]
        texts = tuple([_version(rng) for _ in range(versions)])
        found.append(Known(ecosystem, name.format(number), begin.format(number), _ENDINGS.get(ecosystem, ""), texts))
    return found


def _version(rng: Random) -> str:
    return f"{rng.randrange(12)}.{rng.randrange(30)}.{rng.randrange(40)}{rng.choice(_SUFFIXES)}"


def ranges(known: Sequence[Known], count: int, *, rng: Random) -> Iterator[RangeRow]:
    """Yield the intervals of `count` records, each of one of these packages."""
    for number in range(count):
        its = rng.choice(known)
        yield from of_events(its.ecosystem, its.name, f"TEST-2026-{number}", _events(its.versions, rng))


def of_events(ecosystem: str, name: str, record: str, events: Sequence[dict[str, str]]) -> Iterator[RangeRow]:
    """Return the intervals of one range of a record, from its events as OSV writes them."""
    read = read_affected(ecosystem, [{"type": "ECOSYSTEM", "events": events}])
    return rows_of_entry(ecosystem, name, record, read.intervals)


def _events(versions: Sequence[str], rng: Random) -> list[dict[str, str]]:
    begin = {"introduced": rng.choice(["0", rng.choice(versions)])}
    end = rng.choice(["fixed", "fixed", "fixed", "last_affected", ""])
    return [begin, {end: rng.choice(versions)}] if end else [begin]


def components(purls: Sequence[str], count: int, *, each: int = 2000, rng: Random) -> Iterator[tuple[str, list[str]]]:
    """Yield assets and the package URLs in each, `count` in all and `each` in an asset."""
    for number, start in enumerate(range(0, count, each)):
        yield f"asset-{number}", rng.choices(purls, k=min(each, count - start))


def fill(build: Build, *, rows: int, records: int, rng: Random) -> None:
    """This will put a small fleet of every kind of row into a build."""
    known = packages(max(5, records // 8), 6, rng=rng)
    build.add_ranges(ranges(known, records, rng=rng))
    purls = [purl for its in known for purl in its.purls]
    for asset, held in components(purls, rows, each=50, rng=rng):
        build.add_asset(asset, held)
    build.add_asset("asset-of-strangers", _STRANGE)
