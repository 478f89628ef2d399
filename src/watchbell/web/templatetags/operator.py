"""How do the operator's pages say days, due dates and reasons? With these tags, the same everywhere."""

from datetime import datetime

from django import template
from django.utils import formats
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from watchbell.domain.advisory import VexStatus
from watchbell.domain.matching.outcomes import Reason
from watchbell.domain.matching.vex_statements import Statement
from watchbell.web import moments
from watchbell.web.operator.lines import Line
from watchbell.web.operator.words import GAPS, JUSTIFICATIONS, VEX_BADGES, VEX_STATUSES
from watchbell.web.states import State

register = template.Library()


@register.simple_tag
def day(at: datetime, zone: str) -> SafeString:
    """Return the day on which an instant lies in a zone; the exact instant on hover and for screen readers."""
    where = moments.zone(zone)
    written = moments.exactly(at, where)
    return format_html(
        '<time datetime="{}" title="{}">{}<span class="for-readers"> ({})</span></time>',
        at.isoformat(),
        written,
        formats.date_format(at.astimezone(where), "D j M"),
        written,
    )


@register.simple_tag
def due(line: Line, zone: str) -> SafeString:
    """Return when a line is due, or that it has no date; a day gone by says so."""
    if line.due_at is None:
        return format_html('<span class="quiet">{}</span>', gettext("no date"))
    word = gettext("overdue") if line.is_overdue else gettext("due")
    return format_html("{} {}", word, day(line.due_at, zone))


@register.simple_tag
def vex_word(status: str | None) -> str | Promise:
    """Return a VEX status in words; where none counts, that it says nothing that counts."""
    return VEX_STATUSES[VexStatus(status)] if status else gettext("nothing that counts")


@register.simple_tag
def vex_badge(status: str | None) -> str:
    """Return the state a VEX status is drawn as; what others call harmless is no deed of ours, so never "done"."""
    return (VEX_BADGES[VexStatus(status)] if status else State.UNKNOWN).value


@register.simple_tag
def vex_reason(one: Statement) -> str | Promise:
    """Return why a statement says what it says: its justification in words, else its own reason; "" for neither."""
    return JUSTIFICATIONS[one.justification] if one.justification else one.reason


@register.simple_tag
def gap_word(reason: str) -> str | Promise:
    """Return why something could not be checked, in words."""
    return GAPS[Reason(reason)].why
