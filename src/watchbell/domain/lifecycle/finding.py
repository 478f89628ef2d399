"""What has been decided about one claimed flaw? Nothing is ever dropped: every decision can be taken back."""

from enum import StrEnum
from typing import Final

from watchbell.domain.lifecycle.machine import Machine


class Finding(StrEnum):
    """Where a finding stands."""

    RECEIVED = "received"
    VALID = "valid"
    DUPLICATE = "duplicate"
    REJECTED = "rejected"


class FindingEvent(StrEnum):
    """What an analyst decides."""

    VALIDATE = "validate"
    MARK_DUPLICATE = "mark duplicate"
    REJECT = "reject"
    REOPEN = "reopen"


FINDING: Final = Machine(
    name="finding",
    start=Finding.RECEIVED,
    events=FindingEvent,
    transitions={
        (Finding.RECEIVED, FindingEvent.VALIDATE): Finding.VALID,
        (Finding.RECEIVED, FindingEvent.MARK_DUPLICATE): Finding.DUPLICATE,
        (Finding.RECEIVED, FindingEvent.REJECT): Finding.REJECTED,
        (Finding.VALID, FindingEvent.MARK_DUPLICATE): Finding.DUPLICATE,
        (Finding.VALID, FindingEvent.REOPEN): Finding.RECEIVED,
        (Finding.DUPLICATE, FindingEvent.REOPEN): Finding.RECEIVED,
        (Finding.REJECTED, FindingEvent.REOPEN): Finding.RECEIVED,
    },
    explanations={
        (Finding.RECEIVED, FindingEvent.REOPEN): "It is open and waits for a decision.",
        (
            Finding.VALID,
            FindingEvent.REJECT,
        ): "It was found valid; reopen it first, so that the change of mind is on record.",
        Finding.VALID: "It was found valid already.",
        Finding.DUPLICATE: "It is settled as a duplicate; reopen it to decide again.",
        Finding.REJECTED: "It was rejected; reopen it to decide again.",
    },
)
