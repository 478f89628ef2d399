"""What a bill of materials says is inside: one record for CycloneDX and SPDX, and what was wrong with it."""

from dataclasses import dataclass, field
from enum import StrEnum

from packageurl import PackageURL

LONGEST_PURL = 4096


class SbomFormat(StrEnum):
    """Which standard the document follows."""

    CYCLONEDX = "CycloneDX"
    SPDX = "SPDX"


@dataclass(frozen=True, slots=True, kw_only=True)
class Component:
    """One thing inside. `purl` parses or is ""; `ref` is the document's own name for it, or its place."""

    ref: str
    name: str
    version: str = ""
    purl: str = ""
    cpe: str = ""
    type: str = ""
    group: str = ""
    supplier: str = ""
    hashes: tuple[tuple[str, str], ...] = ()
    commit: str = ""

    @property
    def is_identified(self) -> bool:
        """Return whether anything but its bare name says what it is."""
        return bool(self.purl or self.cpe or self.commit)


@dataclass(frozen=True, slots=True)
class Defect:
    """Something wrong that did not keep the rest from being read."""

    code: str
    message: str
    place: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sbom:
    """A bill of materials; `subject` is what it describes and is not one of its components."""

    format: SbomFormat
    spec_version: str
    components: tuple[Component, ...]
    subject: Component | None = None
    serial: str = ""
    version: str = ""
    vulnerabilities: int = 0
    defects: tuple[Defect, ...] = ()

    @property
    def unmatchable(self) -> int:
        """Return how many components carry too little to be matched: no version, or only a name."""
        return sum(not (one.is_identified and (one.version or one.commit)) for one in self.components)


@dataclass(slots=True)
class Collected:
    """Components as they are found: equal ones once, every defect noted."""

    components: list[Component] = field(default_factory=list)
    defects: list[Defect] = field(default_factory=list)
    _seen: dict[str, Component] = field(default_factory=dict)

    def note(self, code: str, message: str, place: str) -> None:
        """Remember a defect."""
        self.defects.append(Defect(code, message, place))

    def add(self, component: Component, place: str) -> None:
        """Add a component; one equal to an earlier one of the same ref is not counted again."""
        earlier = self._seen.setdefault(component.ref, component)
        if earlier is not component:
            self.note("duplicate-ref", f"The reference {component.ref[:100]!r} is used twice.", place)
            if earlier == component:
                return
        if not component.version and not component.commit:
            self.note("no-version", f"{component.name[:100]!r} has no version.", place)
        self.components.append(component)

    def purl(self, text: str, place: str) -> str:
        """Return the purl as written when it parses, or "" with a defect."""
        if not text:
            return ""
        if len(text) > LONGEST_PURL:
            self.note("bad-purl", f"The package URL has {len(text)} characters.", place)
            return ""
        try:
            PackageURL.from_string(text)
        except ValueError as error:
            self.note("bad-purl", f"{text[:100]!r} is not a package URL: {str(error)[:200]}.", place)
            return ""
        return text


def has_cycle(edges: dict[str, list[str]]) -> bool:
    """Return whether following the edges can come back to where it started; never recurses."""
    done: set[str] = set()
    for start in edges:
        if start in done:
            continue
        path, trail = {start}, [(start, iter(edges[start]))]
        while trail:
            node, children = trail[-1]
            child = next(children, None)
            if child is None:
                trail.pop()
                path.discard(node)
                done.add(node)
            elif child in path:
                return True
            elif child in edges and child not in done:
                path.add(child)
                trail.append((child, iter(edges[child])))
    return False
