"""What does a VEX statement say, whatever format it came in? One vulnerability, one product, one status, one author."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

from watchbell.domain.advisory import VexJustification, VexStatus
from watchbell.domain.matching.aliases import canonical_id
from watchbell.domain.matching.products import ProductName
from watchbell.domain.matching.ranges import Ranges


class VexFormat(StrEnum):
    """Which standard a statement came in."""

    OPENVEX = "OpenVEX"
    CSAF = "CSAF"
    CYCLONEDX = "CycloneDX"


class Defect(NamedTuple):
    """Something in a document that was wrong and did not keep the rest from being read: the pointer, and a sentence."""

    place: str
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """Where a statement stands: the document's id and version, and the pointer inside it."""

    format: VexFormat
    document: str
    version: str = ""
    place: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """Somebody's word on how one product stands to one vulnerability.

    `product` None: the statement names none, and so applies to nothing here. With
    `subcomponents`, only these parts of the product are meant. `versions` and
    `part_versions` are set when it speaks of a range of the product or of the parts;
    without version or range any is meant. `reason` keeps a justification that is none
    of the five standard ones.
    """

    ids: tuple[str, ...]
    status: VexStatus
    provenance: Provenance
    author: str
    product: ProductName | None = None
    versions: Ranges | None = None
    subcomponents: tuple[ProductName, ...] = ()
    part_versions: Ranges | None = None
    justification: VexJustification | None = None
    reason: str = ""
    impact: str = ""
    action: str = ""
    notes: str = ""
    issued_at: datetime | None = None
    updated_at: datetime | None = None

    @property
    def canonical_ids(self) -> frozenset[str]:
        """Return its ids in the spelling that matches are compared in."""
        return frozenset(map(canonical_id, self.ids))

    @property
    def is_unexplained(self) -> bool:
        """Return whether it says "not affected" without saying why, which every VEX standard demands."""
        explained = self.justification or self.reason or self.impact.strip()
        return self.status is VexStatus.NOT_AFFECTED and not explained


@dataclass(frozen=True, slots=True, kw_only=True)
class VexDocument:
    """A document's statements in its order, who issued it, and all of it as it came in `record`."""

    id: str
    format: VexFormat
    author: str
    statements: tuple[Statement, ...]
    role: str = ""
    version: str = ""
    issued_at: datetime | None = None
    updated_at: datetime | None = None
    defects: tuple[Defect, ...] = ()
    record: Any = None
