"""This will note who has shown a finding and how well: the evidence ladder, from E1 to the vendor's word.

Reproduced (E2) means by someone or some machine other than the finder, naming the entry
point and who controls it; E3 by two such parties; E4 is the vendor's.
"""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from watchbell.apps.findings.alone import REPRODUCED
from watchbell.apps.findings.models import EvidenceReceipt, Finding
from watchbell.apps.findings.services.echoes import AlreadySettled, echoed, hold
from watchbell.apps.findings.services.intake import NotAllowed
from watchbell.apps.findings.services.triage import require_triage
from watchbell.apps.journal import services as journal
from watchbell.apps.journal.body import Scalar
from watchbell.domain.advisory import EvidenceLevel
from watchbell.domain.handling import Actor, OrganisationKind, Scope
from watchbell.domain.identity import Dice, new_id
from watchbell.domain.lifecycle import Finding as State
from watchbell.domain.sentence import Sentence


class NotEvidence(Exception):
    """This does not show the finding at that level; its text says what is missing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What was shown, by which organisation (`party`; "" means the one acted for), through which entry."""

    level: EvidenceLevel
    party: str = ""
    entry_point: str = ""
    controlled_by: str = ""
    note: str = ""


@transaction.atomic
def raise_evidence(*, finding: Finding, evidence: Evidence, by: Actor, now: datetime, rng: Dice) -> EvidenceReceipt:
    """Note a receipt for a finding and raise its level. Raises NotAllowed, NotEvidence, AlreadySettled."""
    require_triage(by)
    if evidence.level is EvidenceLevel.E4_VENDOR_CONFIRMED:
        raise NotEvidence("Only the vendor confirms at E4, by accepting the report in its case.")
    party = evidence.party or by.organisation or ""
    _check(finding, evidence, party)
    return _noted(finding, evidence, party, by=by, now=now, rng=rng)


@transaction.atomic
def confirm_by_vendor(*, public_id: str, by: Actor, now: datetime, rng: Dice) -> None:
    """Note the vendor's word that this is a flaw. Only `cases` calls this, after deciding whose report it is.

    Changes nothing when the vendor has confirmed already. Raises NotAllowed.
    """
    if not (by.acts_as(OrganisationKind.VENDOR) and by.writes and by.holds(Scope.COORDINATE) and by.organisation):
        raise NotAllowed("Only a vendor confirms a flaw at E4.")
    finding = Finding.objects.get(public_id=public_id)
    if finding.level < EvidenceLevel.E4_VENDOR_CONFIRMED:
        evidence = Evidence(level=EvidenceLevel.E4_VENDOR_CONFIRMED)
        _noted(finding, evidence, by.organisation, by=by, now=now, rng=rng)


def _check(finding: Finding, evidence: Evidence, party: str) -> None:
    """Raise NotEvidence unless this shows more than is shown already."""
    if finding.state not in (State.RECEIVED, State.VALID):
        raise NotEvidence("This finding is settled as a duplicate or rejected; reopen it first.")
    if evidence.level <= finding.level:
        raise NotEvidence(Sentence("The finding is shown at {level} already.", level=f"E{finding.level}"))
    if evidence.level not in REPRODUCED:
        return
    if party == finding.submitter:
        raise NotEvidence("The finder cannot reproduce its own finding: someone or some machine else has to.")
    if not (evidence.entry_point.strip() and evidence.controlled_by.strip()):
        raise NotEvidence("Name the entry point the flaw was reached through, and who controls what goes in there.")
    earlier = finding.receipts.filter(level__in=REPRODUCED).exclude(party__in=[party, finding.submitter])
    if evidence.level is EvidenceLevel.E3_REPRODUCED_BY_TWO and not earlier.exists():
        raise NotEvidence("E3 needs two parties other than the finder; note the first one's receipt at E2.")


def _noted(finding: Finding, evidence: Evidence, party: str, *, by: Actor, now: datetime, rng: Dice) -> EvidenceReceipt:
    """Claim the new level by the one this actor saw, write the receipt, record the deed."""
    hold(finding)
    if not Finding.objects.filter(pk=finding.pk, level=finding.level).update(level=evidence.level):
        raise AlreadySettled(str(AlreadySettled.__doc__))
    with echoed(finding, by=by, now=now):
        receipt = EvidenceReceipt.objects.create(
            public_id=new_id(rng),
            finding=finding,
            level=evidence.level,
            party=party,
            recorded_by=by.person or "",
            entry_point=evidence.entry_point,
            controlled_by=evidence.controlled_by,
            note=evidence.note,
            at=now,
        )
    facts: dict[str, Scalar] = {"level": int(evidence.level), "receipt": receipt.public_id}
    concerns = [finding.submission.organisation] if finding.submission.organisation else []
    journal.record(at=now, by=by, action="finding.shown", subject=finding, concerns=concerns, facts=facts)
    finding.refresh_from_db()
    return receipt
