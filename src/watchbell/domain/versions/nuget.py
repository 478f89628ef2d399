"""Which NuGet package comes first? (Semantic Versioning 2.0.0 with a fourth number, case-insensitive.)

Missing numbers are zero and `+metadata` never counts.
"""

import re

from watchbell.domain.versions.encoding import NUMBERS, Unparsable
from watchbell.domain.versions.semver import prerelease

_SHAPE = re.compile(r"[vV]?([0-9]++(?:\.[0-9]++){0,3}+)(?:-([0-9A-Za-z.-]++))?+(?:\+[ -~]*+)?+")
_ZERO = NUMBERS["0"]
_RELEASE = b"\xfc"


def key(version: str) -> bytes:
    """Return the key of a NuGet version; raises Unparsable."""
    match = _SHAPE.fullmatch(version)
    if match is None:
        raise Unparsable(version, "NuGet")
    numbers = match[1].split(".")
    head = b"".join([NUMBERS[part] for part in numbers]) + _ZERO * (4 - len(numbers))
    return head + (prerelease(match[2].lower()) if match[2] else _RELEASE)
