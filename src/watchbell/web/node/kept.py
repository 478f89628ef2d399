"""What is kept here, how long, and what do export and deletion do? Every room's own table, in one place."""

from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec

from django.apps import apps
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from watchbell.apps.kept import Kept
from watchbell.doors.policy import SIGNED_IN, open_to
from watchbell.web.asking import Asking

ROOMS: dict[str, str | Promise] = {
    "journal": _("The record of deeds"),
    "jobs": _("The node's work"),
    "orgs": _("People and organisations"),
    "files": _("Files"),
    "vulnerabilities": _("What the world has published"),
    "engagements": _("Early access"),
    "evaluation": _("Evaluations"),
    "findings": _("Findings"),
    "cases": _("Cases"),
    "advisories": _("Advisories"),
    "inventory": _("Inventories"),
    "remediation": _("Worklists"),
    "notices": _("Notices"),
}


@dataclass(frozen=True, slots=True)
class Room:
    """One room's promises, a row a table; a room that has not written them down yet says so."""

    label: str
    title: str | Promise
    rows: tuple[Kept, ...]


@open_to(SIGNED_IN)
@require_safe
def kept(request: Asking) -> HttpResponse:
    """Show what each room keeps."""
    return render(request, "node/kept.html", {"rooms": rooms()})


def rooms() -> list[Room]:
    """Return every room of this node, in the order of the river."""
    own = [one for one in apps.get_app_configs() if one.name.startswith("watchbell.apps.")]
    return [Room(one.label, ROOMS.get(one.label, one.label), _rows(one.name)) for one in own]


def _rows(room: str) -> tuple[Kept, ...]:
    if find_spec(f"{room}.kept") is None:
        return ()
    rows: tuple[Kept, ...] = import_module(f"{room}.kept").KEPT
    return rows
