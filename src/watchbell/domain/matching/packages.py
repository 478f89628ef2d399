"""Which package and version does a package URL name, and if none, why not?

The library that reads package URLs is lenient (it drops an empty version, takes
the last of two qualifiers and mends spaces), so what it would mend is refused here.
"""

import re
from typing import TYPE_CHECKING

from watchbell.domain.matching.distros import ecosystem_of
from watchbell.domain.matching.names import Package, canonical_name, package
from watchbell.domain.matching.outcomes import Doubt, Reason
from watchbell.domain.records import record

if TYPE_CHECKING:
    from packageurl import PackageURL

__all__ = ["CannotTell", "Identified", "Package", "canonical_name", "identity_of_purl", "package", "package_of_purl"]

MAX_PURL = 2048
"""Longest package URL read, in characters."""

_VISIBLE = re.compile(r"[!-\x7e]+")
REGISTRIES = {
    "cargo": "crates.io", "composer": "Packagist", "cran": "CRAN", "gem": "RubyGems", "golang": "Go",
    "hackage": "Hackage", "hex": "Hex", "maven": "Maven", "npm": "npm", "nuget": "NuGet", "pub": "Pub",
    "pypi": "PyPI", "swift": "SwiftURL", "bitnami": "Bitnami",
}  # fmt: skip
"""The OSV ecosystem of each type of package URL that needs no release."""
_DISTROS = frozenset({"deb", "rpm", "apk"})
_SOURCE = ("upstream", "source", "origin")
_PLAIN = re.compile(
    r"pkg:(cargo|composer|gem|golang|maven|npm|nuget|pypi|deb|rpm|apk)/"
    r"((?:(?:%40)?[A-Za-z0-9_][A-Za-z0-9_.-]*/)*)([A-Za-z0-9_](?:[A-Za-z0-9_.+-]|%2[Bb])*)"
    r"@((?:[A-Za-z0-9_.+~:-]|%2[Bb]|%3[Aa]|%7[Ee])+)(?:\?([a-z]+=[A-Za-z0-9_.+:@~%-]+(?:&[a-z]+=[A-Za-z0-9_.+:@~%-]+)*))?"
)
"""A package URL that any reader takes apart alike; it stands for nearly all, and costs a tenth of the library's way."""

_WITHOUT_NAMESPACE = frozenset({"cargo", "gem", "nuget", "pypi"})
_ESCAPES = (("%2B", "+"), ("%2b", "+"), ("%3A", ":"), ("%3a", ":"), ("%7E", "~"), ("%7e", "~"), ("%40", "@"))


@record(frozen=True, slots=True)
class Identified:
    """The package a URL names, its version (None: it gives none) and the URL in canonical form."""

    package: Package
    version: str | None
    purl: str


@record(frozen=True, slots=True)
class CannotTell:
    """Why a URL names no package that records could name."""

    reason: Reason
    because: str

    @property
    def doubt(self) -> Doubt:
        """Return the same as a doubt, for an outcome."""
        return Doubt(self.reason, self.because)


def package_of_purl(purl: str) -> Identified | CannotTell:
    """Return the package and version this package URL names, or why that cannot be told."""
    fault = _fault(purl)
    if fault:
        return _no_identity(purl, fault)
    from packageurl import PackageURL  # imported late: a run without package URLs need not pay 10 ms

    try:
        read = PackageURL.from_string(purl)
    except ValueError as error:
        return _no_identity(purl, str(error))
    return _in_distro(read) if read.type in _DISTROS else _in_registry(read)


@record(frozen=True, slots=True)
class _Plain:
    """The parts of a plain package URL that name a package."""

    type: str
    namespace: str
    name: str
    version: str


def identity_of_purl(purl: str) -> tuple[Package, str | None] | CannotTell:
    """Return the package and version as `package_of_purl` does, without the canonical URL that takes the library."""
    read = _PLAIN.fullmatch(purl) if len(purl) <= MAX_PURL else None
    if read is not None:
        kind, namespace, name, version, rest = read.groups()
        qualifiers = _plain_qualifiers(rest) if rest else {}
        if qualifiers is not None and not (namespace and kind in _WITHOUT_NAMESPACE):
            parts = kind, _unescaped(namespace.rstrip("/")), _unescaped(name), _unescaped(version)
            found = _plainly(_Plain(*parts), qualifiers) if kind in _DISTROS else _in_plain_registry(*parts)
            if found is not None:
                return found
    slowly = package_of_purl(purl)
    return slowly if isinstance(slowly, CannotTell) else (slowly.package, slowly.version)


