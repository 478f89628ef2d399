"""This will recognise things by their marks again whenever records give something else to identify products by.

A list that comes in is looked at as it is put in force (`identified`, `picking`); this is the other
way round. Whoever comes second sees the first: both hold the turn while they look.
"""

from collections.abc import Collection
from datetime import datetime

from django.db import transaction

from watchbell.apps.inventory.models import Asset, Cursor, PickedProduct, Unit
from watchbell.apps.inventory.services import identified, picking, products
from watchbell.apps.inventory.services.turns import take_turn, touch
from watchbell.apps.jobs.progress import Progress
from watchbell.apps.vulnerabilities import queries as published
from watchbell.apps.vulnerabilities.services import bulk
from watchbell.domain.identity import Dice

THINGS_AT_ONCE = 100
"""Things in one transaction whose marks are looked up."""


def recognise_marked(*, now: datetime, rng: Dice, progress: Progress | None = None) -> None:
    """Recognise everything by its marks, unless records give the same as the last time; mostly they do.

    Repeated after a crash it writes only what is missing.
    """
    mark = published.identity_mark()  # before the looks: what changes in between is seen at the next one
    if Cursor.objects.filter(id=1, identity_mark=mark).exists():
        return
    lines, machines = _things()
    for some in bulk.slices(sorted(lines), THINGS_AT_ONCE):
        _checkpoint(progress)
        _look_at_lines(some, now=now, rng=rng)
    for some in bulk.slices(sorted(machines), THINGS_AT_ONCE):
        _checkpoint(progress)
        _look_at_machines(some, now=now, rng=rng)
    Cursor.objects.update_or_create(id=1, defaults={"identity_mark": mark})


@transaction.atomic
def _things() -> tuple[set[int], set[int]]:
    """Return the lines and machines that are, or were, recognised by a mark that records give."""
    take_turn()  # a list that is being put in force was looked at before this, or will be after it
    helped = PickedProduct.objects.exclude(helped="")
    lines = {one for one in helped.values_list("line_id", flat=True) if one is not None}
    machines = {one for one in helped.values_list("unit__machine_id", flat=True) if one is not None}
    for part in published.marks_known():
        found = identified.bearers(part)
        lines |= found[0]
        machines |= found[1]
    return lines, machines


def _checkpoint(progress: Progress | None) -> None:
    if progress is not None:
        progress.checkpoint()


@transaction.atomic
def _look_at_lines(lines: Collection[int], *, now: datetime, rng: Dice) -> None:
    take_turn()
    changed = identified.settle_lines(lines, now=now, rng=rng)
    owners = Asset.objects.filter(listing__unassessable__in=changed)
    touch(set(owners.order_by().values_list("organisation_id", flat=True).distinct()))


@transaction.atomic
def _look_at_machines(machines: Collection[int], *, now: datetime, rng: Dice) -> None:
    take_turn()
    units = list(Unit.objects.filter(machine__in=machines).select_related("asset").order_by("pk"))
    changed = picking.settle(units, now=now, rng=rng)
    products.match_products(changed)
    touch({unit.asset.organisation_id for unit in units} if changed else set())
