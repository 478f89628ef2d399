"""Which words does a case use besides its machines? What became of a proposal, and what a vendor says of a product."""

from enum import StrEnum


class ProposalState(StrEnum):
    """What became of one proposed end."""

    OPEN = "open"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    OVERTAKEN = "overtaken"


class Standing(StrEnum):
    """How a product stands to a vulnerability as its vendor says; silence has its own word, never "not affected"."""

    NO_ANSWER = "no_answer"
    UNDER_INVESTIGATION = "under_investigation"
    AFFECTED = "affected"
    NOT_AFFECTED = "not_affected"
    FIXED = "fixed"
