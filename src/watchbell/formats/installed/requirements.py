"""Read pip's requirements.txt: what is pinned is a package and a version, everything else says why it is not.

A line with a marker counts whether or not the marker holds here: we do not know there. Included lists are not
followed, environment variables not filled in, and where pip would ask an index nothing is asked.
Source: pip's "Requirements File Format" and PEP 508.
"""

import re
from collections.abc import Iterator

from watchbell.formats.installed import reasons
from watchbell.formats.installed.purls import purl
from watchbell.formats.installed.text import lines_of
from watchbell.formats.sbom import Collected, Component, Sbom, SbomFormat

_COMMENT = re.compile(r"(?:^|\s)#.*$")
_LINE_OPTIONS = re.compile(r"\s-{1,2}[A-Za-z]")
_NAME = r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?"
_REQUIREMENT = re.compile(rf"({_NAME})\s*(?:\[[\w\s.,-]*\])?\s*(.*)")
_CLAUSE = re.compile(r"\s*(===|==|~=|!=|<=|>=|<|>)\s*([A-Za-z0-9_.*+!-]+)\s*")
_ADDRESS = re.compile(r"(?:[A-Za-z][A-Za-z0-9+.-]*://|git\+|file:)")
_GIT = re.compile(r"^git\+.*@([0-9a-f]{40}|[0-9a-f]{64})(?:#.*)?$")
_EGG = re.compile(rf"[#&]egg=({_NAME})")
_ARCHIVE = (".whl", ".zip", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz")
_OTHER_LISTS = ("-r", "--requirement")
_EDITABLE = ("-e", "--editable")


def loads(data: bytes) -> Sbom:
    """Return what the list installs. Raises Refused for what is no text."""
    found = Collected()
    for number, line in _logical(data, found):
        place = f"line {number}"
        if line.startswith("-"):
            _option(line, place, found)
        else:
            found.add(_required(line, place), place)
    return found.sbom(SbomFormat.REQUIREMENTS)


def _logical(data: bytes, found: Collected) -> Iterator[tuple[int, str]]:
    """Yield (number of its first line, text) with continued lines joined, comments and blank lines left out."""
    start, parts = 0, list[str]()
    for number, line in lines_of(data, found):
        start = start or number
        goes_on = line.endswith("\\") and not line.lstrip().startswith("#")
        parts.append(line[:-1] if goes_on else line)
        if not goes_on:
            text = _COMMENT.sub("", "".join(parts)).strip()
            if text:
                yield start, text
            start, parts = 0, []
    if text := _COMMENT.sub("", "".join(parts)).strip():
        yield start, text


def _option(line: str, place: str, found: Collected) -> None:
    """Read a line that is an option: other lists and editable installs bring packages, the rest does not."""
    name, value = _split_option(line)
    if name in _OTHER_LISTS:
        because = reasons.OTHER_LIST
        found.add(Component(ref=place, name=value[:200] or name, type="list", because=because), place)
    elif name in _EDITABLE:
        found.add(_from_address(value, "", place), place)


def _split_option(line: str) -> tuple[str, str]:
    if line.startswith("--"):
        name, _, value = line.replace("=", " ", 1).partition(" ")
    else:
        name, value = line[:2], line[2:]
    return name, value.strip().lstrip("=").strip()


def _required(line: str, place: str) -> Component:
    options = _LINE_OPTIONS.search(line)
    text = line[: options.start()].strip() if options else line
    read = _REQUIREMENT.fullmatch(text)
    is_archive = text.lower().endswith(_ARCHIVE) and not (read and read[2].startswith("@"))
    if is_archive or _ADDRESS.match(text) or text.startswith((".", "/", "\\")):
        return _from_address(text, "", place)
    if not read:
        return Component(ref=place, name=text[:200], because=reasons.NOT_READ)
    name, rest = read[1], read[2].strip()
    if rest.startswith("@"):
        return _from_address(rest[1:].strip(), name, place)
    version, is_read = _pinned(rest.partition(";")[0].strip())
    if version:
        return Component(ref=place, name=name, version=version, purl=purl("pypi", name, version))
    because = reasons.NOT_PINNED if is_read else reasons.NOT_READ
    return Component(ref=place, name=name, purl=purl("pypi", name) if is_read else "", because=because)


def _pinned(wanted: str) -> tuple[str, bool]:
    """Return the one version these clauses allow, or "", and whether they could be read."""
    if wanted.startswith("(") and wanted.endswith(")"):
        wanted = wanted[1:-1]
    clauses = [_CLAUSE.fullmatch(one) for one in wanted.split(",") if one.strip()]
    read = [one for one in clauses if one]
    exact = {one[2] for one in read if one[1] in ("==", "===") and not one[2].endswith(".*")}
    return exact.pop() if len(exact) == 1 and len(read) == len(clauses) else "", len(read) == len(clauses)


def _from_address(address: str, name: str, place: str) -> Component:
    commit, egg = _GIT.match(address.partition(" ")[0]), _EGG.search(address)
    shown = name or (egg[1] if egg else "") or address[:200] or place
    is_git = address.startswith("git+") or "+" in address.partition("://")[0]
    because = reasons.FROM_FOLDER
    if is_git:
        because = reasons.FROM_GIT
    elif "://" in address and not address.startswith("file:"):
        because = reasons.FROM_ADDRESS
    return Component(ref=place, name=shown, commit=commit[1] if commit else "", because=because)
