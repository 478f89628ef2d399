"""Read Composer's composer.lock: packages in exact versions; a branch is a commit and has no version to compare."""

import re

from watchbell.formats import fields, strictjson
from watchbell.formats.fields import Json
from watchbell.formats.installed import entries, reasons
from watchbell.formats.installed.entries import said
from watchbell.formats.installed.purls import purl
from watchbell.formats.sbom import Collected, Component, Sbom, SbomFormat

_SHA = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")


def loads(data: bytes) -> Sbom:
    """Return what the lock file installs, development packages included; raises Refused with the place."""
    return read(fields.root(strictjson.loads(data)))


def read(document: Json) -> Sbom:
    """Return what a parsed lock file installs; raises Refused with the place."""
    found = Collected()
    for key in ("packages", "packages-dev"):
        for one, place in entries.each(document, key, found):
            found.add(_component(one, place), place)
    return found.sbom(SbomFormat.COMPOSER, said(document, "plugin-api-version"))


def _component(one: Json, place: str) -> Component:
    name, version = said(one, "name"), said(one, "version")
    if not name:
        return Component(ref=place, name=place, because=reasons.NOT_READ)
    if said(one.get("dist"), "type") == "path":
        return Component(ref=place, name=name, version=version, because=reasons.FROM_FOLDER)
    if version.startswith("dev-") or version.endswith("-dev"):
        sha = said(one.get("source"), "reference")
        commit = sha if _SHA.fullmatch(sha) else ""
        return Component(ref=place, name=name, version=version, commit=commit, because=reasons.FROM_GIT)
    return Component(ref=place, name=name, version=version, purl=purl("composer", name, version))
