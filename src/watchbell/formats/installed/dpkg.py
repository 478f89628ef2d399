"""Read dpkg's status file (/var/lib/dpkg/status, or the parts of status.d): what Debian and Ubuntu have installed.

Records name source packages, so each package URL carries its source and that one's version where they differ.
A package that was removed and left its settings behind is not installed. Source: deb-control(5), dpkg(1).
"""

import re

from watchbell.domain.sentence import Sentence
from watchbell.formats.installed import distro as distros
from watchbell.formats.installed import reasons
from watchbell.formats.installed.purls import purl
from watchbell.formats.installed.text import stanzas
from watchbell.formats.sbom import Collected, Component, Sbom, SbomFormat

_WANTED = frozenset({"Package", "Status", "Version", "Architecture", "Source", "Maintainer"})
_NOT_THERE = frozenset({"not-installed", "config-files"})
_HALF = frozenset({"half-installed", "half-configured", "unpacked"})
_SOURCE = re.compile(r"(?P<name>[^\s()]+)(?:\s*\((?P<version>[^\s()]+)\))?")


def loads(data: bytes, *, distro: str = "") -> Sbom:
    """Return what is installed; `distro` is its release, such as debian-12. Raises Refused for what is no text."""
    found, release = Collected(), distros.named(distro)
    for number, fields in stanzas(data, _WANTED, found):
        _add(fields, f"line {number}", release, found)
    if not release.qualifier:
        found.note("no-release", reasons.NO_RELEASE, "")
    return found.sbom(SbomFormat.DPKG, release.qualifier)


def _add(fields: dict[str, str], place: str, release: distros.Distro, found: Collected) -> None:
    name, version = fields.get("Package", ""), fields.get("Version", "")
    state = (fields.get("Status", "") or "installed").split()[-1]
    if state in _NOT_THERE:
        return
    if not name:
        found.unreadable(" ".join(fields.values()), place)
        return
    if state in _HALF:
        said = Sentence("{name} is only partly installed ({state}).", name=name[:100], state=state)
        found.note("partly-installed", said, place)
    because = "" if release.qualifier else reasons.NO_RELEASE
    found.add(
        Component(
            ref=place,
            name=name,
            version=version,
            purl=_purl(name, version, fields, release),
            supplier=fields.get("Maintainer", "").partition(" <")[0],
            because=because if version else reasons.NOT_READ,
        ),
        place,
    )


def _purl(name: str, version: str, fields: dict[str, str], release: distros.Distro) -> str:
    path = f"{release.namespace}/{name}" if release.namespace else name
    source = _SOURCE.fullmatch(fields.get("Source", ""))
    upstream = ""
    if source and source["version"] and source["version"] != version:
        upstream = f"{source['name']}@{source['version']}"
    elif source and source["name"] != name:
        upstream = source["name"]
    arch = fields.get("Architecture", "")
    return purl("deb", path, version, arch=arch, distro=release.qualifier, upstream=upstream)
