"""Which words does the worklist use besides its state machine: why a row closed, why a date moved."""

from enum import StrEnum


class Closing(StrEnum):
    """Why a row is no longer to be done, though nobody settled it."""

    WITHDRAWN = "withdrawn"
    MERGED = "merged"
    GONE = "gone"
    QUIETED = "quieted"
    """Others say in a VEX statement that everything it reaches is not affected or fixed; it comes back by itself."""


class Clock(StrEnum):
    """What the term is counted from."""

    LISTING = "listing"
    FIX = "fix"


class Change(StrEnum):
    """What happened to a row besides the deeds of its operator."""

    FOUND = "found"
    DATE_MOVED = "date moved"
    CLOSED = "closed"
    CANNOT_TELL = "cannot tell"
    FOUND_AGAIN = "found again"
    FORENSICS_DONE = "forensics done"
    QUIETED = "quieted"


class MovedBecause(StrEnum):
    """The rule that moved a date: it never moves without one."""

    OUTCOME = "the answers changed"
    STRICTNESS = "the unknown counts otherwise"
    FIX_KNOWN = "a fix became known"
    ZONE = "the time zone changed"
    DATED = "it got a date"
    UNDATED = "it lost its date"
    EARLIER = "the clock started earlier"
