"""Which order of versions does an ecosystem follow, and what is the key of a version in it?

One table says which scheme an OSV ecosystem uses. An ecosystem that is not in the
table has no scheme here, and its versions can only be called "cannot tell".
Ecosystem names are those of the OSV schema; a release such as `:12` may follow.
"""

from collections.abc import Callable
from enum import StrEnum

from watchbell.domain.versions import alpine, debian, dotted, maven, nuget, pub, pypi, rpm, rubygems, semver
from watchbell.domain.versions.encoding import MAX_LENGTH, Unparsable

KEY_FORMAT: int = 1
"""Stored beside every key; when it grows, keys in a database are built again."""


class Scheme(StrEnum):
    """A family of version orders."""

    SEMVER = "semver"
    PYPI = "pypi"
    RUBYGEMS = "rubygems"
    DEBIAN = "debian"
    RPM = "rpm"
    ALPINE = "alpine"
    NUGET = "nuget"
    PUB = "pub"
    CRAN = "cran"
    HACKAGE = "hackage"
    MAVEN = "maven"


_KEYS: dict[Scheme, Callable[[str], bytes]] = {
    Scheme.SEMVER: semver.key,
    Scheme.PYPI: pypi.key,
    Scheme.RUBYGEMS: rubygems.key,
    Scheme.DEBIAN: debian.key,
    Scheme.RPM: rpm.key,
    Scheme.ALPINE: alpine.key,
    Scheme.NUGET: nuget.key,
    Scheme.PUB: pub.key,
    Scheme.CRAN: dotted.cran_key,
    Scheme.HACKAGE: dotted.hackage_key,
    Scheme.MAVEN: maven.key,
}

_SCHEMES: dict[str, Scheme] = {
    "npm": Scheme.SEMVER,
    "crates.io": Scheme.SEMVER,
    "Go": Scheme.SEMVER,
    "Hex": Scheme.SEMVER,
    "SwiftURL": Scheme.SEMVER,
    "PyPI": Scheme.PYPI,
    "RubyGems": Scheme.RUBYGEMS,
    "Debian": Scheme.DEBIAN,
    "Ubuntu": Scheme.DEBIAN,
    "AlmaLinux": Scheme.RPM,
    "Azure Linux": Scheme.RPM,
    "Mageia": Scheme.RPM,
    "openEuler": Scheme.RPM,
    "openSUSE": Scheme.RPM,
    "Red Hat": Scheme.RPM,
    "Rocky Linux": Scheme.RPM,
    "SUSE": Scheme.RPM,
    "Alpine": Scheme.ALPINE,
    "Chainguard": Scheme.ALPINE,
    "Wolfi": Scheme.ALPINE,
    "NuGet": Scheme.NUGET,
    "Pub": Scheme.PUB,
    "CRAN": Scheme.CRAN,
    "Hackage": Scheme.HACKAGE,
    "Maven": Scheme.MAVEN,
}


_NO_VERSION = frozenset(
    {"latest", "unknown", "unspecified", "undefined", "none", "null", "nan", "main", "master", "head"}
)
"""Words that people and tools write where a version is not known; no order holds a place for them."""


def scheme_for(ecosystem: str) -> Scheme | None:
    """Return the scheme of an OSV ecosystem such as `npm` or `Debian:12`, or None for one not known here."""
    return _SCHEMES.get(ecosystem.partition(":")[0])


def key(scheme: Scheme, version: str) -> bytes:
    """Return bytes whose order is the order of versions in `scheme`.

    Equal versions have equal keys; no key is the beginning of another; every key
    lies between LOWEST and HIGHEST. Work grows in step with the length, which is
    at most 512 characters. Raises Unparsable, also for a longer or empty text.
    """
    if not version or len(version) > MAX_LENGTH:
        raise Unparsable(version, f"{scheme} (1 to {MAX_LENGTH} characters)")
    if version[0] > "9" and version.lower() in _NO_VERSION:
        raise Unparsable(version, scheme)
    return _KEYS[scheme](version)


def is_only_convention(scheme: Scheme, key: bytes) -> bool:
    """Return whether this key's place is a mere convention, so that lying outside a range proves nothing.

    So it is for Python versions that are not PEP 440: they all sort below `0.dev0`.
    """
    return scheme is Scheme.PYPI and pypi.is_legacy(key)
