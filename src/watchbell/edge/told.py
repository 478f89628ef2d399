"""What does one published record say of packages and products, in the words a snapshot is made of?

The same reading as a node's: ranges by package or product, versions by name, doubts, commits. A
record that was withdrawn or rejected names nothing, and is kept as withdrawn.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from watchbell.domain.matching.aliases import canonical_id
from watchbell.domain.matching.gem_requirements import read_rubysec
from watchbell.domain.matching.names import Package, package
from watchbell.domain.matching.outcomes import Doubt, Reason
from watchbell.domain.matching.packages import Identified, package_of_purl
from watchbell.domain.matching.products import ProductClaim, ProductName
from watchbell.domain.matching.ranges import Ranges, read_affected
from watchbell.domain.refusal import refuse
from watchbell.edge.facts import preferred_vector
from watchbell.formats.csaf_claims import claims
from watchbell.formats.csaf_reader import CsafDocument
from watchbell.formats.cve_record import CveRecord
from watchbell.formats.kev import KevEntry
from watchbell.formats.osv import OsvAffected, OsvRecord

LONGEST_ID = 128
LONGEST_SUMMARY = 160
MOST_ALIASES = 1000


class Kind(StrEnum):
    """What a source publishes, and so how it is read."""

    OSV = "osv"
    CVE = "cve"
    CSAF = "csaf"
    KEV = "kev"
    EPSS = "epss"
    VULNRICHMENT = "vulnrichment"


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One vulnerability as one record tells it; `part` counts those of one document, `name` is the document's own id.

    `modified` sorts as time does; `package` None is for what names commits only. `products` are named by words.
    """

    kind: Kind
    name: str
    ids: tuple[str, ...]
    part: int = 0
    modified: str = ""
    withdrawn: bool = False
    summary: str = ""
    cvss: str = ""
    claims: tuple[tuple[Package | None, Ranges], ...] = ()
    products: tuple[ProductClaim, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What a catalogue says of a CVE; `edition` sorts as time does, and only the newest of a whole catalogue counts."""

    kind: Kind
    cve: str
    asserter: str
    since: str
    answers: dict[str, str | float | None] = field(default_factory=dict)
    edition: str = ""


def of_osv(record: OsvRecord) -> Told:
    """Return what an OSV record tells; raises Refused for an id or a list of aliases that cannot be kept."""
    own = _checked(record.id)
    if len(record.aliases) > MOST_ALIASES:
        raise refuse("too-many-items", "The record has too many aliases", place="/aliases")
    scores = {*record.severities, *(score for one in record.affected for score in one.severities)}
    return Told(
        kind=Kind.OSV,
        name=own,
        ids=tuple(sorted({own, *(_checked(one) for one in record.aliases)})),
        modified=record.modified,
        withdrawn=bool(record.withdrawn),
        summary=short(record.summary or record.details.lstrip().partition("\n")[0]),
        cvss=preferred_vector(scores),
        claims=() if record.withdrawn else tuple(_osv_claims(record.affected)),
    )


def of_cve(record: CveRecord) -> Told:
    """Return what a CVE record tells of packages and products; a rejected one is withdrawn."""
    claimed = record.claims()
    return Told(
        kind=Kind.CVE,
        name=record.id,
        ids=(record.id,),
        modified=record.updated_at.isoformat() if record.updated_at else "",
        withdrawn=record.is_rejected,
        summary=short(record.summary),
        cvss=preferred_vector({one.vector for one in record.severities}),
        claims=tuple((one.package, one.ranges) for one in claimed if one.package),
        products=tuple(claimed),
    )


def answers_of_cve(record: CveRecord) -> Iterator[Said]:
    """Yield what the containers of a CVE record answer: SSVC, and listings in KEV."""
    for container in () if record.is_rejected else record.containers:
        for one in container.ssvc:
            answers: dict[str, str | float | None] = {
                "exploitation": one.exploitation,
                "automatable": one.automatable,
                "technical_impact": one.technical_impact,
            }
            if any(answers.values()):
                since = one.at.date().isoformat() if one.at else ""
                yield Said(kind=Kind.VULNRICHMENT, cve=record.id, asserter=one.by[:64], since=since, answers=answers)


def of_csaf(document: CsafDocument) -> Iterator[Told]:
    """Yield each vulnerability of a CSAF document as it tells it; a product without a package URL is named by words."""
    for part, flaw in enumerate(document.flaws):
        claimed = claims(document, flaw)
        named = [canonical_id(one) for one in flaw.all_ids if 0 < len(one.strip()) <= LONGEST_ID]
        yield Told(
            kind=Kind.CSAF,
            name=_checked(document.id),
            ids=tuple(dict.fromkeys(named)) or (f"{document.id}#{part + 1}",),
            part=part,
            modified=document.updated_at.isoformat(),
            summary=short(flaw.title or document.title),
            cvss=preferred_vector({one.vector for one in flaw.severities}),
            claims=tuple((one.package, one.ranges) for one in claimed if one.package),
            products=tuple(one for one in claimed if not one.package),
        )


def of_kev(entry: KevEntry, *, part: int, edition: str) -> Told:
    """Return what the catalogue tells of a product: that it is listed, in no particular version."""
    listed = Doubt(Reason.RANGE_NOT_GIVEN, "the catalogue lists it, whatever its version")
    product = ProductName(vendor=entry.vendor, name=entry.product)
    return Told(
        kind=Kind.KEV,
        name="KEV",
        ids=(_checked(entry.cve),),
        part=part,
        modified=edition,
        summary=short(entry.name),
        products=(ProductClaim(product=product, ranges=Ranges(None, doubts=(listed,))),),
    )


def short(text: str) -> str:
    """Return the text on one line, at most LONGEST_SUMMARY characters."""
    text = " ".join(text.split())
    return text if len(text) <= LONGEST_SUMMARY else text[: LONGEST_SUMMARY - 1] + "…"


def _checked(name: str) -> str:
    name = canonical_id(name)
    if not 0 < len(name) <= LONGEST_ID or "\n" in name:
        raise refuse("wrong-value", f"An id has {len(name)} characters or a line break", expected=f"1 to {LONGEST_ID}")
    return name


def _osv_claims(affected: Iterable[OsvAffected]) -> Iterator[tuple[Package | None, Ranges]]:
    for one in affected:
        own = None if one.ranges or one.versions else read_rubysec(one.database_specific)
        yield _package_of(one), own or read_affected(one.ecosystem, one.ranges, one.versions)


def _package_of(one: OsvAffected) -> Package | None:
    if one.ecosystem and one.name:
        named = package(one.ecosystem, one.name)
        return named if named.ecosystem and named.name else None
    found = package_of_purl(one.purl) if one.purl else None
    return found.package if isinstance(found, Identified) else None
