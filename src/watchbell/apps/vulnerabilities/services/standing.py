"""Which number does the next change get, and when did this node first import advisories?

Whoever takes numbers holds the row until their transaction ends: writers of records
queue here, so numbers become visible in their own order and alias groups are
worked out by one transaction at a time.
"""

from datetime import datetime

from django.db import connection, transaction

from watchbell.apps.vulnerabilities.models import Standing

_TAKE = "UPDATE vulnerabilities_standing SET next_change = next_change + %s WHERE id = 1 RETURNING next_change"


def take_numbers(count: int) -> int:
    """Return the first of `count` change numbers, which are the caller's if its transaction commits."""
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError("Change numbers are taken inside the transaction that uses them.")
    with connection.cursor() as cursor:
        cursor.execute(_TAKE, [count])
        taken = cursor.fetchone()
        if taken is None:
            Standing.objects.bulk_create([Standing()], ignore_conflicts=True)
            cursor.execute(_TAKE, [count])
            taken = cursor.fetchone()
    return int(taken[0]) - count


def note_first_import(now: datetime) -> None:
    """This will remember the moment of this node's first import of advisories, once."""
    Standing.objects.filter(id=1, first_import_at__isnull=True).update(first_import_at=now)
