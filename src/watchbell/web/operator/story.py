"""What is the story of one line? How it was matched, who says what about it, where it is, and what was done."""

import re
from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from watchbell.apps.inventory import queries as inventory
from watchbell.apps.inventory import statements
from watchbell.apps.inventory.told import once
from watchbell.apps.orgs import queries as orgs
from watchbell.apps.remediation import queries
from watchbell.apps.remediation.words import Change, Closing, MovedBecause
from watchbell.apps.vulnerabilities import queries as published
from watchbell.apps.vulnerabilities.queries import Asserted, Fact, Facts
from watchbell.domain.handling import ActorKind
from watchbell.domain.lifecycle import Remediation, RemediationEvent
from watchbell.domain.priority import Drawn, Exposure
from watchbell.doors.headers import as_download
from watchbell.doors.policy import OPERATOR, OPERATOR_WRITES, open_to
from watchbell.web.asking import Asking
from watchbell.web.operator import deeds, facts, lines
from watchbell.web.operator.words import BASES, DRAWN, EXPOSED, NOTES, OUTCOMES, STATES, say, span
from watchbell.web.operator.worklist import counting, zone_of

MOST_EXPOSURES = 200
HAPPENED: dict[str, str | Promise] = {
    Change.FOUND: gettext_lazy("It was found to reach you"),
    Change.DATE_MOVED: gettext_lazy("The due date moved"),
    Change.CLOSED: gettext_lazy("It was closed"),
    Change.CANNOT_TELL: gettext_lazy("It can no longer be told whether it reaches you"),
    Change.FOUND_AGAIN: gettext_lazy("It is back"),
    Change.FORENSICS_DONE: gettext_lazy("A look for traces of an attack was recorded"),
    Change.QUIETED: gettext_lazy("It became quiet"),
    RemediationEvent.PLAN: gettext_lazy("It was planned"),
    RemediationEvent.WAIT_ON_VENDOR: gettext_lazy("It was left to the vendor"),
    RemediationEvent.MITIGATE: gettext_lazy("The risk was lowered another way"),
    RemediationEvent.PATCH: gettext_lazy("The update was installed"),
    RemediationEvent.VERIFY: gettext_lazy("The update was seen to work"),
    RemediationEvent.ACCEPT_UNTIL: gettext_lazy("It was accepted until a day"),
    RemediationEvent.REOPEN: gettext_lazy("It was taken up again"),
}
MOVED: dict[str, str | Promise] = {
    MovedBecause.OUTCOME: gettext_lazy("because what is published or what you answered changed"),
    MovedBecause.STRICTNESS: gettext_lazy("because your organisation chose how to count what is not known"),
    MovedBecause.FIX_KNOWN: gettext_lazy("because a fix became known"),
    MovedBecause.ZONE: gettext_lazy("because your time zone changed"),
    MovedBecause.DATED: gettext_lazy("because it got a date"),
    MovedBecause.UNDATED: gettext_lazy("because it has no date any more"),
    MovedBecause.EARLIER: gettext_lazy("because it was known earlier"),
}


@dataclass(frozen=True, slots=True)
class Told:
    """One entry of a line's history, in words."""

    action: Any
    what: str | Promise
    note: str | Promise
    by: str


@open_to(OPERATOR)
@require_safe
def row(request: Asking, row: str) -> HttpResponse:
    """Show one line with everything that is known of it."""
    found = deeds.mine(request, row)
    known = published.facts_for([found.group_id]).get(found.group_id)
    said = published.asserted_of([found.group_id], whole=True).get(found.group_id, [])
    exposures = inventory.exposures_of(request.actor, found.group_id, now=request.now, limit=MOST_EXPOSURES)
    context = {
        "row": found,
        "line": lines.of_row(found, now=request.now),
        "state": STATES[Remediation(found.state)],
        **_deeds(request, found),
        "facts": known,
        "says": facts.says(said, found.reason),
        "is_quieted": found.closed_because == Closing.QUIETED,
        "is_attacked": found.closed_because == Closing.QUIETED and found.quiet_place == 0,
        "told": statements.said_of(request.actor, found.group_id, now=request.now, limit=MOST_EXPOSURES),
        "exposures": [
            {
                "one": told.one,
                "exposed": EXPOSED[told.one.exposed],
                "basis": BASES[told.one.basis],
                "others": [(other, BASES[other.basis]) for other in told.others],
            }
            for told in once(exposures)
        ],
        "most": MOST_EXPOSURES,
        "records": published.records_of(found.group_id),
        "why": say(found.reason.get("why")),
        "inputs": _inputs(found.reason.get("inputs", {}), known, said),
        "term": OUTCOMES[_outcome(found.outcome)],
        **counting(request),
        "span": span(found.low, found.high),
        "history": _history(request, found),
        "zone": zone_of(request).key,
    }
    return render(request, "operator/row.html", context)


