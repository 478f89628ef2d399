"""What does an engine need to match a fleet, and what does it answer? One interface for all of them.

A fleet is six tables, in a SQLite file that `bulk.Build` makes or as Parquet files of
the same names and columns (`parquet`). Every distinct version stands once, so that the
range join is asked once a version; a view (`domain.matching.join`) reaches the assets.
What could not be assessed is part of every answer: it is never counted as safe.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from watchbell.domain.matching import join
from watchbell.domain.matching.outcomes import Reason

TABLES: Mapping[str, Sequence[str]] = {
    "fleet_package": ("id", "ecosystem", "name"),
    "fleet_asset": ("id", "name"),
    "fleet_advisory": ("id", "name"),
    join.VERSIONS: ("id", "package_id", "key", "raw", "doubt"),
    join.RANGES: ("package_id", "lo", "hi", "advisory_id", "introduced", "fixed", "last_affected"),
    join.HOLDINGS: ("asset_id", "version_id"),
    "fleet_gap": ("asset_id", "purl", "reason"),
}
"""Every table of a fleet with its columns, in the order in which they are written and read."""

BYTES = frozenset({"key", "lo", "hi"})
NUMBERS = frozenset({"id", "package_id", "asset_id", "version_id", "advisory_id"})
"""The columns that are bytes and whole numbers; all others are text."""

_DOUBTED = f"{join.HOLDINGS} AS holding JOIN {join.VERSIONS} AS version ON version.id = holding.version_id"
_GAPS = f"SELECT reason FROM fleet_gap UNION ALL SELECT doubt AS reason FROM {_DOUBTED} WHERE doubt <> ''"  # noqa: S608 (our own names)

UNASSESSED = f"SELECT reason, count(*) FROM ({_GAPS}) AS gaps GROUP BY reason"  # noqa: S608 (our own names)
"""How many components could not be assessed, by reason."""


class FleetError(Exception):
    """An engine is missing or a fleet's files are not what they should be; the text says what to do."""


@dataclass(frozen=True, slots=True)
class Shard:
    """One of `of` parts of a fleet, cut by package; parts are numbered from 0."""

    index: int = 0
    of: int = 1

    @property
    def condition(self) -> str:
        """Return what keeps this part, after join.NAMED or join.TALLY."""
        return join.of_shard(self.index, self.of)


WHOLE = Shard()


def shards(count: int) -> tuple[Shard, ...]:
    """Return the parts of a fleet for `count` jobs: each match is in exactly one, the same one in every engine."""
    if count < 1:
        raise ValueError(f"a fleet cannot be cut into {count} parts; ask for 1 or more")
    return tuple([Shard(index, count) for index in range(count)])


@dataclass(frozen=True, slots=True, order=True)
class Match:
    """One version in one asset, in one range of one record, with the bounds as the record writes them.

    `last_affected` is "" unless the record gives that instead of a fix; with both "" the
    range has no end. `doubt` is set when the version's place is a mere convention, or when
    no order of versions holds for it: look at the pair before acting on it.
    """

    asset: str
    ecosystem: str
    package: str
    version: str
    advisory: str
    introduced: str
    fixed: str
    last_affected: str
    doubt: str


@dataclass(frozen=True, slots=True)
class Tally:
    """How many matches, the sum of their assets' numbers, and how many of each bound; counted inside the engine."""

    matches: int
    assets: int
    introduced: int
    fixed: int
    last_affected: int


class Executor(Protocol):
    """An engine that holds one fleet; close it when done."""

    def matches(self, shard: Shard = WHOLE) -> Iterator[Match]:
        """Yield every match of this part in the engine's own order, without keeping them in memory."""

    def tally(self, shard: Shard = WHOLE) -> Tally:
        """Return the same counted, every match with its bounds, at the engine's full speed."""

    def checksum(self, shard: Shard = WHOLE) -> int:
        """Return a number that is equal for two engines when their matches are."""

    def unassessed(self) -> dict[Reason, int]:
        """Return how many components could not be assessed, by reason; none of them may be called safe."""

    def close(self) -> None:
        """This will let go of the engine and of what it holds in memory."""


def in_words(rows: Iterator[Sequence[str | None]]) -> Iterator[Match]:
    """Yield the rows of join.NAMED as matches."""
    for row in rows:
        yield Match(*[word or "" for word in row])


def counted_reasons(rows: Sequence[Sequence[object]]) -> dict[Reason, int]:
    """Return the rows of UNASSESSED as counts."""
    return {Reason(str(reason)): int(str(held)) for reason, held in rows}


def number(row: Sequence[object]) -> int:
    """Return the row of join.CHECKSUM."""
    return int(str(row[0]))


def tallied(row: Sequence[object]) -> Tally:
    """Return the row of join.TALLY; engines differ in the type they give a sum."""
    return Tally(*[int(str(number)) for number in row])
