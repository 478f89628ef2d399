"""Whose turn is it to match? One row, so that matchers see each other's work whole and never miss a change."""

from collections.abc import Collection

from django.db.models import F

from watchbell.apps.inventory.models import Cursor, Touched


def take_turn() -> None:
    """Wait until no other matcher is at work, and hold the turn until the caller's transaction ends.

    On SQLite a writer waits for every other anyway.
    """
    if not Cursor.objects.filter(id=1).update(seq=F("seq")):
        Cursor.objects.bulk_create([Cursor()], ignore_conflicts=True)
        Cursor.objects.filter(id=1).update(seq=F("seq"))


def touch(organisations: Collection[str]) -> None:
    """Remember whom news reached, in the transaction that brings it; the journal says so afterwards."""
    rows = [Touched(organisation_id=one) for one in sorted(organisations)]
    Touched.objects.bulk_create(rows, ignore_conflicts=True, batch_size=200)
