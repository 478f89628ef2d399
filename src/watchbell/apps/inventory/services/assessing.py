"""This will keep which things without a package count as assessed, and what their lists' counts say of them.

A machine counts once it is recognised as a product at all. Anything else counts only while a
record says for certain that it is affected: being outside of one record's range is no all-clear.
"""

from collections.abc import Collection

from django.db.models import Exists, OuterRef, Q, QuerySet

from watchbell.apps.inventory.models import PickedProduct, ProductMatch, Unassessable, Unit
from watchbell.apps.inventory.services import counting
from watchbell.apps.vulnerabilities.services import bulk
from watchbell.domain.matching.tiers import Tier


def of_products(products: Collection[str]) -> None:
    """Bring what was recognised as one of these products up to date; part of the caller's transaction."""
    for part in bulk.slices(products):
        lines = PickedProduct.objects.filter(product_id__in=part, line__isnull=False).values_list("line_id", flat=True)
        of_lines([line for line in lines.distinct() if line is not None])


def of_units(units: Collection[Unit]) -> None:
    """Bring the lines of these machines up to date; those that a person described have none."""
    for part in bulk.slices(units):
        listings = {unit.listing_id for unit in part if unit.listing_id is not None}
        machines = {unit.machine_id for unit in part}
        _settle(Unassessable.objects.filter(listing__in=listings, machine__in=machines))


def of_lines(lines: Collection[int]) -> None:
    """Bring these lines up to date."""
    for part in bulk.slices(lines):
        _settle(Unassessable.objects.filter(pk__in=part))


def _settle(lines: QuerySet[Unassessable]) -> None:
    """Write only what differs, and count the lists anew in which something does."""
    changed = set()
    for is_known, others in ((True, lines.filter(_known())), (False, lines.exclude(_known()))):
        rows = list(others.exclude(is_assessed=is_known).values_list("pk", "listing_id"))
        for part in bulk.slices(pk for pk, _ in rows):
            Unassessable.objects.filter(pk__in=part).update(is_assessed=is_known)
        changed |= {listing for _, listing in rows}
    if changed:
        counting.recount(changed)


def _known() -> Q:
    """Return the condition that a line counts as assessed."""
    affected = ProductMatch.objects.filter(
        product_id=OuterRef("product_id"), version=OuterRef("version"), helped=OuterRef("helped"), tier=Tier.EXACT
    )
    named = PickedProduct.objects.filter(Exists(affected), line=OuterRef("pk"))
    recognised = PickedProduct.objects.filter(unit=OuterRef("pk"))
    machine = Unit.objects.filter(
        Q(is_listed=True) | Exists(recognised), listing=OuterRef("listing"), machine=OuterRef("machine")
    )
    return Q(Exists(named)) | Q(Exists(machine))
