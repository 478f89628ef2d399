"""What can be said of two reports that were compared?"""

from enum import StrEnum


class Answer(StrEnum):
    """What a suggestion says of a known report."""

    SAME = "same"
    """Probably the same flaw."""
    RELATED = "related, not the same"
    """Another flaw of the same product."""
    DIFFERENT = "different"
    """Neither."""
