"""Whose turn is it to match? A row for each part of the packages, so that matchers never miss each other's change.

A version and a record meet in one part, that of the version's package. Whoever matches within one part
holds its row; everybody else holds them all, in order. On SQLite a writer waits for every other anyway.
"""

from collections.abc import Collection

from watchbell.apps.inventory.models import Part, Touched

PARTS = 16
"""Most workers that match everything at once; a package's part is its number modulo this."""


def take_turn() -> None:
    """Wait until no other matcher is at work, and hold the turn until the caller's transaction ends."""
    every = Part.objects.select_for_update().order_by("id")
    if len(every) < PARTS:
        Part.objects.bulk_create([Part(id=number) for number in range(PARTS)], ignore_conflicts=True)
        list(every.all())


def take_part(number: int) -> Part:
    """Return a part, held until the caller's transaction ends: nobody else matches a version of it meanwhile."""
    return Part.objects.select_for_update().get(id=number)


def touch(organisations: Collection[str]) -> None:
    """Remember whom news reached, in the transaction that brings it; the journal says so afterwards."""
    rows = [Touched(organisation_id=one) for one in sorted(organisations)]
    Touched.objects.bulk_create(rows, ignore_conflicts=True, batch_size=200)