def _in_plain_registry(kind: str, namespace: str, name: str, version: str) -> tuple[Package, str | None] | None:
    joined = f"{namespace}{':' if kind == 'maven' else '/'}{name}" if namespace else name
    ecosystem = REGISTRIES[kind]
    named = Package(ecosystem, canonical_name(ecosystem, joined))
    return (named, version) if namespace or kind != "maven" else None


def _plainly(read: _Plain, qualifiers: dict[str, str]) -> tuple[Package, str | None] | None:
    ecosystem = ecosystem_of(read.type, read.namespace, qualifiers.get("distro", ""))
    if not ecosystem:
        return None
    name, version = _source_of(read, qualifiers)
    name = name.lower() if read.type == "apk" and name == read.name else name
    return package(ecosystem, name), _with_epoch(read.type, version, qualifiers)


def _plain_qualifiers(text: str) -> dict[str, str] | None:
    """Return the qualifiers, or None where the library must look: a name given twice, a rare escape."""
    pairs = [pair.partition("=") for pair in text.split("&")]
    found = {name: _unescaped(value) for name, _, value in pairs}
    return found if len(found) == len(pairs) and not any("%" in value for value in found.values()) else None


def _unescaped(text: str) -> str:
    if "%" in text:
        for escape, character in _ESCAPES:
            text = text.replace(escape, character)
    return text


def _fault(purl: str) -> str:
    """Return what is wrong with a URL that the library would silently mend, or ""."""
    if len(purl) > MAX_PURL:
        return f"it is longer than {MAX_PURL} characters"
    if not _VISIBLE.fullmatch(purl):
        return "it holds spaces or characters that must be percent-encoded"
    main, _, qualifiers = purl.partition("#")[0].partition("?")
    if main.endswith("@"):
        return "nothing follows the @; leave the @ out or give the version"
    names = [pair.partition("=")[0].lower() for pair in qualifiers.split("&")] if qualifiers else []
    if len(names) != len(set(names)):
        return "a qualifier is given twice; keep one"
    return ""


def _no_identity(purl: str, fault: str) -> CannotTell:
    shown = purl if len(purl) <= 120 else purl[:120] + "..."
    return CannotTell(Reason.NO_PACKAGE_IDENTITY, f"{shown!r} is not a package URL that can be used: {fault}")


def _in_registry(read: "PackageURL") -> Identified | CannotTell:
    ecosystem = REGISTRIES.get(read.type)
    if ecosystem is None:
        return CannotTell(
            Reason.UNKNOWN_ECOSYSTEM,
            f"package URLs of type {read.type!r} belong to no ecosystem that advisories name here: {read.to_string()}",
        )
    joined = f"{read.namespace}{':' if ecosystem == 'Maven' else '/'}{read.name}" if read.namespace else read.name
    if ecosystem == "Maven" and not read.namespace:
        return _no_identity(read.to_string(), "a Maven package needs its group before the name")
    return Identified(package(ecosystem, joined), read.version or None, read.to_string())


def _in_distro(read: "PackageURL") -> Identified | CannotTell:
    qualifiers = read.qualifiers if isinstance(read.qualifiers, dict) else {}
    ecosystem = ecosystem_of(read.type, read.namespace or "", qualifiers.get("distro", ""))
    if ecosystem is None:
        return CannotTell(
            Reason.UNKNOWN_ECOSYSTEM,
            f"{read.type} packages of {read.namespace or 'no named distribution'} are in no ecosystem that advisories "
            f"name here: {read.to_string()}",
        )
    if not ecosystem:
        return CannotTell(
            Reason.NO_DISTRO_RELEASE,
            f"{read.to_string()} does not say which release it is for; add a qualifier such as distro=debian-12",
        )
    name, version = _source_of(read, qualifiers)
    return Identified(package(ecosystem, name), _with_epoch(read.type, version, qualifiers), read.to_string())


def _source_of(read: "PackageURL | _Plain", qualifiers: dict[str, str]) -> tuple[str, str | None]:
    """Return the source package's name, which deb and apk records use, and its version where it differs."""
    named = next((qualifiers[word] for word in _SOURCE if qualifiers.get(word)), "")
    if read.type == "rpm" or not named:
        return read.name, read.version or None
    name, _, version = named.partition("@")
    return name, version or read.version or None


def _with_epoch(purl_type: str, version: str | None, qualifiers: dict[str, str]) -> str | None:
    """Return the version with the epoch that rpm package URLs keep apart."""
    epoch = qualifiers.get("epoch", "")
    if purl_type == "rpm" and version and epoch and ":" not in version:
        return f"{epoch}:{version}"
    return version
