"""This will keep which things without a package count as assessed, and what their lists' counts say of them.

A machine counts once it is recognised as a product at all. Anything else counts only while a
record says for certain that it is affected: being outside of one record's range is no all-clear.
"""

from collections.abc import Collection

from django.db.models import QuerySet

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
    rows = list(lines.values_list("pk", "listing_id", "machine_id", "is_assessed"))
    machines = _known_machines([(listing, machine) for _, listing, machine, _ in rows if machine is not None])
    affected = _affected([pk for pk, _, machine, _ in rows if machine is None])
    changed: dict[bool, list[int]] = {True: [], False: []}
    lists = set()
    for pk, listing, machine, was_known in rows:
        is_known = pk in affected or (listing, machine) in machines
        if is_known is not was_known:
            changed[is_known].append(pk)
            lists.add(listing)
    for is_known, several in changed.items():
        for part in bulk.slices(several):
            Unassessable.objects.filter(pk__in=part).update(is_assessed=is_known)
    if lists:
        counting.recount(lists)


def _known_machines(held: Collection[tuple[int, int]]) -> set[tuple[int, int]]:
    """Return those of these machines (list, machine) that count as any product."""
    found: set[tuple[int, int]] = set()
    for part in bulk.slices({listing for listing, _ in held}):
        units = Unit.objects.filter(listing__in=part, machine__in={machine for _, machine in held})
        told = {pk: (listing or 0, machine, is_listed) for pk, listing, machine, is_listed in units.values_list(*_UNIT)}
        picked = set(PickedProduct.objects.filter(unit__in=list(told)).values_list("unit_id", flat=True))
        found |= {(listing, machine) for pk, (listing, machine, known) in told.items() if known or pk in picked}
    return found


_UNIT = ("pk", "listing_id", "machine_id", "is_listed")


def _affected(lines: Collection[int]) -> set[int]:
    """Return those of these lines that a record calls affected by what it gives to recognise them."""
    picks = PickedProduct.objects.filter(line__in=lines).values_list("line_id", "product_id", "version", "helped")
    told = list(picks)
    exact = ProductMatch.objects.filter(product_id__in={product for _, product, _, _ in told}, tier=Tier.EXACT)
    sure = set(exact.values_list("product_id", "version", "helped"))
    return {line for line, *said in told if line is not None and tuple(said) in sure}
