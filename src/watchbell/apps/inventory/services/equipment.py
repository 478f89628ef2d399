"""This will keep what machines are in an asset, and which products each of them counts as, after what people said.

What a machine was recognised as becomes a picked product of its asset, so that everything
that follows a picked product follows it too.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from django.db import transaction

from watchbell.apps.inventory.contents import NamedProduct, word_of
from watchbell.apps.inventory.models import (
    NAME_LENGTH,
    Asset,
    Likeness,
    Listing,
    Machine,
    PickedProduct,
    Sameness,
    Unassessable,
    Unit,
)
from watchbell.apps.inventory.services import counting, products
from watchbell.apps.inventory.services.rights import require_operator
from watchbell.apps.inventory.services.turns import take_turn
from watchbell.apps.journal import services as journal
from watchbell.apps.vulnerabilities.services import bulk
from watchbell.domain.handling import Actor
from watchbell.domain.identity import Dice, new_id
from watchbell.domain.matching.equipment import answers
from watchbell.domain.matching.equipment.answers import Answer
from watchbell.domain.matching.equipment.machine import Machine as Said
from watchbell.domain.matching.outcomes import Reason
from watchbell.domain.matching.tiers import Tier
from watchbell.domain.refusal import refuse
from watchbell.domain.sentence import Sentence

SURE = (Tier.EXACT, Tier.PROBABLE)
_Found = dict[str, str]
"""Labels of products by their public ids."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Described:
    """What stands on a machine's plate, as a person writes it; "" where it is not known."""

    vendor: str = ""
    product: str = ""
    model: str = ""
    version: str = ""


@dataclass(frozen=True, slots=True)
class NamedPick:
    """A product that a table names by the very name under which records list it."""

    product: str
    name: str
    named: NamedProduct


@transaction.atomic
def describe(said: Described, *, asset: Asset, by: Actor, now: datetime, rng: Dice) -> Unit:
    """Return the asset's machine that these words describe, adding it if it is new; a job recognises it.

    Raises NotAllowed, and Refused when neither a product nor a model number is given or one is too long.
    """
    require_operator(by, asset.organisation_id)
    named = _checked(said)
    take_turn()  # a matcher sees this unit, or this sees what it found
    machine = machines_of(asset.organisation_id, [named])[named]
    there = Unit.objects.filter(asset=asset, machine=machine, listing__isnull=True)
    fresh = Unit(public_id=new_id(rng), asset=asset, machine=machine, added_at=now)
    Unit.objects.bulk_create([fresh], ignore_conflicts=True)
    unit = there.get()
    if unit.public_id == fresh.public_id:
        products.match_products(settle([unit], now=now, rng=rng))
        concerns = [asset.organisation_id]
        journal.record(at=now, by=by, action="inventory.described", subject=asset, concerns=concerns, rng=rng)
    return unit


def _checked(said: Described) -> NamedProduct:
    cells = {name: " ".join(getattr(said, name).split()) for name in ("vendor", "product", "version", "model")}
    for name, cell in cells.items():
        if len(cell) > NAME_LENGTH or "\0" in cell:
            limit = Sentence("at most {limit} characters", limit=NAME_LENGTH)
            raise refuse("wrong-value", "This cannot be kept as it is", place=name, expected=limit)
    if not cells["product"] and not cells["model"]:
        raise refuse(
            "missing-field", "Nothing says what it is", place="product", expected="a product or a model number"
        )
    return NamedProduct(**cells)


@transaction.atomic
def take_off(*, unit: Unit, by: Actor, now: datetime) -> None:
    """Take a machine that a person described off its asset; one that a table names stays. Raises NotAllowed."""
    asset = unit.asset
    require_operator(by, asset.organisation_id)
    if Unit.objects.filter(pk=unit.pk, listing__isnull=True).delete()[0]:
        concerns = [asset.organisation_id]
        journal.record(at=now, by=by, action="inventory.picked", subject=asset, concerns=concerns)


def put_units(
    listing: Listing, found: Mapping[NamedProduct, int], listed: Collection[NamedProduct], *, now: datetime, rng: Dice
) -> None:
    """This will put a table's machines in place of those the table before it named, with what is known of them already.

    `listed` are those that records list a product of exactly this name for. Part of the caller's transaction.
    """
    take_turn()
    Unit.objects.filter(asset=listing.asset, listing__isnull=False).exclude(listing=listing).delete()
    machines = machines_of(listing.asset.organisation_id, found)
    times: Counter[int] = Counter()
    for one, count in found.items():
        times[machines[one].pk] += count
    is_listed = {machines[one].pk for one in listed}
    units = [
        Unit(
            public_id=new_id(rng), asset=listing.asset, listing=listing, machine_id=machine, times=count,
            is_listed=machine in is_listed, added_at=now,
        )
        for machine, count in sorted(times.items())
    ]  # fmt: skip
    Unit.objects.bulk_create(units, batch_size=100)
    products.match_products(settle(units, now=now, rng=rng))


