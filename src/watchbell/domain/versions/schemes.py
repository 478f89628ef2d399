"""Which order of versions does an ecosystem follow, and what is the key of a version in it?

One table says which scheme an OSV ecosystem uses. An ecosystem that is not in the
table has no scheme here, and its versions can only be called "cannot tell".
Ecosystem names are those of the OSV schema; a release such as `:12` may follow.
"""

from collections.abc import Callable
from enum import StrEnum
from importlib import import_module
from typing import Any

from watchbell.domain.records import record
from watchbell.domain.versions.encoding import MAX_LENGTH, Unparsable

KEY_FORMAT: int = 2
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
    PACKAGIST = "packagist"
    GENERIC = "generic"


class Standing(StrEnum):
    """How far a version's place can be relied on.

    Certain: every tool of the ecosystem agrees. Ambiguous: ask `compare_exactly`, pair by
    pair. Unparsable: it is no version of the scheme; a key it has is a mere convention.
    """

    CERTAIN = "certain"
    AMBIGUOUS = "ambiguous"
    UNPARSABLE = "unparsable"


@record(frozen=True, slots=True)
class Place:
    """Where a version stands, if anywhere, and how far that can be relied on."""

    key: bytes | None
    standing: Standing


# Modules are loaded with the first version of their scheme: a list names few of them, and all cost a tenth of a match.
_KEYS = {
    Scheme.SEMVER: "semver.key",
    Scheme.PYPI: "pypi.key",
    Scheme.RUBYGEMS: "rubygems.key",
    Scheme.DEBIAN: "debian.key",
    Scheme.RPM: "rpm.key",
    Scheme.ALPINE: "alpine.key",
    Scheme.NUGET: "nuget.key",
    Scheme.PUB: "pub.key",
    Scheme.CRAN: "dotted.cran_key",
    Scheme.HACKAGE: "dotted.hackage_key",
    Scheme.MAVEN: "maven.key",
    Scheme.PACKAGIST: "composer.key",
    Scheme.GENERIC: "generic.key",
}
_ONLY_CONVENTION = {
    Scheme.ALPINE: "alpine.is_faulty",
    Scheme.PACKAGIST: "composer.is_refused",
    Scheme.PYPI: "pypi.is_legacy",
}
_AMBIGUOUS = {Scheme.GENERIC: "generic.is_ambiguous", Scheme.MAVEN: "maven.is_ambiguous"}
_PAIRS = {Scheme.GENERIC: "generic.compare", Scheme.MAVEN: "maven_pairs.compare"}
_loaded: dict[str, Callable[..., Any]] = {}
_keys: dict[Scheme, Callable[[str], bytes]] = {}


def _rule(name: str) -> Callable[..., Any]:
    """Return a function of one of the modules beside this one, loaded once."""
    found = _loaded.get(name)
    if found is None:
        module, _, function = name.partition(".")
        found = _loaded[name] = getattr(import_module(f"watchbell.domain.versions.{module}"), function)
    return found


def _key_of(scheme: Scheme) -> Callable[[str], bytes]:
    found = _keys[scheme] = _rule(_KEYS[scheme])
    return found


NOT_ALWAYS_ORDERED = frozenset(_PAIRS)
"""Schemes in which a version may be ambiguous; in all others keys say everything."""

_SCHEMES: dict[str, Scheme] = {
    "npm": Scheme.SEMVER,
    "crates.io": Scheme.SEMVER,
    "Go": Scheme.SEMVER,
    "Hex": Scheme.SEMVER,
    "SwiftURL": Scheme.SEMVER,
    "Bitnami": Scheme.SEMVER,
    "Julia": Scheme.SEMVER,
    "VSCode": Scheme.SEMVER,
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
    "Alpaquita": Scheme.ALPINE,
    "Alpine": Scheme.ALPINE,
    "BellSoft Hardened Containers": Scheme.ALPINE,
    "Chainguard": Scheme.ALPINE,
    "MinimOS": Scheme.ALPINE,
    "Wolfi": Scheme.ALPINE,
    "NuGet": Scheme.NUGET,
    "Pub": Scheme.PUB,
    "CRAN": Scheme.CRAN,
    "Hackage": Scheme.HACKAGE,
    "Maven": Scheme.MAVEN,
    "Packagist": Scheme.PACKAGIST,
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
    return (_keys.get(scheme) or _key_of(scheme))(version)


def is_only_convention(scheme: Scheme, key: bytes) -> bool:
    """Return whether this key's place is a mere convention, so that lying outside a range proves nothing.

    So it is for what is no version of the scheme but still has a place: Python versions
    that are not PEP 440, and what apk-tools or Composer refuse.
    """
    ask = _ONLY_CONVENTION.get(scheme)
    return ask is not None and bool(_rule(ask)(key))


def is_ambiguous(scheme: Scheme, version: str) -> bool:
    """Return whether the ecosystem's own tool may place this version otherwise than its key; it must have a key.

    Two versions that are not ambiguous are ordered by their keys as that tool orders them.
    """
    ask = _AMBIGUOUS.get(scheme)
    return ask is not None and bool(_rule(ask)(version))


def place(scheme: Scheme, version: str) -> Place:
    """Return a version's key and how far it can be relied on; nothing is raised."""
    try:
        found = key(scheme, version)
    except Unparsable:
        return Place(None, Standing.UNPARSABLE)
    if is_only_convention(scheme, found):
        return Place(found, Standing.UNPARSABLE)
    return Place(found, Standing.AMBIGUOUS if is_ambiguous(scheme, version) else Standing.CERTAIN)


def compare_exactly(scheme: Scheme, one: str, other: str) -> int | None:
    """Return -1, 0 or 1 as the ecosystem's own tool says of this pair, or None where nobody could tell.

    It differs from the order of keys only where one of the two is ambiguous, and is then
    not always one order: never sort by it. Raises Unparsable.
    """
    left, right = key(scheme, one), key(scheme, other)
    ask = _PAIRS.get(scheme)
    if ask is None:
        return (left > right) - (left < right)
    found: int | None = _rule(ask)(one, other)
    return found
