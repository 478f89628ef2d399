"""Read Bundler's Gemfile.lock: gems of the index, commits of Git sources, and folders.

A gem that is locked for several platforms is one gem. Source: Bundler's own lock file parser.
"""

import re
from dataclasses import dataclass, field

from watchbell.formats.installed import entries, reasons
from watchbell.formats.installed.purls import purl
from watchbell.formats.installed.text import lines_of
from watchbell.formats.sbom import Collected, Component, Sbom, SbomFormat

_SECTION = re.compile(r"[A-Z][A-Z ]*")
_SPEC = re.compile(r" {4}(?P<name>[^\s()!]+)(?: \((?P<version>[^()-]+)(?:-(?P<platform>[^()]*))?\))?!?\s*")
_NEED = re.compile(r" {6}(?P<name>[^\s()!]+)(?: \([^()]*\))?!?\s*")
_SETTING = re.compile(r" {2}(?P<word>[a-z]+): ?(?P<value>.*)")
_SOURCES = frozenset({"GEM", "GIT", "PATH", "PLUGIN SOURCE"})
_SHA = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")


@dataclass(slots=True)
class _Lock:
    """Where in the file we are, and what was read so far."""

    found: Collected
    section: str = ""
    settings: dict[str, str] = field(default_factory=dict)
    seen: set[tuple[str, str, str]] = field(default_factory=set)
    needed: set[str] = field(default_factory=set)
    names: set[str] = field(default_factory=set)
    own: list[Component] = field(default_factory=list)
    sections: set[str] = field(default_factory=set)

    def take(self, line: str, place: str) -> None:
        """Read one line of the file."""
        if _SECTION.fullmatch(line.rstrip()):
            self.section, self.settings = line.rstrip(), {}
            self.sections.add(self.section)
        elif self.section not in _SOURCES:
            if not self.section:
                self.found.unreadable(line, place)
        elif setting := _SETTING.fullmatch(line):
            self.settings[setting["word"]] = setting["value"].strip()
        elif need := _NEED.fullmatch(line):
            self.needed.add(need["name"])
        elif spec := _SPEC.fullmatch(line):
            self.add(spec["name"], spec["version"] or "", place)
        else:
            self.found.unreadable(line, place)

    def add(self, name: str, version: str, place: str) -> None:
        """Add a gem of the section we are in, once for all its platforms."""
        self.names.add(name)
        if (self.section, name, version) in self.seen:
            return
        self.seen.add((self.section, name, version))
        component = _component(self.section, self.settings, name, version, place)
        if self.section == "PATH" and self.settings.get("remote") == ".":
            self.own.append(component)
        else:
            self.found.add(component, place)


def loads(data: bytes) -> Sbom:
    """Return what the lock file installs. Raises Refused for what is no text."""
    lock = _Lock(Collected())
    for number, line in lines_of(data, lock.found):
        if line.strip():
            lock.take(line, f"line {number}")
    if "DEPENDENCIES" not in lock.sections:
        lock.found.note("cut-off", entries.CUT_OFF, "")
    # Bundler never lists itself among the gems, although gems may need it.
    entries.note_missing(lock.needed - {"bundler"}, lock.names, lock.found)
    return lock.found.sbom(SbomFormat.GEMS, subject=lock.own[0] if lock.own else None)


def _component(section: str, settings: dict[str, str], name: str, version: str, place: str) -> Component:
    if section == "GIT":
        revision = settings.get("revision", "")
        sha = revision if _SHA.fullmatch(revision) else ""
        return Component(ref=place, name=name, version=version, commit=sha, because=reasons.FROM_GIT)
    if section == "PATH":
        return Component(ref=place, name=name, version=version, because=reasons.FROM_FOLDER)
    return Component(ref=place, name=name, version=version, purl=purl("gem", name, version))
