"""Which part of a long list is shown? The rows next to a sealed cursor, and the way to older and newer ones."""

from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.http import Http404

from watchbell.domain.refusal import Refused
from watchbell.doors import cursors
from watchbell.web.asking import Asking

OLDER, NEWER = "older", "newer"


@dataclass(frozen=True, slots=True)
class Part:
    """Some rows of a list, newest first; the cursors are empty where the list ends."""

    rows: list[Any]
    older: str
    newer: str


def page_of(found: QuerySet[Any], request: Asking, *, list_name: str, most: int) -> Part:
    """Return the part of the list, ordered by its key, that the request's `at` points to; 404 for a foreign cursor."""
    viewer = f"{request.actor.person}:{request.actor.organisation}"
    way, key = _position(request, list_name, viewer)
    if way == NEWER:
        rows = list(found.filter(pk__gt=key).order_by("pk")[: most + 1])
        more, rows = len(rows) > most, rows[:most][::-1]
        has_older, has_newer = True, more
    else:
        rows = list((found.filter(pk__lt=key) if key else found).order_by("-pk")[: most + 1])
        has_older, rows, has_newer = len(rows) > most, rows[:most], bool(key)
    if not rows:
        return Part([], "", "")
    older = cursors.seal(list_name, viewer, [OLDER, rows[-1].pk]) if has_older else ""
    newer = cursors.seal(list_name, viewer, [NEWER, rows[0].pk]) if has_newer else ""
    return Part(rows, older, newer)


def _position(request: Asking, list_name: str, viewer: str) -> tuple[str, int]:
    cursor = request.GET.get("at", "")
    if not cursor:
        return OLDER, 0
    try:
        way, key = cursors.unseal(list_name, viewer, cursor)
    except (Refused, ValueError) as error:
        raise Http404 from error
    return str(way), int(key or 0)
