"""What does this operator have to do, in what order, and what was done? For that operator alone.

Coordinators and node administrators are told nothing: "not yours" and "not there" answer alike.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from django.db.models import Q, QuerySet

from watchbell.apps.inventory.reach import Tier
from watchbell.apps.remediation.drafts import NO_DATE
from watchbell.apps.remediation.models import Action, Desk, WorklistRow
from watchbell.apps.remediation.words import Closing
from watchbell.apps.vulnerabilities.services import bulk
from watchbell.domain.handling import Actor, OrganisationKind
from watchbell.domain.lifecycle import Remediation

PAGE = 50
MOST_ON_A_PAGE = 200


class Part(StrEnum):
    """Which rows a page shows; each is answered by one index, in one order."""

    TO_DO = "to do"
    DATED = "dated"
    BACKLOG = "backlog"
    SETTLED = "settled"
    QUIETED = "quieted"


@dataclass(frozen=True, slots=True)
class Place:
    """A place in the order of the list: after (or before) the row with these words."""

    order_at: datetime
    rank: int
    public_id: str


@dataclass(frozen=True, slots=True)
class Page:
    """Some rows in order, and where the list goes on in both directions, if it does."""

    rows: tuple[WorklistRow, ...]
    older: Place | None
    newer: Place | None


@dataclass(frozen=True, slots=True)
class Totals:
    """How many rows wait: with a date gone by, with a later date, without one; how many are over, or quieted by VEX.

    `attacked` of the quieted ones are used by attackers, on something that may be exposed.
    """

    overdue: int
    dated: int
    undated: int
    settled: int
    quieted: int = 0
    attacked: int = 0

    @property
    def to_do(self) -> int:
        """Return how many rows are not settled."""
        return self.overdue + self.dated + self.undated


def visible_to(viewer: Actor, *, now: datetime) -> QuerySet[WorklistRow]:
    """Return the rows this actor may know of: those of the operator they act for, from the moment they are there."""
    if viewer.organisation is None or not viewer.acts_as(OrganisationKind.OPERATOR):
        return WorklistRow.objects.none()
    return WorklistRow.objects.filter(organisation_id=viewer.organisation)


def row(viewer: Actor, public_id: str, *, now: datetime) -> WorklistRow | None:
    """Return one row, or None for "not yours" and "not there" alike."""
    return visible_to(viewer, now=now).filter(public_id=public_id).first()


def story(viewer: Actor, public_id: str, *, now: datetime) -> QuerySet[Action]:
    """Return what was done about a row and what happened to it, oldest first."""
    return Action.objects.filter(row__in=visible_to(viewer, now=now).filter(public_id=public_id)).order_by("id")


def worklist(
    viewer: Actor,
    *,
    now: datetime,
    part: Part = Part.TO_DO,
    after: Place | None = None,
    before: Place | None = None,
    limit: int = PAGE,
) -> Page:
    """Return a page of the list: by due date, then rank, rows without a date last."""
    limit = max(1, min(limit, MOST_ON_A_PAGE))
    rows = _of_part(visible_to(viewer, now=now), part)
    order = ("order_at", "rank", "public_id")
    if before is not None:
        found = list(_beyond(rows, before, "lt").order_by(*(f"-{name}" for name in order))[: limit + 1])
        more = len(found) > limit
        shown = tuple(reversed(found[:limit]))
        return Page(shown, _place(shown[-1:]), _place(shown[:1]) if more else None)
    if after is not None:
        rows = _beyond(rows, after, "gt")
    found = list(rows.order_by(*order)[: limit + 1])
    shown = tuple(found[:limit])
    return Page(shown, _place(shown[-1:]) if len(found) > limit else None, _place(shown[:1]) if after else None)


def _of_part(rows: QuerySet[WorklistRow], part: Part) -> QuerySet[WorklistRow]:
    if part is Part.QUIETED:
        return rows.filter(closed_because=Closing.QUIETED)
    rows = rows.filter(is_settled=part is Part.SETTLED).exclude(closed_because=Closing.QUIETED)
    if part is Part.DATED:
        return rows.filter(order_at__lt=NO_DATE)
    return rows.filter(order_at=NO_DATE) if part is Part.BACKLOG else rows


def _beyond(rows: QuerySet[WorklistRow], place: Place, way: str) -> QuerySet[WorklistRow]:
    """Return the rows after or before a place; the first condition alone is what the index seeks by."""
    same_day = Q(order_at=place.order_at)
    further = Q(**{f"order_at__{way}": place.order_at}) | same_day & Q(**{f"rank__{way}": place.rank})
    further |= same_day & Q(rank=place.rank, **{f"public_id__{way}": place.public_id})
    return rows.filter(Q(**{f"order_at__{way}e": place.order_at}) & further)


def _place(rows: Iterable[WorklistRow]) -> Place | None:
    one = next(iter(rows), None)
    return Place(one.order_at, one.rank, one.public_id) if one else None


def totals(viewer: Actor, *, now: datetime) -> Totals:
    """Return how many rows there are of each kind."""
    rows = visible_to(viewer, now=now)
    waiting = rows.filter(is_settled=False)  # four counts, each within one index, instead of a look at every row
    quieted = rows.filter(closed_because=Closing.QUIETED)
    overdue, undated = waiting.filter(order_at__lt=now).count(), waiting.filter(order_at=NO_DATE).count()
    return Totals(
        overdue=overdue,
        dated=waiting.count() - overdue - undated,
        undated=undated,
        settled=rows.filter(is_settled=True).exclude(closed_because=Closing.QUIETED).count(),
        quieted=quieted.count(),
        attacked=quieted.filter(quiet_place=0).count(),
    )


def refreshed_at(viewer: Actor, *, now: datetime) -> datetime | None:
    """Return when this operator's list was last brought up to date, or None before the first time."""
    if viewer.organisation is None or not viewer.acts_as(OrganisationKind.OPERATOR):
        return None
    desks = Desk.objects.filter(organisation_id=viewer.organisation)
    return desks.values_list("refreshed_at", flat=True).first()


