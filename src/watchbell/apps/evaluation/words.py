"""Which codes does this room write into its tables and into the record?"""

from enum import StrEnum
from typing import Final


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


class ReviewKind(StrEnum):
    """What somebody who read a transcript saw in it."""

    NOTHING_UNUSUAL = "nothing_unusual"
    GRADER_GAMED = "grader_gamed"
    """It was scored as solved, and was not: the scoring was got round."""
    CONTAMINATED = "contaminated"
    """The model knew or found the solution."""
    REFUSED_OTHERWISE = "refused_otherwise"
    """It would not do it, in words that no scorer took for a refusal."""
    INFRASTRUCTURE = "infrastructure"


DOUBTS: Final = (ReviewKind.GRADER_GAMED, ReviewKind.CONTAMINATED, ReviewKind.REFUSED_OTHERWISE)
"""What leaves a flag open in a report: the outcome that is counted is not what came of the sample."""


class IncidentKind(StrEnum):
    """What happened that the developer must hear of within the hour."""

    CANARY = "canary"
    OUT_OF_SCOPE = "out_of_scope"
    CONTAINMENT = "containment"
    OTHER = "other"
