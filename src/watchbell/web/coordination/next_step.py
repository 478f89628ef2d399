"""What is the one thing to do next in this case, for whoever reads the page? Said in words, with its date."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from watchbell.apps.advisories.words import State
from watchbell.apps.cases.queries import CasePage
from watchbell.apps.cases.words import ProposalState, Standing
from watchbell.domain.lifecycle import Consent, Embargo, Report
from watchbell.domain.lifecycle.rules import CaseRole
from watchbell.web.coordination.names import Names
from watchbell.web.coordination.story import proposer


@dataclass(frozen=True, slots=True)
class Step:
    """The next thing: the deed, why, until when, and the part of the page where it is done.

    With `is_since` the moment lies behind: it says how long this has lasted.
    """

    deed: str
    why: str = ""
    by: datetime | None = None
    anchor: str = ""
    is_since: bool = False


def open_proposals(page: CasePage) -> list[Any]:
    """Return the proposals that wait for an answer, the nearest answer first."""
    waiting = page.case.embargo.proposals.filter(state=ProposalState.OPEN).select_related("participant")
    return list(waiting.prefetch_related("answers").order_by("reply_by", "pk"))


def next_step(page: CasePage, names: Names, *, advisory: State | None, now: datetime) -> Step:
    """Return the next thing for this page's reader; `advisory` is how far the case's advisory is, None without one."""
    if page.case.closed_at is not None:
        return Step(_("This case is closed"), _("New facts are a new case."))
    own = page.own
    unanswered = [one for one in open_proposals(page) if own and own.pk not in _answered(one)]
    if unanswered:
        return Step(
            _("Reply to the embargo proposal"), _why(unanswered[0], page, names), unanswered[0].reply_by, "embargo"
        )
    if page.line.is_yours_to_coordinate:
        return _of_coordinator(page, names, advisory, now=now)
    if own is not None and CaseRole.VENDOR in own.role_set:
        return _of_vendor(page, own)
    if own is not None and own.consent == Consent.INVITED and page.line.embargo.is_in_force and not page.reads_report:
        return _join(page)
    return Step(_("Nothing waits for you"), _("You hear here, and by mail, when something does."))


def _of_coordinator(page: CasePage, names: Names, advisory: State | None, *, now: datetime) -> Step:
    line, vendors = page.line, [one for one in page.participants if CaseRole.VENDOR in one.role_set]
    unsent = [one for one in vendors if one.report_sent_at is None]
    silent = [one for one in vendors if one.report == Report.RECEIVED]
    if line.embargo.is_in_force and page.case.world.is_attacked:
        return Step(
            _("Decide whether the embargo still helps"),
            _("Attacks were seen; silence protects the attackers now."),
            None,
            "embargo",
        )
    if line.embargo.is_in_force and line.ends_at and line.ends_at <= now:
        return Step(
            _("Publish, or agree on a new end"),
            _("The embargo's end has passed. No date publishes by itself."),
            None,
            "advisory",
        )
    if not vendors:
        return Step(_("Invite the vendor"), _("Nobody who can mend this takes part yet."), None, "invite")
    if line.embargo is Embargo.NONE and not line.is_public and unsent:
        return Step(
            _("Propose an embargo, or send the report without one"),
            _("An embargo can begin only while nothing is public."),
            None,
            "embargo",
        )
    if unsent:
        return Step(_("Send the report to %(name)s") % {"name": names.participant(unsent[0])}, "", None, "send")
    if silent:
        who, since = names.participant(silent[0]), silent[0].vendor_aware_at
        return Step(_("Wait for %(name)s to answer the report") % {"name": who}, "", since, is_since=True)
    if all(one.fix_ready_at for one in vendors) or line.is_public:
        return _of_advisory(advisory)
    return Step(_("Wait for the vendors' fixes"), _("Who has one ready is in the facts."), line.ends_at)


def _of_advisory(advisory: State | None) -> Step:
    ready = _("Every vendor has a fix ready, or the flaw is public.")
    if advisory is None:
        return Step(_("Draft the advisory"), ready, None, "advisory")
    if advisory is State.DRAFT:
        return Step(_("Publish the advisory"), ready, None, "advisory")
    return Step(_("Close the case"), _("Its advisory is out. What comes later is a new version of it."), None, "close")


def _of_vendor(page: CasePage, own: Any) -> Step:
    if own.consent == Consent.INVITED and page.line.embargo.is_in_force and not page.reads_report:
        return _join(page)
    if not page.reads_report:
        return Step(_("Nothing waits for you"), _("The report has not been sent yet."))
    if own.report == Report.RECEIVED:
        return Step(
            _("Say what this report is"),
            _("Accept it, or say why not. You set the pace and the severity."),
            page.line.ends_at,
            "answer",
        )
    if own.report in (Report.VALID, Report.DEFERRED):
        return Step(_("Take the report up when you can"), _("You found it valid."), page.line.ends_at, "answer")
    if own.report == Report.ACCEPTED and _without_answer(page, own):
        return Step(
            _("Say how your products stand"), _("Until you do, others read: no answer."), page.line.ends_at, "status"
        )
    if own.report == Report.ACCEPTED and own.fix_ready_at is None:
        return Step(_("Tell us when the fix is ready"), "", page.line.ends_at, "fix")
    return Step(_("Nothing waits for you"), _("You hear here, and by mail, when something does."))


def _join(page: CasePage) -> Step:
    why = _("An embargo is in force. You read the report once you agree to keep quiet until its end.")
    return Step(_("Join the embargo, or decline it"), why, page.line.ends_at, "embargo")


def _without_answer(page: CasePage, own: Any) -> bool:
    rows = [row for flaw in page.vulnerabilities for row in flaw.statuses.all() if row.participant_id == own.pk]
    return not rows or any(row.status == Standing.NO_ANSWER for row in rows)


def _answered(proposal: Any) -> set[int]:
    return {answer.participant_id for answer in proposal.answers.all()}


def _why(proposal: Any, page: CasePage, names: Names) -> str:
    return _("%(name)s proposed an end.") % {"name": proposer(proposal, page, names)}
