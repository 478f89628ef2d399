"""What does a CVE record say, each author's words apart?

A record has one CNA container and any number of ADP containers that comment on it.
Precedence, where one answer is needed:
- products and versions: the CNA's. An ADP's count only when the CNA names no product
  that can be recognised (many old records say "n/a");
- severities: all of them, each with its author, the CNA's first;
- SSVC answers and KEV dates: assertions by the container's author, never the record's own.
A REJECTED record says nothing but that it is void, and retracts what it said before.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from watchbell.domain.advisory import Credit, Reference, Severity
from watchbell.domain.matching.products import ProductClaim
from watchbell.formats import cve_affected
from watchbell.formats.cve_affected import CveAffected
from watchbell.formats.fields import Json


class CveState(StrEnum):
    """Whether the record stands."""

    PUBLISHED = "PUBLISHED"
    REJECTED = "REJECTED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """Who wrote a container; `is_cna` when it is the numbering authority that owns the record."""

    name: str
    org_id: str
    updated_at: datetime | None
    is_cna: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SsvcAssertion:
    """SSVC answers by one author, in small letters; None where it gave none that is known."""

    by: str
    exploitation: str | None
    automatable: str | None
    technical_impact: str | None
    at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class KevAssertion:
    """One author says that a catalogue of exploited vulnerabilities lists this one since a day (a text)."""

    by: str
    date_added: str
    reference: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CveContainer:
    """What one author says about the vulnerability."""

    provider: Provider
    title: str = ""
    descriptions: tuple[tuple[str, str], ...] = ()
    affected: tuple[CveAffected, ...] = ()
    references: tuple[Reference, ...] = ()
    problems: tuple[tuple[str, str], ...] = ()
    severities: tuple[Severity, ...] = ()
    ssvc: tuple[SsvcAssertion, ...] = ()
    kev: tuple[KevAssertion, ...] = ()
    credits: tuple[Credit, ...] = ()
    public_at: datetime | None = None

    @property
    def names_a_product(self) -> bool:
        """Return whether any entry says which product is meant."""
        return any(one.is_named for one in self.affected)


@dataclass(frozen=True, slots=True, kw_only=True)
class CveRecord:
    """One record; `cna` speaks first, `adps` in the record's order, `record` is all of it as it came."""

    id: str
    state: CveState
    assigner: str
    cna: CveContainer
    adps: tuple[CveContainer, ...]
    published_at: datetime | None
    updated_at: datetime | None
    rejected_at: datetime | None
    replaced_by: tuple[str, ...]
    record: Json

    @property
    def is_rejected(self) -> bool:
        """Return whether the record is void, so that what it said before no longer holds."""
        return self.state is CveState.REJECTED

    @property
    def containers(self) -> tuple[CveContainer, ...]:
        """Return all containers, the CNA's first."""
        return (self.cna, *self.adps)

    @property
    def summary(self) -> str:
        """Return the title, or the first line of the description, English before other languages."""
        if self.cna.title:
            return self.cna.title
        texts = sorted(self.cna.descriptions, key=lambda one: not one[0].casefold().startswith("en"))
        return texts[0][1].strip().partition("\n")[0] if texts else ""

    @property
    def severities(self) -> tuple[Severity, ...]:
        """Return every severity with its author, the CNA's first."""
        return tuple(one for container in self.containers for one in container.severities)

    @property
    def cwes(self) -> tuple[str, ...]:
        """Return every weakness any author names, the CNA's first, each once."""
        named = (cwe for container in self.containers for cwe, _ in container.problems if cwe)
        return tuple(dict.fromkeys(named))

    def claims(self) -> tuple[ProductClaim, ...]:
        """Return what the record says of products: the CNA's word, or the ADPs' where the CNA names none.

        A rejected record claims nothing.
        """
        if self.is_rejected:
            return ()
        speaking = (self.cna,) if self.cna.names_a_product else self.adps
        return tuple(one for each in speaking for one in cve_affected.claims(each.affected, each.provider.name))
