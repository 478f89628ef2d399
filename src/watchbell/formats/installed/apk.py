"""Read Alpine's database of installed packages (/lib/apk/db/installed); records name origins, so URLs carry them."""

from watchbell.formats.installed import distro as distros
from watchbell.formats.installed import reasons
from watchbell.formats.installed.purls import purl
from watchbell.formats.installed.text import stanzas
from watchbell.formats.sbom import Collected, Component, Sbom, SbomFormat

_WANTED = frozenset({"P", "V", "A", "o"})


def loads(data: bytes, *, distro: str = "") -> Sbom:
    """Return what is installed; `distro` is its release, such as alpine-3.18. Raises Refused for what is no text."""
    found, release = Collected(), distros.named(distro)
    for number, fields in stanzas(data, _WANTED, found):
        place, name, version = f"line {number}", fields.get("P", ""), fields.get("V", "")
        if not name:
            found.unreadable(" ".join(fields.values()), place)
            continue
        path = f"{release.namespace}/{name}" if release.namespace else name
        origin = fields.get("o", "")
        upstream = origin if origin != name else ""
        url = purl("apk", path, version, arch=fields.get("A", ""), distro=release.qualifier, upstream=upstream)
        because = "" if release.qualifier else reasons.NO_RELEASE
        because = because if version else reasons.NOT_READ
        found.add(Component(ref=place, name=name, version=version, purl=url, because=because), place)
    if not release.qualifier:
        found.note("no-release", reasons.NO_RELEASE, "")
    return found.sbom(SbomFormat.APK, release.qualifier)
