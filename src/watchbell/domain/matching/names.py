"""Which package is this, in the one spelling that records and inventories share?

A package is an OSV ecosystem (for a distribution with its release, `Debian:12`)
and a name in canonical spelling. How a registry compares names decides how they
are spelled here.
"""

import re
from collections.abc import Callable

from watchbell.domain.records import record

_PEP503 = re.compile(r"[-_.]+")


def _pypi(name: str) -> str:
    return _PEP503.sub("-", name).lower()


def _crates(name: str) -> str:
    return name.lower().replace("_", "-")


def _url(name: str) -> str:
    return name.lower().removeprefix("https://").removesuffix(".git")


_SPELLINGS: dict[str, Callable[[str], str]] = {
    "PyPI": _pypi,
    "crates.io": _crates,
    "SwiftURL": _url,
    # Two Go module paths or npm names that differ only in case are one project in practice, and
    # a package URL may have been written in lower case, as its specification asks for both.
    "Go": str.lower,
    "npm": str.lower,
    "NuGet": str.lower,
    "Packagist": str.lower,
    "Hex": str.lower,
    "Pub": str.lower,
    "GitHub Actions": str.lower,
    "Bitnami": str.lower,
    "Debian": str.lower,
    "Ubuntu": str.lower,
    "Alpine": str.lower,
}


@record(frozen=True, slots=True, order=True)
class Package:
    """A package: its OSV ecosystem, with release where it has one, and its canonical name."""

    ecosystem: str
    name: str


def canonical_name(ecosystem: str, name: str) -> str:
    """Return the one spelling of this name in its ecosystem; where case matters it is kept."""
    spelling = _SPELLINGS.get(ecosystem.partition(":")[0])
    return spelling(name.strip()) if spelling else name.strip()


def package(ecosystem: str, name: str) -> Package:
    """Return the package these words of a record name."""
    return Package(ecosystem.strip(), canonical_name(ecosystem.strip(), name))
