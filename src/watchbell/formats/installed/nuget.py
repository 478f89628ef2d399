"""Read NuGet's packages.lock.json, versions 1 and 2: what every target framework resolves to, each version once."""

from watchbell.formats import fields, strictjson
from watchbell.formats.fields import Json
from watchbell.formats.installed import entries, reasons
from watchbell.formats.installed.entries import said
from watchbell.formats.installed.purls import purl
from watchbell.formats.sbom import Collected, Component, Sbom, SbomFormat

SUPPORTED = "packages.lock.json 1 and 2"


def loads(data: bytes) -> Sbom:
    """Return what the lock file resolves to; raises Refused with the place."""
    return read(fields.root(strictjson.loads(data)))


def read(document: Json) -> Sbom:
    """Return what a parsed lock file resolves to; raises Refused for other versions."""
    version = document.get("version")
    if version not in (1, 2):
        raise entries.unsupported("packages.lock.json", version, SUPPORTED, "/version")
    found, seen = Collected(), set[tuple[str, str, str]]()
    for framework, _, above in entries.named(document, "dependencies", found):
        for name, one, place in entries.named(document["dependencies"], framework, found, above.rpartition("/")[0]):
            component = _component(name, one, place)
            if (name, component.version, component.because) not in seen:
                seen.add((name, component.version, component.because))
                found.add(component, place)
    return found.sbom(SbomFormat.NUGET, str(version))


def _component(name: str, one: Json, place: str) -> Component:
    version = said(one, "resolved")
    if said(one, "type") == "Project":
        return Component(ref=place, name=name or place, version=version, because=reasons.FROM_FOLDER)
    if not name:
        return Component(ref=place, name=place, version=version, because=reasons.NOT_READ)
    return Component(ref=place, name=name, version=version, purl=purl("nuget", name, version))
