"""Where does this node learn what is published? Every feed, how fresh it is, and one click to switch it on or off."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from watchbell.apps.jobs import services as jobs
from watchbell.apps.vulnerabilities import jobs as reading
from watchbell.apps.vulnerabilities import queries, services
from watchbell.apps.vulnerabilities.listed import BY_NAME, LISTED
from watchbell.apps.vulnerabilities.queries import SourceAge
from watchbell.domain.refusal import Refused
from watchbell.doors import moment
from watchbell.doors.policy import NODE_ADMIN, STRONG, open_to
from watchbell.web.asking import Asking
from watchbell.web.node.words import SOURCE_KINDS
from watchbell.web.speaking import spoken
from watchbell.web.states import State

NEVER_SEEN: dict[str, Any] = {
    "public_id": "",
    "enabled": False,
    "last_ok_at": None,
    "age": None,
    "is_stale": True,
    "last_error": "",
    "record_count": 0,
}


@dataclass(frozen=True, slots=True)
class Row:
    """One source as shown."""

    source: SourceAge
    kind: str
    period_hours: int | None

    @property
    def host(self) -> str:
        """Return the one host it asks, or the folder it reads."""
        return urlsplit(self.source.location).hostname or self.source.location

    @property
    def is_by_hand(self) -> bool:
        """Return whether its records came on the console, so that nothing asks for them again."""
        return not self.source.location

    @property
    def state(self) -> State | None:
        """Return how it stands; None for one that is off and was never read."""
        if self.source.last_error:
            return State.NOW
        if self.source.last_ok_at is None:
            return State.UNKNOWN if self.source.enabled else None
        return State.SOON if self.source.is_stale else State.DONE

    @property
    def word(self) -> str:
        """Return the same in a word."""
        words = {
            State.NOW: _("Trouble"),
            State.UNKNOWN: _("Not read yet"),
            State.SOON: _("Old"),
            State.DONE: _("Fresh"),
        }
        return words[self.state] if self.state else _("Off")


@open_to(STRONG)
@require_safe
def sources(request: Asking) -> HttpResponse:
    """Show every feed there is; administrators may switch them."""
    rows = [_row(one) for one in known(request)]
    context = {
        "used": [row for row in rows if row.source.enabled or row.source.last_ok_at],
        "offered": [row for row in rows if not (row.source.enabled or row.source.last_ok_at)],
        "may_act": NODE_ADMIN.admits(request.actor),
    }
    return render(request, "node/sources.html", context)


@open_to(STRONG)
@require_safe
def source(request: Asking, name: str) -> HttpResponse:
    """Show one source: how fresh it is, and for a provider of advisories what it lists and what was not taken."""
    found = next((one for one in known(request) if one.name == name), None)
    if found is None:
        raise Http404
    context = {"row": _row(found), "provided": queries.provided(name), "may_act": NODE_ADMIN.admits(request.actor)}
    return render(request, "node/source.html", context)


@open_to(NODE_ADMIN)
@require_POST
def switch_on(request: Asking, name: str) -> HttpResponse:
    """Switch a feed on: its host may be asked from now on, and is, at once."""
    try:
        source = services.switch_on(name, by=request.actor, now=request.now, rng=moment.dice())
    except services.NoSuchSource as error:
        raise Http404 from error
    except Refused as error:
        messages.error(request, spoken(error))
        return redirect("node_sources")
    _ask(request, source.public_id)
    messages.success(request, _("%(name)s is on and is being read; see Work for how far it is.") % {"name": name})
    return redirect("node_sources")


@open_to(NODE_ADMIN)
@require_POST
def switch_off(request: Asking, name: str) -> HttpResponse:
    """Switch a feed off: its host is not asked any more; what came from it stays."""
    try:
        services.switch_off(name, by=request.actor, now=request.now, rng=moment.dice())
    except services.NoSuchSource as error:
        raise Http404 from error
    messages.success(request, _("%(name)s is off. What was read from it stays and grows older.") % {"name": name})
    return redirect("node_sources")


@open_to(NODE_ADMIN)
@require_POST
def read_now(request: Asking, name: str) -> HttpResponse:
    """Read a feed that is on, without waiting for its hour."""
    found = next((one for one in queries.sources(request.now) if one.name == name and one.enabled), None)
    if found is None:
        raise Http404
    _ask(request, found.public_id)
    messages.success(request, _("%(name)s is being read; see Work for how far it is.") % {"name": name})
    return redirect("node_sources")


def known(request: Asking) -> list[SourceAge]:
    """Return every source: those the node remembers, and those it could read but was never told to."""
    there = {one.name: one for one in queries.sources(request.now)}
    for one in LISTED:
        if one.name not in there:
            there[one.name] = SourceAge(name=one.name, kind=one.kind, location=one.location, **NEVER_SEEN)
    return [there[name] for name in sorted(there)]


def _row(one: SourceAge) -> Row:
    listed = BY_NAME.get(one.name)
    return Row(one, str(SOURCE_KINDS.get(one.kind, one.kind)), listed.period_hours if listed else None)


@transaction.atomic
def _ask(request: Asking, public_id: str) -> None:
    # once a minute at most: a second click finds the first one's job
    key = f"{reading.REFRESH}:{public_id}:{request.now:%Y%m%dT%H%M}"
    jobs.enqueue(kind=reading.REFRESH, key=key, args={"source": public_id}, now=request.now, rng=moment.dice())
