"""Which Dart package comes first? (Semantic Versioning as pub orders it: build metadata counts.)

Without `+build` a version sorts below the same with one; builds compare like pre-releases.
"""

from watchbell.domain.versions import semver
from watchbell.domain.versions.encoding import Unparsable

_NO_BUILD, _BUILD = b"\x01", b"\x02"


def key(version: str) -> bytes:
    """Return the key of a pub version; raises Unparsable."""
    release, plus, build = version.partition("+")
    if not plus:
        return semver.key(release) + _NO_BUILD
    if not build or not build.isascii() or not build.replace(".", "").replace("-", "").isalnum():
        raise Unparsable(version, "pub")
    return semver.key(release) + _BUILD + semver.prerelease(build)
