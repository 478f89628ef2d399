"""Who is this actor in this case, and who else must hear of a deed? Every service begins here."""

from collections.abc import Iterable
from datetime import datetime

from watchbell.apps.cases import queries
from watchbell.apps.cases.models import Assignment, Case, Participant
from watchbell.apps.journal import services as journal
from watchbell.apps.journal.body import Scalar
from watchbell.domain.handling import Actor, OrganisationKind, Scope
from watchbell.domain.lifecycle import Consent, ConsentEvent
from watchbell.domain.lifecycle.embargo import CONSENT
from watchbell.domain.lifecycle.rules import CaseRole
from watchbell.domain.sentence import Sentence


class NotAllowed(Exception):
    """You may not do this in this case; its text says who may."""


class NotYet(Exception):
    """This may happen later, or after something else; its text says what is missing."""


def hold(case: Case) -> Case:
    """Return the case as it is now, locked until the transaction ends: deeds in one case happen one after another."""
    return Case.objects.select_for_update().get(pk=case.pk)


def require_rights(by: Actor) -> None:
    """Raise NotAllowed unless this actor may change anything in cases at all: every deed passes here."""
    if not (by.writes and by.holds(Scope.COORDINATE)):
        raise NotAllowed("This takes someone who may write, or a token made for coordinating cases.")


def require_open(case: Case) -> None:
    """Raise NotAllowed for a closed case."""
    if case.closed_at is not None:
        raise NotAllowed("This case is closed; new facts are a new case.")


def require_coordination(case: Case, by: Actor, *, now: datetime) -> Participant:
    """Return the coordinating participant this actor is; raises NotAllowed for anyone else."""
    found = _own(case, by, now=now)
    if found is None or by.organisation != case.organisation or not by.acts_as(OrganisationKind.COORDINATOR):
        raise NotAllowed("Only members of the coordinating organisation who may write do this.")
    return found


def require_part(case: Case, by: Actor, *, now: datetime, roles: Iterable[CaseRole] = ()) -> Participant:
    """Return the participant this actor speaks for, having one of these roles; raises NotAllowed for anyone else."""
    found = _own(case, by, now=now)
    wanted = frozenset(roles)
    if found is None or (wanted and not wanted & found.role_set):
        who = tuple(Sentence(one.value) for one in sorted(wanted)) or Sentence("participant")
        raise NotAllowed(Sentence("Only a participant of this case does this, in this role: {who}.", who=who))
    return found


def require_reader(own: Participant, case: Case) -> None:
    """Raise NotAllowed for whoever may not read the report yet: its end is not theirs to decide."""
    if not queries.reads_report(own, case):
        raise NotAllowed("Join the embargo first; until then the report, and the end of its embargo, are not yours.")


def _own(case: Case, by: Actor, *, now: datetime) -> Participant | None:
    """Return the participant this actor speaks for, if the label lets them know of the case; raises NotAllowed."""
    require_rights(by)
    if by.organisation is None or not queries.may_know(case, by, now=now):
        return None
    return case.participants.filter(organisation=by.organisation, left_at__isnull=True).first()


def spoke(participant: Participant, *, now: datetime) -> None:
    """Note that a project has spoken to us: from now on it may be sent more than one report."""
    Participant.objects.filter(pk=participant.pk, spoke_at__isnull=True).update(spoke_at=now)
    of_project = Participant.objects.filter(organisation=participant.organisation, contact=participant.contact)
    of_project.filter(awaits_first_word=True).update(awaits_first_word=False)


def name_person(case: Case, organisation: str, person: str | None, *, now: datetime) -> None:
    """Name a person who brought, opened or joined a case: TLP:RED would reach them."""
    if person:
        Assignment.objects.get_or_create(
            case=case, person=person, defaults={"organisation": organisation, "since": now}
        )


def consent(participant: Participant, event: ConsentEvent, *, now: datetime) -> None:
    """Take a participant's consent one step on; raises NotPossible."""
    participant.consent = CONSENT.next(Consent(participant.consent), event)
    participant.consent_since = now
    participant.save(update_fields=["consent", "consent_since"])


def record(
    action: str, case: Case, *, by: Actor, now: datetime, only: Iterable[str] | None = None, **facts: Scalar
) -> None:
    """Write the deed's entry, for everyone in the case or for these organisations and the coordinator only."""
    concerns = queries.parties(case) if only is None else [case.organisation, *(one for one in only if one)]
    journal.record(at=now, by=by, action=action, subject=case, concerns=concerns, facts=facts)
