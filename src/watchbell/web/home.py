"""What is the first page? For strangers what this node is; for people what waits for them."""

from datetime import datetime

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from watchbell.apps.orgs import queries as orgs
from watchbell.domain.handling import Actor, ActorKind
from watchbell.doors.policy import NODE_ADMIN, OWNER, PUBLIC, STRONG, open_to
from watchbell.web.asking import Asking
from watchbell.web.context import optional_url
from watchbell.web.tiles import Tile, tile, tiles_for


@open_to(PUBLIC)
@require_safe
def home(request: Asking) -> HttpResponse:
    """Show the first page."""
    actor = request.actor
    if actor.kind is not ActorKind.PERSON:
        named = {"report_url": "report", "advisories_url": "advisories", "reports_url": "shared_reports"}
        links = {name: optional_url(url) for name, url in named.items()}
        return render(request, "watchbell/welcome.html", links)
    tiles = tiles_for(actor, now=request.now)
    return render(request, "watchbell/home.html", {"tiles": tiles})


@tile(OWNER, order=80)
def members_tile(actor: Actor, now: datetime) -> Tile:
    """Return how many act for this organisation."""
    number = orgs.members_of(actor, now=now).filter(organisation__public_id=actor.organisation).count()
    return Tile(
        title=_("Members"),
        text=_("Who acts for your organisation, and in which role. Changes count from their next click."),
        url=reverse("members"),
        deed=_("Manage members"),
        figure=str(number),
    )


@tile(STRONG, order=90)
def tokens_tile(actor: Actor, now: datetime) -> Tile | None:
    """Return the way to the tokens."""
    if actor.organisation is None:
        return None
    return Tile(
        title=_("Access tokens"),
        text=_("Keys for programs that act for you. Each ends after at most 90 days."),
        url=reverse("tokens"),
        deed=_("Manage tokens"),
    )


@tile(NODE_ADMIN, order=70)
def organisations_tile(actor: Actor, now: datetime) -> Tile:
    """Return how many organisations take part."""
    return Tile(
        title=_("Organisations"),
        text=_("Who takes part on this node. You manage accounts and settings; content stays theirs."),
        url=reverse("organisations"),
        deed=_("Manage organisations"),
        figure=str(orgs.visible_to(actor, now=now).count()),
    )