FIRST = (RemediationEvent.VERIFY, RemediationEvent.PATCH, RemediationEvent.REOPEN)


def _deeds(request: Asking, found: Any) -> dict[str, Any]:
    """Return the deed that comes next and the others; nothing for those who only read."""
    possible = deeds.possible_for(found) if request.actor.writes else []
    first = next((one for event in FIRST for one in possible if one.event is event), None)
    return {"first": first, "others": [one for one in possible if one is not first]}


def _outcome(code: str) -> Any:
    return next(one for one in OUTCOMES if one == code)


def _inputs(inputs: dict[str, Any], known: Facts | None, said: list[Asserted]) -> list[tuple[Any, ...]]:
    """Return the table's questions, each with its answer, how sure it is, and from whom it is."""
    if not inputs:
        return []
    listed = _("yes") if inputs["in_kev"] else _("no")
    return [
        (_("Do attackers use it already?"), listed, _("from the KEV catalogue"), _whose(Fact.KEV, said)),
        (_("Does the internet reach it?"), EXPOSED[Exposure(inputs["exposed"])], _("your answer"), ""),
        (
            _("Can the attack be automated?"),
            facts.automatable(inputs["automatable"]),
            DRAWN[Drawn(inputs["automatable_drawn"])],
            _from(Drawn(inputs["automatable_drawn"]), known, said),
        ),
        (
            _("How much does an attacker gain?"),
            facts.gain(inputs["impact"]),
            DRAWN[Drawn(inputs["impact_drawn"])],
            _from(Drawn(inputs["impact_drawn"]), known, said),
        ),
    ]


def _from(drawn: Drawn, known: Facts | None, said: list[Asserted]) -> str:
    """Return who published an answer and for which day, or from whose vector it was derived."""
    if drawn is Drawn.KNOWN:
        return _whose(Fact.SSVC, [one for one in said if known is None or one.by == known.ssvc_by])
    vector = known.cvss_vector if known and drawn is Drawn.DERIVED else None
    return _whose(Fact.CVSS, [one for one in said if one.says.get("vector") == vector]) if vector else ""


def _whose(fact: Fact, said: list[Asserted]) -> str:
    """Return the asserters of a fact, each with its day."""
    held = [one for one in said if one.fact is fact]
    named = [f"{one.by}, {date_format(one.on or one.known_at, 'j M Y')} ({one.about})" for one in held]
    return "; ".join(dict.fromkeys(named))


def _history(request: Asking, found: Any) -> list[Told]:
    actions = list(queries.story(request.actor, found.public_id, now=request.now))
    members = orgs.members_of(request.actor, now=request.now)
    names = {one.person.public_id: one.person.get_full_name() for one in members}
    return [_told(one, names) for one in actions]


def _told(action: Any, names: dict[str, str]) -> Told:
    if action.by_kind == ActorKind.SYSTEM:
        note = MOVED.get(action.note) or NOTES.get(action.note, action.note)
        return Told(action, HAPPENED.get(action.what, action.what), note, _("this node"))
    who = names.get(action.by_id, _("someone who has left"))
    return Told(action, HAPPENED.get(action.what, action.what), action.note, who)


@open_to(OPERATOR_WRITES)
@require_safe
def letter(request: Asking, row: str) -> HttpResponse:
    """Show a letter to the vendor that asks for a fix, ready to print; `?plain` sends it as text."""
    found = deeds.mine(request, row)
    exposures = inventory.exposures_of(request.actor, found.group_id, now=request.now, limit=MOST_EXPOSURES)
    versions = sorted({one.version for one in exposures if one.version})
    context = {
        "row": found,
        "facts": published.facts_for([found.group_id]).get(found.group_id),
        "organisation": orgs.find(str(request.actor.organisation)),
        "versions": ", ".join(versions[:10]),
        "today": request.now.astimezone(zone_of(request)),
        "due_day": date_format(found.due_at.astimezone(zone_of(request)), "j F Y") if found.due_at else "",
    }
    text = _tidy(render_to_string("operator/letter.txt", context))
    if "plain" in request.GET:
        return as_download(
            HttpResponse(text, content_type="text/plain; charset=utf-8"), f"letter-{found.display_id}.txt"
        )
    return render(request, "operator/letter.html", {"row": found, "letter": text})


def _tidy(text: str) -> str:
    """Return a letter without the empty lines that unused sentences leave."""
    return re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"
