"""What does this operator run, how much of it could be assessed, and what reaches it? For that operator alone.

Coordinators and node administrators are told nothing: "not yours" and "not there" answer alike.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import F, Q, QuerySet, Sum

from watchbell.apps.inventory.models import Asset, Component, Document, Gap, PickedProduct, ProductMatch, Unassessable
from watchbell.apps.vulnerabilities import queries as published
from watchbell.apps.vulnerabilities.services import bulk
from watchbell.domain.handling import Actor, OrganisationKind
from watchbell.domain.matching.outcomes import Status
from watchbell.domain.priority import Exposure

MOST_SHOWN = 200


@dataclass(frozen=True, slots=True)
class Coverage:
    """How much of what is listed could be assessed; `gaps` counts the rest by reason and adds up with `assessed`."""

    assets: int
    components: int
    assessed: int
    gaps: dict[str, int]
    picked: int

    @property
    def not_assessed(self) -> int:
        """Return how many components could not be assessed."""
        return self.components - self.assessed


@dataclass(frozen=True, slots=True, kw_only=True)
class Exposed:
    """One thing in one asset that a vulnerability reaches, or may reach, and why."""

    asset: str
    asset_name: str
    exposed: Exposure
    patched_by: str
    what: str
    version: str
    status: Status
    tier: str
    because: str
    reason: str
    fixed: str
    record: str


def visible_to(viewer: Actor, *, now: datetime) -> QuerySet[Asset]:
    """Return the assets this actor may know of: those of the operator they act for."""
    if viewer.organisation is None or not viewer.acts_as(OrganisationKind.OPERATOR):
        return Asset.objects.none()
    return Asset.objects.filter(organisation_id=viewer.organisation, created_at__lte=now)


def documents(viewer: Actor, *, now: datetime) -> QuerySet[Document]:
    """Return the documents this operator handed in, newest first."""
    if viewer.organisation is None or not viewer.acts_as(OrganisationKind.OPERATOR):
        return Document.objects.none()
    return Document.objects.filter(organisation_id=viewer.organisation, loaded_at__lte=now).order_by(
        "-loaded_at", "-pk"
    )


def coverage(viewer: Actor, *, now: datetime) -> Coverage:
    """Return how much of what this operator lists could be assessed: always the whole, by reason."""
    assets = visible_to(viewer, now=now)
    totals = assets.aggregate(components=Sum("listing__components"), assessed=Sum("listing__assessed"))
    gaps = Gap.objects.filter(listing__in_force_for__in=assets).values_list("reason").annotate(n=Sum("components"))
    return Coverage(
        assets=assets.count(),
        components=totals["components"] or 0,
        assessed=totals["assessed"] or 0,
        gaps=dict(gaps.order_by("reason")),
        picked=PickedProduct.objects.filter(asset__in=assets, listing__isnull=True).count(),
    )


def not_assessed(viewer: Actor, *, now: datetime, after: int = 0, limit: int = MOST_SHOWN) -> QuerySet[Unassessable]:
    """Return the components that name no package records could name; `after` is the last one seen."""
    mine = Unassessable.objects.filter(listing__in_force_for__in=visible_to(viewer, now=now), pk__gt=after)
    return mine.select_related("listing__asset").order_by("pk")[:limit]


def cannot_be_compared(viewer: Actor, *, now: datetime, after: int = 0, limit: int = MOST_SHOWN) -> QuerySet[Component]:
    """Return the components whose package is known and whose version cannot be compared."""
    mine = Component.objects.filter(listing__in_force_for__in=visible_to(viewer, now=now), pk__gt=after)
    return mine.exclude(version__doubt="").select_related("listing__asset", "version").order_by("pk")[:limit]


def exposures_of(viewer: Actor, group: str, *, now: datetime, limit: int = MOST_SHOWN) -> list[Exposed]:
    """Return where a vulnerability (its group's public id) reaches the viewer's assets, by asset, at most `limit`."""
    mine = visible_to(viewer, now=now)
    records = {row[0]: row[2] for row in published.records_of(group)}
    rows = (
        Component.objects.filter(listing__in_force_for__in=mine, version__matches__record_id__in=list(records))
        .annotate(
            status=F("version__matches__status"),
            because=F("version__matches__because"),
            reason=F("version__matches__reason"),
            fixed=F("version__matches__fixed"),
            record=F("version__matches__record_id"),
        )
        .select_related("listing__asset", "version")
        .order_by("listing__asset__name", "version_id", "record")[:limit]
    )
    components = list(rows)
    shown = [_exposed(one, records) for one in components]
    return [*shown, *_possible(mine, group, limit - len(shown))]


def _exposed(one: Component, records: dict[int, str]) -> Exposed:
    found = one.__dict__  # what `annotate` added
    status = Status(found["status"])
    return Exposed(
        asset=one.listing.asset.public_id,
        asset_name=one.listing.asset.name,
        exposed=Exposure(one.listing.asset.exposed),
        patched_by=one.listing.asset.patched_by,
        what=f"{one.version.ecosystem} {one.version.name}",
        version=one.version.raw,
        status=status,
        tier="exact" if status is Status.AFFECTED else "cannot tell",
        because=found["because"],
        reason=found["reason"],
        fixed=found["fixed"],
        record=records[found["record"]],
    )


def _possible(mine: QuerySet[Asset], group: str, limit: int) -> list[Exposed]:
    """Return the picked products that are listed under this vulnerability."""
    listed = ProductMatch.objects.filter(group_id=group).values("product_id")
    picks = PickedProduct.objects.filter(asset__in=mine, product_id__in=listed).select_related("asset")
    return [
        Exposed(
            asset=one.asset.public_id,
            asset_name=one.asset.name,
            exposed=Exposure(one.asset.exposed),
            patched_by=one.asset.patched_by,
            what=one.name,
            version=one.version,
            status=Status.AFFECTED,
            tier="possible",
            because=f"{one.name} is listed, whatever its version",
            reason="",
            fixed="",
            record="",
        )
        for one in picks.order_by("asset__name", "product_id")[: max(limit, 0)]
    ]


def asset(public_id: str) -> Asset | None:
    """Return an asset by its id, for jobs."""
    return Asset.objects.filter(public_id=public_id).first()


def owner_of(asset: str) -> str | None:
    """Return the organisation an asset belongs to, for jobs."""
    return Asset.objects.filter(public_id=asset).values_list("organisation_id", flat=True).first()


def organisations() -> list[str]:
    """Return every organisation that has an asset, for jobs."""
    return list(Asset.objects.order_by("organisation_id").values_list("organisation_id", flat=True).distinct())


def words_not_assessed(organisation: str, words: Iterable[str]) -> set[str]:
    """Return those of these names (`contents.word_of`) that lists in force hold without saying which package it is."""
    found: set[str] = set()
    for part in bulk.slices(words):
        mine = Q(listing__in_force_for__organisation_id=organisation, word__in=part)
        found.update(Unassessable.objects.filter(mine).values_list("word", flat=True).distinct())
    return found
