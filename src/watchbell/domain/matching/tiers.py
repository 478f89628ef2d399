"""How sure is it that something is affected? By its package, by its name and version, or by its name alone?"""

from enum import StrEnum


class Tier(StrEnum):
    """How a match was found; all but the last are alerts, and the last is never a reason to be calm."""

    EXACT = "exact"
    PROBABLE = "probable"
    POSSIBLE = "possible"
    CANNOT_TELL = "cannot tell"
