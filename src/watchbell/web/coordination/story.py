"""What has happened in a case, oldest first? Told from its moments and messages, as far as the reader may know."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from watchbell.apps.cases.queries import CasePage
from watchbell.apps.cases.words import ProposalState
from watchbell.web.coordination.names import Names


@dataclass(frozen=True, slots=True, kw_only=True)
class Beat:
    """One moment of the story: what happened, or what was said, by whom and in whose hearing."""

    at: datetime
    what: str
    text: str = ""
    lane: str = ""
    lane_id: str = ""
    ends_at: datetime | None = None


def story(page: CasePage, names: Names, lane: str = "") -> list[Beat]:
    """Return the beats of a case for its reader; with a lane's id, what was said there only."""
    said = [beat for beat in _said(page, names) if lane in ("", beat.lane_id)]
    done = [] if lane else [*_of_the_case(page), *_of_the_embargo(page, names), *_of_the_parties(page, names)]
    beats = [*done, *said]
    return sorted(beats, key=lambda beat: beat.at)


def lane_name(lane: Any, page: CasePage, names: Names) -> str:
    """Return who reads a lane, in words."""
    if lane.participant is None:
        return _("everyone in the case")
    if page.own is not None and lane.participant.pk == page.own.pk:
        return _("you and the coordinator") if not page.line.is_yours_to_coordinate else _("your own notes")
    return _("%(name)s and the coordinator") % {"name": names.participant(lane.participant)}


def proposer(proposal: Any, page: CasePage, names: Names) -> str:
    """Return who proposed an end; who else takes part is for those who may read the report."""
    if page.reads_report or (page.own is not None and proposal.participant_id == page.own.pk):
        return names.participant(proposal.participant)
    return _("someone in this case")


def _said(page: CasePage, names: Names) -> Iterator[Beat]:
    for lane, messages in page.lanes:
        heard = lane_name(lane, page, names)
        for one in messages:
            who = names.participant(one.author)
            yield Beat(
                at=one.at, what=_("%(name)s wrote") % {"name": who}, text=one.text, lane=heard, lane_id=lane.public_id
            )


def _of_the_case(page: CasePage) -> Iterator[Beat]:
    case = page.case
    moments = (
        (case.opened_at, _("The case was opened")),
        (case.attacked_at, _("Attacks were seen")),
        (case.public_at, _("The flaw is public")),
        (case.exploit_public_at, _("An exploit is public")),
        (case.closed_at, _("The case was closed")),
    )
    yield from (Beat(at=at, what=what) for at, what in moments if at is not None)


def _of_the_embargo(page: CasePage, names: Names) -> Iterator[Beat]:
    embargo = page.case.embargo
    for one in embargo.proposals.select_related("participant").order_by("made_at"):
        who = {"name": proposer(one, page, names)}
        yield Beat(at=one.made_at, what=_("%(name)s proposed an embargo") % who, ends_at=one.ends_at)
        if one.settled_at and one.state == ProposalState.REJECTED:
            yield Beat(at=one.settled_at, what=_("The proposal was refused"), ends_at=one.ends_at)
        elif one.settled_at and one.state == ProposalState.ACCEPTED:
            yield Beat(at=one.settled_at, what=_("The embargo is in force"), ends_at=one.ends_at)
    if embargo.ended_at:
        yield Beat(at=embargo.ended_at, what=_("The embargo ended"))


def _of_the_parties(page: CasePage, names: Names) -> Iterator[Beat]:
    for one in page.participants:
        who = {"name": names.participant(one)}
        if one.joined_at > page.case.opened_at:
            yield Beat(at=one.joined_at, what=_("%(name)s was invited") % who)
        if one.report_sent_at:
            yield Beat(at=one.report_sent_at, what=_("The report was sent to %(name)s") % who)
        if one.fix_ready_at:
            yield Beat(at=one.fix_ready_at, what=_("%(name)s has a fix ready") % who)
        if one.fix_deployed_at:
            yield Beat(at=one.fix_deployed_at, what=_("%(name)s says the fix is deployed") % who)
