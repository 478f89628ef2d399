"""What happens right now? The newest lines of the access log, the budgets beside them, and whether the chain holds.

The page asks every two seconds, and gets an answer only when a line was added. A tab that only asks does
not keep its session awake: it idles out like any other.
"""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from watchbell.apps.engagements import queries, services
from watchbell.doors import keys
from watchbell.doors.headers import as_download
from watchbell.doors.policy import EARLY_ACCESS, LAB, LAB_WRITES, open_to
from watchbell.formats import strictjson
from watchbell.outside.keystore import KeystoreError
from watchbell.web.asking import Asking
from watchbell.web.context import Page
from watchbell.web.early_access import showing, words
from watchbell.web.early_access.acting import among, by, known, offered_by_us, told
from watchbell.web.early_access.names import Names
from watchbell.web.speaking import spoken

NEWEST = 50
NOTHING_NEW = 204


def context_of(request: Asking, one: Any, names: Names) -> dict[str, Any]:
    """Return the newest lines in words, how many there are, and whether those shown hold."""
    newest = queries.newest_lines(one, most=NEWEST)
    zone = Page(request).time_zone
    return {
        "engagement": one,
        "is_open": one.stands.is_open,
        "lines": showing.lines(newest.lines, names, zone, now=request.now),
        "zone": zone,
        "written": newest.written,
        "holds": newest.holds,
        "spent": showing.spent(one.grant),
    }


@open_to(LAB)
@require_safe
def live(request: Asking, public_id: str) -> HttpResponse:
    """Show the log and the budgets anew, if anything was added; once it is over, the whole page is loaded again."""
    one = offered_by_us(request, public_id)
    context = context_of(request, one, Names())
    if one.stands.is_open and request.GET.get("seen") == str(context["written"]):
        return HttpResponse(status=NOTHING_NEW)
    answer = render(request, "early_access/live.html", {**context, "is_asked": True})
    if not one.stands.is_open:
        answer.headers["HX-Refresh"] = "true"
    return answer


@open_to(LAB_WRITES)
@require_POST
def export(request: Asking, public_id: str) -> HttpResponseBase:
    """Hand out the whole log with what it takes to check it; the export is a line of it."""
    one = offered_by_us(request, public_id)
    try:
        found = services.export(one, **by(request), keys=keys.keystore())
    except KeystoreError as error:
        messages.error(request, told(error))
        return redirect("engagement", public_id=public_id)
    answer = StreamingHttpResponse(found, content_type="application/x-ndjson")
    name = f"access-log-{one.public_id[:8]}-{request.now:%Y%m%d-%H%M}.ndjson"
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


@open_to(EARLY_ACCESS)
@require_safe
def receipt(request: Asking, public_id: str, receipt_id: str) -> HttpResponse:
    """Show a destruction receipt: which key went, when, and what lay under it."""
    one, row = _receipt(request, public_id, receipt_id)
    content = strictjson.loads(bytes(row.content))
    context = {
        "engagement": one,
        "receipt": row,
        "key": words.MATERIALS[row.key],
        "content": content,
        "limits": [spoken(each) for each in content.get("limits", [])],
        "public_key": bytes(row.public_key).hex(),
        "signature": bytes(row.signature).hex(),
    }
    return render(request, "early_access/receipt.html", context)


@open_to(EARLY_ACCESS)
@require_safe
def receipt_file(request: Asking, public_id: str, receipt_id: str) -> HttpResponse:
    """Send a receipt: its canonical bytes as they were signed, with the signature and the node's public key."""
    _one, row = _receipt(request, public_id, receipt_id)
    content, public_key, signature = (bytes(part) for part in (row.content, row.public_key, row.signature))
    whole = b'{"public_key":"%b","receipt":%b,"signature":"%b"}\n' % (
        public_key.hex().encode(),
        content,
        signature.hex().encode(),
    )
    answer = HttpResponse(whole, content_type="application/json")
    return as_download(answer, f"destruction-receipt-{row.key}-{row.public_id[:8]}.json")


def _receipt(request: Asking, public_id: str, receipt_id: str) -> tuple[Any, Any]:
    one = known(request, public_id)
    return one, among(queries.receipts_of(one), receipt_id)
