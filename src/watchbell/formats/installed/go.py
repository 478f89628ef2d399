"""Read go.mod and go.sum: modules in the versions that are built in, and Go's own library as `stdlib`.

go.mod: a `replace` counts instead of what it replaces; a folder has no version. Before Go 1.17 the file names
only what is needed directly. go.sum: a module is built in only when its own hash is there, not just its go.mod's;
it may still name versions that are no longer used. Source: the Go Modules Reference.
"""

import re
from dataclasses import dataclass, field

from watchbell.domain.sentence import Sentence
from watchbell.formats.installed import reasons
from watchbell.formats.installed.purls import purl
from watchbell.formats.installed.text import lines_of
from watchbell.formats.sbom import Collected, Component, Sbom, SbomFormat

_OTHER_VERBS = frozenset({"exclude", "retract", "tool", "ignore", "godebug"})
_GO = re.compile(r"^(?:go)?(?P<version>1(?:\.[0-9]{1,4}){1,2}(?:(?:rc|beta)[0-9]{1,3})?)(?:[-+ ].*)?$")
_MINOR = re.compile(r"^1\.([0-9]{1,4})")
_FULL_GRAPH = 17
"""The minor version of Go from which go.mod lists everything that is built in."""


@dataclass(slots=True)
class _Module:
    """What the directives of one go.mod say."""

    found: Collected
    name: str = ""
    go: str = ""
    toolchain: str = ""
    required: list[tuple[str, str, str]] = field(default_factory=list)
    replaced: dict[tuple[str, str], tuple[str, str]] = field(default_factory=dict)

    def take(self, verb: str, words: list[str], place: str) -> None:
        """Read one directive; one that cannot be read is noted."""
        match verb, words:
            case "module", [name]:
                self.name = name
            case "go", [version] if _GO.match(version):
                self.go = version
            case "toolchain", [version]:
                self.toolchain = version
            case "require", [name, version]:
                self.required.append((name, version, place))
            case "replace", [name, "=>", *new] if 1 <= len(new) <= 2:
                self.replaced[name, ""] = (new[0], new[1] if len(new) == 2 else "")
            case "replace", [name, version, "=>", *new] if 1 <= len(new) <= 2:
                self.replaced[name, version] = (new[0], new[1] if len(new) == 2 else "")
            case _ if verb in _OTHER_VERBS:
                pass
            case _:
                self.found.unreadable(" ".join([verb, *words]), place)


def loads_mod(data: bytes) -> Sbom:
    """Return the modules go.mod requires, and `stdlib`. Raises Refused for what is no text."""
    found = Collected()
    module, block, opened = _Module(found), "", ""
    for number, line in lines_of(data, found):
        place, words = f"line {number}", _words(line)
        if not words:
            continue
        if block:
            if words == [")"]:
                block = ""
            else:
                module.take(block, words, place)
        elif words[1:] == ["("]:
            block, opened = words[0], place
        else:
            module.take(words[0], words[1:], place)
    if block:
        found.note("cut-off", Sentence("A bracket is opened and never closed; the list may be cut off."), opened)
    return _sbom_of(module)


def _words(line: str) -> list[str]:
    words = line.partition("//")[0].replace("(", " ( ").replace(")", " ) ").split()
    return [word.strip('"`') if len(word) > 1 else word for word in words]


def _sbom_of(module: _Module) -> Sbom:
    found = module.found
    for name, version, place in module.required:
        found.add(_chosen(module, name, version, place), place)
    _add_stdlib(module)
    minor = _MINOR.match(module.go)
    if not minor or int(minor[1]) < _FULL_GRAPH:
        message = Sentence("Before Go 1.17 this list names only what is needed directly; add go.sum.")
        found.note("direct-only", message, "")
    subject = Component(ref="module", name=module.name) if module.name else None
    return found.sbom(SbomFormat.GO_MOD, module.go, subject=subject)


def _chosen(module: _Module, name: str, version: str, place: str) -> Component:
    new = module.replaced.get((name, version)) or module.replaced.get((name, ""))
    if new and not new[1]:
        return Component(ref=place, name=name, because=reasons.FROM_FOLDER)
    return _component(place, *(new or (name, version)))


def _component(place: str, name: str, version: str) -> Component:
    return Component(ref=place, name=name, version=version, purl=purl("golang", name, version))


def _add_stdlib(module: _Module) -> None:
    """Add Go's own library in the version that builds: the toolchain's, or at least the language's."""
    read = _GO.match(module.toolchain) or _GO.match(module.go)
    if read:
        module.found.add(_component("stdlib", "stdlib", read["version"]), "go")


def loads_sum(data: bytes) -> Sbom:
    """Return the modules go.sum holds the content's hash of. Raises Refused for what is no text."""
    found, seen, mentioned = Collected(), set[tuple[str, str]](), set[tuple[str, str]]()
    for number, line in lines_of(data, found):
        words, place = line.split(), f"line {number}"
        if not words:
            continue
        if len(words) != 3 or not words[1].startswith("v") or not words[2].startswith("h1:"):
            found.unreadable(line, place)
        elif words[1].endswith("/go.mod"):
            mentioned.add((words[0], words[1].removesuffix("/go.mod")))
        elif (words[0], words[1]) not in seen:
            seen.add((words[0], words[1]))
            found.add(_component(place, words[0], words[1]), place)
    if left := len(mentioned - seen):
        message = Sentence("{count} versions are only mentioned, not built in, and are not counted.", count=left)
        found.note("only-mentioned", message, "")
    return found.sbom(SbomFormat.GO_SUM)
