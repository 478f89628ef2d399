"""Which of two versions comes first? One order-preserving key of bytes per version.

Standard library only: ranges and inventories store keys, and any database that
compares bytes can then join them.
"""

from watchbell.domain.versions.encoding import HIGHEST, LOWEST, MAX_LENGTH, Unparsable, just_after
from watchbell.domain.versions.schemes import (
    KEY_FORMAT,
    NOT_ALWAYS_ORDERED,
    Place,
    Scheme,
    Standing,
    compare_exactly,
    is_ambiguous,
    is_only_convention,
    key,
    place,
    scheme_for,
)

__all__ = [
    "HIGHEST",
    "KEY_FORMAT",
    "LOWEST",
    "MAX_LENGTH",
    "NOT_ALWAYS_ORDERED",
    "Place",
    "Scheme",
    "Standing",
    "Unparsable",
    "compare_exactly",
    "is_ambiguous",
    "is_only_convention",
    "just_after",
    "key",
    "place",
    "scheme_for",
]
