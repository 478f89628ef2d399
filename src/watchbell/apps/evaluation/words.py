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