def without_declined(organisation: str, picks: list[NamedPick]) -> list[NamedPick]:
    """Return those of which nobody said that machines of this type are something else."""
    types = {one: answers.type_of(said_of(one.named)) for one in picks}
    declined: set[tuple[str, str]] = set()
    for part in bulk.slices(set(types.values())):
        rows = Sameness.objects.filter(organisation_id=organisation, type_key__in=part, says=Answer.NO)
        declined.update(rows.values_list("type_key", "product_id"))
    return [one for one in picks if (types[one], one.product) not in declined]


def machines_of(organisation: str, named: Iterable[NamedProduct]) -> dict[NamedProduct, Machine]:
    """Return the operator's machine for each of these, adding what is new; part of the caller's transaction."""
    digests = {one: _digest_of(one) for one in named}
    fresh = [
        Machine(
            organisation_id=organisation, vendor=one.vendor, product=one.product, model=one.model, version=one.version,
            said_digest=digest, type_key=answers.type_of(said_of(one)),
        )
        for one, digest in digests.items()
    ]  # fmt: skip
    Machine.objects.bulk_create(fresh, ignore_conflicts=True, batch_size=100)
    there: dict[str, Machine] = {}
    for part in bulk.slices(digests.values()):
        rows = Machine.objects.filter(organisation_id=organisation, said_digest__in=part)
        there |= {row.said_digest: row for row in rows}
    return {one: there[digest] for one, digest in digests.items()}


def _digest_of(one: NamedProduct) -> str:
    return sha256(repr((one.vendor, one.product, one.model, one.version)).encode()).hexdigest()


def said_of(one: NamedProduct | Machine) -> Said:
    """Return a line as it is compared."""
    return Said(vendor=one.vendor, product=one.product, model=one.model, version=one.version)


def settle(units: Collection[Unit], *, now: datetime, rng: Dice) -> set[str]:
    """Make the picked products of these units what they are recognised as; return the products whose picks changed.

    A unit that counts as nothing is among what could not be assessed, and lists are counted anew.
    """
    ids = {unit.machine_id for unit in units}
    found = _counting_as(ids)
    versions: dict[int, str] = {}
    for some in bulk.slices(ids):
        versions |= dict(Machine.objects.filter(pk__in=some).values_list("pk", "read_version"))
    changed = set()
    for part in bulk.slices(units):
        rows = PickedProduct.objects.filter(unit__in=[one.pk for one in part])
        there = {(row.unit_id, row.product_id): row for row in rows}
        wanted = {
            (unit.pk, product): (unit, label, versions[unit.machine_id])
            for unit in part
            for product, label in found[unit.machine_id].items()
        }
        changed |= _swap(there, wanted, now=now, rng=rng)
    _note_unassessed(units, found)
    return changed


_Picks = dict[tuple[int | None, str], PickedProduct]
_Wanted = dict[tuple[int, str], tuple[Unit, str, str]]


def _swap(there: _Picks, wanted: _Wanted, *, now: datetime, rng: Dice) -> set[str]:
    stale = [row for key, row in there.items() if key not in wanted or wanted[key][2] != row.version]
    PickedProduct.objects.filter(pk__in=[row.pk for row in stale]).delete()
    gone = {(row.unit_id, row.product_id) for row in stale}
    fresh = [
        PickedProduct(
            public_id=new_id(rng), asset_id=unit.asset_id, unit=unit, product_id=product, name=label, version=version,
            picked_at=now,
        )
        for (_, product), (unit, label, version) in wanted.items()
        if (unit.pk, product) not in there or (unit.pk, product) in gone
    ]  # fmt: skip
    PickedProduct.objects.bulk_create(fresh, batch_size=100)
    return {row.product_id for row in (*stale, *fresh)}


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


def _note_unassessed(units: Collection[Unit], found: Mapping[int, _Found]) -> None:
    """This will list a table's units that count as nothing among what could not be assessed, and no others."""
    listings = {unit.pk: unit.listing_id for unit in units if unit.listing_id is not None}
    of_tables = {unit.pk: unit for unit in units if unit.pk in listings}
    unknown = {pk for pk, unit in of_tables.items() if not unit.is_listed and not found.get(unit.machine_id)}
    there: set[int] = set()
    for part in bulk.slices(of_tables):
        rows = Unassessable.objects.filter(unit__in=part)
        there |= {pk for pk in rows.values_list("unit_id", flat=True) if pk is not None}
    known, fresh = there - unknown, unknown - there
    for part in bulk.slices(known):
        Unassessable.objects.filter(unit__in=part).delete()
    machines: dict[int, Machine] = {}
    for part in bulk.slices({of_tables[pk].machine_id for pk in fresh}):
        machines |= Machine.objects.in_bulk(part)
    lines = [_unassessed(of_tables[pk], machines[of_tables[pk].machine_id], listings[pk]) for pk in sorted(fresh)]
    Unassessable.objects.bulk_create(lines, batch_size=100)
    counting.recount({listings[pk] for pk in known | fresh})


def _unassessed(unit: Unit, machine: Machine, listing: int) -> Unassessable:
    shown = shown_of(machine)[:NAME_LENGTH]
    return Unassessable(
        listing_id=listing, unit=unit, name=shown, version=machine.version, word=word_of(shown),
        reason=Reason.NO_PACKAGE_IDENTITY, times=unit.times,
    )  # fmt: skip


def shown_of(machine: Machine) -> str:
    """Return a machine as people read it, without its version."""
    return said_of(machine).shown
