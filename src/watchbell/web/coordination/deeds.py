"""This will do one deed in a case: read the form, ask the one service, say what happened. What was typed survives."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from watchbell.apps.cases import queries, services
from watchbell.apps.cases.queries import CasePage
from watchbell.apps.cases.words import Standing
from watchbell.domain.advisory import VexJustification
from watchbell.domain.handling import Tlp
from watchbell.domain.lifecycle import NotPossible, Report, ReportEvent
from watchbell.domain.lifecycle.rules import CaseRole
from watchbell.doors import moment
from watchbell.doors.policy import CASE_PARTY_WRITES, open_to
from watchbell.web.asking import Asking
from watchbell.web.coordination.cases import forms_of, known_case, show
from watchbell.web.coordination.words import Words
from watchbell.web.speaking import spoken

REFUSALS = (services.NotAllowed, services.NotYet, services.AlreadyTakesPart, NotPossible, ValueError)
Answers = dict[str, Any]
Act = Callable[[Asking, CasePage, Answers], Any]


@dataclass(frozen=True, slots=True)
class Deed:
    """One deed: what it does, and what is said afterwards."""

    act: Act
    said: Words
    ends_here: bool = False


@open_to(CASE_PARTY_WRITES)
@require_POST
def do(request: Asking, public_id: str, deed: str) -> HttpResponse:
    """Do one deed in a case."""
    chosen = DEEDS.get(deed)
    page = queries.page(known_case(request, public_id), request.actor, now=request.now)
    if chosen is None or page is None:
        raise Http404
    form = forms_of(request, page, request.POST, only=deed)[deed]
    if form.is_valid():
        try:
            chosen.act(request, page, form.cleaned_data)
        except REFUSALS as error:
            form.add_error(None, spoken(error))
        else:
            messages.success(request, str(chosen.said))
            is_seen = queries.visible_to(request.actor, now=request.now).filter(public_id=public_id).exists()
            return redirect("case", public_id=public_id) if is_seen and not chosen.ends_here else redirect("cases")
    opened = services.open_case_page(page.case, by=request.actor, now=request.now)
    if opened is None:
        raise Http404
    return show(request, opened, {deed.replace("-", "_"): form, "refused": form})


def _among(rows: Any, public_id: str) -> Any:
    """Return the one of these rows with this id, or answer that there is nothing here."""
    found = next((one for one in rows if one.public_id == public_id), None)
    if found is None:
        raise Http404
    return found


def _invite(request: Asking, page: CasePage, answers: Answers) -> None:
    party = services.Party(organisation=answers["organisation"], contact=answers["contact"])
    role = CaseRole(answers["role"])
    services.invite(page.case, party, [role], by=request.actor, now=request.now, rng=moment.dice())


def _assign(request: Asking, page: CasePage, answers: Answers) -> None:
    services.assign(page.case, answers["person"], by=request.actor, now=request.now)


def _unassign(request: Asking, page: CasePage, answers: Answers) -> None:
    services.unassign(page.case, answers["person"], by=request.actor, now=request.now)


def _mark(request: Asking, page: CasePage, answers: Answers) -> None:
    services.raise_marking(page.case, Tlp[answers["marking"]], by=request.actor, now=request.now)


def _propose(request: Asking, page: CasePage, answers: Answers) -> None:
    services.propose_embargo(
        page.case,
        ends_at=answers["ends_at"],
        reply_by=answers["reply_by"],
        by=request.actor,
        now=request.now,
        rng=moment.dice(),
    )


def _proposal(request: Asking, page: CasePage) -> Any:
    return _among(page.case.embargo.proposals.all(), request.POST.get("proposal", ""))


def _accept(request: Asking, page: CasePage, answers: Answers) -> None:
    services.accept(_proposal(request, page), by=request.actor, now=request.now)


def _refuse(request: Asking, page: CasePage, answers: Answers) -> None:
    services.reject(_proposal(request, page), by=request.actor, now=request.now)


def _send(request: Asking, page: CasePage, answers: Answers) -> None:
    vendor = _among(page.participants, answers["participant"])
    services.send_report(
        page.case, vendor, by=request.actor, now=request.now, despite_evidence=answers["despite_evidence"]
    )


def _post(request: Asking, page: CasePage, answers: Answers) -> None:
    lane = _among((one for one, _messages in page.lanes), answers["lane"])
    services.post(lane, answers["text"], by=request.actor, now=request.now, rng=moment.dice())


@transaction.atomic
def _accept_report(request: Asking, page: CasePage, answers: Answers) -> None:
    services.accept_report(page.case, by=request.actor, now=request.now, rng=moment.dice())
    _tell(request, page, answers["text"])


@transaction.atomic
def _not_a_flaw(request: Asking, page: CasePage, answers: Answers) -> None:
    services.answer_report(page.case, ReportEvent.INVALIDATE, by=request.actor, now=request.now)
    _tell(request, page, answers["text"])


@transaction.atomic
def _later(request: Asking, page: CasePage, answers: Answers) -> None:
    """Set a report aside; one that was just received is found valid on the way, since a flaw set aside is real."""
    if page.own is not None and page.own.report == Report.RECEIVED:
        services.answer_report(page.case, ReportEvent.VALIDATE, by=request.actor, now=request.now)
    services.answer_report(page.case, ReportEvent.DEFER, by=request.actor, now=request.now)
    _tell(request, page, answers["text"])


def _need_information(request: Asking, page: CasePage, answers: Answers) -> None:
    _tell(request, page, answers["text"])


def _tell(request: Asking, page: CasePage, text: str) -> None:
    """Say something in one's own lane, which the coordinator reads."""
    own = page.own
    lane = next((one for one, _messages in page.lanes if own and one.participant_id == own.pk), None)
    if text.strip() and lane is not None:
        services.post(lane, text, by=request.actor, now=request.now, rng=moment.dice())


