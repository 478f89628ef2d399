"""Who may know of a case, and what of it? Taking part grants, the label caps, and the report waits for the embargo.

A vendor sees its own lane and the one for everyone, never another's; a newcomer under
embargo sees that there is a case to join and, until then, neither its title nor its report.
"""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Max, Q, QuerySet

from watchbell.apps.cases.models import (
    Case,
    CaseFinding,
    CaseVulnerability,
    Embargo,
    Lane,
    Message,
    Participant,
    Proposal,
)
from watchbell.apps.cases.words import ProposalState
from watchbell.apps.orgs import queries as orgs
from watchbell.domain.handling import Actor, ActorKind, OrganisationKind, Tlp, may_see
from watchbell.domain.lifecycle import Consent, rules
from watchbell.domain.lifecycle import Embargo as State
from watchbell.domain.lifecycle.rules import CaseRole


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseLine:
    """A case in a list, as one viewer may know it; `title` is "" until they may read the report."""

    public_id: str
    title: str
    opened_at: datetime
    closed_at: datetime | None
    marking: Tlp
    embargo: State
    ends_at: datetime | None
    is_public: bool
    is_yours_to_coordinate: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CasePage:
    """Everything of a case one viewer may see; lists are empty until they may read the report."""

    case: Case
    line: CaseLine
    own: Participant | None
    participants: list[Participant]
    vulnerabilities: list[CaseVulnerability]
    findings: list[str]
    lanes: list[tuple[Lane, list[Message]]]
    reads_report: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """A date that comes near in a case, known to all of it `since` then, and the organisations that must act."""

    case: str
    name: str
    at: datetime
    since: datetime
    organisations: tuple[str, ...]
    marking: Tlp


def visible_to(viewer: Actor, *, now: datetime) -> QuerySet[Case]:
    """Return the cases this actor may know of at this moment: those their organisation takes part in.

    The coordinating organisation takes part in its own. TLP:RED reaches named persons only.
    Show a row through `line` or `page`: the title belongs to the report.
    """
    if viewer.organisation is None:
        return Case.objects.none()
    taking_part = Participant.objects.filter(organisation=viewer.organisation, left_at__isnull=True)
    named = Q(assignments__person=viewer.person, assignments__organisation=viewer.organisation)
    capped = Q(marking__lt=Tlp.RED) | named if viewer.person else Q(marking__lt=Tlp.RED)
    known = Case.objects.filter(opened_at__lte=now, pk__in=taking_part.values("case"))
    return known.filter(capped).select_related("embargo").distinct()


def may_know(case: Case, viewer: Actor, *, now: datetime) -> bool:
    """Return whether this actor may know of this case; the same answer as `visible_to`, from the rules themselves."""
    if viewer.organisation is None or case.opened_at > now:
        return False
    parties = set(case.participants.filter(left_at__isnull=True).values_list("organisation", flat=True)) - {""}
    if viewer.organisation not in parties:
        return False
    named = set(case.assignments.filter(organisation=viewer.organisation).values_list("person", flat=True))
    standing = orgs.standing(viewer, recipients=parties, named=named, communities=set())
    return may_see(Tlp(case.marking), standing)


def reads_report(participant: Participant, case: Case) -> bool:
    """Return whether this participant may read the report: a vendor once it was sent and the embargo allows."""
    roles = participant.role_set
    if participant.left_at is not None:
        return False
    if CaseRole.VENDOR in roles and not roles & rules.KNOW_ALREADY and participant.report_sent_at is None:
        return case.world.is_public
    return rules.may_read_report(State(case.embargo.state), Consent(participant.consent), roles)


def line(case: Case, viewer: Actor) -> CaseLine:
    """Return a visible case as this viewer may see it in a list."""
    own = _own(case, viewer)
    return _line(case, viewer, reads=own is not None and reads_report(own, case))


def _line(case: Case, viewer: Actor, *, reads: bool) -> CaseLine:
    return CaseLine(
        public_id=case.public_id,
        title=case.title if reads else "",
        opened_at=case.opened_at,
        closed_at=case.closed_at,
        marking=Tlp(case.marking),
        embargo=State(case.embargo.state),
        ends_at=case.embargo.ends_at,
        is_public=case.public_at is not None,
        is_yours_to_coordinate=_coordinates(case, viewer),
    )


