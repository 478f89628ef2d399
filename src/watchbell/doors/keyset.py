"""Which rows come next in an ordered list? Those beyond a key, so that every page costs the same wherever it lies."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet

from watchbell.domain.handling import Actor
from watchbell.domain.refusal import refuse
from watchbell.doors import cursors

SIZE = 50
_MOMENT, _TEXT = "@", "="


@dataclass(frozen=True, slots=True)
class Part:
    """Some rows of a list in its order; the cursors of its neighbours are "" where the list ends."""

    rows: list[Any]
    after: str
    before: str


@dataclass(frozen=True, slots=True)
class Order:
    """A list's name and the columns it is ordered by, all rising; the last one is unique."""

    name: str
    by: tuple[str, ...]


def part_of(
    rows: QuerySet[Any], order: Order, *, viewer: Actor, after: str = "", before: str = "", size: int = 0
) -> Part:
    """Return the rows beyond the cursor `after`, or those that end at `before`; fifty unless told.

    Raises Refused for a cursor that is not of this list and viewer.
    """
    whose = f"{viewer.person}:{viewer.organisation}"
    start = _position(before or after, order, whose)
    is_back, size = bool(before), size or SIZE
    if start:
        rows = rows.filter(_beyond(order.by, start, "lt" if is_back else "gt"))
    found = list(rows.order_by(*(f"-{name}" if is_back else name for name in order.by))[: size + 1])
    more, shown = len(found) > size, found[:size]
    if is_back:
        shown.reverse()
    goes_on, goes_back = (True, more) if is_back else (more, bool(start))
    return Part(
        shown,
        _seal(shown[-1], order, whose) if shown and goes_on else "",
        _seal(shown[0], order, whose) if shown and goes_back else "",
    )


def _beyond(names: tuple[str, ...], start: list[Any], side: str) -> Q:
    """Return the rows after a position; the bound on the first column alone lets an index find the start."""
    found = Q()
    for index, name in enumerate(names):
        same = dict(zip(names[:index], start[:index], strict=True))
        found |= Q(**same, **{f"{name}__{side}": start[index]})
    return Q(**{f"{names[0]}__{side}e": start[0]}) & found


def _position(cursor: str, order: Order, whose: str) -> list[Any]:
    if not cursor:
        return []
    found = [_read(value) for value in cursors.unseal(order.name, whose, cursor)]
    if len(found) != len(order.by):
        raise refuse("bad-cursor", "This page cursor is of another order.", place="cursor", todo="Start again.")
    return found


def _seal(row: Any, order: Order, whose: str) -> str:
    return cursors.seal(order.name, whose, [_written(getattr(row, name)) for name in order.by])


def _written(value: Any) -> str | int:
    if isinstance(value, int):
        return value
    return f"{_MOMENT}{value.isoformat()}" if isinstance(value, datetime) else f"{_TEXT}{value}"


def _read(value: str | int | None) -> Any:
    if not isinstance(value, str):
        return value
    return datetime.fromisoformat(value[1:]) if value.startswith(_MOMENT) else value[1:]
