"""What is installed, in one record for every list people have, and what was wrong with the list."""

import re
from enum import StrEnum

from watchbell.domain.records import record
from watchbell.domain.refusal import refuse
from watchbell.domain.sentence import Sentence

LONGEST_PURL = 4096
MAX_COMPONENTS = 500_000
"""The most components one list may have."""

MAX_DEFECTS = 1_000
"""The most defects kept in words; the others are counted."""

_PLAIN_PURL = re.compile(
    r"pkg:(?:apk|cargo|composer|deb|gem|golang|maven|npm|nuget|pypi|rpm)"
    r"(?:/(?:%40)?[A-Za-z0-9_][A-Za-z0-9_.-]*){1,9}@[A-Za-z0-9_.+~:-]+(?:\?[a-z]+=[A-Za-z0-9_.-]+)?"
)
"""A package URL that needs no parser to be known for one; it stands for nearly all and costs a hundredth."""


class SbomFormat(StrEnum):
    """Which standard or tool the list is of."""

    CYCLONEDX = "CycloneDX"
    SPDX = "SPDX"
    REQUIREMENTS = "requirements.txt"
    NPM = "package-lock.json"
    POETRY = "poetry.lock"
    UV = "uv.lock"
    CARGO = "Cargo.lock"
    GO_MOD = "go.mod"
    GO_SUM = "go.sum"
    GEMS = "Gemfile.lock"
    COMPOSER = "composer.lock"
    NUGET = "packages.lock.json"
    DPKG = "dpkg status"
    RPM = "rpm list"
    APK = "apk installed"
    CSV = "CSV"


@record(frozen=True, slots=True, kw_only=True)
class Component:
    """One thing inside. `purl` parses or is ""; `ref` is the document's own name for it, or its place.

    `because` says why nothing exact is known of it, such as a line without a pinned version. `supplier` is who
    delivers it, `manufacturer` who made it; `sbom_urls` are where its own bill of materials is, `uris` what else
    names it in the whole world.
    """

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
    because: str = ""
    manufacturer: str = ""
    models: tuple[str, ...] = ()
    serials: tuple[str, ...] = ()
    sbom_urls: tuple[str, ...] = ()
    uris: tuple[str, ...] = ()

    @property
    def is_identified(self) -> bool:
        """Return whether anything but its bare name says what it is."""
        return bool(self.purl or self.cpe or self.commit)

    @property
    def makers(self) -> tuple[str, ...]:
        """Return whose product it may be in the words of a record: who made it before who delivers it.

        SPDX writes an address behind a name, "Acme (mail@acme.example)", which is left out.
        """
        names = (_without_address(one) for one in (self.manufacturer, self.supplier))
        return tuple(dict.fromkeys(one for one in names if one))


def _without_address(name: str) -> str:
    begin, bracket, inside = name.rpartition("(")
    is_address = bracket and inside.endswith(")") and ("@" in inside or inside == ")")
    return (begin if is_address else name).strip()


@record(frozen=True, slots=True)
class Defect:
    """Something wrong that did not keep the rest from being read."""

    code: str
    message: str
    place: str


@record(frozen=True, slots=True, kw_only=True)
class Sbom:
    """What a list says is installed; `subject` is what it describes and is not one of its components."""

    format: SbomFormat
    spec_version: str
    components: tuple[Component, ...]
    subject: Component | None = None
    serial: str = ""
    version: str = ""
    vulnerabilities: int = 0
    defects: tuple[Defect, ...] = ()
    more_defects: int = 0

    @property
    def unmatchable(self) -> int:
        """Return how many components carry too little to be matched: no version, only a name, or a reason not to."""
        return sum(
            not (one.commit or (one.is_identified and one.version and not one.because)) for one in self.components
        )

    def uri_of(self, one: Component) -> str:
        """Return by which URI other documents call one of its components, "" where they cannot.

        A BOM link of CycloneDX, an SPDX id behind its document's namespace: both are how CSAF's generic URIs
        point into a bill of materials (CSAF 2.0 and 2.1, 3.1.3.3.8).
        """
        if self.format is SbomFormat.CYCLONEDX:
            link = bom_link(self.serial, self.version or "1")
        else:
            link = self.serial if self.format is SbomFormat.SPDX and not self.spec_version.startswith("3") else ""
        return f"{link}#{one.ref}" if link else ""


