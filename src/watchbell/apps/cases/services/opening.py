"""This will open a case from findings, bring people into it, let them leave, and close it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, transaction

from watchbell.apps.cases import queries
from watchbell.apps.cases.models import (
    Case,
    CaseFinding,
    CaseVulnerability,
    Embargo,
    Lane,
    Participant,
    ParticipantRole,
)
from watchbell.apps.cases.services.standing import (
    NotAllowed,
    NotYet,
    consent,
    hold,
    name_person,
    record,
    require_coordination,
    require_open,
    require_part,
    require_rights,
)
from watchbell.apps.findings import queries as findings
from watchbell.apps.orgs import queries as orgs
from watchbell.domain.handling import Actor, OrganisationKind, Tlp, lowest_marking_kept
from watchbell.domain.identity import Dice, new_id
from watchbell.domain.lifecycle import REPORT, Consent, ConsentEvent, Report, ReportEvent
from watchbell.domain.lifecycle import Embargo as EmbargoState
from watchbell.domain.lifecycle import Finding as FindingState
from watchbell.domain.lifecycle.rules import FINDERS, CaseRole
from watchbell.domain.sentence import Sentence

OWNS = frozenset({CaseRole.COORDINATOR, CaseRole.CASE_OWNER, CaseRole.CASE_MANAGER})
ENDS = (Report.INVALID, Report.DEFERRED, Report.ACCEPTED)


class CannotOpen(Exception):
    """These findings cannot be coordinated; the text says which and why."""


class AlreadyCoordinated(Exception):
    """One of these findings is in a case already; open that case instead."""


class AlreadyTakesPart(Exception):
    """They take part in this case already."""


@dataclass(frozen=True, slots=True)
class Party:
    """Somebody in a case: an organisation of this node by its public id, or a contact without an account."""

    organisation: str = ""
    contact: str = ""


@transaction.atomic
def open_case(public_ids: Sequence[str], *, title: str, by: Actor, now: datetime, rng: Dice) -> Case:
    """Open a case about these valid findings; their finders take part, and its label is their strictest.

    Raises NotAllowed, CannotOpen, AlreadyCoordinated.
    """
    require_rights(by)
    if not (by.acts_as(OrganisationKind.COORDINATOR) and by.organisation):
        raise NotAllowed("Only coordinators who may write open cases.")
    rows = list(findings.visible_to(by, now=now).filter(public_id__in=public_ids).order_by("pk"))
    if not rows or len(rows) != len(set(public_ids)):
        raise CannotOpen("Some of these findings do not exist; reload the list and choose again.")
    if waiting := [row.public_id for row in rows if row.state != FindingState.VALID]:
        raise CannotOpen(Sentence("Only findings found valid are coordinated; settle {ids} first.", ids=tuple(waiting)))
    case = Case.objects.create(
        public_id=new_id(rng),
        title=title.strip()[:300] or rows[0].title,
        organisation=by.organisation,
        marking=lowest_marking_kept([Tlp(row.marking) for row in rows]),
        opened_at=now,
    )
    Embargo.objects.create(case=case)
    Lane.objects.create(public_id=new_id(rng), case=case)
    parties: dict[Party, frozenset[CaseRole]] = {Party(by.organisation): OWNS}
    for row in rows:
        _coordinate(case, row.public_id, rng)
        if finder := _finder(row.submission.organisation, row.submission.receipt_digest, row.submission.public_id):
            parties[finder] = parties.get(finder, frozenset()) | FINDERS
            name_person(case, finder.organisation, row.submission.person, now=now)
    for party, roles in parties.items():
        _add(case, party, roles, now=now, rng=rng, knows=True)
    name_person(case, by.organisation, by.person, now=now)
    record("case.opened", case, by=by, now=now, findings=len(rows))
    return case


@transaction.atomic
def invite(case: Case, party: Party, roles: Iterable[CaseRole], *, by: Actor, now: datetime, rng: Dice) -> Participant:
    """Bring somebody into a case; while there is an embargo they read the report only after joining it.

    Raises NotAllowed, AlreadyTakesPart, and DoesNotExist for an organisation this node does not know.
    """
    case = hold(case)
    require_open(case)
    require_coordination(case, by, now=now)
    wanted = frozenset(roles)
    if not wanted or wanted & OWNS:
        raise NotAllowed("Give whoever you invite a role of their own; a case has one coordinator, who opened it.")
    if party.organisation:
        orgs.organisation(party.organisation)
    there = case.participants.filter(organisation=party.organisation, contact=party.contact).first()
    if there is not None and there.left_at is None:
        raise AlreadyTakesPart(str(AlreadyTakesPart.__doc__))
    joined = _back(there, wanted, now=now) if there else _add(case, party, wanted, now=now, rng=rng)
    has_embargo = EmbargoState(case.embargo.state) not in (EmbargoState.NONE, EmbargoState.EXITED)
    if has_embargo and joined.consent not in (Consent.SIGNATORY, Consent.INVITED):
        consent(joined, ConsentEvent.INVITE, now=now)
    record("case.invited", case, by=by, now=now, only=[party.organisation], participant=joined.public_id)
    return joined


@transaction.atomic
def assign(case: Case, person: str, *, by: Actor, now: datetime) -> None:
    """Name a colleague in a case: TLP:RED reaches named persons only. Raises NotAllowed."""
    case = hold(case)
    require_open(case)
    own = require_part(case, by, now=now)
    if not orgs.organisations_of(person).filter(public_id=own.organisation).exists():
        raise NotAllowed("Only members of your own organisation can be named here.")
    name_person(case, own.organisation, person, now=now)
    record("case.assigned", case, by=by, now=now, only=[own.organisation], person=person)


@transaction.atomic
def unassign(case: Case, person: str, *, by: Actor, now: datetime) -> None:
    """Name a colleague, or oneself, in a case no longer; a closed case too. Raises NotAllowed.

    Under TLP:RED the last person named stays: their organisation would lose sight of the case for good.
    """
    case = hold(case)
    own = require_part(case, by, now=now)
    left = set(queries.named_persons(case, now=now)[own.organisation]) - {person}
    if case.marking == Tlp.RED and not left:
        raise NotAllowed("Name somebody else first: nobody of your organisation would see the case any more.")
    taken, _ = case.assignments.filter(organisation=own.organisation, person=person).delete()
    if not taken:
        raise NotAllowed("The case does not name this person; reload the page.")
    record("case.unassigned", case, by=by, now=now, only=[own.organisation], person=person)


@transaction.atomic
def raise_marking(case: Case, marking: Tlp, *, by: Actor, now: datetime) -> None:
    """Give a case a stricter label; a label is never lowered. Raises NotAllowed."""
    case = hold(case)
    require_coordination(case, by, now=now)
    if not Case.objects.filter(pk=case.pk, marking__lt=marking).update(marking=marking):
        raise NotAllowed(
            Sentence("The case is {label} already; a label is never lowered.", label=Tlp(case.marking).label)
        )
    record("case.marked", case, by=by, now=now, marking=int(marking))


@transaction.atomic
def leave(case: Case, *, by: Actor, now: datetime) -> None:
    """Leave a case; nothing of it reaches those who left any more, and the embargo holds on. Raises NotAllowed."""
    case = hold(case)
    own = require_part(case, by, now=now)
    if own.role_set & OWNS:
        raise NotAllowed("The coordinator closes a case and does not leave it.")
    record("case.left", case, by=by, now=now, participant=own.public_id)
    Participant.objects.filter(pk=own.pk).update(left_at=now, awaits_first_word=False)
    case.assignments.filter(organisation=own.organisation).delete()


@transaction.atomic
def close(case: Case, *, by: Actor, now: datetime) -> None:
    """Close a case, and with it every report that was accepted, deferred or found invalid.

    Raises NotAllowed, and NotYet while an embargo binds people or a vendor has found a
    report valid and has neither accepted nor deferred it, so that nobody loses it.
    """
    case = hold(case)
    require_open(case)
    require_coordination(case, by, now=now)
    if EmbargoState(case.embargo.state).is_in_force:
        raise NotYet("The embargo is in force; end it first.")
    if case.participants.filter(report=Report.VALID, left_at__isnull=True).exists():
        raise NotYet("A valid report is accepted or deferred first, so that nobody loses it.")
    for participant in case.participants.filter(report__in=ENDS):
        closed = REPORT.next(Report(participant.report), ReportEvent.CLOSE)
        Participant.objects.filter(pk=participant.pk).update(report=closed)
    case.participants.update(awaits_first_word=False)
    Case.objects.filter(pk=case.pk).update(closed_at=now)
    record("case.closed", case, by=by, now=now)


def _finder(organisation: str, receipt: str | None, submission: str) -> Party | None:
    """Return who handed a finding in; what the console imported has no finder here."""
    if organisation:
        return Party(organisation)
    return Party(contact=f"receipt:{submission}") if receipt else None


def _coordinate(case: Case, finding: str, rng: Dice) -> None:
    """Give a finding its vulnerability in this case; raises AlreadyCoordinated."""
    if CaseFinding.objects.filter(finding=finding).exists():
        raise AlreadyCoordinated(str(AlreadyCoordinated.__doc__))
    [row] = findings.named([finding])
    claim = findings.claim_of(row)
    cve = next((alias for alias in claim.aliases if alias.startswith("CVE-")), "")
    flaw = CaseVulnerability.objects.create(
        public_id=new_id(rng),
        case=case,
        title=row.title,
        description=claim.description,
        cve="" if case.vulnerabilities.filter(cve=cve).exists() else cve[:32],
        cwe=next(iter(claim.cwes), "")[:16],
        finder_severity=claim.severity[:200],
    )
    try:
        with transaction.atomic():
            CaseFinding.objects.create(case=case, vulnerability=flaw, finding=finding)
    except IntegrityError:  # another coordinator opened a case with it at this moment
        raise AlreadyCoordinated(str(AlreadyCoordinated.__doc__)) from None


def _add(
    case: Case, party: Party, roles: Iterable[CaseRole], *, now: datetime, rng: Dice, knows: bool = False
) -> Participant:
    """Write a participant with roles and a lane; who `knows` has taken the report through its first steps."""
    state = Report.START
    for event in (ReportEvent.RECEIVE, ReportEvent.VALIDATE, ReportEvent.ACCEPT) if knows else ():
        state = REPORT.next(state, event)
    participant = Participant.objects.create(
        public_id=new_id(rng),
        case=case,
        organisation=party.organisation,
        contact=party.contact,
        report=state,
        consent_since=now,
        joined_at=now,
    )
    _give(participant, roles)
    Lane.objects.create(public_id=new_id(rng), case=case, participant=participant)
    return participant


def _back(participant: Participant, roles: Iterable[CaseRole], *, now: datetime) -> Participant:
    """Take in somebody who left; what they agreed to before still binds them."""
    Participant.objects.filter(pk=participant.pk).update(left_at=None, joined_at=now)
    _give(participant, roles)
    participant.refresh_from_db()
    return participant


def _give(participant: Participant, roles: Iterable[CaseRole]) -> None:
    given = [ParticipantRole(participant=participant, role=role) for role in sorted(roles)]
    ParticipantRole.objects.bulk_create(given, ignore_conflicts=True)
