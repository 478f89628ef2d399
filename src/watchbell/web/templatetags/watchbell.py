"""How do pages say instants, counts, states and markings? With these tags, the same everywhere."""

from datetime import datetime
from typing import Any

from django import template
from django.forms import BoundField
from django.utils import formats
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from watchbell.domain.handling import Tlp
from watchbell.doors import moment, static
from watchbell.web import moments, speaking
from watchbell.web.states import State

register = template.Library()


@register.filter
def spoken(said: object) -> str:
    """Return what a lower floor said, in the reader's language."""
    return speaking.spoken(said)


@register.simple_tag
def static_url(name: str) -> str:
    """Return the address of a static file, with its digest."""
    return static.url(name)


@register.simple_tag(takes_context=True)
def instant(context: template.Context, at: datetime | None, zone: str = "", *, exact: bool = False) -> SafeString:
    """Return an instant as `<time>`: the distance in words, the exact time on hover and for screen readers.

    With `exact` both are shown. Without an instant: a dash that says so.
    """
    if at is None:
        return format_html('<span class="quiet">{}</span>', gettext("no date"))
    now = getattr(context.get("request"), "now", None) or moment.now()
    where = moments.zone(zone or getattr(context.get("page"), "time_zone", ""))
    written = moments.exactly(at, where)
    hidden = "" if exact else "for-readers"
    return format_html(
        '<time datetime="{}" title="{}">{}<span class="{}"> ({})</span></time>',
        at.isoformat(),
        written,
        moments.distance(at, now),
        hidden,
        written,
    )


@register.simple_tag
def count(value: int, of: int | None = None) -> SafeString:
    """Return a number with its grouping, and with its denominator where one is given."""
    shown = formats.number_format(value, force_grouping=True)
    if of is None:
        return format_html('<span class="count">{}</span>', shown)
    total = formats.number_format(of, force_grouping=True)
    return format_html(
        '<span class="count">{}</span>', gettext("%(part)s of %(whole)s") % {"part": shown, "whole": total}
    )


@register.simple_tag
def tlp(marking: Tlp) -> SafeString:
    """Return the TLP label in its own colours; nothing for CLEAR, which needs none."""
    if marking is Tlp.CLEAR:
        return SafeString("")
    return format_html('<strong class="tlp tlp-{}">{}</strong>', marking.name.lower().replace("_", "-"), marking.label)


@register.inclusion_tag("watchbell/badge.html")
def badge(state: State | str, label: str = "") -> dict[str, Any]:
    """Show a state as word, shape and colour: `{% badge "now" %}`; the word may be a narrower one."""
    known = State(state)
    return {"state": known.value, "label": label or known.label}


@register.inclusion_tag("watchbell/field.html")
def field(bound: BoundField) -> dict[str, Any]:
    """Show one question of a form: label above, help under it, error under the field."""
    pointers = [f"{bound.auto_id}-help"] if bound.help_text else []
    pointers += [f"{bound.auto_id}-error"] if bound.errors else []
    attrs: dict[str, Any] = {"placeholder": False}
    if pointers:
        attrs["aria-describedby"] = " ".join(pointers)
    kind = getattr(bound.field.widget, "input_type", "")
    return {
        "field": bound,
        "widget": bound.as_widget(attrs=attrs),
        "is_tick": kind == "checkbox" and not bound.field.widget.__class__.__name__.endswith("Multiple"),
        "is_group": bound.use_fieldset,
    }
