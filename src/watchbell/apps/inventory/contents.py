"""What does a document say an asset contains: versions that can be compared, and what cannot be told?

Nothing here touches the database or a clock. Every component of the document is counted
exactly once, either under a version of a package or among the unassessable.
"""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from watchbell.apps.inventory import names
from watchbell.apps.inventory.models import CPE_LENGTH, NAME_LENGTH, PURL_LENGTH, VERSION_LENGTH
from watchbell.apps.inventory.names import NOTHING_MORE, Called
from watchbell.domain.matching.cpe import read_cpe
from watchbell.domain.matching.outcomes import Reason
from watchbell.domain.matching.packages import CannotTell, Package, package_of_purl
from watchbell.domain.matching.products import ProductName
from watchbell.domain.priority import Exposure
from watchbell.domain.refusal import Refused, refuse
from watchbell.domain.versions import Standing, place, scheme_for
from watchbell.formats import inventory_csv
from watchbell.formats.installed import reading
from watchbell.formats.sbom import Sbom, SbomFormat

LONGEST_KEY = 1900
"""Bytes of a version key that an index holds on every database."""

_ECOSYSTEM_LENGTH, _PACKAGE_LENGTH = 64, 512
_SEPARATORS = re.compile(r"[-_. ]+")


@dataclass(frozen=True, slots=True, order=True)
class Version:
    """A version of a package as a document writes it; "" when it gives none."""

    package: Package
    raw: str

    @property
    def words(self) -> tuple[str, str, str]:
        """Return its ecosystem, name and version."""
        return self.package.ecosystem, self.package.name, self.raw


@dataclass(frozen=True, slots=True, order=True)
class Unknown:
    """A component that names no package records could name."""

    name: str
    version: str
    purl: str
    reason: Reason
    cpe: str = ""

    @property
    def word(self) -> str:
        """Return its name in the spelling that `word_of` gives package names."""
        return word_of(self.name)


@dataclass(frozen=True, slots=True, order=True)
class NamedProduct:
    """A product or machine as a table names it, to be looked up among those that records list."""

    vendor: str
    product: str
    version: str
    model: str = ""

    @property
    def shown(self) -> str:
        """Return what people read."""
        return " ".join(one for one in (self.vendor, self.product, self.model) if one)[:NAME_LENGTH]


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
    products: Counter[NamedProduct] = field(default_factory=Counter)
    names: dict[Version, set[Called]] = field(default_factory=dict)
    product: ProductName = field(default_factory=ProductName)

    @property
    def components(self) -> int:
        """Return how many components there are in all."""
        return self.versions.total() + self.unknown.total() + self.products.total()

    def add(self, *, name: str, version: str, purl: str, cpe: str = "", called: Called = NOTHING_MORE) -> None:
        """Count one component, which the document also calls `called`; its CPE is kept where no package names it."""
        found = package_of_purl(purl) if purl else CannotTell(Reason.NO_PACKAGE_IDENTITY, "no package URL")
        if isinstance(found, CannotTell):
            self.add_unknown(name, version, purl, found.reason, cpe)
        elif not (len(found.package.ecosystem) <= _ECOSYSTEM_LENGTH and 0 < len(found.package.name) <= _PACKAGE_LENGTH):
            self.add_unknown(name, version, purl, Reason.NO_PACKAGE_IDENTITY, cpe)
        elif len(raw := (found.version or version).strip()) > VERSION_LENGTH:
            self.add_unknown(name, version, purl, Reason.UNPARSABLE_VERSION, cpe)
        else:
            one = Version(found.package, raw)
            self.versions[one] += 1
            self.names.setdefault(one, set()).add(names.shortened(called, *one.words))

    def called(self, one: Version) -> str:
        """Return what the document calls a version, as `names.packed` keeps it."""
        return names.packed(self.names.get(one, ()))

    def add_unknown(self, name: str, version: str, purl: str, reason: Reason, cpe: str = "") -> None:
        """Count one component that no record could name."""
        named = read_cpe(cpe) if cpe else None
        key = named.key if named and len(named.key) <= CPE_LENGTH else ""
        version = version or (named.version if named else "")
        self.unknown[Unknown(name[:NAME_LENGTH], version[:NAME_LENGTH], purl[:PURL_LENGTH], reason, key)] += 1


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


def word_of(name: str) -> str:
    """Return the last part of a name in small letters, separators alike: how two tools name one package."""
    last = name.strip().lower().replace(":", "/").rstrip("/").rpartition("/")[2]
    return _SEPARATORS.sub("-", last)[:NAME_LENGTH]


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
        called = names.called(one, link=link)
        contents.add(name=one.name, version=one.version, purl=one.purl, cpe=one.cpe, called=called)
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
        _add_line(asset.contents, line)
    return list(assets.values()), refused


def _add_line(contents: Contents, line: inventory_csv.InventoryLine) -> None:
    if line.purl:
        called = Called(purl=line.purl, vendor=line.vendor[:NAME_LENGTH])
        contents.add(name=line.product or line.name, version=line.version, purl=line.purl, called=called)
    else:
        said = (one[:NAME_LENGTH] for one in (line.vendor, line.product, line.version, line.model))
        contents.products[NamedProduct(*said)] += 1
