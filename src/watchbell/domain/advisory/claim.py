"""What does a finder claim? One flaw as it was stated to us, before anyone has checked it.

Everything here is the finder's word: texts are data, links are never followed, and
the claimed level of evidence is only where checking starts. Source: FIRST and
CERT/CC report forms; CSAF 2.1 vulnerability report; SARIF 2.1.0.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import Any

from watchbell.domain.advisory.record import Credit, Reference, Severity


class EvidenceLevel(IntEnum):
    """How well a flaw is shown, from a bare claim to the vendor's word."""

    E0_ASSERTED = 0
    E1_STATICALLY_CONFIRMED = 1
    E2_REPRODUCED = 2
    E3_REPRODUCED_BY_TWO = 3
    E4_VENDOR_CONFIRMED = 4

    @property
    def label(self) -> str:
        """Return the level as people write it, such as `E2`."""
        return f"E{self.value}"


class Activity(StrEnum):
    """For what a finder can have used AI (CSAF issue 1519 names these and more)."""

    DISCOVERY = "discovery"
    VALIDATION = "validation"
    PATCH = "patch"
    AUTHORING = "authoring"


@dataclass(frozen=True, slots=True, kw_only=True)
class AiUsage:
    """How AI was used; `activities` None means nobody said, an empty set means none was used.

    The model may be withheld, and then `model` is "" and `model_withheld` is true.
    """

    activities: frozenset[Activity] | None = None
    human_oversight: str = ""
    model: str = ""
    model_withheld: bool = False
    text: str = ""

    @property
    def is_known(self) -> bool:
        """Return whether the finder said anything about it."""
        return self.activities is not None or bool(self.text)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimedProduct:
    """What the flaw is said to be in: a purl, or a vendor, a name and a version, or a repository."""

    purl: str = ""
    vendor: str = ""
    name: str = ""
    version: str = ""
    repository: str = ""
    cpe: str = ""

    @property
    def is_named(self) -> bool:
        """Return whether anything says which product is meant."""
        return bool(self.purl or self.name or self.repository or self.cpe)


@dataclass(frozen=True, slots=True, kw_only=True)
class Location:
    """Where the flaw is said to be; `uri` is inert text, lines count from 1 and 0 means unknown."""

    uri: str = ""
    line: int = 0
    symbol: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimedEvidence:
    """What the finder offers as proof, and the level they claim for it."""

    text: str = ""
    level: EvidenceLevel = EvidenceLevel.E0_ASSERTED


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One claimed flaw. `submitter_item_id` is the finder's own name for it and makes filing repeatable.

    `flows` are ways from where an attacker enters to where it breaks. `fingerprints` are the finder's
    tool's own (SARIF), kept as evidence and never trusted alone; `extra` keeps whatever else was said.
    """

    submitter_item_id: str
    title: str
    description: str = ""
    products: tuple[ClaimedProduct, ...] = ()
    locations: tuple[Location, ...] = ()
    cwes: tuple[str, ...] = ()
    severities: tuple[Severity, ...] = ()
    evidence: ClaimedEvidence = ClaimedEvidence()
    ai_usage: AiUsage = AiUsage()
    aliases: tuple[str, ...] = ()
    references: tuple[Reference, ...] = ()
    credits: tuple[Credit, ...] = ()
    suggested_fix: str = ""
    fingerprints: tuple[tuple[str, str], ...] = ()
    flows: tuple[tuple[Location, ...], ...] = ()
    extra: Mapping[str, Any] = field(default_factory=dict)

    @property
    def product(self) -> ClaimedProduct:
        """Return the first product named, or an unnamed one."""
        return self.products[0] if self.products else ClaimedProduct()

    @property
    def severity(self) -> str:
        """Return the finder's first severity vector, or ""."""
        return self.severities[0].vector if self.severities else ""
