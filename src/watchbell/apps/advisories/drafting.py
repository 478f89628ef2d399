"""What would we say about this case? A first draft from what its parties have said, for people to edit.

The vendor's severity comes first and the finder's stays beside it. A product whose vendor
has not answered is under investigation, never left out: unknown is not safe.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from watchbell.apps.cases.queries import CasePage
from watchbell.apps.cases.words import Standing
from watchbell.apps.findings import queries as findings
from watchbell.apps.orgs import queries as orgs
from watchbell.domain.advisory import (
    Advisory,
    Affected,
    Credit,
    Publisher,
    RangeEvent,
    Remediation,
    RemediationKind,
    Severity,
    VersionRange,
    VersionScheme,
    VexJustification,
    VexStatus,
    Vulnerability,
)
from watchbell.domain.matching.packages import Identified, package_of_purl

if TYPE_CHECKING:
    from watchbell.apps.cases.models import VendorStatus

STATUS = {
    Standing.NO_ANSWER: VexStatus.UNDER_INVESTIGATION,
    Standing.UNDER_INVESTIGATION: VexStatus.UNDER_INVESTIGATION,
    Standing.AFFECTED: VexStatus.AFFECTED,
    Standing.NOT_AFFECTED: VexStatus.NOT_AFFECTED,
    Standing.FIXED: VexStatus.AFFECTED,
}
"""A fixed product was affected before its fix: its range says so, and where it ends."""


def drafted(page: CasePage, publisher: Publisher) -> Advisory:
    """Return a draft of what this page says; it has no id, no revision and the default label yet."""
    return Advisory(
        id="",
        title=page.case.title,
        publisher=publisher,
        revisions=(),
        vulnerabilities=tuple(_flaw(page, index) for index in range(len(page.vulnerabilities))),
        credits=tuple(dict.fromkeys(_credits(page.findings))),
    )


def _flaw(page: CasePage, index: int) -> Vulnerability:
    flaw = page.vulnerabilities[index]
    statuses = list(flaw.statuses.all())
    vendors = [Severity(vector=one.vector, by="vendor") for one in flaw.vendor_severities.all()]
    finders = [Severity(vector=flaw.finder_severity, by="finder")] if flaw.finder_severity else []
    affected = tuple(_affected(one) for one in statuses)
    return Vulnerability(
        title=flaw.title,
        description=flaw.description or flaw.title,
        aliases=(flaw.cve,) if flaw.cve else (),
        cwes=(flaw.cwe,) if flaw.cwe else (),
        severities=tuple(vendors + finders),
        affected=affected,
        remediations=tuple(_remediations(affected)),
        exploitation="Attacks have been seen." if page.case.world.is_attacked else "",
    )


def _affected(row: "VendorStatus") -> Affected:
    """Return one product as its vendor says it stands, with its range where a version was named."""
    found = package_of_purl(row.purl) if row.purl else None
    status = STATUS[Standing(row.status)]
    return Affected(
        product=row.product,
        vendor=_vendor_name(row.participant.organisation),
        ecosystem=found.package.ecosystem if isinstance(found, Identified) else "",
        package=found.package.name if isinstance(found, Identified) else "",
        purl=found.purl.partition("@")[0] if isinstance(found, Identified) else row.purl,
        status=status,
        justification=VexJustification(row.justification) if row.justification else None,
        impact=row.statement if status is VexStatus.NOT_AFFECTED else "",
        ranges=() if status is VexStatus.NOT_AFFECTED else (_range(row.affected_from, row.fixed_in),),
    )


def _range(affected_from: str, fixed_in: str) -> VersionRange:
    """Return the half-open range; without a first version it starts before everything, without a fix it is open."""
    first = RangeEvent(introduced=affected_from or "0")
    events = (first, RangeEvent(fixed=fixed_in)) if fixed_in else (first,)
    return VersionRange(scheme=VersionScheme.ECOSYSTEM, events=events)


def _remediations(affected: tuple[Affected, ...]) -> Iterator[Remediation]:
    """Yield what to do: update where a fix is named; where none is, that there is none yet."""
    at_risk = [one for one in affected if one.status is not VexStatus.NOT_AFFECTED]
    fixes = [(one.name, event.fixed) for one in at_risk for span in one.ranges for event in span.events if event.fixed]
    for name, version in fixes:
        yield Remediation(kind=RemediationKind.VENDOR_FIX, details=f"Update {name} to {version} or later.")
    if at_risk and not fixes:
        yield Remediation(kind=RemediationKind.NONE_AVAILABLE, details="No fix is available yet.")


def _vendor_name(organisation: str) -> str:
    """Return the vendor's name; a contact without an account is an address, which is for the coordinator only."""
    return orgs.organisation(organisation).name if organisation else ""


def _credits(public_ids: list[str]) -> Iterator[Credit]:
    """Yield everyone who asked to be named in any report of these flaws, duplicates among them, the first first."""
    for row in findings.all_reports(public_ids):
        yield from findings.claim_of(row).credits
