"""When does a report that was sent arrive? Once its vendor may read it: after joining the embargo, if there is one."""

from datetime import datetime

from watchbell.apps.cases import queries
from watchbell.apps.cases.models import Case, CaseFinding, CaseVulnerability, Participant, VendorStatus
from watchbell.apps.findings import queries as findings
from watchbell.domain.lifecycle import PATH, REPORT, Path, PathEvent, Report, ReportEvent


def deliver_waiting(case: Case, *, now: datetime) -> None:
    """This will deliver every report of this case that was sent and may be read by now."""
    waiting = case.participants.filter(report=Report.START, report_sent_at__isnull=False, left_at__isnull=True)
    for participant in waiting.prefetch_related("roles"):
        if queries.reads_report(participant, case):
            _deliver(participant, now=now)


def make_aware(participant: Participant, *, now: datetime) -> None:
    """Note that a vendor knows of the flaw, if that is news."""
    if participant.path is Path.UNAWARE:
        PATH.next(participant.path, PathEvent.VENDOR_AWARE)
        participant.vendor_aware_at = now
        participant.save(update_fields=["vendor_aware_at"])


def _deliver(participant: Participant, *, now: datetime) -> None:
    """Take the vendor's report to `received`, and open one row of "no answer yet" for each flaw and product."""
    participant.report = REPORT.next(Report(participant.report), ReportEvent.RECEIVE)
    participant.save(update_fields=["report"])
    make_aware(participant, now=now)
    for flaw in participant.case.vulnerabilities.all():
        for product, purl in _products(flaw):
            VendorStatus.objects.get_or_create(
                vulnerability=flaw, participant=participant, product=product, defaults={"purl": purl, "since": now}
            )


def _products(flaw: CaseVulnerability) -> set[tuple[str, str]]:
    """Return the products the findings name for this flaw."""
    ids = list(CaseFinding.objects.filter(vulnerability=flaw).values_list("finding", flat=True))
    return {(row.product or row.title, row.purl) for row in findings.named(ids)}
