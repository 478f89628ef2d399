"""This will have every version matched again, part by part, by as many workers as there are.

Needed when keys changed their format, when more changed than is worth following record by record, and
when somebody asks for it. A part remembers how far it is in the transaction that matched, so a worker
that dies costs one step; a part that gave up or was cancelled is taken up again by the next `tend`.
"""

from datetime import datetime

from django.db import transaction
from django.db.models import F, Max, QuerySet

from watchbell.apps.inventory.models import PackageVersion, Part
from watchbell.apps.inventory.services.turns import PARTS, take_turn
from watchbell.apps.jobs import queries as work
from watchbell.apps.jobs import services as jobs
from watchbell.apps.journal import services as journal
from watchbell.domain.handling import Actor
from watchbell.domain.identity import Dice, new_id

MATCH_PART = "inventory.match_part"
MATCH_CHANGED = "inventory.match_changed"


def begin(*, now: datetime, rng: Dice) -> int:
    """Put a job for each part on the list, in the caller's transaction; return how many versions there are to match."""
    take_turn()
    last = PackageVersion.objects.aggregate(last=Max("id"))["last"] or 0
    Part.objects.update(after=0, until=last)
    _take_up(now=now, rng=rng)
    return PackageVersion.objects.filter(id__lte=last).count()


def tend(*, now: datetime, rng: Dice) -> bool:
    """Take up again what nobody works on any more; return whether any part is still under way."""
    if not is_under_way():
        return False
    with transaction.atomic():
        take_turn()
        _take_up(now=now, rng=rng)
    return is_under_way()


def is_under_way() -> bool:
    """Return whether any part has versions left to match."""
    return Part.objects.filter(after__lt=F("until")).exists()


def _take_up(*, now: datetime, rng: Dice) -> None:
    for part in Part.objects.filter(after__lt=F("until")).order_by("id"):
        if not part.job or not work.count_unfinished([part.job]):
            key = f"{MATCH_PART}:{part.id}:{new_id(rng)}"
            job = jobs.enqueue(kind=MATCH_PART, key=key, args={"part": part.id}, now=now, rng=rng)
            Part.objects.filter(id=part.id).update(job=job.public_id)


def versions_in(part: Part) -> QuerySet[PackageVersion]:
    """Return the versions of a part that are to be matched, those that were among them, in order."""
    mine = PackageVersion.objects.annotate(part=F("package_id") % PARTS).filter(part=part.id, id__lte=part.until)
    return mine.order_by("id")


def move(part: Part, to: int) -> None:
    """This will note how far a part is matched, in the transaction that matched it and holds it."""
    Part.objects.filter(id=part.id).update(after=to)


def follow(*, now: datetime, rng: Dice) -> None:
    """This will have what changed meanwhile matched, and people told, once no part is under way any more."""
    if not is_under_way():
        done = ":".join(Part.objects.order_by("id").values_list("job", flat=True)[:1])
        jobs.enqueue(kind=MATCH_CHANGED, key=f"{MATCH_CHANGED}:after:{done}", now=now, rng=rng)


@transaction.atomic
def match_everything_again(*, by: Actor, now: datetime, rng: Dice) -> int:
    """Have every version matched again, put it on record, and return how many there are."""
    count = begin(now=now, rng=rng)
    subject = journal.Subject("inventory.part", "all")
    journal.record(at=now, by=by, action="inventory.rematch_asked", subject=subject, facts={"versions": count}, rng=rng)
    return count
