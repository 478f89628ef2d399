"""This will keep matches what they should be, in both directions, a few hundred rows at a time.

Matchers take turns on one row (`Cursor`), so that a version that comes in and a record
that changes at the same moment meet in one order or the other, and never miss each other.
"""

from collections.abc import Collection
from datetime import datetime

from django.db import transaction
from django.db.models import Q

from watchbell.apps.inventory.models import Asset, Cursor, Match, PackageVersion, Touched
from watchbell.apps.inventory.services import dictionary, products, recognising, verdicts
from watchbell.apps.inventory.services.turns import take_turn, touch
from watchbell.apps.inventory.services.verdicts import Pair, Verdict
from watchbell.apps.jobs.progress import Progress
from watchbell.apps.journal import services as journal
from watchbell.apps.vulnerabilities import queries as published
from watchbell.apps.vulnerabilities.services import bulk
from watchbell.domain.handling import Actor
from watchbell.domain.identity import Dice
from watchbell.domain.matching.outcomes import Status

VERSIONS_AT_ONCE = 250
RECORDS_AT_ONCE = 100
CHANGES_AT_ONCE = 500
MOST_ROWS = 1000

_WHO = (
    "SELECT DISTINCT a.organisation_id FROM inventory_component AS c CROSS JOIN inventory_asset AS a "
    "WHERE c.version_id IN ({}) AND a.listing_id = c.listing_id"
)
_COLUMNS = ("version_id", "record_id", "status", "reason", "because", "fixed")
_CHANGE = "UPDATE inventory_match SET status = %s, reason = %s, because = %s, fixed = %s WHERE id = %s"


def match_asset(
    *, asset: Asset, by: Actor, now: datetime, progress: Progress | None = None, rng: Dice = journal.SALTS
) -> int:
    """Match the asset's versions that were never matched, say so in the journal, and return how many there were.

    Its machines, and others of the operator that still wait, are recognised as well. Repeating it after a crash
    goes on where it stopped.
    """
    waiting = list(
        PackageVersion.objects.filter(is_matched=False, components__listing__in_force_for=asset)
        .order_by("id")
        .values_list("id", flat=True)
    )
    for at, part in enumerate(bulk.slices(waiting, VERSIONS_AT_ONCE)):
        if progress is not None:
            progress.report(done=at * VERSIONS_AT_ONCE, total=len(waiting))
            progress.checkpoint()
        match_versions(part)
    recognising.recognise_machines(organisation=asset.organisation_id, now=now, rng=rng, progress=progress)
    _tell({asset.organisation_id}, by=by, now=now)
    return len(waiting)


def match_versions(ids: list[int]) -> None:
    """Match these versions against every record; a part with too many answers for one transaction is halved."""
    with transaction.atomic():
        take_turn()
        found = verdicts.on_versions(ids)
        if len(found) <= MOST_ROWS or len(ids) == 1:
            _settle(found, Q(version_id__in=ids))
            PackageVersion.objects.filter(id__in=ids).update(is_matched=True)
            return
    middle = len(ids) // 2
    match_versions(ids[:middle])
    match_versions(ids[middle:])


def match_records(ids: Collection[int]) -> set[str]:
    """Match these records, by number, against every version in use; return the organisations they reach or reached.

    Matches of withdrawn and changed records that no longer hold are removed.
    """
    reached: set[str] = set()
    for part in bulk.slices(sorted(ids), RECORDS_AT_ONCE):
        reached |= _match_some(part)
    return reached


def _match_some(ids: list[int]) -> set[str]:
    with transaction.atomic():
        take_turn()
        found = verdicts.on_records(ids)
        if len(found) <= MOST_ROWS or len(ids) == 1:
            there = set(Match.objects.filter(record_id__in=ids).values_list("version_id", flat=True).distinct())
            _settle(found, Q(record_id__in=ids))
            reached = organisations_running({pair[0] for pair in found} | there)
            touch(reached)
            return reached
    middle = len(ids) // 2
    return _match_some(ids[:middle]) | _match_some(ids[middle:])


def match_changed(*, by: Actor, now: datetime, progress: Progress | None = None, rng: Dice = journal.SALTS) -> int:
    """Match everything published since the last time, tell whom it reaches, and return how many changes there were.

    The cursor moves after each part; whom a part reached is remembered until the journal says it.
    """
    _match_again_what_has_new_keys()
    seen = 0
    while changes := published.changed_since(_cursor(), limit=CHANGES_AT_ONCE):
        if progress is not None:
            progress.report(done=seen)
            progress.checkpoint()
        match_records({one.record for one in changes if one.record is not None})
        with transaction.atomic():
            take_turn()
            if any(one.record is None for one in changes):
                touch(_everyone())  # a catalogue's word moves dates and order, wherever the CVE stands
            Cursor.objects.filter(id=1, seq__lt=changes[-1].seq).update(seq=changes[-1].seq)
        seen += len(changes)
    recognising.recognise_machines(now=now, rng=rng, progress=progress)
    if seen:
        _match_picks()
    _tell_touched(by=by, now=now)
    return seen


def _match_again_what_has_new_keys() -> None:
    """This will build keys of an older format anew, and match what has them, before anything is compared with them."""
    while ids := dictionary.build_keys_again():
        for part in bulk.slices(ids, VERSIONS_AT_ONCE):
            match_versions(part)
            touch(organisations_running(part))


def organisations_running(versions: Collection[int]) -> set[str]:
    """Return the operators with a list in force that holds any of these versions."""
    return {row[0] for row in bulk.rows_where_in(_WHO, versions)}


def _match_picks() -> None:
    after = ""
    while part := products.picked_products(after, limit=200):
        with transaction.atomic():
            touch(products.organisations_with(products.match_products(part)))
        after = part[-1]


def _everyone() -> set[str]:
    """Return the operators whom anything reaches at all."""
    return set(Asset.objects.order_by().values_list("organisation_id", flat=True).distinct())


def _cursor() -> int:
    return Cursor.objects.get_or_create(id=1)[0].seq


def _tell_touched(*, by: Actor, now: datetime) -> None:
    for name in list(Touched.objects.order_by("organisation_id").values_list("organisation_id", flat=True)):
        _tell({name}, by=by, now=now)


@transaction.atomic
def _tell(organisations: set[str], *, by: Actor, now: datetime) -> None:
    Touched.objects.filter(organisation_id__in=organisations).delete()
    for name in sorted(organisations):
        subject = journal.Subject("orgs.organisation", name)
        journal.record(at=now, by=by, action="inventory.matched", subject=subject, concerns=[name])


def _settle(found: dict[Pair, Verdict], where: Q) -> None:
    """This will make the stored matches of one side what was found, writing only what differs."""
    there = {
        (row[1], row[2]): (row[0], Verdict(Status(row[3]), row[5], row[4], row[6]))
        for row in Match.objects.filter(where).values_list("id", *_COLUMNS)
    }
    fresh = [
        (*pair, one.status.value, one.reason, one.because, one.fixed)
        for pair, one in sorted(found.items())
        if pair not in there
    ]
    changed = [
        (one.status.value, one.reason, one.because, one.fixed, there[pair][0])
        for pair, one in sorted(found.items())
        if pair in there and there[pair][1] != one
    ]
    gone = [row[0] for pair, row in there.items() if pair not in found]
    for part in bulk.slices(gone):
        Match.objects.filter(id__in=part).delete()
    bulk.run_many(_CHANGE, changed)
    bulk.insert("inventory_match", _COLUMNS, fresh)
