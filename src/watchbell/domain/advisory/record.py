"""What do we say when we publish? An advisory in our own words, from which every format is written.

Times are aware datetimes. `extra` keeps what a format knew and we do not, so that
it can be written back; nothing of ours is ever read from it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from watchbell.domain.handling import Tlp


class VexStatus(StrEnum):
    """How a product stands to a vulnerability, in the words of VEX."""

    AFFECTED = "affected"
    NOT_AFFECTED = "not_affected"
    FIXED = "fixed"
    UNDER_INVESTIGATION = "under_investigation"


class VexJustification(StrEnum):
    """Why a product is not affected (the five machine-readable reasons of CSAF and OpenVEX)."""

    COMPONENT_NOT_PRESENT = "component_not_present"
    VULNERABLE_CODE_NOT_PRESENT = "vulnerable_code_not_present"
    VULNERABLE_CODE_CANNOT_BE_CONTROLLED = "vulnerable_code_cannot_be_controlled_by_adversary"
    VULNERABLE_CODE_NOT_IN_EXECUTE_PATH = "vulnerable_code_not_in_execute_path"
    INLINE_MITIGATIONS_ALREADY_EXIST = "inline_mitigations_already_exist"


class SeverityScheme(StrEnum):
    """Which vector a severity is written in, in OSV's words."""

    CVSS_V2 = "CVSS_V2"
    CVSS_V3 = "CVSS_V3"
    CVSS_V4 = "CVSS_V4"
    OTHER = "OTHER"

    @classmethod
    def of(cls, vector: str) -> "SeverityScheme":
        """Return the scheme this vector is written in, by its own prefix."""
        if vector.startswith("CVSS:4"):
            return cls.CVSS_V4
        if vector.startswith("CVSS:3"):
            return cls.CVSS_V3
        return cls.CVSS_V2 if vector.strip("()").startswith("AV:") else cls.OTHER


class ReferenceKind(StrEnum):
    """What a link leads to, in OSV's words."""

    ADVISORY = "ADVISORY"
    ARTICLE = "ARTICLE"
    DETECTION = "DETECTION"
    DISCUSSION = "DISCUSSION"
    EVIDENCE = "EVIDENCE"
    FIX = "FIX"
    INTRODUCED = "INTRODUCED"
    PACKAGE = "PACKAGE"
    REPORT = "REPORT"
    WEB = "WEB"


class CreditKind(StrEnum):
    """What somebody is thanked for, in OSV's and CVE's words."""

    FINDER = "FINDER"
    REPORTER = "REPORTER"
    ANALYST = "ANALYST"
    COORDINATOR = "COORDINATOR"
    REMEDIATION_DEVELOPER = "REMEDIATION_DEVELOPER"
    REMEDIATION_REVIEWER = "REMEDIATION_REVIEWER"
    REMEDIATION_VERIFIER = "REMEDIATION_VERIFIER"
    TOOL = "TOOL"
    SPONSOR = "SPONSOR"
    OTHER = "OTHER"


class RemediationKind(StrEnum):
    """What an operator can do, in CSAF's words."""

    VENDOR_FIX = "vendor_fix"
    MITIGATION = "mitigation"
    WORKAROUND = "workaround"
    NONE_AVAILABLE = "none_available"
    NO_FIX_PLANNED = "no_fix_planned"


class PublisherKind(StrEnum):
    """As what the publisher speaks, in CSAF's words."""

    VENDOR = "vendor"
    COORDINATOR = "coordinator"
    DISCOVERER = "discoverer"
    OTHER = "other"


class VersionScheme(StrEnum):
    """How the events of a range are ordered, in OSV's words."""

    ECOSYSTEM = "ECOSYSTEM"
    SEMVER = "SEMVER"
    GIT = "GIT"


