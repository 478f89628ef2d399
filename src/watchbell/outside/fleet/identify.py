"""Which package and version does each of millions of package URLs name, reading hardly any of them in full?

`domain.matching.packages` says what a URL names and takes 16 microseconds for it. Most
URLs are plain: words and a version in which nothing is escaped and which nothing else changes.
Those are read here, and what was learned of a package serves for all its versions. The
answer never differs from asking in full; a property test holds it to that.
"""

import re
from functools import lru_cache

from watchbell.domain.matching.distros import ecosystem_of
from watchbell.domain.matching.outcomes import Reason
from watchbell.domain.matching.packages import REGISTRIES, CannotTell, Package, package, package_of_purl

_VERSION = re.compile(r"[0-9A-Za-z][0-9A-Za-z._~+:-]*").fullmatch
_WORD = "[0-9A-Za-z][0-9A-Za-z._~+-]*"
_HEAD = re.compile(f"pkg:([a-z]+)/((?:{_WORD}/)*)({_WORD})").fullmatch
# Any other qualifier may give the version or the name of another package.
_HARMLESS = re.compile(r"distro=([0-9A-Za-z._-]+)").fullmatch
_ALONE = frozenset({"cargo", "gem", "npm", "nuget", "pypi"})
_WITH_NAMESPACE = frozenset({"composer", "golang", "maven"})
_DISTROS = frozenset({"apk", "deb", "rpm"})
_MOST_KNOWN = 1_000_000
_LONGEST = 512

Named = tuple[Package, str] | Reason
"""A package and its version, or why there is none."""

_release = lru_cache(maxsize=1024)(ecosystem_of)


class Identifier:
    """What was learned from the package URLs read so far; grows with the distinct packages, up to a bound."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], Package | None] = {}

    def read(self, purl: str) -> Named:
        """Return the package and version this URL names, or the reason why it cannot be told."""
        main, mark, rest = purl.partition("?")
        head, _, version = main.rpartition("@")
        if not _VERSION(version) or len(purl) > _LONGEST:
            return _in_full(purl)
        try:
            known = self._known[head, mark + rest]
        except KeyError:
            known = _plain(head, mark + rest)
            if len(self._known) < _MOST_KNOWN:
                self._known[head, mark + rest] = known
        return _in_full(purl) if known is None else (known, version)


def _plain(head: str, rest: str) -> Package | None:
    """Return the package of a URL whose version is cut out, or None when it takes a full reading."""
    words = _HEAD(head)
    if words is None:
        return None
    kind, namespace, name = words[1], words[2][:-1], words[3]
    if kind in _DISTROS:
        release = _HARMLESS(rest[1:]) if rest else None
        ecosystem = _release(kind, namespace, release[1]) if release and "/" not in namespace else None
        return package(ecosystem, name.lower() if kind == "apk" else name) if ecosystem else None
    if rest or not (kind in _WITH_NAMESPACE if namespace else kind in _ALONE):
        return None
    joined = f"{namespace}{':' if kind == 'maven' else '/'}{name}" if namespace else name
    return package(REGISTRIES[kind], joined)


def _in_full(purl: str) -> Named:
    read = package_of_purl(purl)
    if isinstance(read, CannotTell):
        return read.reason
    if read.version is None:
        return Reason.NO_VERSION
    if "\0" in read.version or "\0" in read.package.name:
        return Reason.NO_PACKAGE_IDENTITY
    return read.package, read.version
