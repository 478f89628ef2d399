"""How old is what a result is made from? Every answer about results says it, as every page does."""

from datetime import datetime
from typing import Any

from ninja import Schema

from watchbell.apps.vulnerabilities import queries
from watchbell.doors import moment


class SourceAge(Schema):
    """One source: when it was last read whole, and whether that is more than seven days ago."""

    name: str
    kind: str
    last_read_at: datetime | None
    stale: bool


class Aged(Schema):
    """A result with the ages of its sources; `stale` when one is older than seven days or nothing was ever read."""

    sources: list[SourceAge]
    stale: bool


def ages() -> dict[str, Any]:
    """Return the ages of the sources in use, to go into an answer that is `Aged`."""
    found = queries.source_ages(moment.now())
    return {
        "sources": [
            {"name": one.name, "kind": one.kind, "last_read_at": one.last_ok_at, "stale": one.is_stale} for one in found
        ],
        "stale": not found or any(one.is_stale for one in found),
    }
