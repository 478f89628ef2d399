"""Which version of plain numbers comes first? (R packages on CRAN, Haskell packages on Hackage.)

Numbers compare one by one and a longer version sorts above its own beginning:
1.0 is below 1.0.0. CRAN also separates with dashes.
"""

import re

from watchbell.domain.versions.encoding import NUMBERS, Unparsable

_CRAN = re.compile(r"[0-9]++(?:[.-][0-9]++)*+")
_HACKAGE = re.compile(r"[0-9]++(?:\.[0-9]++)*+")
_END = b"\x01"


def cran_key(version: str) -> bytes:
    """Return the key of an R package version; raises Unparsable."""
    if _CRAN.fullmatch(version) is None:
        raise Unparsable(version, "CRAN")
    return b"".join([NUMBERS[part] for part in version.replace("-", ".").split(".")]) + _END


def hackage_key(version: str) -> bytes:
    """Return the key of a Haskell package version; raises Unparsable."""
    if _HACKAGE.fullmatch(version) is None:
        raise Unparsable(version, "Hackage")
    return b"".join([NUMBERS[part] for part in version.split(".")]) + _END
