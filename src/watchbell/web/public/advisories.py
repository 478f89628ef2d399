"""What is published here? Advisories as pages for people and as the stored bytes for programs."""

from django.conf import settings
from django.http import Http404, HttpResponse, HttpResponseNotModified
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.http import parse_etags, quote_etag
from django.views.decorators.http import require_safe

from watchbell.apps.advisories import queries
from watchbell.apps.advisories.words import Format
from watchbell.domain.handling import Tlp
from watchbell.doors.headers import as_download
from watchbell.doors.policy import PUBLIC, open_to
from watchbell.web.asking import Asking
from watchbell.web.coordination import telling
from watchbell.web.coordination.finding_list import strictest
from watchbell.web.coordination.paging import slice_of

IN_A_FEED = 50


@open_to(PUBLIC)
@require_safe
def advisories(request: Asking) -> HttpResponse:
    """List what is published for this reader, latest first."""
    published = queries.visible_to(request.actor, now=request.now)
    page = slice_of(published, by=("-published_at", "public_id"), name="advisories", request=request)
    return render(
        request,
        "public/advisories.html",
        {"rows": page.rows, "slice": page, "total": published.count(), "marking": strictest(page.rows)},
    )


@open_to(PUBLIC)
@require_safe
def advisory(request: Asking, tracking_id: str) -> HttpResponse:
    """Show one advisory."""
    row = queries.by_tracking_id(tracking_id, request.actor, now=request.now)
    told = queries.latest(row, now=request.now) if row else None
    if row is None or told is None:
        raise Http404
    context = {
        "row": row,
        "advisory": told,
        "flaws": telling.flaws(told),
        "links": telling.links(told),
        "credits": telling.credits_of(told),
        "marking": Tlp(row.marking),
    }
    return render(request, "public/advisory.html", context)


@open_to(PUBLIC)
@require_safe
def csaf(request: Asking, tracking_id: str) -> HttpResponse:
    """Send one advisory as CSAF 2.0, as it was written at publication."""
    return _stored(request, tracking_id, Format.CSAF, f"{tracking_id}-csaf.json")


@open_to(PUBLIC)
@require_safe
def osv(request: Asking, tracking_id: str, number: int = 1) -> HttpResponse:
    """Send one vulnerability of an advisory as OSV; they are counted from 1."""
    return _stored(request, tracking_id, Format.OSV, f"{tracking_id}-osv-{number}.json", index=number - 1)


@open_to(PUBLIC)
@require_safe
def feed(request: Asking) -> HttpResponse:
    """Send the latest advisories as an Atom feed (RFC 4287)."""
    rows = list(queries.public(now=request.now)[:IN_A_FEED])
    updated = max((row.updated_at for row in rows if row.updated_at), default=request.now)
    base = settings.WATCHBELL.base_url.rstrip("/")
    text = render_to_string("public/feed.xml", {"rows": rows, "base": base, "updated": updated, "node": base})
    return HttpResponse(text, content_type="application/atom+xml; charset=utf-8")


def _stored(request: Asking, tracking_id: str, kind: Format, name: str, *, index: int = 0) -> HttpResponse:
    actor, now = request.actor, request.now
    kept = queries.rendered(tracking_id, kind, actor, index=index, now=now) if index >= 0 else None
    if kept is None:
        raise Http404
    etag = quote_etag(kept.etag)
    is_public = queries.by_tracking_id(tracking_id, now=now) is not None
    headers = {"ETag": etag, "Cache-Control": "public, no-cache" if is_public else "private, no-store"}
    if {etag, "*"} & set(parse_etags(request.headers.get("If-None-Match", ""))):
        return HttpResponseNotModified(headers=headers)
    return as_download(HttpResponse(kept.body, content_type="application/json", headers=headers), name)
