"""Read npm's package-lock.json (and npm-shrinkwrap.json) of lockfileVersion 1, 2 and 3.

Version 2 says everything twice; its `packages` are read, its `dependencies` are not. Names come from the last
`node_modules/` of a path unless an alias names the real package. The root and its workspaces, where they are named
as a folder or as all folders of one ("packages/*"), are the project itself; other folders count, with that as reason.
"""

import re

from watchbell.formats import fields, strictjson
from watchbell.formats.fields import Json
from watchbell.formats.installed import entries, reasons, recognising
from watchbell.formats.installed.entries import said
from watchbell.formats.installed.purls import purl
from watchbell.formats.sbom import Collected, Component, Sbom, SbomFormat

SUPPORTED = "package-lock.json 1, 2 and 3"
_MODULES = "node_modules/"
_COMMIT = re.compile(r"#([0-9a-f]{40}|[0-9a-f]{64})$")
_ALIAS = re.compile(r"^npm:(?P<name>@?[^@]+)@(?P<version>.+)$")
_GIT = ("git+", "git:", "git@", "github:", "gitlab:", "bitbucket:", "ssh:")
_REGISTRY_PATHS = ("/-/", "/download/")


def loads(data: bytes) -> Sbom:
    """Return what the lock file installs; raises Refused with the place."""
    return read(fields.root(strictjson.loads(data, max_depth=recognising.MAX_DEPTH)))


def read(document: Json) -> Sbom:
    """Return what a parsed lock file installs; raises Refused for other versions."""
    version = document.get("lockfileVersion")
    if version not in (1, 2, 3):
        raise entries.unsupported("package-lock.json", version, SUPPORTED, "/lockfileVersion")
    found = Collected()
    if version == 3 and "packages" not in document:
        found.note("cut-off", entries.CUT_OFF, "/packages")
    if "packages" in document:
        _read_packages(document, found)
    else:
        _read_tree(document, found)
    name = said(document, "name")
    subject = Component(ref="/", name=name, version=said(document, "version")) if name else None
    return found.sbom(SbomFormat.NPM, str(version), subject=subject)


def _read_packages(document: Json, found: Collected) -> None:
    packages = fields.mapping(document, "packages")
    members = set(_workspaces(packages.get("")))
    own = {path for path in packages if _MODULES not in path and not members.isdisjoint((path, _siblings(path)))}
    linked = {said(one, "resolved") for one in packages.values() if isinstance(one, dict) and one.get("link") is True}
    for path, one, place in entries.named(document, "packages", found):
        is_own = not path or path in own or said(one, "resolved") in own
        if is_own or (path in linked and _MODULES not in path):
            continue
        name = said(one, "name") or path.rpartition(_MODULES)[2]
        if one.get("link") is True or _MODULES not in path:
            found.add(Component(ref=path, name=name, type="link", because=reasons.FROM_FOLDER), place)
        else:
            found.add(_component(path, name, said(one, "version"), said(one, "resolved")), place)


def _workspaces(root: object) -> list[str]:
    listed = root.get("workspaces") if isinstance(root, dict) else None
    if isinstance(listed, dict):
        listed = listed.get("packages")
    texts = listed if isinstance(listed, list) else []
    return [one.removeprefix("./").rstrip("/") for one in texts if isinstance(one, str)]


def _siblings(path: str) -> str:
    """Return the pattern for this folder and all beside it."""
    return f"{path.rpartition('/')[0]}/*".removeprefix("/")


def _read_tree(document: Json, found: Collected) -> None:
    """Read version 1: packages nested in each other, walked without recursion."""
    waiting: list[tuple[Json, str]] = [(document, "")]
    while waiting:
        holder, above = waiting.pop()
        nested = holder.get("dependencies")
        if nested is not None and not isinstance(nested, dict):
            found.unreadable("dependencies", above + "/dependencies")
            continue
        for name, one, place in entries.named(holder, "dependencies", found, above):
            found.add(_of_version_1(name, one, place), place)
            waiting.append((one, place))


def _of_version_1(name: str, one: Json, place: str) -> Component:
    version, resolved = said(one, "version"), said(one, "resolved")
    alias = _ALIAS.match(version)
    if alias:
        return _component(place, alias["name"], alias["version"], resolved)
    if ":" in version or "/" in version:
        return _component(place, name, "", version)
    return _component(place, name, version, resolved)


def _component(ref: str, name: str, version: str, resolved: str) -> Component:
    commit = _COMMIT.search(resolved)
    because = _why_not(resolved)
    if because:
        sha = commit[1] if commit else ""
        return Component(ref=ref, name=name or ref, version=version, commit=sha, because=because)
    if not name:
        return Component(ref=ref, name=ref or "/", version=version, because=reasons.NOT_READ)
    return Component(ref=ref, name=name, version=version, purl=purl("npm", name, version))


def _why_not(resolved: str) -> str:
    """Return why what was fetched from here is not the registry's package, or ""."""
    if resolved.startswith(_GIT):
        return reasons.FROM_GIT
    if resolved.startswith(("file:", "link:", "./", "../")):
        return reasons.FROM_FOLDER
    if "://" in resolved and not any(part in resolved for part in _REGISTRY_PATHS):
        return reasons.FROM_ADDRESS
    return ""
