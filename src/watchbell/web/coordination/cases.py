"""What is going on in this case, for whoever reads it? The next thing on top, the story left, the facts right."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from watchbell.apps.advisories import queries as advisories
from watchbell.apps.advisories.words import State
from watchbell.apps.cases import queries, services
from watchbell.apps.cases.queries import CasePage
from watchbell.apps.cases.words import Standing
from watchbell.apps.findings import queries as findings
from watchbell.apps.orgs import queries as orgs
from watchbell.domain.advisory import EvidenceLevel
from watchbell.domain.handling import OrganisationKind, Tlp
from watchbell.domain.lifecycle import PATH, REPORT, WORLD, Consent, Embargo, PathEvent, Report, ReportEvent
from watchbell.domain.lifecycle.embargo import CONSENT, ConsentEvent
from watchbell.domain.lifecycle.rules import CaseRole
from watchbell.doors.policy import CASE_PARTY, open_to
from watchbell.web import moments
from watchbell.web.asking import Asking
from watchbell.web.context import Page
from watchbell.web.coordination import people, words
from watchbell.web.coordination.finding_list import rows_of
from watchbell.web.coordination.forms import (
    AssignForm,
    CveForm,
    InviteForm,
    MarkingForm,
    OptionalWordsForm,
    PostForm,
    ProposeForm,
    SendForm,
    SeverityForm,
    StatusForm,
    WordsForm,
)
from watchbell.web.coordination.names import Names, joined
from watchbell.web.coordination.next_step import next_step, open_proposals
from watchbell.web.coordination.story import lane_name, proposer, story

INVITABLE = (OrganisationKind.VENDOR, OrganisationKind.LAB, OrganisationKind.OPERATOR)
Bound = dict[str, forms.Form]


@open_to(CASE_PARTY)
@require_safe
def case(request: Asking, public_id: str) -> HttpResponse:
    """Show one case."""
    row = known_case(request, public_id)
    page = services.open_case_page(row, by=request.actor, now=request.now)
    if page is None:
        raise Http404
    return show(request, page, {})


def known_case(request: Asking, public_id: str) -> Any:
    """Return a case this actor may know of, or answer that there is nothing here."""
    return get_object_or_404(queries.visible_to(request.actor, now=request.now), public_id=public_id)


def show(request: Asking, page: CasePage, bound: Bound) -> HttpResponse:
    """Show a case with its forms; those in `bound` carry what was typed and why it was not taken."""
    names = Names()
    actor, now = request.actor, request.now
    lane = request.GET.get("lane", "")
    lanes = [(one.public_id, lane_name(one, page, names)) for one, _messages in page.lanes]
    advisory = advisories.of_case(page.case.public_id, actor, now=now)
    context = {
        "case": page.case,
        "line": page.line,
        "view": page,
        "title": page.line.title or _("A case you are invited to"),
        "next": next_step(page, names, advisory=State(advisory.state) if advisory else None, now=now),
        "story": story(page, names, lane),
        "lanes": [(key, word, key == lane) for key, word in lanes],
        "lane": lane,
        "matrix": _matrix(page, names),
        "parties": _parties(page, names),
        "proposals": _proposals(page, names),
        "embargo_words": words.EMBARGO_STATES[page.line.embargo],
        "findings": rows_of(findings.named(page.findings)) if page.line.is_yours_to_coordinate else [],
        "report": _report(page),
        "advisory": advisory,
        "shown_draft": advisories.shown_to_case(page.case.public_id, actor, now=now),
        "working": people.working_on(page, request, names),
        "may": _may(page) if actor.writes and page.case.closed_at is None else set(),
        "forms": forms_of(request, page) | bound,
        "marking": Tlp(page.case.marking),
    }
    return render(request, "coordination/case.html", context)


def forms_of(request: Asking, page: CasePage, data: Any = None, only: str = "") -> Bound:
    """Return the forms of a case page: all empty, or the one named `only` filled with `data`."""
    names = Names()
    zone = moments.zone(Page(request).time_zone)
    flaws = [(one.public_id, one.cve or one.title) for one in page.vulnerabilities]
    unsent = [
        (one.public_id, names.participant(one, by_contact=True))
        for one in page.participants
        if CaseRole.VENDOR in one.role_set and one.report_sent_at is None
    ]
    lanes = [(one.public_id, lane_name(one, page, names)) for one, _messages in page.lanes]
    made: dict[str, Any] = {
        "invite": lambda d: InviteForm(d, organisations=_invitable(page), auto_id="invite_%s"),
        "propose": lambda d: ProposeForm(d, zone=zone, auto_id="propose_%s"),
        "send": lambda d: SendForm(d, vendors=unsent, auto_id="send_%s"),
        "post": lambda d: PostForm(d, lanes=lanes, auto_id="post_%s"),
        "accept-report": lambda d: OptionalWordsForm(d, auto_id="accept_%s"),
        "not-a-flaw": lambda d: WordsForm(d, auto_id="flaw_%s"),
        "duplicate": lambda d: WordsForm(d, auto_id="duplicate_%s"),
        "need-information": lambda d: WordsForm(d, auto_id="information_%s"),
        "later": lambda d: OptionalWordsForm(d, auto_id="later_%s"),
        "status": lambda d: StatusForm(d, flaws=flaws, auto_id="status_%s"),
        "severity": lambda d: SeverityForm(d, flaws=flaws, auto_id="severity_%s"),
        "cve": lambda d: CveForm(d, flaws=flaws, auto_id="cve_%s"),
        "assign": lambda d: AssignForm(d, colleagues=people.assignable(page, request), auto_id="assign_%s"),
        "unassign": lambda d: AssignForm(d, colleagues=people.unassignable(page, request), auto_id="unassign_%s"),
        "mark": lambda d: MarkingForm(d, labels=_labels(page, request, names), auto_id="mark_%s"),
    }
    if only:
        return {only: made[only](data)} if only in made else {only: forms.Form(data)}
    # Templates cannot name keys with hyphens.
    return {name.replace("-", "_"): make(None) for name, make in made.items()}


def _invitable(page: CasePage) -> list[tuple[str, str]]:
    """Return the organisations a coordinator can invite: those who make, find or run things, by name."""
    if not page.line.is_yours_to_coordinate:
        return []
    there = {one.organisation for one in page.participants}
    found = {one.public_id: one.name for kind in INVITABLE for one in orgs.of_kind(kind)}
    return sorted(((key, name) for key, name in found.items() if key not in there), key=lambda pair: pair[1])


def _labels(page: CasePage, request: Asking, names: Names) -> list[tuple[str, str]]:
    return people.stricter_labels(page, request, names) if page.line.is_yours_to_coordinate else []


def _matrix(page: CasePage, names: Names) -> list[dict[str, Any]]:
    """Return one row for each flaw, participant and product: how it stands, since when, and who said how severe."""
    rows: list[dict[str, Any]] = []
    for flaw in page.vulnerabilities:
        severities = {one.participant_id: one.vector for one in flaw.vendor_severities.all()}
        told = sorted(flaw.statuses.all(), key=lambda one: (names.participant(one.participant), one.product))
        rows += [
            {
                "flaw": flaw,
                "vendor": names.participant(one.participant),
                "row": one,
                "word": words.STANDINGS[Standing(one.status)],
                "badge": words.STANDING_BADGES[Standing(one.status)],
                "is_silent": one.status == Standing.NO_ANSWER,
                "severity": severities.get(one.participant_id, ""),
            }
            for one in told
        ] or [{"flaw": flaw}]
    return rows


def _report(page: CasePage) -> list[dict[str, Any]]:
    """Return what the report says, finding by finding, without who found it; nothing before it may be read."""
    return [
        {
            "row": row,
            "claim": findings.claim_of(row),
            "level": words.level(row.level),
            "badge": words.level_badge(row.level),
            "label": EvidenceLevel(row.level).label,
            "receipts": [one for one in row.receipts.order_by("at") if one.entry_point],
        }
        for row in findings.named(page.findings)
    ]


def _parties(page: CasePage, names: Names) -> list[dict[str, Any]]:
    by_contact = page.line.is_yours_to_coordinate
    return [
        {
            "name": names.participant(one, by_contact=by_contact),
            "is_you": page.own is not None and one.pk == page.own.pk,
            "roles": joined(words.ROLES[role] for role in one.role_set),
            "report": words.REPORT_STATES[Report(one.report)] if CaseRole.VENDOR in one.role_set else "",
            "consent": words.CONSENTS[Consent(one.consent)] if one.consent != Consent.NO_EMBARGO else "",
            "row": one,
        }
        for one in page.participants
    ]


def _proposals(page: CasePage, names: Names) -> list[dict[str, Any]]:
    """Return the open proposals; who else takes part is for those who may read the report."""
    own = page.own
    return [
        {
            "row": one,
            "who": proposer(one, page, names),
            "is_yours": own is not None and one.participant_id == own.pk,
            "agreed": joined(names.participant(answer.participant) for answer in _agreeing(one.answers.all()))
            if page.reads_report
            else "",
        }
        for one in open_proposals(page)
    ]


def _agreeing(answers: Iterable[Any]) -> list[Any]:
    return [one for one in answers if one.agrees]


def _may(page: CasePage) -> set[str]:
    """Return which deeds this page offers; whether one happens is for the services to decide."""
    own, line = page.own, page.line
    if own is None:
        return set()
    offered = {"assign", "unassign"} | ({"post"} if page.lanes else set())
    if line.is_yours_to_coordinate:
        offered |= {"invite", "close", "cve", "note", "advisory"}
        offered |= {"mark"} if page.case.marking < Tlp.RED else set()
        offered |= (
            {"send"}
            if any(CaseRole.VENDOR in one.role_set and not one.report_sent_at for one in page.participants)
            else set()
        )
    else:
        offered |= {"leave"} | ({"note"} if page.reads_report else set())
    offered |= {event.name.lower() for event in WORLD.possible(page.case.world)} if "note" in offered else set()
    decides = own.role_set - {CaseRole.OBSERVER, CaseRole.DEPLOYER, CaseRole.CNA}
    if decides and line.embargo is not Embargo.EXITED and not line.is_public:
        offered |= {"propose"}
    if decides and line.embargo.is_in_force:
        offered |= {"terminate"}
    if line.embargo.is_in_force and ConsentEvent.ACCEPT in CONSENT.possible(Consent(own.consent)):
        offered |= {"join"}
    if CaseRole.VENDOR in own.role_set and page.reads_report:
        offered |= _of_vendor(own)
    return offered


def _of_vendor(own: Any) -> set[str]:
    possible = REPORT.possible(Report(own.report))
    offered = {"status", "severity", "cve"} if own.report != Report.START else set()
    if own.report == Report.RECEIVED:
        offered |= {"answer", "not_a_flaw", "need_information"}
    if ReportEvent.ACCEPT in possible or own.report in (Report.RECEIVED, Report.INVALID):
        offered |= {"answer", "accept_report"}
    if ReportEvent.DEFER in possible or own.report == Report.RECEIVED:
        offered |= {"answer", "later", "duplicate"}
    if own.report == Report.ACCEPTED:
        offered |= {event.name.lower() for event in PATH.possible(own.path) if event is not PathEvent.VENDOR_AWARE}
    return offered
