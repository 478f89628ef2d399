"""Whose turn is it to match? One row, so that matchers see each other's work whole and never miss a change."""

from django.db.models import F

from watchbell.apps.inventory.models import Cursor


def take_turn() -> None:
    """Wait until no other matcher is at work, and hold the turn until the caller's transaction ends.

    On SQLite a writer waits for every other anyway.
    """
    if not Cursor.objects.filter(id=1).update(seq=F("seq")):
        Cursor.objects.bulk_create([Cursor()], ignore_conflicts=True)
        Cursor.objects.filter(id=1).update(seq=F("seq"))
