"""How fresh is what results are made from? Beside every result, and a banner once a source is older than seven days."""

from dataclasses import dataclass
from datetime import datetime

from watchbell.apps.vulnerabilities import queries
from watchbell.apps.vulnerabilities.queries import SourceAge


@dataclass(frozen=True, slots=True)
class Ages:
    """The sources behind a result, and those among them that ask for a banner."""

    all: list[SourceAge]
    stale: list[SourceAge]

    @property
    def is_empty(self) -> bool:
        """Return whether nothing was ever read here, so that no result can say anything."""
        return not any(one.last_ok_at for one in self.all)

    @property
    def is_stale(self) -> bool:
        """Return whether the page must say that it may be out of date."""
        return bool(self.stale) and not self.is_empty


def ages(*, now: datetime) -> Ages:
    """Return the ages of every source in use; `watchbell/source_ages.html` shows them."""
    found = queries.source_ages(now)
    return Ages(found, [one for one in found if one.is_stale])