def page(case: Case, viewer: Actor, *, now: datetime) -> CasePage | None:
    """Return what this viewer may see of a case, or None; open it through `services.open_case_page`."""
    if not may_know(case, viewer, now=now):
        return None
    own = _own(case, viewer)
    reads = own is not None and reads_report(own, case)
    flaws = case.vulnerabilities.prefetch_related("vendor_severities", "statuses__participant").order_by("pk")
    others = case.participants.filter(left_at__isnull=True).prefetch_related("roles").order_by("pk")
    return CasePage(
        case=case,
        line=_line(case, viewer, reads=reads),
        own=own,
        participants=list(others) if reads else [own] if own else [],
        vulnerabilities=list(flaws) if reads else [],
        findings=list(case.findings.values_list("finding", flat=True)) if reads else [],
        lanes=[(lane, _said(lane, own, case, now=now)) for lane in _open_lanes(case, viewer, own)] if own else [],
        reads_report=reads,
    )


def lanes(case: Case, viewer: Actor, *, now: datetime) -> QuerySet[Lane]:
    """Return the lanes this viewer may read: the coordinator all, others their own and, with the report, everyone's."""
    own = _own(case, viewer)
    if own is None or not may_know(case, viewer, now=now):
        return Lane.objects.none()
    return _open_lanes(case, viewer, own)


def _open_lanes(case: Case, viewer: Actor, own: Participant) -> QuerySet[Lane]:
    """Return the lanes open to a viewer who may know of the case and takes part as `own`."""
    every = case.lanes.select_related("participant", "case").order_by("participant", "pk")
    if _coordinates(case, viewer):
        return every
    theirs = Q(participant=own)
    return every.filter(theirs | Q(participant__isnull=True) if reads_report(own, case) else theirs)


def messages(lane: Lane, viewer: Actor, *, now: datetime) -> list[Message]:
    """Return what was said in a lane, oldest first; news stops for who has yet to answer revised terms."""
    case = lane.case
    if not lanes(case, viewer, now=now).filter(pk=lane.pk).exists():
        return []
    own = _own(case, viewer)
    assert own is not None
    return _said(lane, own, case, now=now)


def _said(lane: Lane, own: Participant, case: Case, *, now: datetime) -> list[Message]:
    said = lane.messages.select_related("author").filter(at__lte=now).order_by("at", "public_id")
    if lane.participant_id is None and not _hears(own, case):
        said = said.filter(at__lte=own.consent_since)
    return list(said)


def hearers(case: Case) -> list[str]:
    """Return the organisations that a message to everyone reaches now."""
    taking_part = case.participants.filter(left_at__isnull=True).exclude(organisation="").prefetch_related("roles")
    return [one.organisation for one in taking_part if reads_report(one, case) and _hears(one, case)]


def parties(case: Case) -> list[str]:
    """Return the organisations that take part now, for rooms that ask again before they tell anyone."""
    taking_part = case.participants.filter(left_at__isnull=True).exclude(organisation="")
    return list(taking_part.order_by("pk").values_list("organisation", flat=True))


def named_persons(case: Case, *, now: datetime) -> dict[str, list[str]]:
    """Return, for each organisation taking part, the persons the case names who still act for it.

    TLP:RED reaches these and nobody else; an organisation that names nobody loses sight of the case.
    """
    named = set(case.assignments.values_list("organisation", "person"))
    found = {}
    for organisation in parties(case):
        reader = Actor(kind=ActorKind.SYSTEM, organisation=organisation)
        members = orgs.members_of(reader, now=now).filter(person__is_active=True)
        people = members.values_list("person__public_id", flat=True)
        found[organisation] = [person for person in people if (organisation, person) in named]
    return found


def is_known_to_a_vendor(case: Case) -> bool:
    """Return whether any vendor of this case knows of the flaw."""
    return case.participants.filter(roles__role=CaseRole.VENDOR, vendor_aware_at__isnull=False).exists()