def bom_link(serial: str, version: str) -> str:
    """Return the link by which other documents call a CycloneDX BOM, or "" without a serial number."""
    uuid = serial.strip().casefold().removeprefix("urn:uuid:")
    return f"urn:cdx:{uuid}/{version}" if uuid else ""


class Collected:
    """Components as they are found: equal ones once, every defect noted."""

    __slots__ = ("_codes", "_seen", "components", "defects", "more_defects")

    def __init__(self) -> None:
        self.components: list[Component] = []
        self.defects: list[Defect] = []
        self.more_defects = 0
        self._seen: dict[str, Component] = {}
        self._codes: set[str] = set()

    def note(self, code: str, message: str, place: str) -> None:
        """Remember a defect; from MAX_DEFECTS on only the first of each code, and that there were others."""
        if len(self.defects) < MAX_DEFECTS or code not in self._codes:
            self._codes.add(code)
            self.defects.append(Defect(code, message, place))
        else:
            self.more_defects += 1

    def add(self, component: Component, place: str) -> None:
        """Add a component; one equal to an earlier one of the same ref is not counted again.

        Raises Refused when there are more than MAX_COMPONENTS.
        """
        earlier = self._seen.setdefault(component.ref, component)
        if earlier is not component:
            shown = repr(component.ref[:100])
            self.note("duplicate-ref", Sentence("The reference {ref} is used twice.", ref=shown), place)
            if earlier == component:
                return
        if component.because:
            said = Sentence("{name}: {why}.", name=component.name[:100], why=Sentence(component.because))
            self.note("not-comparable", said, place)
        elif not component.version and not component.commit:
            shown = repr(component.name[:100])
            self.note("no-version", Sentence("{name} has no version.", name=shown), place)
        self.components.append(component)
        if len(self.components) > MAX_COMPONENTS:
            raise refuse(
                "too-many",
                Sentence("The list has more than {limit} components.", limit=MAX_COMPONENTS),
                place=place,
                todo="Split it, one list for each system",
            )

    def unreadable(self, text: str, place: str) -> None:
        """Count an entry that cannot be read: it may be a package, so it is among the unmatchable."""
        shown = text.strip()[:100] or place
        self.add(Component(ref=place, name=shown, because=Sentence("This entry cannot be read.")), place)

    def purl(self, text: str, place: str) -> str:
        """Return the purl as written when it parses, or "" with a defect."""
        if not text or (len(text) <= LONGEST_PURL and _PLAIN_PURL.fullmatch(text)):
            return text
        if len(text) > LONGEST_PURL:
            self.note("bad-purl", Sentence("The package URL has {count} characters.", count=len(text)), place)
            return ""
        from packageurl import PackageURL  # imported late: lists of plain package URLs need not pay 10 ms

        try:
            PackageURL.from_string(text)
        except ValueError as error:
            shown, why = repr(text[:100]), str(error)[:200]
            self.note("bad-purl", Sentence("{purl} is not a package URL: {why}.", purl=shown, why=why), place)
            return ""
        return text

    def sbom(
        self, kind: SbomFormat, spec_version: str = "", *, subject: Component | None = None, serial: str = ""
    ) -> Sbom:
        """Return everything found as the record of this list."""
        return Sbom(
            format=kind,
            spec_version=spec_version,
            components=tuple(self.components),
            subject=subject,
            serial=serial,
            defects=tuple(self.defects),
            more_defects=self.more_defects,
        )


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
