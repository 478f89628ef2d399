"""Where does this page of a list end, and where do the older and the newer ones begin? At keys, not at numbers."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.exceptions import BadRequest
from django.db.models import Q, QuerySet

from watchbell.domain.refusal import Refused
from watchbell.doors import cursors
from watchbell.web.asking import Asking

SIZE = 50


@dataclass(frozen=True, slots=True)
class Slice:
    """One page of a list, and the cursors of its neighbours, "" where there are none."""

    rows: list[Any]
    after: str
    before: str


def slice_of(rows: "QuerySet[Any]", *, by: tuple[str, str], name: str, request: Asking, size: int = SIZE) -> Slice:
    """Return the page a request asks for by its `after` or `before`; `by` names a moment and a unique id.

    A leading "-" on the first turns both around. Raises BadRequest for a cursor that is not of this list.
    """
    viewer = f"{request.actor.person}:{request.actor.organisation}"
    back = bool(request.GET.get("before"))
    start = _position(request.GET.get("before") or request.GET.get("after") or "", name, viewer)
    down = by[0].startswith("-")
    keys = (by[0].lstrip("-"), by[1].lstrip("-"))
    if start:
        rows = rows.filter(_beyond(keys, start, below=down != back))
    sign = "-" if down != back else ""
    found = list(rows.order_by(f"{sign}{keys[0]}", f"{sign}{keys[1]}")[: size + 1])
    more, shown = len(found) > size, found[:size]
    shown = shown[::-1] if back else shown
    has_after, has_before = (bool(start), more) if back else (more, bool(start))
    return Slice(
        shown,
        _cursor(shown[-1], keys, name, viewer) if shown and has_after else "",
        _cursor(shown[0], keys, name, viewer) if shown and has_before else "",
    )


def _position(cursor: str, name: str, viewer: str) -> list[Any]:
    if not cursor:
        return []
    try:
        at, last = cursors.unseal(name, viewer, cursor)
        return [datetime.fromisoformat(str(at)), last]
    except (Refused, ValueError) as error:
        raise BadRequest("not a cursor of this list") from error


def _beyond(keys: tuple[str, str], start: list[Any], *, below: bool) -> Q:
    side = "lt" if below else "gt"
    return Q(**{f"{keys[0]}__{side}": start[0]}) | Q(**{keys[0]: start[0], f"{keys[1]}__{side}": start[1]})


def _cursor(row: Any, keys: tuple[str, str], name: str, viewer: str) -> str:
    return cursors.seal(name, viewer, [getattr(row, keys[0]).isoformat(), getattr(row, keys[1])])
