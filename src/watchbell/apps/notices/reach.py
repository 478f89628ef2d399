"""Who may know of the thing a notice is about? Each room answers for its own, and is asked again at every sending.

A room that wants its news announced gets a line in `ROOMS` below.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from watchbell.apps.cases import queries as cases
from watchbell.apps.engagements import queries as engagements
from watchbell.apps.findings import queries as findings
from watchbell.apps.orgs import queries as orgs
from watchbell.domain.handling import Actor, OrganisationKind, Tlp


@dataclass(frozen=True, slots=True)
class Reach:
    """What one kind of thing answers: who could be told, whether this viewer may know of it now, and its label.

    Where `is_apart`, not even those who look after the node's work see that anybody is told.
    """

    parties: Callable[[str], list[str]]
    knows: Callable[[str, Actor, datetime], bool]
    marking: Callable[[str], Tlp]
    is_apart: bool = False


def _case_parties(case: str) -> list[str]:
    return cases.parties(cases.named(case))


def _knows_case(case: str, viewer: Actor, now: datetime) -> bool:
    return cases.visible_to(viewer, now=now).filter(public_id=case).exists()


def _case_marking(case: str) -> Tlp:
    return Tlp(cases.named(case).marking)


def _finder(finding: str) -> list[str]:
    return [row.submission.organisation for row in findings.named([finding]) if row.submission.organisation]


def _knows_finding(finding: str, viewer: Actor, now: datetime) -> bool:
    return findings.visible_to(viewer, now=now).filter(public_id=finding).exists()


def _finding_marking(finding: str) -> Tlp:
    return max((Tlp(row.marking) for row in findings.named([finding])), default=Tlp.RED)


def _triage(submission: str) -> list[str]:
    return list(orgs.of_kind(OrganisationKind.COORDINATOR).values_list("public_id", flat=True))


def _knows_submission(submission: str, viewer: Actor, now: datetime) -> bool:
    return findings.submissions_of(viewer, now=now).filter(public_id=submission).exists()


def _two_parties(engagement: str) -> list[str]:
    return engagements.parties(engagements.named(engagement))


def _knows_engagement(engagement: str, viewer: Actor, now: datetime) -> bool:
    return engagements.visible_to(viewer, now=now).filter(public_id=engagement).exists()


def _two_partners(partner: str) -> list[str]:
    found = engagements.partner_named(partner)
    return [found.model.organisation, found.partner]


def _knows_partner(partner: str, viewer: Actor, now: datetime) -> bool:
    return viewer.strong and viewer.organisation in _two_partners(partner)


def _nobody_outside(subject: str) -> Tlp:
    return Tlp.AMBER_STRICT


ROOMS: Final[dict[str, Reach]] = {
    "cases.case": Reach(_case_parties, _knows_case, _case_marking),
    "engagements.engagement": Reach(_two_parties, _knows_engagement, _nobody_outside, is_apart=True),
    "engagements.partner": Reach(_two_partners, _knows_partner, _nobody_outside, is_apart=True),
    "findings.finding": Reach(_finder, _knows_finding, _finding_marking),
    "findings.submission": Reach(_triage, _knows_submission, _nobody_outside),
}


def may_know(subject_kind: str, subject: str, viewer: Actor, *, now: datetime) -> bool:
    """Return whether this viewer may know of the thing at this moment; of an unknown kind of thing, nobody may."""
    room = ROOMS.get(subject_kind)
    return room is not None and room.knows(subject, viewer, now)
