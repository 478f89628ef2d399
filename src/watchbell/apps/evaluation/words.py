"""Which codes does this room write into its tables and into the record?"""

from enum import StrEnum


class Source(StrEnum):
    """Where a run's samples come from."""

    IMPORTED = "imported"
    """A log of an evaluator's own Inspect."""
    OWN = "own"
    """This node ran it."""
    SIGNED = "signed"
    """Counts that somebody signed who may see a sealed benchmark."""


class Stop(StrEnum):
    """Why a run of our own stands still, or ended before everything was there."""

    CANCELLED = "cancelled"
    BUDGET = "budget"
    WINDOW = "window"
    TOKEN = "token"  # noqa: S105 (a word, no secret)
    TIME = "time"
    """Twelve hours after a person wanted it to go on, it waits until they want it again."""
    ENDPOINT = "endpoint"
    MISSING = "missing"
    BROKE = "broke"
    WALLS = "walls"
    """The sandbox does not hold on this machine."""
    NO_INSPECT = "no_inspect"
    OUT_OF_REACH = "out_of_reach"
    NOT_ALLOWED = "not_allowed"
    """Whoever started it may not any more, or an incident is open."""
    NO_LOG = "no_log"
    """What it left is no log that can be taken in."""


class Deviation(StrEnum):
    """In what a log is not as the protocol has it, though its samples count."""

    CUT_OFF = "cut_off"
    EDITED_AFTER_THE_RUN = "edited_after_the_run"
    OTHER_EPOCHS = "other_epochs"
    OTHER_SCAFFOLD = "other_scaffold"
    MORE_CALLS_THAN_ADMITTED = "more_calls_than_admitted"
    """Some calls of the log did not go through the gateway, or their lines are of another time."""


class IncidentKind(StrEnum):
    """What happened that the developer must hear of within the hour."""

    CANARY = "canary"
    OUT_OF_SCOPE = "out_of_scope"
    CONTAINMENT = "containment"
    OTHER = "other"
