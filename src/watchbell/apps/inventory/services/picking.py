"""This will make each machine count as the products it is recognised as, after what people said.

What a machine was recognised as becomes a picked product of its asset, so that everything
that follows a picked product follows it too.
"""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from watchbell.apps.inventory.models import Likeness, Machine, PickedProduct, Sameness, Unit
from watchbell.apps.inventory.services import assessing, identified, products
from watchbell.apps.vulnerabilities.services import bulk
from watchbell.domain.identity import Dice, new_id
from watchbell.domain.matching.equipment import answers
from watchbell.domain.matching.equipment.answers import Answer
from watchbell.domain.matching.tiers import Tier

SURE = (Tier.EXACT, Tier.PROBABLE)
_Found = dict[str, str]
"""Labels of products by their public ids."""


def settle(units: Collection[Unit], *, now: datetime, rng: Dice) -> set[str]:
    """Make the picked products of these units what they are recognised as; return the products whose picks changed.

    A unit that counts as nothing is among what could not be assessed, and lists are counted anew.
    """
    changed = set()
    for part in bulk.slices(units):
        rows = PickedProduct.objects.filter(unit__in=[one.pk for one in part])
        there = {(row.unit_id, row.product_id): row for row in rows}
        wanted = _wanted(part)
        changed |= _swap(there, wanted, now=now, rng=rng) | _take_back_names(wanted)
    assessing.of_units(units)
    return changed


@dataclass(frozen=True, slots=True)
class _Pick:
    """What a picked product of a unit says."""

    unit: Unit
    label: str
    version: str
    helped: str


_Picks = dict[tuple[int | None, str], PickedProduct]
_Wanted = dict[tuple[int, str], _Pick]


def _wanted(units: list[Unit]) -> _Wanted:
    """Return what these units count as: by their names, by what records give to recognise it, or by both.

    What people said no to is left out, whatever speaks for it.
    """
    machines = Machine.objects.in_bulk({unit.machine_id for unit in units})
    by_name, by_mark, declined = _counting_as(machines), identified.of_units(units), _declined(machines.values())
    found: _Wanted = {}
    for unit in units:
        machine, named, marked = machines[unit.machine_id], by_name[unit.machine_id], by_mark.get(unit.pk, {})
        no = declined.get((machine.organisation_id, machine.type_key), set())
        for product in (named.keys() | marked.keys()) - no:
            seen = marked.get(product)
            label = named[product] if seen is None else seen.label
            helped = seen.helped(by_name=product in named).packed if seen else ""
            found[unit.pk, product] = _Pick(unit, label, machine.read_version or machine.version, helped)
    return found


def _declined(machines: Collection[Machine]) -> dict[tuple[str, str], set[str]]:
    """Return the products that people said machines of an operator's types are not."""
    found: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    rows = Sameness.objects.filter(
        organisation_id__in={one.organisation_id for one in machines},
        type_key__in={one.type_key for one in machines},
        says=Answer.NO,
    )
    for organisation, type_key, product in rows.values_list("organisation_id", "type_key", "product_id"):
        found[organisation, type_key].add(product)
    return found


def _swap(there: _Picks, wanted: _Wanted, *, now: datetime, rng: Dice) -> set[str]:
    stale = [row for key, row in there.items() if _differs(row, wanted.get((row.unit_id or 0, row.product_id)))]
    PickedProduct.objects.filter(pk__in=[row.pk for row in stale]).delete()
    gone = {(row.unit_id, row.product_id) for row in stale}
    fresh = [
        PickedProduct(
            public_id=new_id(rng), asset_id=one.unit.asset_id, unit=one.unit, product_id=product, name=one.label,
            version=one.version, picked_at=now, helped=one.helped,
        )
        for (unit, product), one in sorted(wanted.items(), key=lambda each: each[0])
        if (unit, product) not in there or (unit, product) in gone
    ]  # fmt: skip
    PickedProduct.objects.bulk_create(fresh, batch_size=100)
    return {row.product_id for row in (*stale, *fresh)}


def _differs(row: PickedProduct, wanted: _Pick | None) -> bool:
    return wanted is None or (wanted.version, wanted.helped) != (row.version, row.helped)


def _take_back_names(wanted: _Wanted) -> set[str]:
    """This will let a machine's numbers say which variant it is, where its list only picked the product by its name.

    Returns the products whose picks changed. Other machines of that name are recognised by the catalogue then.
    """
    numbered = {(one.unit.listing_id, product) for (_, product), one in wanted.items() if one.helped}
    listings, named = {listing for listing, _ in numbered if listing}, {product for _, product in numbered}
    by_name = PickedProduct.objects.filter(listing__in=listings, product_id__in=named)
    gone = [row for row in by_name if (row.listing_id, row.product_id) in numbered]
    PickedProduct.objects.filter(pk__in=[row.pk for row in gone]).delete()
    changed = {row.product_id for row in gone}
    listed = Unit.objects.filter(listing__in={row.listing_id for row in gone}, is_listed=True).select_related("machine")
    unlisted = [unit for unit in listed if _name_of(unit) in changed]
    Unit.objects.filter(pk__in=[unit.pk for unit in unlisted]).update(is_listed=False)
    assessing.of_units(unlisted)
    return changed


def _name_of(unit: Unit) -> str:
    """Return the product that records list under the very name of a machine, "" for none."""
    choice = products.called(unit.machine.vendor, unit.machine.product)
    return choice.public_id if choice else ""


def _counting_as(machines: Collection[int]) -> defaultdict[int, _Found]:
    """Return the products that each of these machines counts as: what is sure, and what people said yes to."""
    found: defaultdict[int, _Found] = defaultdict(dict)
    for part in bulk.slices(machines):
        for seen in Likeness.objects.filter(machine__in=part).select_related("sameness"):
            if after(seen) in SURE:
                found[seen.machine_id][seen.sameness.product_id] = seen.sameness.product
    return found


def after(seen: Likeness) -> Tier | None:
    """Return how sure a likeness is after what people said, None when they said no."""
    return answers.tier_after(Tier(seen.tier), answer_of(seen.sameness))


def answer_of(sameness: Sameness) -> Answer | None:
    """Return what people said, None while nobody has."""
    return Answer(sameness.says) if sameness.says else None
