"""This will send a vendor its report and keep what the vendor answers: accepted or not, status, severity, fix.

Severity and status are the vendor's to set; the finder's severity stays beside it.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from django.db import IntegrityError, transaction

from watchbell.apps.cases import queries
from watchbell.apps.cases.models import Case, CaseVulnerability, Participant, VendorSeverity, VendorStatus
from watchbell.apps.cases.services import delivery, embargo
from watchbell.apps.cases.services.standing import (
    NotAllowed,
    NotYet,
    hold,
    record,
    require_coordination,
    require_open,
    require_part,
    spoke,
)
from watchbell.apps.cases.words import Standing
from watchbell.apps.findings import queries as findings
from watchbell.apps.findings import services as finding_services
from watchbell.domain.advisory import EvidenceLevel, VexJustification
from watchbell.domain.handling import Actor
from watchbell.domain.identity import Dice
from watchbell.domain.lifecycle import PATH, REPORT, Path, PathEvent, Report, ReportEvent, rules
from watchbell.domain.lifecycle import Embargo as EmbargoState
from watchbell.domain.lifecycle.rules import CaseRole, Ending
from watchbell.domain.matching.packages import Identified, package_of_purl
from watchbell.domain.priority import cvss
from watchbell.domain.sentence import Sentence

if TYPE_CHECKING:
    from watchbell.apps.findings.models import Finding

ENOUGH = EvidenceLevel.E2_REPRODUCED


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductAnswer:
    """How one product stands to a flaw; `not_affected` needs a justification or a statement, versions are half-open."""

    product: str
    status: Standing
    purl: str = ""
    justification: VexJustification | None = None
    statement: str = ""
    affected_from: str = ""
    fixed_in: str = ""


@transaction.atomic
def send_report(
    case: Case, participant: Participant, *, by: Actor, now: datetime, despite_evidence: bool = False
) -> Participant:
    """Send a vendor the report; it arrives at once, or when the vendor has joined the embargo.

    A project that never spoke to us has at most one open report, on the whole node: the
    database sees to it. Raises NotAllowed, and NotYet for a finding shown below E2, unless a
    coordinator sends it all the same, which stays on record.
    """
    case = hold(case)
    require_open(case)
    require_coordination(case, by, now=now)
    vendor = case.participants.get(pk=participant.pk)
    if CaseRole.VENDOR not in vendor.role_set or vendor.left_at is not None:
        raise NotAllowed("A report goes to a vendor who takes part in the case; invite it first.")
    if vendor.report_sent_at is not None:
        return vendor
    shown_less = [row.public_id for row in _findings(case) if row.level < ENOUGH]
    if shown_less and not despite_evidence:
        raise NotYet(
            Sentence("Nothing below E2 is sent to a vendor. Have these reproduced first: {ids}.", ids=tuple(shown_less))
        )
    vendor.report_sent_at = now
    vendor.awaits_first_word = not _has_spoken(vendor)
    try:
        with transaction.atomic():
            vendor.save(update_fields=["report_sent_at", "awaits_first_word"])
    except IntegrityError:
        raise NotYet("This project never answered us and has an open report already; wait for its answer.") from None
    delivery.deliver_waiting(case, now=now)
    record(
        "report.sent",
        case,
        by=by,
        now=now,
        only=[vendor.organisation],
        participant=vendor.public_id,
        below_e2=len(shown_less),
    )
    vendor.refresh_from_db()
    return vendor


@transaction.atomic
def answer_report(case: Case, event: ReportEvent, *, by: Actor, now: datetime) -> Participant:
    """Take one's own report one step on: valid, not a flaw, later, closed. Raises NotAllowed, NotPossible."""
    case = hold(case)
    require_open(case)
    own = _vendor(case, by, now=now)
    if event is ReportEvent.RECEIVE:
        raise NotAllowed("A report is received when the coordinator sends it.")
    _step(own, event)
    spoke(own, now=now)
    record("report.answered", case, by=by, now=now, participant=own.public_id, answer=_code(event))
    return own


@transaction.atomic
def accept_report(case: Case, *, by: Actor, now: datetime, rng: Dice) -> Participant:
    """Accept one's report: the flaw is real and work begins; the findings stand at E4, the vendor's word.

    Raises NotAllowed, NotPossible.
    """
    case = hold(case)
    require_open(case)
    own = _vendor(case, by, now=now)
    if Report(own.report) in (Report.RECEIVED, Report.INVALID):
        _step(own, ReportEvent.VALIDATE)
    _step(own, ReportEvent.ACCEPT)
    for row in _findings(case):
        finding_services.confirm_by_vendor(public_id=row.public_id, by=by, now=now, rng=rng)
    spoke(own, now=now)
    record("report.accepted", case, by=by, now=now, participant=own.public_id)
    return own


@transaction.atomic
def set_status(vulnerability: CaseVulnerability, answer: ProductAnswer, *, by: Actor, now: datetime) -> VendorStatus:
    """Say how one of one's own products stands to a flaw. Raises NotAllowed, NotYet."""
    case = hold(vulnerability.case)
    require_open(case)
    own = _vendor(case, by, now=now)
    if not answer.product.strip():
        raise NotYet("Name the product this is about.")
    if answer.status is Standing.NOT_AFFECTED and not (answer.justification or answer.statement.strip()):
        raise NotYet('"Not affected" needs a reason: choose a justification or write one.')
    said = {
        "status": answer.status,
        "purl": answer.purl,
        "justification": answer.justification or "",
        "statement": answer.statement,
        "affected_from": answer.affected_from,
        "fixed_in": answer.fixed_in,
        "since": now,
    }
    _take_over_what_waited(vulnerability, own, answer)
    row, _ = VendorStatus.objects.update_or_create(
        vulnerability=vulnerability, participant=own, product=answer.product, defaults=said
    )
    spoke(own, now=now)
    facts = {"participant": own.public_id, "vulnerability": vulnerability.public_id, "status": str(answer.status)}
    record("vendor.status", case, by=by, now=now, only=[own.organisation], **facts)
    return row


