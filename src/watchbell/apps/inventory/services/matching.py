"""This will keep matches what they should be, in both directions, a few hundred rows at a time.

Matchers take turns (`turns`), so that a version that comes in and a record that changes
at the same moment meet in one order or the other, and never miss each other.
"""

from collections.abc import Collection
from datetime import datetime

from django.db import transaction
from django.db.models import Q

from watchbell.apps.inventory.models import Asset, Cursor, Match, PackageVersion, Part, Touched
from watchbell.apps.inventory.services import dictionary, marked, overlays, parts, products, recognising, verdicts
from watchbell.apps.inventory.services.turns import take_part, take_turn, touch
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
MANY_VERSIONS = 5_000
"""More than so many keys of an older format are built anew in parts."""

MANY_CHANGES = 20_000
"""More changed records than that are not followed one by one when matching every version again costs less."""

VERSIONS_A_CHANGE = 4
"""So many versions cost about what one changed record does."""

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
    overlays.settle(asset.organisation_id, now=now)
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


def match_part(number: int, *, now: datetime, progress: Progress, rng: Dice = journal.SALTS) -> None:
    """Match what is left of one part against every record, in steps that a worker that dies repeats at most one of."""
    part = Part.objects.get(id=number)
    total = parts.versions_in(part).count()
    progress.report(done=parts.versions_in(part).filter(id__lte=part.after).count(), total=total)
    while _match_next(number, progress):
        pass
    parts.follow(now=now, rng=rng)


def _match_next(number: int, progress: Progress) -> bool:
    """Match the next versions of a part and return whether there were any."""
    with progress.step():
        part = take_part(number)
        waiting = parts.versions_in(part).filter(id__gt=part.after).values_list("id", flat=True)
        ids = list(waiting[:VERSIONS_AT_ONCE])
        if ids:
            dictionary.build_keys_again(ids)
            found = verdicts.on_versions(ids)
            while len(found) > MOST_ROWS and len(ids) > 1:
                ids = ids[: len(ids) // 2]
                found = {pair: told for pair, told in found.items() if pair[0] <= ids[-1]}
            touch(organisations_running(_settle(found, Q(version_id__in=ids))))
            PackageVersion.objects.filter(id__in=ids).update(is_matched=True)
        parts.move(part, ids[-1] if ids else part.until)
    progress.report(done=progress.done + len(ids))
    return bool(ids)


def match_changed(*, by: Actor, now: datetime, progress: Progress | None = None, rng: Dice = journal.SALTS) -> int:
    """Match everything published since the last time, tell whom it reaches, and return how many changes there were.

    The cursor moves after each part; whom a part reached is remembered until the journal says it.
    What is better done by matching every version again is left to the parts, which ask for this anew when over.
    """
    is_under_way = parts.tend(now=now, rng=rng)
    if _must_wait_for_keys(is_under_way=is_under_way, now=now, rng=rng):
        return 0
    _match_again_what_has_new_keys()
    seen = _leave_to_parts(now=now, rng=rng)
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
    marked.recognise_marked(now=now, rng=rng, progress=progress)
    if seen:
        _match_picks()
        _overlay_again(now)
    _tell_touched(by=by, now=now)
    return seen


def _must_wait_for_keys(*, is_under_way: bool, now: datetime, rng: Dice) -> bool:
    """Return whether keys of an older format are left to the parts: nothing may be compared with them meanwhile."""
    old = dictionary.count_old_keys(MANY_VERSIONS + 1)
    if old and not is_under_way and old > MANY_VERSIONS:
        with transaction.atomic():
            parts.begin(now=now, rng=rng)
        return True
    return bool(old) and is_under_way


def _leave_to_parts(*, now: datetime, rng: Dice) -> int:
    """Have every version matched again if that is less than following each change; return how many are left to it."""
    count = published.count_records_changed_since(_cursor())
    if count <= MANY_CHANGES or PackageVersion.objects.count() > count * VERSIONS_A_CHANGE:
        return 0
    with transaction.atomic():
        take_turn()
        last = published.last_change()
        parts.begin(now=now, rng=rng)
        touch(_everyone())
        Cursor.objects.filter(id=1, seq__lt=last).update(seq=last)
    return count


def _match_again_what_has_new_keys() -> None:
    """This will build keys of an older format anew, and match what has them, before anything is compared with them."""
    while ids := dictionary.old_keys(limit=500):
        with transaction.atomic():
            dictionary.build_keys_again(ids)
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


def _overlay_again(now: datetime) -> None:
    """This will lay statements over the matches of today; a changed record may move what others are the same as."""
    for organisation in overlays.organisations_with_statements():
        if overlays.settle(organisation, now=now):
            touch({organisation})


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


def _settle(found: dict[Pair, Verdict], where: Q) -> set[int]:
    """Make the stored matches of one side what was found, writing only what differs; return the versions that did."""
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
    return {pair[0] for pair in found.keys() | there.keys() if found.get(pair) != there.get(pair, (0, None))[1]}
