"""Do two package URLs name one thing? Their parts in one spelling, whoever wrote them.

Writers differ in percent-encoding, case and how they name a container image:
`pkg:docker/nginx`, `pkg:oci/nginx?repository_url=index.docker.io/library/nginx` and
the same with `docker.io` are one image. What is left out means "any".
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from watchbell.domain.matching.names import canonical_name
from watchbell.domain.matching.packages import MAX_PURL, REGISTRIES
from watchbell.domain.versions import Scheme, Unparsable, key, scheme_for

if TYPE_CHECKING:
    from packageurl import PackageURL

_LOWER = frozenset({"deb", "apk", "github", "bitbucket", "oci", "docker", "generic", "huggingface"})
_DISTROS = {"deb": "Debian", "rpm": "Red Hat", "apk": "Alpine"}
_IMAGES = frozenset({"oci", "docker"})
_REPOSITORY = "repository_url"
_HUB_LABELS = ["docker", "io"]
_HUB = "docker"
"""Docker's own index, which goes by several hosts; all end in these labels."""


@dataclass(frozen=True, slots=True)
class CanonicalPurl:
    """The parts of a package URL; `version` "" and a qualifier that is not there mean any."""

    type: str
    name: str
    version: str
    qualifiers: tuple[tuple[str, str], ...]
    subpath: str

    def differs_from(self, other: "CanonicalPurl") -> str:
        """Return the first part in which `other` is not what this asks for ("name", "version", ...), or ""."""
        if (self.type, self.name) != (other.type, other.name):
            return "name"
        if self.version and not same_version(self.type, self.version, other.version):
            return "version"
        given = dict(other.qualifiers)
        for word, wanted in self.qualifiers:
            if given.get(word) != wanted:
                return word
        return "subpath" if self.subpath and self.subpath != other.subpath else ""


def same_version(purl_type: str, one: str, other: str) -> bool:
    """Return whether two versions are one, letter by letter or in their ecosystem's order (1.0 is 1.0.0 in PyPI)."""
    scheme = scheme_for(REGISTRIES.get(purl_type) or _DISTROS.get(purl_type, ""))
    return one == other or (scheme is not None and _is_level(scheme, one, other))


def same_firmware(one: str, other: str) -> bool:
    """Return whether two versions of something without a registry are one: V8.1 is 8.1."""
    return one == other or _is_level(Scheme.GENERIC, one, other)


def _is_level(scheme: Scheme, one: str, other: str) -> bool:
    try:
        return key(scheme, one) == key(scheme, other)
    except Unparsable:
        return False


@lru_cache(maxsize=65536)
def canonical_purl(purl: str) -> CanonicalPurl | None:
    """Return the parts of a package URL in one spelling, or None for what is none."""
    from packageurl import PackageURL  # imported late: a run without package URLs need not pay 10 ms

    if len(purl) > MAX_PURL:
        return None
    try:
        read = PackageURL.from_string(purl)
    except ValueError:
        return None
    qualifiers = dict(read.qualifiers) if isinstance(read.qualifiers, dict) else {}
    if read.type in _IMAGES:
        return _image(read, qualifiers)
    joined = f"{read.namespace}/{read.name}" if read.namespace else read.name
    name = canonical_name(REGISTRIES.get(read.type, ""), joined)
    if read.type in _LOWER:
        name = name.lower()
    return CanonicalPurl(read.type, name, read.version or "", tuple(sorted(qualifiers.items())), read.subpath or "")


def _image(read: "PackageURL", qualifiers: dict[str, str]) -> CanonicalPurl:
    """Return a container image as an OCI artefact: repository in one spelling, digest as version, tag as qualifier."""
    version, path = read.version or "", qualifiers.pop(_REPOSITORY, "")
    if read.type == "docker":
        path = "/".join(part for part in (path or _HUB, read.namespace or "library", read.name) if part)
    if version and ":" not in version:
        qualifiers.setdefault("tag", version)
        version = ""
    if path:
        qualifiers[_REPOSITORY] = _repository(path, read.name)
    return CanonicalPurl("oci", read.name.lower(), version.lower(), tuple(sorted(qualifiers.items())), "")


def _repository(address: str, name: str) -> str:
    """Return "host/path/name": no scheme, Docker's index under one name, its `library` written out."""
    parts = [part for part in address.casefold().rpartition("://")[2].split("/") if part]
    if parts[-1:] != [name.casefold()]:
        parts.append(name.casefold())
    if parts[0].split(".")[-2:] == _HUB_LABELS:
        parts[0] = _HUB
    if parts[0] == _HUB and len(parts) == 2:
        parts.insert(1, "library")
    return "/".join(parts)
