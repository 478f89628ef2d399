"""This will remove lists that are no longer in force, some rows at a time, and versions that none names any more."""

from datetime import datetime, timedelta

from django.db import transaction

from watchbell.apps.inventory.models import Asset, Component, Listing, Load, PackageVersion, Unassessable

ROWS_AT_ONCE = 1000
ABANDONED_AFTER = timedelta(hours=1)


def clear_away(asset: Asset, *, now: datetime) -> None:
    """Remove the asset's lists that are not in force; one that someone may still be building stays for an hour."""
    in_force = Asset.objects.values_list("listing_id", flat=True).get(pk=asset.pk)
    for listing in Listing.objects.filter(asset=asset).exclude(pk=in_force):
        if Load.objects.filter(listing=listing, stage=Load.Stage.WAITING).exists():
            continue
        is_newer = in_force is not None and listing.pk > in_force
        if not (is_newer and listing.started_at > now - ABANDONED_AFTER):
            remove(listing)


def remove(listing: Listing) -> None:
    """Remove a list that is not in force, its many rows first and in small transactions."""
    for table in (Component, Unassessable):
        rows = table._default_manager.filter(listing=listing)
        while ids := list(rows.values_list("pk", flat=True)[:ROWS_AT_ONCE]):
            rows.filter(pk__in=ids).delete()
    Listing.objects.filter(pk=listing.pk).delete()


def clear_abandoned(*, now: datetime) -> None:
    """Remove lists that nobody has been building for an hour: their load was stopped, or its process was killed."""
    left = Listing.objects.filter(in_force_for__isnull=True, started_at__lte=now - ABANDONED_AFTER)
    going_on = Load.objects.filter(stage=Load.Stage.WAITING, listing__isnull=False).values("listing")
    for listing in left.exclude(pk__in=going_on):
        remove(listing)


@transaction.atomic
def forget_unused_versions(*, now: datetime, limit: int = 500) -> int:
    """Remove versions that no list names, with their matches, and return how many; none while a list is being built."""
    is_building = Listing.objects.filter(in_force_for__isnull=True, started_at__gt=now - ABANDONED_AFTER)
    if is_building.exists():
        return 0
    unused = PackageVersion.objects.filter(components__isnull=True).order_by("id")
    ids = list(unused.values_list("id", flat=True)[:limit])
    return PackageVersion.objects.filter(id__in=ids).delete()[0] if ids else 0
