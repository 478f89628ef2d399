"""Do these engines give one answer? A generated fleet, matched by each, row for row, whole and in parts."""

import tempfile
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path
from random import Random

from watchbell.outside.fleet import generated
from watchbell.outside.fleet.bulk import building
from watchbell.outside.fleet.interface import Executor, Match, shards
from watchbell.outside.fleet.sqlite import InSqlite

PARTS = 3

Opened = Callable[[Path], Executor]
"""Opens an engine on a fleet's SQLite file."""


def differences(engines: Mapping[str, Opened], *, rng: Random, rows: int = 2000, records: int = 400) -> list[str]:
    """Return a sentence for each engine that answers otherwise than SQLite does; nothing means that all agree."""
    with tempfile.TemporaryDirectory(prefix="watchbell-fleet-") as scratch:
        file = Path(scratch) / "fleet.sqlite3"
        with building(file) as build:
            generated.fill(build, rows=rows, records=records, rng=rng)
        with closing(InSqlite(file)) as ours:
            expected = sorted(ours.matches())
            found = _compared("SQLite", ours, ours, expected)
            for name, opened in engines.items():
                with closing(opened(file)) as theirs:
                    found += _compared(name, theirs, ours, expected)
    return found


def _compared(name: str, theirs: Executor, ours: Executor, expected: list[Match]) -> list[str]:
    parts = [match for shard in shards(PARTS) for match in theirs.matches(shard)]
    checks = {
        "other matches": sorted(theirs.matches()) == expected,
        "other matches in parts": sorted(parts) == expected,
        "another tally": theirs.tally() == ours.tally(),
        "other tallies in parts": all(theirs.tally(one) == ours.tally(one) for one in shards(PARTS)),
        "another checksum": theirs.checksum() == ours.checksum(),
        "other counts of what cannot be assessed": theirs.unassessed() == ours.unassessed(),
    }
    faults = [what for what, holds in checks.items() if not holds]
    return [f"{name} gives {what} than SQLite; do not use it, and report this." for what in faults]
