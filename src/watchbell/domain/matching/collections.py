"""Which ecosystem does the address of a package collection mean, where that is certain?

CVE records name a package by `collectionURL` and `packageName`. An address is
recognised by one label of its host, so that mirrors and old hosts of a registry
count as the registry; anything else names no ecosystem.
"""

from urllib.parse import urlsplit

_SECOND_LEVEL = {
    "crates": "crates.io",
    "go": "Go",
    "golang": "Go",
    "hex": "Hex",
    "npmjs": "npm",
    "nuget": "NuGet",
    "packagist": "Packagist",
    "pub": "Pub",
    "pypi": "PyPI",
    "rubygems": "RubyGems",
}
_ANYWHERE = {"cran": "CRAN", "hackage": "Hackage", "maven": "Maven", "pypi": "PyPI"}


def ecosystem_of_collection(url: str) -> str:
    """Return the OSV ecosystem of this collection of packages, or "" when it is not certain."""
    try:
        host = urlsplit(url.strip()).hostname or ""
    except ValueError:
        return ""
    labels = host.casefold().split(".")
    if len(labels) < 2:
        return ""
    found = {_ANYWHERE[label] for label in labels[:-1] if label in _ANYWHERE}
    found |= {_SECOND_LEVEL[label] for label in labels[-2:-1] if label in _SECOND_LEVEL}
    return found.pop() if len(found) == 1 else ""
