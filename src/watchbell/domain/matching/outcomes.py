"""What can be said about one component and one record, and why?

There are four answers, and "cannot tell" is one of them: it is never shown as safe.
"""

from enum import StrEnum

from watchbell.domain.records import record


class Status(StrEnum):
    """The four answers."""

    AFFECTED = "affected"
    NOT_AFFECTED = "not affected"
    FIXED = "fixed"
    CANNOT_TELL = "cannot tell"


class Reason(StrEnum):
    """Why it cannot be told; shown to people as it stands."""

    NO_VERSION = "no version"
    UNKNOWN_ECOSYSTEM = "unknown ecosystem"
    UNPARSABLE_VERSION = "unparsable version"
    NO_DISTRO_RELEASE = "no distro release"
    NO_PACKAGE_IDENTITY = "no package identity"
    RANGE_NOT_UNDERSTOOD = "range not understood"
    RANGE_NOT_GIVEN = "no range given"
    ONLY_COMMITS = "only commits named"


@record(frozen=True, slots=True)
class Doubt:
    """One thing that could not be read: the reason, and a sentence with what to do."""

    reason: Reason
    because: str


@record(frozen=True, slots=True)
class Outcome:
    """The answer for one version and one record; `reason` is set when it cannot be told.

    `fixed_in` are the versions that end the ranges the version is in, as written.
    """

    status: Status
    because: str
    reason: Reason | None = None
    fixed_in: tuple[str, ...] = ()


def cannot_tell(doubt: Doubt) -> Outcome:
    """Return the outcome this doubt leads to."""
    return Outcome(Status.CANNOT_TELL, doubt.because, doubt.reason)
