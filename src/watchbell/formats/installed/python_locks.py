"""Read poetry.lock and uv.lock: what Python's two lock files pin, and where it comes from.

A mirror of the index is taken for the index: its packages carry the same names. uv's own project and the members
of its workspace are what the list describes, not what it installs.
"""

import re

from watchbell.formats import fields
from watchbell.formats.fields import Json
from watchbell.formats.installed import entries, reasons, toml
from watchbell.formats.installed.entries import said
from watchbell.formats.installed.purls import purl
from watchbell.formats.sbom import Collected, Component, Sbom, SbomFormat

POETRY = "poetry.lock 1.0 to 2.1"
UV = "uv.lock 1"
_SHA = re.compile(r"^[0-9a-f]{40}(?:[0-9a-f]{24})?$")
_GIT_HASH = re.compile(r"#([0-9a-f]{40}|[0-9a-f]{64})$")
_FOLDERS = ("path", "directory", "editable", "virtual")


def loads_poetry(data: bytes) -> Sbom:
    """Return what poetry.lock pins; raises Refused with the place."""
    found = Collected()
    return read_poetry(toml.loads(data, found), found)


def read_poetry(document: Json, found: Collected) -> Sbom:
    """Return what a parsed poetry.lock pins; raises Refused for other versions."""
    metadata = fields.mapping(document, "metadata")
    version = said(metadata, "lock-version")
    if version and not version.startswith(("1.", "2.")):
        raise entries.unsupported("poetry.lock", version, POETRY, "/metadata/lock-version")
    for one, place in entries.each(document, "package", found):
        found.add(_poetry_component(one, place), place)
    if not metadata:
        found.note("cut-off", entries.CUT_OFF, "/metadata")
    return found.sbom(SbomFormat.POETRY, version)


def _poetry_component(one: Json, place: str) -> Component:
    source = one.get("source")
    kind = said(source, "type")
    if kind == "git":
        sha = said(source, "resolved_reference")
        return _component(one, place, reasons.FROM_GIT, sha if _SHA.match(sha) else "")
    if kind in ("directory", "file"):
        return _component(one, place, reasons.FROM_FOLDER)
    return _component(one, place, reasons.FROM_ADDRESS if kind == "url" else "")


def loads_uv(data: bytes) -> Sbom:
    """Return what uv.lock pins; raises Refused with the place."""
    found = Collected()
    return read_uv(toml.loads(data, found), found)


def read_uv(document: Json, found: Collected) -> Sbom:
    """Return what a parsed uv.lock pins; raises Refused for other versions."""
    version = document.get("version")
    if version != 1:
        raise entries.unsupported("uv.lock", version, UV, "/version")
    listed, needed = set[str](), set[str]()
    manifest = document.get("manifest")
    members = manifest.get("members") if isinstance(manifest, dict) else None
    own: list[Component] = []
    for one, place in entries.each(document, "package", found):
        component = _uv_component(one, place)
        listed.add(component.name)
        needed.update(_needs(one))
        if _is_own(one, members if isinstance(members, list) else []):
            own.append(component)
        else:
            found.add(component, place)
    if not listed:
        found.note("cut-off", entries.CUT_OFF, "/package")
    entries.note_missing(needed, listed, found)
    return found.sbom(SbomFormat.UV, str(version), subject=own[0] if len(own) == 1 else None)


def _is_own(one: Json, members: list[object]) -> bool:
    source = one.get("source")
    return "." in (said(source, "virtual"), said(source, "editable")) or said(one, "name") in members


def _needs(one: Json) -> list[str]:
    listed = one.get("dependencies")
    named = (said(each, "name") for each in listed) if isinstance(listed, list) else ()
    return [name for name in named if name]


def _uv_component(one: Json, place: str) -> Component:
    source = one.get("source")
    if git := said(source, "git"):
        commit = _GIT_HASH.search(git)
        return _component(one, place, reasons.FROM_GIT, commit[1] if commit else "")
    if said(source, "url"):
        return _component(one, place, reasons.FROM_ADDRESS)
    return _component(one, place, reasons.FROM_FOLDER if any(said(source, kind) for kind in _FOLDERS) else "")


def _component(one: Json, place: str, because: str = "", commit: str = "") -> Component:
    name, version = said(one, "name"), said(one, "version")
    if not name:
        return Component(ref=place, name=place, because=reasons.NOT_READ)
    url = "" if because else purl("pypi", name, version)
    return Component(ref=place, name=name, version=version, purl=url, commit=commit, because=because)