def strict_since(viewer: Actor, *, now: datetime) -> datetime | None:
    """Return since when this operator counts what is not known at its worst, or None where it does not."""
    if viewer.organisation is None or not viewer.acts_as(OrganisationKind.OPERATOR):
        return None
    desks = Desk.objects.filter(organisation_id=viewer.organisation)
    return desks.values_list("strict_since", flat=True).first()


def with_acceptances_over(*, now: datetime) -> list[str]:
    """Return the organisations on whose lists an acceptance ran out, for jobs."""
    over = WorklistRow.objects.filter(accepted_until__lte=now, state=Remediation.ACCEPTED_UNTIL, closed_because="")
    return sorted(set(over.values_list("organisation_id", flat=True)))


@dataclass(frozen=True, slots=True)
class Line:
    """One row as the funnel counts it; `fixed_at` when the fix was verified."""

    organisation: str
    group: str
    first_seen_at: datetime
    fixed_at: datetime | None


def lines_about(groups: Collection[str], organisations: Collection[str]) -> list[Line]:
    """Return the rows of these organisations about these vulnerabilities, for counts that decide what may be shown.

    What cannot be told, and what others speak free, waits for no fix and is not among them.
    """
    found: list[Line] = []
    for part in bulk.slices(organisations):
        rows = WorklistRow.objects.filter(organisation_id__in=part, group_id__in=list(groups))
        for one in rows.exclude(tier=Tier.CANNOT_TELL).exclude(closed_because=Closing.QUIETED).order_by("pk"):
            fixed_at = one.settled_at if one.state == Remediation.VERIFIED else None
            found.append(Line(one.organisation_id, one.group_id, one.first_seen_at, fixed_at))
    return found
