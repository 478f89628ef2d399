"""How does one action of the sheet read? The deed first, the reason second, in plain words; a guess is drawn as one."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from watchbell.apps.inventory.reach import Tier
from watchbell.apps.remediation.sheet import Kind, Step
from watchbell.domain.lifecycle import Remediation
from watchbell.domain.priority import Band, Drawn, Exposure, is_overdue
from watchbell.web.operator.words import BAND_STATES, BANDS, OUTCOMES, STATES, Words, say, span
from watchbell.web.states import State

MOST_NAMED = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One thing to do, as the sheet and the list show it."""

    row: Any
    state: State
    label: Words
    due_at: datetime | None
    is_overdue: bool
    deed: str
    reason: str
    closes: int
    asks_vendor: bool
    is_unsure: bool
    span: str
    would_be: str
    stage: Words
    term: Words
    says: Any = None


def of_step(step: Step, *, now: datetime) -> Line:
    """Return the line for one action, which may close several rows."""
    return _line(step.first, _deed(step.kind, step.what, step.version, step.first), step.kind, step.closes, now)


def of_row(row: Any, *, now: datetime) -> Line:
    """Return the line for one row alone."""
    kind = kind_of(row)
    return _line(row, _deed(kind, row.subject_name, row.fix_version, row), kind, 1, now)


def kind_of(row: Any) -> Kind:
    """Return what this row asks for."""
    if row.tier == Tier.CANNOT_TELL:
        return Kind.FIND_VERSION
    return Kind.UPDATE if row.fix_version else Kind.ASK_VENDOR


def _line(row: Any, deed: str, kind: Kind, closes: int, now: datetime) -> Line:
    band = Band(row.band)
    unsure = row.tier == Tier.CANNOT_TELL or row.drawn != Drawn.KNOWN
    late = row.due_at is not None and is_overdue(row.due_at, now=now)
    return Line(
        row=row,
        state=State.NOW if late else BAND_STATES[band],
        label=BANDS[band],
        due_at=row.due_at,
        is_overdue=late,
        deed=deed,
        reason=reason(row),
        closes=closes,
        asks_vendor=kind is Kind.ASK_VENDOR,
        is_unsure=unsure,
        span=span(row.low, row.high) if row.low != row.high else "",
        would_be=say(row.reason.get("would_be")),
        term=outcome_words(row.outcome),
        stage="" if row.state == Remediation.OPEN else STATES[Remediation(row.state)],
    )


def _deed(kind: Kind, what: str, version: str, row: Any) -> str:
    """Return the deed in words."""
    if kind is Kind.FIND_VERSION:
        return _("Find out which version of %(what)s you run") % {"what": _named(what)}
    if kind is Kind.UPDATE and ", " in what:
        return _("Update %(what)s") % {"what": _named(version)}
    if kind is Kind.UPDATE:
        return _("Update %(what)s to %(version)s") % {"what": what, "version": version}
    if row.tier in (Tier.PROBABLE, Tier.POSSIBLE):
        return _("Check %(what)s with its maker and install what they offer") % {"what": _named(what)}
    return _("Ask for a fix of %(what)s, and keep it apart from other networks until then") % {"what": _named(what)}


def _named(names: str) -> str:
    """Return the first few of several names, and how many more there are."""
    each = names.split(", ")
    if len(each) <= MOST_NAMED:
        return names
    first = ", ".join(each[:MOST_NAMED])
    return _("%(first)s and %(more)d more") % {"first": first, "more": len(each) - MOST_NAMED}


def reason(row: Any) -> str:
    """Return why this is to be done, in a sentence or two."""
    if row.tier == Tier.CANNOT_TELL:
        return _("The list does not say it clearly enough to tell whether yours is affected.")
    said = [_attacked(row) if row.in_kev else _reached(row)]
    if row.tier == Tier.PROBABLE:
        said.append(_("You picked this product by name, and your version is one of those that are named."))
    elif row.tier == Tier.POSSIBLE:
        said.append(_("You picked this product by name; whether your version is affected is not known."))
    elif row.drawn == Drawn.UNKNOWN:
        said.append(_("Nobody has published how easily it can be attacked."))
    elif row.drawn == Drawn.DERIVED:
        said.append(_("How easily it can be attacked is guessed from its CVSS vector."))
    return " ".join(one for one in said if one)


def _attacked(row: Any) -> str:
    return {
        Exposure.YES: _("Attackers are using this today, and the internet reaches yours."),
        Exposure.UNKNOWN: _("Attackers are using this today, and nobody has said whether the internet reaches yours."),
        Exposure.NO: _("Attackers are using this today; the internet does not reach yours directly."),
    }[Exposure(row.exposed)]


def _reached(row: Any) -> str:
    return {
        Exposure.YES: _("The internet reaches it."),
        Exposure.UNKNOWN: _("Nobody has said whether the internet reaches it, so it counts as reached."),
        Exposure.NO: _("The internet does not reach it directly."),
    }[Exposure(row.exposed)]


def outcome_words(code: str) -> Words:
    """Return an outcome's term in words."""
    return next((words for outcome, words in OUTCOMES.items() if outcome == code), code)