@transaction.atomic
def set_severity(vulnerability: CaseVulnerability, vector: str, *, by: Actor, now: datetime) -> VendorSeverity:
    """Say how severe a flaw is in one's own products (a CVSS vector); nobody else can.

    Raises NotAllowed, and ValueError, which names the metric that is wrong.
    """
    case = hold(vulnerability.case)
    require_open(case)
    own = _vendor(case, by, now=now)
    cvss.parse(vector)
    row, _ = VendorSeverity.objects.update_or_create(
        vulnerability=vulnerability, participant=own, defaults={"vector": vector, "at": now}
    )
    spoke(own, now=now)
    facts = {"participant": own.public_id, "vulnerability": vulnerability.public_id}
    record("vendor.severity", case, by=by, now=now, **facts)
    return row


@transaction.atomic
def name_cve(vulnerability: CaseVulnerability, cve: str, *, by: Actor, now: datetime) -> None:
    """Note the CVE id a flaw was given. Raises NotAllowed, NotYet when the case names it already."""
    case = hold(vulnerability.case)
    require_open(case)
    require_part(case, by, now=now, roles=[CaseRole.COORDINATOR, CaseRole.VENDOR, CaseRole.CNA])
    if case.vulnerabilities.filter(cve=cve).exclude(pk=vulnerability.pk).exists():
        raise NotYet(Sentence("{cve} is another flaw of this case.", cve=cve))
    CaseVulnerability.objects.filter(pk=vulnerability.pk).update(cve=cve)
    record("case.cve_named", case, by=by, now=now, vulnerability=vulnerability.public_id, cve=cve)


@transaction.atomic
def fix_ready(case: Case, *, by: Actor, now: datetime) -> Participant:
    """Say that one's fix is ready; the report must have been accepted. Raises NotAllowed, NotPossible."""
    case = hold(case)
    require_open(case)
    own = _vendor(case, by, now=now)
    rules.check_fix_may_be_ready(Report(own.report))
    PATH.next(own.path, PathEvent.FIX_READY)
    own.fix_ready_at = now
    own.save(update_fields=["fix_ready_at"])
    record("vendor.fix_ready", case, by=by, now=now, participant=own.public_id)
    return own


@transaction.atomic
def fix_deployed(case: Case, *, by: Actor, now: datetime) -> Participant:
    """Say that one's fix is deployed; with every fix deployed the embargo has nothing left to wait for and ends.

    Raises NotAllowed, NotPossible.
    """
    case = hold(case)
    require_open(case)
    own = _vendor(case, by, now=now)
    PATH.next(own.path, PathEvent.FIX_DEPLOYED)
    own.fix_deployed_at = now
    own.save(update_fields=["fix_deployed_at"])
    record("vendor.fix_deployed", case, by=by, now=now, participant=own.public_id)
    vendors = case.participants.filter(roles__role=CaseRole.VENDOR, left_at__isnull=True)
    paths: list[Path] = [one.path for one in vendors]
    if EmbargoState(case.embargo.state).is_in_force and rules.ends_early(case.world, paths) is Ending.ENDS_NOW:
        embargo.end(case, by=by, now=now)
    return own


def _vendor(case: Case, by: Actor, *, now: datetime) -> Participant:
    """Return the vendor this actor speaks for, who may read the report; raises NotAllowed."""
    own = require_part(case, by, now=now, roles=[CaseRole.VENDOR])
    if not queries.reads_report(own, case):
        raise NotAllowed("There is no report for you to answer yet: none was sent, or the embargo comes first.")
    return own


def _take_over_what_waited(vulnerability: CaseVulnerability, own: Participant, answer: ProductAnswer) -> None:
    """Give the row that waits for an answer about this package the vendor's own name for the product.

    The finder's report opened that row under the finder's name; left beside the answer it
    would go on saying that nobody knows, and be published as affecting every version.
    """
    package = _without_version(answer.purl)
    rows = VendorStatus.objects.filter(vulnerability=vulnerability, participant=own)
    if not package or rows.filter(product=answer.product).exists():
        return
    waiting = [row for row in rows.filter(status=Standing.NO_ANSWER) if _without_version(row.purl) == package]
    for extra in waiting[1:]:
        extra.delete()
    if waiting:
        VendorStatus.objects.filter(pk=waiting[0].pk).update(product=answer.product)


def _without_version(purl: str) -> str:
    found = package_of_purl(purl) if purl else None
    return f"{found.package.ecosystem}/{found.package.name}" if isinstance(found, Identified) else ""


def _findings(case: Case) -> "list[Finding]":
    return findings.named(list(case.findings.values_list("finding", flat=True)))


def _has_spoken(vendor: Participant) -> bool:
    of_project = Participant.objects.filter(organisation=vendor.organisation, contact=vendor.contact)
    return of_project.filter(spoke_at__isnull=False).exists()


def _step(own: Participant, event: ReportEvent) -> None:
    own.report = REPORT.next(Report(own.report), event)
    own.save(update_fields=["report"])


def _code(event: ReportEvent) -> str:
    return event.value.replace(" ", "-")