def _status(request: Asking, page: CasePage, answers: Answers) -> None:
    why = answers["justification"]
    answer = services.ProductAnswer(
        product=answers["product"],
        status=Standing(answers["status"]),
        justification=VexJustification(why) if why else None,
        statement=answers["statement"],
        affected_from=answers["affected_from"],
        fixed_in=answers["fixed_in"],
        purl=_purl(page, answers),
    )
    services.set_status(_flaw(page, answers), answer, by=request.actor, now=request.now)


def _purl(page: CasePage, answers: Answers) -> str:
    """Return the package URL known for this product of this flaw, so that saying how it stands does not lose it."""
    rows = _flaw(page, answers).statuses.all()
    return next((one.purl for one in rows if one.product == answers["product"] and one.purl), "")


def _severity(request: Asking, page: CasePage, answers: Answers) -> None:
    services.set_severity(_flaw(page, answers), answers["vector"], by=request.actor, now=request.now)


def _cve(request: Asking, page: CasePage, answers: Answers) -> None:
    services.name_cve(_flaw(page, answers), answers["cve"], by=request.actor, now=request.now)


def _flaw(page: CasePage, answers: Answers) -> Any:
    return _among(page.vulnerabilities, answers["vulnerability"])


def _alone(service: Callable[..., Any]) -> Act:
    """Return the deed that needs nothing but the case."""

    def act(request: Asking, page: CasePage, answers: Answers) -> None:
        service(page.case, by=request.actor, now=request.now)

    return act


DEEDS: dict[str, Deed] = {
    "invite": Deed(_invite, _("They are invited, and hear of it.")),
    "assign": Deed(_assign, _("They are named in the case, and see it under every label.")),
    "unassign": Deed(_unassign, _("They are named in the case no longer. Under TLP:RED they do not see it any more.")),
    "mark": Deed(_mark, _("The case has its new label. A draft of its advisory follows.")),
    "propose": Deed(_propose, _("The proposal is made; the others hear of it.")),
    "accept": Deed(_accept, _("You agreed. The end counts for everyone as the facts beside say.")),
    "refuse": Deed(_refuse, _("You refused the proposed end.")),
    "join": Deed(_alone(services.join), _("You joined the embargo. The report is open to you now, if one was sent.")),
    "decline": Deed(
        _alone(services.decline), _("You declined. The report stays closed to you until the embargo is over.")
    ),
    "terminate": Deed(_alone(services.terminate), _("The embargo is over, and everyone in the case hears of it.")),
    "send": Deed(_send, _("The report is sent. It opens for them as soon as the embargo lets them read it.")),
    "post": Deed(_post, _("Your message is there.")),
    "accept-report": Deed(_accept_report, _("You accepted the report. Severity and date are yours to set.")),
    "not-a-flaw": Deed(_not_a_flaw, _("Your answer is there. You can find the report valid later.")),
    "duplicate": Deed(_later, _("Your answer is there; the report is set aside in favour of the first.")),
    "need-information": Deed(_need_information, _("Your question is with the coordinator.")),
    "later": Deed(_later, _("The report is set aside. Accept it when you take it up.")),
    "status": Deed(_status, _("It is noted how your product stands.")),
    "severity": Deed(_severity, _("Your severity is noted; the finder's stays beside it.")),
    "cve": Deed(_cve, _("The CVE id is noted.")),
    "fix-ready": Deed(_alone(services.fix_ready), _("Noted: your fix is ready.")),
    "fix-deployed": Deed(_alone(services.fix_deployed), _("Noted: your fix is deployed.")),
    "public": Deed(_alone(services.note_public), _("Noted: the flaw is public. Any embargo has ended.")),
    "exploit": Deed(_alone(services.note_exploit), _("Noted: an exploit is public. Any embargo has ended.")),
    "attacks": Deed(_alone(services.note_attacks), _("Noted: attacks were seen. Whoever is in the case hears of it.")),
    "close": Deed(_alone(services.close), _("The case is closed.")),
    "leave": Deed(_alone(services.leave), _("You left the case. Nothing more of it reaches you."), ends_here=True),
}