def coordinated_by(viewer: Actor, *, now: datetime) -> QuerySet[Case]:
    """Return the open cases this actor's organisation coordinates, latest first."""
    if not viewer.acts_as(OrganisationKind.COORDINATOR):
        return Case.objects.none()
    own = visible_to(viewer, now=now).filter(organisation=viewer.organisation, closed_at__isnull=True)
    return own.order_by("-opened_at", "public_id")


def case_of(finding: str, viewer: Actor, *, now: datetime) -> Case | None:
    """Return the case that coordinates this finding, if this actor may know of it."""
    coordinated = CaseFinding.objects.filter(finding=finding).values("case")
    return visible_to(viewer, now=now).filter(pk__in=coordinated).first()


def named(public_id: str) -> Case:
    """Return a case by its opaque id, for a downstream service that decides for itself; raises DoesNotExist."""
    return Case.objects.select_related("embargo").get(public_id=public_id)


def waiting_for_an_answer(*, now: datetime, until: datetime) -> list[Due]:
    """Return the open proposals whose answer is due from now on and until then, with those who have yet to answer.

    For a room that reminds; who takes part and has a say is looked at now.
    """
    open_ones = Proposal.objects.filter(state=ProposalState.OPEN, reply_by__gt=now, reply_by__lte=until)
    rows = open_ones.filter(embargo__case__closed_at__isnull=True).select_related("embargo__case").order_by("pk")
    return [_due(row.embargo.case, row.public_id, row.reply_by, row.made_at, _silent(row)) for row in rows]


def embargoes_ending(*, now: datetime, until: datetime) -> list[Due]:
    """Return the embargoes in force that end from now on and until then, with those who must act before.

    The coordinator decides what comes after; a vendor who reads the report and has no fix ready is still at work.
    """
    in_force = Embargo.objects.filter(state__in=[State.ACTIVE, State.REVISE], ends_at__gt=now, ends_at__lte=until)
    rows = in_force.filter(case__closed_at__isnull=True).select_related("case").order_by("pk")
    return [_due(row.case, row.case.public_id, row.ends_at, _agreed_at(row), _at_work(row.case)) for row in rows]


def _due(case: Case, name: str, at: datetime | None, since: datetime | None, who: list[str]) -> Due:
    assert at is not None
    assert since is not None  # what is in force has an end and a beginning
    return Due(case=case.public_id, name=name, at=at, since=since, organisations=tuple(who), marking=Tlp(case.marking))


def _silent(proposal: Proposal) -> list[str]:
    answered = proposal.answers.values("participant")
    asked = _present(proposal.embargo.case).exclude(pk__in=answered)
    return [one.organisation for one in asked if one.role_set & rules.DECIDES]


def _at_work(case: Case) -> list[str]:
    vendors = [one for one in _present(case) if CaseRole.VENDOR in one.role_set and one.fix_ready_at is None]
    return [case.organisation, *(one.organisation for one in vendors if reads_report(one, case))]


def _present(case: Case) -> QuerySet[Participant]:
    """Return the organisations that take part; a contact without an account has no notices."""
    there = case.participants.filter(left_at__isnull=True).exclude(organisation="")
    return there.prefetch_related("roles").order_by("pk")


def _agreed_at(embargo: Embargo) -> datetime | None:
    """Return when the end that counts was agreed."""
    agreed = embargo.proposals.filter(state=ProposalState.ACCEPTED).aggregate(at=Max("settled_at"))["at"]
    return agreed or embargo.began_at


def _own(case: Case, viewer: Actor) -> Participant | None:
    if viewer.organisation is None:
        return None
    return case.participants.filter(organisation=viewer.organisation, left_at__isnull=True).first()


def _coordinates(case: Case, viewer: Actor) -> bool:
    return viewer.organisation == case.organisation and viewer.acts_as(OrganisationKind.COORDINATOR)


def _hears(participant: Participant, case: Case) -> bool:
    return rules.may_hear_news(State(case.embargo.state), Consent(participant.consent), participant.role_set)
