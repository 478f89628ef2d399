"""How do the operator's pages say days, due dates and reasons? With these tags, the same everywhere."""

from datetime import datetime

from django import template
from django.utils import formats
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from watchbell.domain.matching.outcomes import Reason
from watchbell.web import moments
from watchbell.web.operator.lines import Line
from watchbell.web.operator.words import GAPS

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
def gap_word(reason: str) -> str | Promise:
    """Return why something could not be checked, in words."""
    return GAPS[Reason(reason)].why
