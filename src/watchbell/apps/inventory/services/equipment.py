"""This will keep what machines are in an asset: described by people, named by its list."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from django.db import transaction
from django.db.models import Sum

from watchbell.apps.inventory.models import (
    NAME_LENGTH,
    Asset,
    Listing,
    Machine,
    Mark,
    Sameness,
    Unassessable,
    Unit,
)
from watchbell.apps.inventory.nameless import NamedProduct
from watchbell.apps.inventory.services import picking, products
from watchbell.apps.inventory.services.rights import require_operator
from watchbell.apps.inventory.services.turns import take_turn
from watchbell.apps.journal import services as journal
from watchbell.apps.vulnerabilities.services import bulk
from watchbell.domain.handling import Actor
from watchbell.domain.identity import Dice, new_id
from watchbell.domain.matching.equipment import answers
from watchbell.domain.matching.equipment.answers import Answer
from watchbell.domain.matching.equipment.machine import Machine as Said
from watchbell.domain.refusal import refuse
from watchbell.domain.sentence import Sentence


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
        products.match_products(picking.settle([unit], now=now, rng=rng))
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


def put_units(listing: Listing, listed: Collection[NamedProduct], *, now: datetime, rng: Dice) -> None:
    """This will put a list's machines in place of those the list before it named, with what is known of them already.

    They are those of its lines. `listed` are those that records list a product of exactly this name for. Part of
    the caller's transaction.
    """
    take_turn()
    Unit.objects.filter(asset=listing.asset, listing__isnull=False).exclude(listing=listing).delete()
    machines = machines_of(listing.asset.organisation_id, listed)
    is_listed = {machine.pk for machine in machines.values()}
    lines = Unassessable.objects.filter(listing=listing, machine__isnull=False)
    units = [
        Unit(
            public_id=new_id(rng), asset=listing.asset, listing=listing, machine_id=machine, times=times,
            is_listed=machine in is_listed, added_at=now,
        )
        for machine, times in lines.order_by("machine").values_list("machine").annotate(Sum("times"))
    ]  # fmt: skip
    Unit.objects.bulk_create(units, batch_size=100)
    products.match_products(picking.settle(units, now=now, rng=rng))


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
    found = {one: there[digest] for one, digest in digests.items()}
    _mark(found)
    return found


def _mark(found: Mapping[NamedProduct, Machine]) -> None:
    """This will note by which order numbers these machines may be recognised, where that was not noted before."""
    numbers = {machine.pk: one.marks for one, machine in found.items()}
    marked: set[int | None] = set()
    for part in bulk.slices(pk for pk, marks in numbers.items() if marks):
        marked |= set(Mark.objects.filter(machine__in=part).values_list("machine_id", flat=True).distinct())
    fresh = [
        Mark(machine_id=pk, kind=kind, value=value)
        for pk, marks in numbers.items()
        for kind, value in (() if pk in marked else marks)
    ]
    Mark.objects.bulk_create(fresh, ignore_conflicts=True, batch_size=100)


def _digest_of(one: NamedProduct) -> str:
    return sha256(repr((one.vendor, one.product, one.model, one.version)).encode()).hexdigest()


def said_of(one: NamedProduct | Machine) -> Said:
    """Return a line as it is compared."""
    return Said(vendor=one.vendor, product=one.product, model=one.model, version=one.version)


def shown_of(machine: Machine) -> str:
    """Return a machine as people read it, without its version."""
    return said_of(machine).shown
