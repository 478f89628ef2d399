"""What must hold between an embargo, its people and the world? Rules that no single machine can see.

Sources: CERT/CC Vultron, embargo principles and defaults; and our own promise that
an embargo is never lengthened without the finder and the vendor. No role of a
coordinator or a government appears in any rule here, so none can extend one.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from watchbell.domain.lifecycle.case import Path, World
from watchbell.domain.lifecycle.embargo import Consent, Embargo
from watchbell.domain.lifecycle.machine import NotPossible
from watchbell.domain.lifecycle.report import Report
from watchbell.domain.sentence import Sentence

LONGEST_EMBARGO: Final = timedelta(days=180)
"""Our bound on "a few days to a few months"; a longer need is a revision, agreed when it comes."""


class CaseRole(StrEnum):
    """What a participant is in a case; one may be several."""

    FINDER = "finder"
    REPORTER = "reporter"
    VENDOR = "vendor"
    DEPLOYER = "deployer"
    COORDINATOR = "coordinator"
    OBSERVER = "observer"
    CASE_OWNER = "case owner"
    CASE_MANAGER = "case manager"
    CNA = "cve numbering authority"


FINDERS: Final = frozenset({CaseRole.FINDER, CaseRole.REPORTER})
DECIDES: Final = FINDERS | {CaseRole.VENDOR, CaseRole.COORDINATOR, CaseRole.CASE_OWNER}
"""Whose refusal ends a proposal, and who may end an embargo; others are heard and leave."""

KNOW_ALREADY: Final = FINDERS | {CaseRole.COORDINATOR, CaseRole.CASE_OWNER, CaseRole.CASE_MANAGER}


class Ending(StrEnum):
    """What the world's knowledge means for an embargo."""

    HOLDS = "holds"
    SHOULD_END = "should end"
    ENDS_NOW = "ends now"


@dataclass(frozen=True, slots=True)
class Party:
    """One participant as the embargo rules see it."""

    name: str
    roles: frozenset[CaseRole]
    agrees: bool = False


@dataclass(frozen=True, slots=True)
class Proposal:
    """One proposed end of an embargo; an answer is asked for by `reply_by`."""

    name: str
    ends_at: datetime
    reply_by: datetime


def ending(world: World) -> Ending:
    """Return what the facts demand: public or with a public exploit it ends at once, under attack it should."""
    if world.is_public or world.has_public_exploit:
        return Ending.ENDS_NOW
    return Ending.SHOULD_END if world.is_attacked else Ending.HOLDS


def ends_early(world: World, vendors: Sequence[Path]) -> Ending:
    """Return what the facts and the fixes demand together: with every fix deployed nothing is left to wait for."""
    if vendors and all(path is Path.FIX_DEPLOYED for path in vendors):
        return Ending.ENDS_NOW
    return ending(world)


def check_may_start(world: World, vendors: Sequence[Path]) -> None:
    """Raise NotPossible unless an embargo may begin: nothing is out, and some vendor still lacks a fix."""
    if world is not World.QUIET:
        raise NotPossible("An embargo begins only while nothing is public, exploited or attacked.")
    if vendors and all(path in (Path.FIX_READY, Path.FIX_DEPLOYED) for path in vendors):
        raise NotPossible("Every vendor has a fix ready: there is nothing left to keep quiet for; publish instead.")


def is_usual_moment(report: Report) -> bool:
    """Return whether embargoes usually begin here; elsewhere people are warned, not stopped."""
    return report in (Report.START, Report.RECEIVED, Report.VALID, Report.ACCEPTED)


def check_end(ends_at: datetime | None, *, now: datetime, longest: timedelta = LONGEST_EMBARGO) -> None:
    """Raise NotPossible unless an embargo has an end: an instant with a zone, in the future, not too far off."""
    if ends_at is None:
        raise NotPossible("An embargo needs an end: a day, an hour and a time zone.")
    if ends_at.tzinfo is None:
        raise NotPossible("The end has no time zone; it must be one instant for everyone.")
    if ends_at <= now:
        raise NotPossible("The end lies in the past.")
    if ends_at - now > longest:
        raise NotPossible(
            Sentence(
                "The end is more than {days} days away; agree on a nearer one and revise it later.", days=longest.days
            )
        )


def shortest(proposals: Iterable[Proposal]) -> Proposal:
    """Return the proposal that wins: the shortest; a longer one can follow as a revision.

    Raises NotPossible when there is none. Equal ends go to the name that sorts first.
    """
    ordered = sorted(proposals, key=lambda proposal: (proposal.ends_at, proposal.name))
    if not ordered:
        raise NotPossible("Nobody has proposed an end.")
    return ordered[0]


def check_change(*, current: datetime, proposed: datetime, parties: Iterable[Party]) -> None:
    """Raise NotPossible where a new end is later than the old one and finder or vendor has not agreed.

    Every finder and every vendor of the case must agree, and there must be one of each: silence,
    a coordinator or an observer never lengthens an embargo. A shorter one needs nobody's leave.
    """
    if proposed <= current:
        return
    known = tuple(parties)
    for roles, who in ((FINDERS, Sentence("finder")), (frozenset({CaseRole.VENDOR}), Sentence("vendor"))):
        asked = [party for party in known if party.roles & roles]
        missing = sorted(party.name for party in asked if not party.agrees)
        if not asked:
            raise NotPossible(
                Sentence("An embargo is never lengthened without a {who}, and this case has none.", who=who)
            )
        if missing:
            raise NotPossible(
                Sentence(
                    "An embargo is never lengthened without the {who}; not agreed yet: {names}.",
                    who=who,
                    names=tuple(missing),
                )
            )


def may_read_report(embargo: Embargo, consent: Consent, roles: frozenset[CaseRole]) -> bool:
    """Return whether a participant may read the report: newcomers only after accepting the embargo.

    Who brought or coordinates it knows already. Terms revised since (LAPSED) do not take back what was read.
    """
    if roles & KNOW_ALREADY or embargo is Embargo.EXITED:
        return True
    if embargo is Embargo.NONE:
        return consent in (Consent.NO_EMBARGO, Consent.SIGNATORY, Consent.LAPSED)
    return consent in (Consent.SIGNATORY, Consent.LAPSED)


def may_hear_news(embargo: Embargo, consent: Consent, roles: frozenset[CaseRole]) -> bool:
    """Return whether new messages go to a participant: not to one who has yet to answer revised terms."""
    return may_read_report(embargo, consent, roles) and not (embargo.is_in_force and consent is Consent.LAPSED)


def check_may_publish(embargo: Embargo, *, ends_at: datetime | None, world: World, now: datetime) -> None:
    """Raise NotPossible while an embargo binds: it is in force, its end is ahead, and nothing is out.

    The end of an embargo allows publication; it never publishes by itself.
    """
    if not embargo.is_in_force or ending(world) is Ending.ENDS_NOW:
        return
    if ends_at is None or now < ends_at:
        until = Sentence("it is ended") if ends_at is None else ends_at.isoformat()
        raise NotPossible(
            Sentence("The embargo is in force until {until}.", until=until), instead=("propose a revision", "terminate")
        )


def check_fix_may_be_ready(report: Report) -> None:
    """Raise NotPossible where a vendor claims a fix for a report it has not accepted."""
    if report is not Report.ACCEPTED:
        raise NotPossible(
            Sentence(
                "A vendor has a fix only for a report it has accepted; this one is '{report}'.",
                report=Sentence(report.value),
            )
        )
