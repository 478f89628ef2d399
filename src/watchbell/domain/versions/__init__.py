"""Which of two versions comes first? One order-preserving key of bytes per version.

Standard library only: ranges and inventories store keys, and any database that
compares bytes can then join them.
"""

from watchbell.domain.versions.encoding import HIGHEST, LOWEST, MAX_LENGTH, Unparsable, just_after
from watchbell.domain.versions.schemes import KEY_FORMAT, Scheme, is_only_convention, key, scheme_for

__all__ = [
    "HIGHEST",
    "KEY_FORMAT",
    "LOWEST",
    "MAX_LENGTH",
    "Scheme",
    "Unparsable",
    "is_only_convention",
    "just_after",
    "key",
    "scheme_for",
]
