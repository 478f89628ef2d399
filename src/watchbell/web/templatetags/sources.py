"""How do result pages say how fresh their sources are? `{% load sources %}{% source_ages %}`, the same everywhere."""

from typing import Any

from django import template

from watchbell.doors import moment
from watchbell.web.node.ages import ages

register = template.Library()


@register.inclusion_tag("watchbell/source_ages.html", takes_context=True)
def source_ages(context: template.Context) -> dict[str, Any]:
    """Show the age of each source in use, and a banner when one is older than seven days or nothing was ever read."""
    request = context.get("request")
    now = getattr(request, "now", None) or moment.now()
    return {"ages": ages(now=now), "request": request, "page": context.get("page")}
