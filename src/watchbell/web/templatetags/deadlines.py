"""How does a page say until when? The exact time with its zone first, since people act on it, the distance after it."""

from datetime import datetime

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from watchbell.doors import moment
from watchbell.web import moments

register = template.Library()


@register.simple_tag(takes_context=True)
def deadline(context: template.Context, at: datetime) -> SafeString:
    """Return an instant as `Tue 24 Nov 2026, 20:59 UTC (in 47 hours)`, in the zone of the page."""
    now = getattr(context.get("request"), "now", None) or moment.now()
    where = moments.zone(getattr(context.get("page"), "time_zone", ""))
    written = moments.exactly(at, where)
    return format_html('<time datetime="{}">{}</time> ({})', at.isoformat(), written, moments.distance(at, now))