@dataclass(frozen=True, slots=True, kw_only=True)
class Severity:
    """One severity vector and whose judgement it is; the vendor's comes first in any list."""

    vector: str
    by: str = ""

    @property
    def scheme(self) -> SeverityScheme:
        """Return which scheme the vector is written in."""
        return SeverityScheme.of(self.vector)


@dataclass(frozen=True, slots=True)
class Reference:
    """A link; it is text to us and never fetched by a codec."""

    url: str
    kind: ReferenceKind = ReferenceKind.WEB
    summary: str = ""


@dataclass(frozen=True, slots=True)
class Credit:
    """Somebody who asked to be named, and for what."""

    name: str
    kind: CreditKind = CreditKind.FINDER
    organisation: str = ""
    contacts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Remediation:
    """What to do, for all the products of its vulnerability that are affected."""

    kind: RemediationKind
    details: str
    url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RangeEvent:
    """One turning point of a range; exactly one of the four is set, "0" is before everything."""

    introduced: str = ""
    fixed: str = ""
    last_affected: str = ""
    limit: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionRange:
    """Turning points between not affected and affected, in order (OSV schema, `ranges`)."""

    scheme: VersionScheme
    events: tuple[RangeEvent, ...]
    repository: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Affected:
    """A product and how its versions stand to the vulnerability.

    Named by a package (`ecosystem` and `package`, or `purl`), or by vendor and
    product, or both. `versions` are single versions with this `status`.
    """

    product: str = ""
    vendor: str = ""
    ecosystem: str = ""
    package: str = ""
    purl: str = ""
    cpe: str = ""
    status: VexStatus = VexStatus.AFFECTED
    justification: VexJustification | None = None
    impact: str = ""
    versions: tuple[str, ...] = ()
    ranges: tuple[VersionRange, ...] = ()

    @property
    def name(self) -> str:
        """Return what people call this product."""
        return self.product or self.package or self.purl


@dataclass(frozen=True, slots=True, kw_only=True)
class Vulnerability:
    """One flaw; `aliases` are every id it goes by, a CVE id among them when there is one."""

    title: str
    description: str
    aliases: tuple[str, ...] = ()
    cwes: tuple[str, ...] = ()
    severities: tuple[Severity, ...] = ()
    affected: tuple[Affected, ...] = ()
    remediations: tuple[Remediation, ...] = ()
    references: tuple[Reference, ...] = ()
    credits: tuple[Credit, ...] = ()
    exploitation: str = ""

    @property
    def cve(self) -> str:
        """Return its CVE id, or "" when it has none yet."""
        return next((alias for alias in self.aliases if alias.startswith("CVE-")), "")


@dataclass(frozen=True, slots=True)
class Publisher:
    """Who publishes; `namespace` is a URI that is theirs."""

    name: str
    namespace: str
    kind: PublisherKind = PublisherKind.COORDINATOR
    contact: str = ""


@dataclass(frozen=True, slots=True)
class Revision:
    """One published state of an advisory; numbers count up from 1 without gaps."""

    number: int
    at: datetime
    summary: str


@dataclass(frozen=True, slots=True)
class Handling:
    """How far the advisory may travel; what is published to everyone is CLEAR and says so."""

    tlp: Tlp = Tlp.AMBER_STRICT
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Advisory:
    """What is published about one or more vulnerabilities; its revisions are oldest first."""

    id: str
    title: str
    publisher: Publisher
    revisions: tuple[Revision, ...]
    vulnerabilities: tuple[Vulnerability, ...]
    summary: str = ""
    handling: Handling = Handling()
    references: tuple[Reference, ...] = ()
    credits: tuple[Credit, ...] = ()
    withdrawn_at: datetime | None = None
    language: str = "en"
    extra: Mapping[str, Any] = field(default_factory=dict)

    @property
    def published_at(self) -> datetime:
        """Return when its first revision was published."""
        return self.revisions[0].at

    @property
    def modified_at(self) -> datetime:
        """Return when its latest revision was published."""
        return self.revisions[-1].at
