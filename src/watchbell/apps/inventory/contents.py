"""What does a document say an asset contains: versions that can be compared, and what cannot be told?

Nothing here touches the database or a clock. Every component of the document is counted
exactly once, either under a version of a package or among the unassessable.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from watchbell.apps.inventory import names
from watchbell.apps.inventory.models import CPE_LENGTH, NAME_LENGTH, PURL_LENGTH, VERSION_LENGTH
from watchbell.apps.inventory.nameless import NO_MACHINE, NamedProduct, Unknown, in_line, machine_in, marks_on, of_line
from watchbell.apps.inventory.names import Called
from watchbell.domain.matching.cpe import read_cpe
from watchbell.domain.matching.outcomes import Reason
from watchbell.domain.matching.packages import CannotTell, Package, package_of_purl
from watchbell.domain.matching.products import ProductName
from watchbell.domain.priority import Exposure
from watchbell.domain.refusal import Refused, refuse
from watchbell.domain.versions import Standing, place, scheme_for
from watchbell.formats import inventory_csv
from watchbell.formats.installed import reading
from watchbell.formats.sbom import Component, Sbom, SbomFormat

LONGEST_KEY = 1900
"""Bytes of a version key that an index holds on every database."""

MOST_MACHINES = 2_000
"""Different pieces of equipment that one list may bring; what comes after them is listed like anything nameless."""

_ECOSYSTEM_LENGTH, _PACKAGE_LENGTH = 64, 512


@dataclass(frozen=True, slots=True, order=True)
class Version:
    """A version of a package as a document writes it; "" when it gives none."""

    package: Package
    raw: str

    @property
    def words(self) -> tuple[str, str, str]:
        """Return its ecosystem, name and version."""
        return self.package.ecosystem, self.package.name, self.raw


@dataclass(frozen=True, slots=True)
class Place:
    """Where a version stands in its package's order: a key, or the reason there is none to be relied on.

    One that `is_ambiguous` joins by its key and is then compared with the very bounds.
    """

    key: bytes | None
    doubt: Reason | None
    is_ambiguous: bool = False


@dataclass(slots=True)
class Contents:
    """Everything one document says about one asset, each with how often it stands there.

    `product` is what the document as a whole describes, `names` what it calls each version.
    """

    versions: Counter[Version] = field(default_factory=Counter)
    unknown: Counter[Unknown] = field(default_factory=Counter)
    names: dict[Version, set[Called]] = field(default_factory=dict)
    product: ProductName = field(default_factory=ProductName)
    _machines: set[NamedProduct] = field(default_factory=set)

    @property
    def components(self) -> int:
        """Return how many components there are in all."""
        return self.versions.total() + self.unknown.total()

    @property
    def products(self) -> set[NamedProduct]:
        """Return the pieces of equipment there are."""
        return {one.machine for one in self.unknown} - {NO_MACHINE}

    def add_component(self, one: Component, bill: Sbom, link: str) -> None:
        """Count one component of a bill of materials that others call `link`."""
        reason = self._add(one.version, one.purl, names.called(one, link=link))
        if reason:
            self._add_unknown(one, reason, bill.uri_of(one), machine_in(one))

    def add_line(self, line: inventory_csv.InventoryLine) -> None:
        """Count one line of a table."""
        if not line.purl:
            self.unknown[of_line(line)] += 1
            return
        reason = self._add(line.version, line.purl, Called(purl=line.purl, vendor=line.vendor[:NAME_LENGTH]))
        if reason:
            self._add_unknown(in_line(line), reason, "", NO_MACHINE)

    def _add(self, version: str, purl: str, called: Called) -> Reason | None:
        """Count one component under its package; return the reason where there is none to count it under."""
        found = package_of_purl(purl) if purl else CannotTell(Reason.NO_PACKAGE_IDENTITY, "no package URL")
        if isinstance(found, CannotTell):
            return found.reason
        if not (len(found.package.ecosystem) <= _ECOSYSTEM_LENGTH and 0 < len(found.package.name) <= _PACKAGE_LENGTH):
            return Reason.NO_PACKAGE_IDENTITY
        if len(raw := (found.version or version).strip()) > VERSION_LENGTH:
            return Reason.UNPARSABLE_VERSION
        one = Version(found.package, raw)
        self.versions[one] += 1
        self.names.setdefault(one, set()).add(names.shortened(called, *one.words))
        return None

    def called(self, one: Version) -> str:
        """Return what the document calls a version, as `names.packed` keeps it."""
        return names.packed(self.names.get(one, ()))

    def _add_unknown(self, one: Component, reason: Reason, uri: str, machine: NamedProduct) -> None:
        """Count one component that no package names, with all by which it may be recognised."""
        named = read_cpe(one.cpe) if one.cpe else None
        version = one.version or (named.version if named else "")
        unknown = Unknown(
            name=one.name[:NAME_LENGTH],
            version=version[:NAME_LENGTH],
            purl=one.purl[:PURL_LENGTH],
            reason=reason,
            cpe=named.key if named and len(named.key) <= CPE_LENGTH else "",
            marks=marks_on(one, uri),
            machine=self._at_most(machine),
        )
        self.unknown[unknown] += 1

    def _at_most(self, machine: NamedProduct) -> NamedProduct:
        """Return the machine, or `NO_MACHINE` where the list brings too many different ones."""
        if machine == NO_MACHINE or (machine not in self._machines and len(self._machines) >= MOST_MACHINES):
            return NO_MACHINE
        self._machines.add(machine)
        return machine


@dataclass(slots=True)
class TableAsset:
    """What a table says about one asset."""

    name: str
    contents: Contents = field(default_factory=Contents)
    answers: set[Exposure] = field(default_factory=set)
    owner: str = ""

    @property
    def exposed(self) -> Exposure:
        """Return the worst answer of its lines: yes before unknown before no."""
        return next((each for each in (Exposure.YES, Exposure.UNKNOWN) if each in self.answers), Exposure.NO)


def place_of(package: Package, raw: str) -> Place:
    """Return where this version stands; a place that is a mere convention carries a doubt beside its key."""
    if not raw:
        return Place(None, Reason.NO_VERSION)
    scheme = scheme_for(package.ecosystem)
    if scheme is None:
        return Place(None, Reason.UNKNOWN_ECOSYSTEM)
    found = place(scheme, raw)
    if found.key is None or len(found.key) > LONGEST_KEY:
        return Place(None, Reason.UNPARSABLE_VERSION)
    doubt = Reason.UNPARSABLE_VERSION if found.standing is Standing.UNPARSABLE else None
    return Place(found.key, doubt, found.standing is Standing.AMBIGUOUS)


def read_sbom(content: bytes) -> tuple[str, Contents]:
    """Return the format's name and what the bill of materials lists. Raises Refused with the place."""
    bill = _bill(content)
    contents, link = Contents(product=names.subject_of(bill)), names.link_of(bill)
    for one in bill.components:
        contents.add_component(one, bill, link)
    return f"{bill.format.value} {bill.spec_version}"[:32], contents


def _bill(content: bytes) -> Sbom:
    bill = reading.loads(content)
    if bill.format is SbomFormat.CSV:
        raise refuse(
            "not-an-sbom",
            "This is a table, not a bill of materials",
            place="line 1",
            todo="Load it as a table: it may name several assets",
        )
    return bill


def read_table(lines: Iterable[str]) -> tuple[list[TableAsset], list[Refused]]:
    """Return what a CSV table says of each asset, in its order, and its refused lines. Raises Refused for the whole."""
    assets: dict[str, TableAsset] = {}
    refused: list[Refused] = []
    for _, line in inventory_csv.read(lines):
        if isinstance(line, Refused):
            refused.append(line)
            continue
        name = line.name or line.product or line.purl
        asset = assets.setdefault(name[:NAME_LENGTH], TableAsset(name[:NAME_LENGTH]))
        asset.answers.add(Exposure(line.exposed.value))
        asset.owner = asset.owner or line.owner[:NAME_LENGTH]
        asset.contents.add_line(line)
    return list(assets.values()), refused
