"""What does a list say of a thing that no package names, and by what may that be recognised?

What it gives to recognise a thing by (a digest, a serial number, a URI) is kept as `Marks`. Equipment
is also a machine, to be laid beside what records call equipment: a line of a table, and of a
bill of materials what calls itself a device or firmware and says whose it is. Anything
else in a bill of materials is software as a rule, whose bare names would only raise questions.
"""

import re
from dataclasses import dataclass

from watchbell.apps.inventory.models import NAME_LENGTH
from watchbell.domain.matching.designations import Mark, marks_of
from watchbell.domain.matching.outcomes import Reason
from watchbell.formats.inventory_csv import InventoryLine
from watchbell.formats.sbom import Component

EQUIPMENT = frozenset({"device", "firmware"})
"""Component types of CycloneDX, and purposes of SPDX, that are a piece of equipment."""

_SEPARATORS = re.compile(r"[-_. ]+")


@dataclass(frozen=True, slots=True, order=True)
class NamedProduct:
    """A product or machine as a list names it, to be looked up among those that records list."""

    vendor: str
    product: str
    version: str
    model: str = ""

    @property
    def shown(self) -> str:
        """Return what people read."""
        return " ".join(one for one in (self.vendor, self.product, self.model) if one)[:NAME_LENGTH]

    @property
    def marks(self) -> tuple[Mark, ...]:
        """Return by which order numbers it may be recognised."""
        return marks_of(makers=(self.vendor,), words=(self.product, self.model))


NO_MACHINE = NamedProduct("", "", "")


@dataclass(frozen=True, slots=True, order=True)
class Unknown:
    """A component that names no package records could name; `machine` is what it is as a piece of equipment."""

    name: str
    version: str
    purl: str
    reason: Reason
    cpe: str = ""
    marks: tuple[Mark, ...] = ()
    machine: NamedProduct = NO_MACHINE

    @property
    def word(self) -> str:
        """Return its name in the spelling that `word_of` gives package names."""
        return word_of(self.name)

    @property
    def own_marks(self) -> tuple[Mark, ...]:
        """Return its marks but for those of every such machine."""
        common = () if self.machine == NO_MACHINE else self.machine.marks
        return tuple(one for one in self.marks if one not in common)

    @property
    def rows(self) -> int:
        """Return how many rows it takes to keep it."""
        return 1 + len(self.marks)


def word_of(name: str) -> str:
    """Return the last part of a name in small letters, separators alike: how two tools name one package."""
    last = name.strip().lower().replace(":", "/").rstrip("/").rpartition("/")[2]
    return _SEPARATORS.sub("-", last)[:NAME_LENGTH]


def marks_on(one: Component, uri: str) -> tuple[Mark, ...]:
    """Return by what a component may be recognised; `uri` is how other documents point to it."""
    return marks_of(
        makers=one.makers,
        words=(one.name, *one.models),
        hashes=one.hashes,
        serials=one.serials,
        sbom_urls=one.sbom_urls,
        uris=(*one.uris, uri),
    )


def machine_in(one: Component) -> NamedProduct:
    """Return the piece of equipment a component is, `NO_MACHINE` for what is none or does not say whose it is."""
    maker = next(iter(one.makers), "")
    if one.type not in EQUIPMENT or not maker or not one.name:
        return NO_MACHINE
    return NamedProduct(maker[:NAME_LENGTH], one.name[:NAME_LENGTH], one.version[:NAME_LENGTH])


def of_line(line: InventoryLine) -> Unknown:
    """Return what a line of a table without a package URL names."""
    said = (one[:NAME_LENGTH] for one in (line.vendor, line.product, line.version, line.model))
    machine = NamedProduct(*said)
    return Unknown(
        name=machine.shown,
        version=machine.version,
        purl="",
        reason=Reason.NO_PACKAGE_IDENTITY,
        marks=marks_of(makers=(line.vendor,), words=(), serials=(line.serial,)),
        machine=machine,
    )


def in_line(line: InventoryLine) -> Component:
    """Return what a line of a table names whose package URL leads to no package."""
    return Component(
        ref="",
        name=line.product or line.name,
        version=line.version,
        purl=line.purl,
        supplier=line.vendor,
        models=(line.model,),
        serials=(line.serial,),
    )
