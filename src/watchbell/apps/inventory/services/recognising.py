"""This will lay machines beside the catalogue of what records designate, whichever of the two came first.

A machine remembers which catalogue it was laid beside, so repeating it after a crash goes on
where it stopped, and a record that names nothing new costs one comparison.
"""

from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef

from watchbell.apps.inventory.models import (
    BECAUSE_LENGTH,
    NAME_LENGTH,
    Likeness,
    Machine,
    Sameness,
    Unassessable,
    Unit,
)
from watchbell.apps.inventory.services import catalogue, equipment, picking, products
from watchbell.apps.inventory.services.catalogue import Held
from watchbell.apps.inventory.services.turns import take_turn, touch
from watchbell.apps.jobs.progress import Progress
from watchbell.apps.vulnerabilities.services import bulk
from watchbell.domain.identity import Dice, new_id
from watchbell.domain.matching.equipment.answers import Recognition
from watchbell.domain.matching.equipment.recognise import recognise
from watchbell.domain.sentence import Sentence

MACHINES_AT_ONCE = 10
"""Machines in one transaction, each with some twenty products it may be."""

_Seen = list[tuple[Machine, Recognition]]


def recognise_machines(
    *, now: datetime, rng: Dice, organisation: str | None = None, progress: Progress | None = None
) -> None:
    """Recognise every machine, or an operator's, that was not laid beside today's catalogue; mostly there is none."""
    machines = Machine.objects.filter(Exists(Unit.objects.filter(machine=OuterRef("pk"))))
    if organisation is not None:
        machines = machines.filter(organisation_id=organisation)
    known = catalogue.known_digest()
    if not (machines.exclude(matched_with=known) if known else machines).exists():
        return
    held = catalogue.current()
    while part := list(machines.exclude(matched_with=held.digest).order_by("pk")[:MACHINES_AT_ONCE]):
        if progress is not None:
            progress.checkpoint()
        seen = [(one, recognise(equipment.said_of(one), held.catalogue)) for one in part]
        with transaction.atomic():
            take_turn()
            is_current = catalogue.is_current(held)
            if is_current:
                touch(_keep(seen, held, now=now, rng=rng))
        if not is_current:  # records came in meanwhile
            held = catalogue.current()


def _keep(seen: _Seen, held: Held, *, now: datetime, rng: Dice) -> set[str]:
    """Write what was recognised, and what follows from it; return the operators for whom it is another than before."""
    questions = _questions(seen, now=now, rng=rng)
    changed = {machine.pk for machine, found in seen if _note(machine, found, questions)}
    for machine, found in seen:
        version = found.version[:NAME_LENGTH]
        changed |= {machine.pk} if (machine.read_version, machine.left_out) != (version, found.left_out) else set()
        Machine.objects.filter(pk=machine.pk).update(
            matched_with=held.digest, read_version=version, left_out=found.left_out
        )
    units = list(Unit.objects.filter(machine__in=changed).order_by("pk"))
    products.match_products(picking.settle(units, now=now, rng=rng))
    forget_unasked([machine for machine, _ in seen])
    return {machine.organisation_id for machine, _ in seen if machine.pk in changed}


_Questions = dict[tuple[str, str, str], Sameness]


def _questions(seen: _Seen, *, now: datetime, rng: Dice) -> _Questions:
    """Return the question of each machine and product, adding those that were never raised."""
    fresh = {
        (machine.organisation_id, machine.type_key, match.listed.record): Sameness(
            public_id=new_id(rng), organisation_id=machine.organisation_id, type_key=machine.type_key,
            product_id=match.listed.record, machine=equipment.shown_of(machine)[: 2 * NAME_LENGTH],
            product=catalogue.label_of(match.listed.product), updated_at=now,
        )
        for machine, found in seen
        for match in found.matches
    }  # fmt: skip
    there = _there(seen)
    Sameness.objects.bulk_create([row for key, row in fresh.items() if key not in there], batch_size=100)
    return _there(seen)


def _there(seen: _Seen) -> _Questions:
    rows = Sameness.objects.filter(
        organisation_id__in={machine.organisation_id for machine, _ in seen},
        type_key__in={machine.type_key for machine, _ in seen},
    )
    return {(row.organisation_id, row.type_key, row.product_id): row for row in rows}


def _note(machine: Machine, found: Recognition, questions: _Questions) -> bool:
    """Make the machine's likenesses what was found; return whether they were others."""
    wanted = {
        questions[machine.organisation_id, machine.type_key, match.listed.record].pk: (
            match.tier.value,
            Sentence(match.because).packed(BECAUSE_LENGTH),
        )
        for match in reversed(found.matches)  # the surest reading of a product stands
    }
    there = {row.sameness_id: (row.tier, row.because) for row in Likeness.objects.filter(machine=machine)}
    if there == wanted:
        return False
    stale = [pk for pk, said in there.items() if wanted.get(pk) != said]
    for part in bulk.slices(stale):
        Likeness.objects.filter(machine=machine, sameness__in=part).delete()
    Likeness.objects.bulk_create(
        (
            Likeness(machine=machine, sameness_id=pk, tier=tier, because=because)
            for pk, (tier, because) in wanted.items()
            if there.get(pk) != (tier, because)
        ),
        batch_size=100,
    )
    return True


def forget_unasked(machines: list[Machine]) -> None:
    """This will forget the questions about these machines' types that nothing raises and nobody answered."""
    raised = Likeness.objects.filter(sameness=OuterRef("pk"))
    about = Sameness.objects.filter(
        organisation_id__in={one.organisation_id for one in machines}, type_key__in={one.type_key for one in machines}
    )
    about.filter(~Exists(raised), says="").delete()


@transaction.atomic
def forget_unused_machines(*, limit: int = 200) -> int:
    """Remove machines that no asset holds any more, and return how many; what people answered is remembered."""
    held, named = Unit.objects.filter(machine=OuterRef("pk")), Unassessable.objects.filter(machine=OuterRef("pk"))
    unused = list(Machine.objects.filter(~Exists(held), ~Exists(named)).order_by("pk")[:limit])
    Machine.objects.filter(pk__in=[one.pk for one in unused]).delete()
    forget_unasked(unused)
    return len(unused)
