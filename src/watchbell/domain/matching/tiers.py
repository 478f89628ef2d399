"""How sure is it that something is affected, and by what was it recognised? From its package down to its bare name."""

from enum import StrEnum


class Tier(StrEnum):
    """How a match was found; all but the last are alerts, and the last is never a reason to be calm."""

    EXACT = "exact"
    PROBABLE = "probable"
    POSSIBLE = "possible"
    CANNOT_TELL = "cannot tell"


class Basis(StrEnum):
    """By what a component was recognised as the one a record names, surest first."""

    PACKAGE = "package"
    RELEASE = "distro release"
    COMMIT = "commit"
    HELPER = "identification helper"
    BRANCHES = "product branches"
    PICKED = "picked product"
    CPE = "cpe"
    NAME = "name"

    @property
    def is_candidate(self) -> bool:
        """Return whether it is only a guess, which never alerts by itself and never counts as assessed."""
        return self in (Basis.CPE, Basis.NAME)
