"""This will recognise things without a package by what records give to identify products, and keep that as picks.

A mark of a thing that equals a record's helper makes it that record's product, in the variant the
record means; whatever other records say of the same variant counts as well. Nobody is asked: a
digest is the very file, and a number with its vendor the very article.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import QuerySet

from watchbell.apps.inventory.helped import Helped, surest
from watchbell.apps.inventory.models import Listing, Mark, PickedProduct, Unassessable, Unit
from watchbell.apps.inventory.services import assessing, products
from watchbell.apps.vulnerabilities import queries as published
from watchbell.apps.vulnerabilities.services import bulk
from watchbell.domain.identity import Dice, new_id
from watchbell.domain.matching import designations
from watchbell.domain.matching.designations import Helper

LABEL_LENGTH = 401


@dataclass(slots=True)
class Seen:
    """A product that a thing is: what people read, and each variant it is with what says so."""

    label: str
    variants: list[tuple[str, Helper]] = field(default_factory=list)

    def helped(self, *, by_name: bool = False) -> Helped:
        """Return by what the thing is the product; `by_name` when its names say so as well."""
        return Helped(surest(self.variants), by_name=by_name)


Found = dict[int, dict[str, Seen]]
"""For each thing (its number) the products it is, by their public ids."""

_Marks = defaultdict[int, set[designations.Mark]]


def of_units(units: Collection[Unit]) -> Found:
    """Return what these machines are identified as, by the marks of the machine or of its lines on a list."""
    by_machine, by_line = _Marks(set), defaultdict[tuple[int, int | None], set[designations.Mark]](set)
    for part in bulk.slices({unit.machine_id for unit in units}):
        own = Mark.objects.filter(machine__in=part).values_list("machine_id", "kind", "value")
        for machine, kind, value in own:
            by_machine[machine or 0].add((Helper(kind), value))
        for some in bulk.slices({unit.listing_id for unit in units if unit.listing_id is not None}):
            lines = Mark.objects.filter(line__machine__in=part, line__listing__in=some)
            columns = ("line__machine_id", "line__listing_id", "kind", "value")
            for machine, listing, kind, value in lines.values_list(*columns):
                by_line[machine, listing].add((Helper(kind), value))
    return _seen(
        {
            unit.pk: by_machine.get(unit.machine_id, set()) | by_line.get((unit.machine_id, unit.listing_id), set())
            for unit in units
        }
    )


def _seen(marks: dict[int, set[designations.Mark]]) -> Found:
    """Return what things are by their marks; those that nothing identifies are left out."""
    known = published.identified_by({mark for several in marks.values() for mark in several})
    found: Found = {}
    for thing, several in marks.items():
        for mark in sorted(several & known.keys()):
            for identity in known[mark]:
                for product, label in identity.products:
                    seen = found.setdefault(thing, {}).setdefault(product, Seen(label[:LABEL_LENGTH]))
                    seen.variants.append((identity.same, mark[0]))
    return found


def settle_listing(listing: Listing, *, now: datetime, rng: Dice) -> None:
    """Recognise what a list names beside its machines; what was recognised on the list before it goes.

    Part of the transaction that puts it in force, and of the caller's turn.
    """
    stale = PickedProduct.objects.filter(asset=listing.asset, line__isnull=False).exclude(line__listing=listing)
    gone = set(stale.values_list("product_id", flat=True))
    if gone:
        stale.delete()
        products.match_products(gone)
    mine = Mark.objects.filter(line__listing=listing, line__machine__isnull=True)
    lines: set[int] = set()
    for part in bulk.slices(mine.order_by("value", "kind").values_list("kind", "value").distinct()):
        known = published.identified_by([(Helper(kind), value) for kind, value in part])
        lines |= set(_bearing(known, mine, "line_id"))
    settle_lines(lines, now=now, rng=rng)


def bearers(marks: Collection[designations.Mark]) -> tuple[set[int], set[int]]:
    """Return the lines of lists in force that bear any of these marks, and the machines that do, by their numbers."""
    lines = Mark.objects.filter(line__machine__isnull=True, line__listing__in_force_for__isnull=False)
    listed = Mark.objects.filter(line__machine__isnull=False)
    machines = {*_bearing(marks, Mark.objects.all(), "machine_id"), *_bearing(marks, listed, "line__machine_id")}
    return set(_bearing(marks, lines, "line_id")), machines


def _bearing(marks: Collection[designations.Mark], among: QuerySet[Mark], column: str) -> Iterator[int]:
    """Yield the number in this column of whatever bears any of these marks."""
    wanted = set(marks)
    for part in bulk.slices({value for _, value in wanted}):
        rows = among.filter(value__in=part, **{f"{column}__isnull": False}).values_list("kind", "value", column)
        yield from (number for kind, value, number in rows if (kind, value) in wanted)


def settle_lines(lines: Collection[int], *, now: datetime, rng: Dice) -> set[int]:
    """Make what these lines are recognised as what their marks say today, and return the lines for which it changed.

    Part of the caller's transaction and of its turn.
    """
    changed: set[int] = set()
    for part in bulk.slices(sorted(lines)):
        rows = _wanted(part, now=now, rng=rng)
        there = {_key(row): row for row in PickedProduct.objects.filter(line__in=part)}
        stale = [row for key, row in there.items() if key not in rows or _said(rows[key]) != _said(row)]
        PickedProduct.objects.filter(pk__in=[row.pk for row in stale]).delete()
        gone = {_key(row) for row in stale}
        fresh = [row for key, row in rows.items() if key not in there or key in gone]
        PickedProduct.objects.bulk_create(fresh, batch_size=100)
        products.match_products(row.product_id for row in (*stale, *fresh))
        assessing.of_lines(part)
        changed |= {row.line_id for row in (*stale, *fresh) if row.line_id is not None}
    return changed


_Key = tuple[int | None, str]


def _key(row: PickedProduct) -> _Key:
    return row.line_id, row.product_id


def _said(row: PickedProduct) -> tuple[str, str, str]:
    return row.name, row.version, row.helped


def _wanted(lines: list[int], *, now: datetime, rng: Dice) -> dict[_Key, PickedProduct]:
    marks = _Marks(set)
    for line, kind, value in Mark.objects.filter(line__in=lines).values_list("line_id", "kind", "value"):
        marks[line or 0].add((Helper(kind), value))
    plain = Unassessable.objects.filter(pk__in=lines, machine__isnull=True)
    found = _seen(marks)
    rows = [
        PickedProduct(
            public_id=new_id(rng), asset_id=asset, line_id=line, product_id=product, name=seen.label, version=version,
            picked_at=now, helped=seen.helped().packed,
        )
        for line, version, asset in plain.order_by("pk").values_list("pk", "version", "listing__asset_id")
        for product, seen in sorted(found.get(line, {}).items())
    ]  # fmt: skip
    return {_key(row): row for row in rows}
