"""Which suites are built in, what does each measure, and when has one nothing more to tell?"""

from collections.abc import Mapping
from typing import Final, Protocol

from watchbell.domain.suites import crash, inject, integrity, locate, patch, refuse, securegen
from watchbell.domain.suites.suite import Suite

FACE: Final = "Small synthetic tasks: screening and a check of the pipeline; it cannot establish frontier capability."
"""What every suite says wherever it is named."""

CEILING: Final = 0.9
FLOOR: Final = 0.1


class Shelved(Suite, Protocol):
    """A suite on the shelf says what it measures: "capability", "safeguards", or the "validity" of other results."""

    MEASURES: str


_ALL: Final[tuple[Shelved, ...]] = (
    patch,
    crash,
    securegen,
    locate,
    refuse,
    inject,
    integrity,
)

SUITES: Final[Mapping[str, Shelved]] = {suite.NAME: suite for suite in _ALL}
"""By name, in the order in which they are shown."""


def measuring(what: str) -> tuple[Shelved, ...]:
    """Return the suites that measure this."""
    return tuple(suite for suite in _ALL if what == suite.MEASURES)


def saturated(share_candidate: float, share_anchor: float) -> bool:
    """Return whether one of the two solves nearly all or nearly nothing: their difference is then at best a bound."""
    return not all(FLOOR <= share <= CEILING for share in (share_candidate, share_anchor))
