"""What does the record hold about us, and how does anyone check it? Our own entries, their proofs, signed heads."""

from typing import Any

from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST, require_safe

from watchbell.apps.journal import queries
from watchbell.apps.journal import services as journal
from watchbell.doors import headers, keys
from watchbell.doors.policy import PUBLIC, STRONG, open_to
from watchbell.web.asking import Asking
from watchbell.web.node import paging
from watchbell.web.node.words import ACTIONS, ACTORS

LIST = "record"
MOST = 50
LINES = "application/x-ndjson"
CHIPS = {
    "": _("All"),
    "ours": _("By us"),
    "others": _("By others"),
}


@open_to(STRONG)
@require_safe
def record(request: Asking) -> HttpResponse:
    """Show the entries that concern the organisation acted for, newest first."""
    chosen = request.GET.get("by", "")
    entries = queries.entries_concerning(request.actor, now=request.now)
    if chosen == "ours":
        entries = entries.filter(organisation_id=request.actor.organisation)
    elif chosen == "others":
        entries = entries.exclude(organisation_id=request.actor.organisation)
    page = paging.page_of(entries, request, list_name=f"{LIST}:{chosen}", most=MOST)
    context = {
        "rows": [_row(entry, request) for entry in page.rows],
        "page_of": page,
        "total": entries.count(),
        "chips": [{"value": value, "label": label, "is_here": value == chosen} for value, label in CHIPS.items()],
        "chosen": chosen,
    }
    return render(request, "node/record.html", context)


@open_to(STRONG)
@require_POST
def export(request: Asking) -> HttpResponseBase:
    """Hand out those entries with everything it takes to check them; the export is an entry itself."""
    try:
        made = journal.export(by=request.actor, now=request.now, keys=keys.keystore())
    except journal.NoOrganisation:
        return redirect("record")
    answer = StreamingHttpResponse(made.lines, content_type=LINES)
    name = f'attachment; filename="watchbell-record-{request.now:%Y%m%d-%H%M}.ndjson"'
    answer.headers["Content-Disposition"] = name
    return answer


@open_to(PUBLIC)
@require_safe
def heads(request: Asking) -> HttpResponse:
    """Give everyone the same list of signed heads, oldest first."""
    lines = b"".join(journal.public_lines(queries.published_heads()))
    answer = HttpResponse(lines, content_type=LINES)
    return headers.as_download(answer, "watchbell-heads.ndjson")


def _row(entry: Any, request: Asking) -> dict[str, Any]:
    is_mine = bool(entry.actor_id) and entry.actor_id == request.actor.person
    return {
        "entry": entry,
        "action": ACTIONS.get(entry.action, entry.action),
        "actor": ACTORS.get(entry.actor_kind, entry.actor_kind),
        "is_mine": is_mine,
        "is_ours": bool(entry.organisation_id) and entry.organisation_id == request.actor.organisation,
        "count": entry.facts.get("count"),
    }
