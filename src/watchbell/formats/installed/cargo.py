"""Read Cargo.lock of versions 1 to 4: crates of the public registry, commits of Git sources, and what is neither.

A package without a source is a folder of the project; one that needs others and that nothing needs is the project.
"""

import re

from watchbell.formats.fields import Json
from watchbell.formats.installed import entries, reasons, toml
from watchbell.formats.installed.entries import said
from watchbell.formats.installed.purls import purl
from watchbell.formats.sbom import Collected, Component, Sbom, SbomFormat

SUPPORTED = "Cargo.lock 1 to 4"
_PUBLIC = "crates.io"
_COMMIT = re.compile(r"^git\+.*#([0-9a-f]{40}|[0-9a-f]{64})$")


def loads(data: bytes) -> Sbom:
    """Return what the lock file names; raises Refused with the place."""
    found = Collected()
    return read(toml.loads(data, found), found)


def read(document: Json, found: Collected) -> Sbom:
    """Return what a parsed lock file names; raises Refused for other versions."""
    version = document.get("version", 1 if "metadata" in document else 2)
    if version not in (1, 2, 3, 4):
        raise entries.unsupported("Cargo.lock", version, SUPPORTED, "/version")
    listed = list(entries.each(document, "package", found))
    if not listed:
        found.note("cut-off", entries.CUT_OFF, "/package")
    needed = {name for one, _ in listed for name in _needs(one)}
    own: list[Component] = []
    for one, place in listed:
        component = _component(one, place)
        if not said(one, "source") and component.name not in needed and (_needs(one) or len(listed) == 1):
            own.append(component)
        else:
            found.add(component, place)
    entries.note_missing(needed, {said(one, "name") for one, _ in listed}, found)
    return found.sbom(SbomFormat.CARGO, str(version), subject=own[0] if len(own) == 1 else None)


def _needs(one: Json) -> list[str]:
    listed = one.get("dependencies")
    return [text.split(" ", 1)[0] for text in listed if isinstance(text, str)] if isinstance(listed, list) else []


def _component(one: Json, place: str) -> Component:
    name, version, source = said(one, "name"), said(one, "version"), said(one, "source")
    if not name:
        return Component(ref=place, name=place, because=reasons.NOT_READ)
    if source.startswith("git+"):
        commit = _COMMIT.match(source)
        sha = commit[1] if commit else ""
        return Component(ref=place, name=name, version=version, commit=sha, because=reasons.FROM_GIT)
    if _PUBLIC not in source:
        because = reasons.OTHER_REGISTRY if source else reasons.FROM_FOLDER
        return Component(ref=place, name=name, version=version, because=because)
    checksum = said(one, "checksum")
    hashes = (("SHA-256", checksum.lower()),) if checksum else ()
    return Component(ref=place, name=name, version=version, purl=purl("cargo", name, version), hashes=hashes)
