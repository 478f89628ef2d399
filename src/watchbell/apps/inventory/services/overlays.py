"""This will make the stored overlays what an operator's statements and matches say today; repeating changes nothing.

It is called before news of a match, a list or a statement is told, so that worklists never
follow the one without the other. One that was overtaken stops: the later look wrote, or will
write, what it would have written, from newer facts.
"""

from datetime import datetime

from django.db import transaction
from django.db.models import F, Q

from watchbell.apps.inventory import overlaid
from watchbell.apps.inventory.models import VexDesk, VexDocument, VexOverlay, VexStatement
from watchbell.apps.inventory.overlaid import Fate, Laid
from watchbell.apps.jobs.progress import Progress
from watchbell.apps.vulnerabilities import queries as published
from watchbell.apps.vulnerabilities.services import bulk

ROWS_AT_ONCE = 250
_Key = tuple[int | None, int | None, str]
_Word = tuple[str, bool, int]
"""What counts, whether it is quiet, and the number of the statement that decides."""


def settle(organisation: str, *, now: datetime, progress: Progress | None = None) -> bool:
    """Bring this operator's overlays up to date; return whether any of them changed."""
    if not VexDocument.objects.filter(organisation_id=organisation).exists():
        return False
    turn = _take_turn(organisation)
    statements = overlaid.spoken(organisation)
    known = published.facts_for(statements.ids)
    looked = [
        (thing, overlaid.overlays_of(thing, statements)) for thing in overlaid.things(organisation, known.values())
    ]
    numbers = {id(one): pk for pk, one in statements.rows.items()}
    laid = [one for one in (overlaid.lay(*each) for each in looked) if one is not None]
    wanted = {one.thing.key: _word(one, numbers) for one in laid}
    if progress is not None:
        progress.report(done=0, total=len(wanted))
        progress.checkpoint()
    return _write(organisation, turn, wanted) | _note(
        organisation, turn, overlaid.fates(statements, looked, known), now
    )


def organisations_with_statements() -> list[str]:
    """Return every operator that handed in a VEX document."""
    rows = VexDocument.objects.order_by("organisation_id").values_list("organisation_id", flat=True)
    return list(rows.distinct())


@transaction.atomic
def _take_turn(organisation: str) -> int:
    VexDesk.objects.bulk_create([VexDesk(organisation_id=organisation)], ignore_conflicts=True)
    VexDesk.objects.filter(organisation_id=organisation).update(turn=F("turn") + 1)
    return VexDesk.objects.values_list("turn", flat=True).get(organisation_id=organisation)


def _word(one: Laid, numbers: dict[int, int]) -> _Word:
    return one.status.value if one.status else "", one.is_quiet, numbers[id(one.statement)]


def _holds(organisation: str, turn: int) -> bool:
    """Keep others from beginning until this transaction is over; False when one has begun."""
    return bool(VexDesk.objects.filter(organisation_id=organisation, turn=turn).update(turn=turn))


def _write(organisation: str, turn: int, wanted: dict[_Key, _Word]) -> bool:
    """Write only what differs, what is no longer so first: an overlay that ended must not keep anything quiet."""
    mine = Q(component__listing__asset__organisation_id=organisation) | Q(pick__asset__organisation_id=organisation)
    columns = ("pk", "component_id", "pick_id", "group_id", "status", "is_quiet", "statement_id")
    there = {(row[1], row[2], row[3]): row for row in VexOverlay.objects.filter(mine).values_list(*columns)}
    stale = [row[0] for key, row in there.items() if wanted.get(key) != row[4:]]
    fresh = [key for key, word in wanted.items() if key not in there or there[key][4:] != word]
    for part in bulk.slices(stale, ROWS_AT_ONCE):
        with transaction.atomic():
            if not _holds(organisation, turn):
                return False
            VexOverlay.objects.filter(pk__in=part).delete()
    for some in bulk.slices(fresh, ROWS_AT_ONCE):
        with transaction.atomic():
            if not _holds(organisation, turn):
                return False
            VexOverlay.objects.bulk_create([_row(key, wanted[key]) for key in some], ignore_conflicts=True)
    return bool(stale or fresh)


def _row(key: _Key, word: _Word) -> VexOverlay:
    component, pick, group = key
    status, is_quiet, statement = word
    return VexOverlay(
        component_id=component, pick_id=pick, group_id=group, status=status, is_quiet=is_quiet, statement_id=statement
    )


def _note(organisation: str, turn: int, fates: dict[int, Fate], now: datetime) -> bool:
    """This will note at each statement what became of it, and when; it changes no match."""
    standing = VexStatement.objects.filter(document__organisation_id=organisation)
    there = {row[0]: row[1:] for row in standing.values_list("pk", "holds", "replaced", "because")}
    ended = {pk: (0, 0, "") for pk in there if pk not in fates}
    wanted = {pk: (one.holds, one.replaced, one.why) for pk, one in fates.items()} | ended
    changed = [(*told, pk) for pk, told in wanted.items() if pk in there and there[pk] != told]
    for part in bulk.slices(changed, ROWS_AT_ONCE):
        with transaction.atomic():
            if not _holds(organisation, turn):
                return False
            bulk.run_many(_NOTE, part)
    VexDesk.objects.filter(organisation_id=organisation, turn=turn).update(settled_at=now)
    return False


_NOTE = "UPDATE inventory_vexstatement SET holds = %s, replaced = %s, because = %s WHERE id = %s"
