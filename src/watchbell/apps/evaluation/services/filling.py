"""This will put the samples of a log into their cells, and say of each that has none why not.

A cell that an outage left empty may be filled by a later log; an answer is never replaced by another one.
"""

from dataclasses import dataclass, field
from typing import Any, Final

from django.db import transaction

from watchbell.apps.evaluation.models import Protocol, Run, Sample
from watchbell.apps.evaluation.services.checking import Place
from watchbell.apps.evaluation.services.finishing import Told
from watchbell.domain.evaluation import Outcome, outcome_of
from watchbell.domain.refusal import Refusal
from watchbell.domain.sentence import Sentence
from watchbell.formats.eval_sample import LoggedSample

MOST_SHOWN: Final = 1000
LOST: Final = (Outcome.INFRASTRUCTURE, Outcome.MISSING)
"""What says nothing of the model: a later log may fill its cell."""


@dataclass(slots=True)
class TakenIn:
    """What came of one log; `refusals` holds the first thousand, `refused` counts all."""

    run: Run
    stored: int = 0
    unchanged: int = 0
    refused: int = 0
    refusals: list[Refusal] = field(default_factory=list)

    def refuse(self, refusal: Refusal) -> None:
        """Count a refusal."""
        self.refused += 1
        if len(self.refusals) < MOST_SHOWN:
            self.refusals.append(refusal)


@dataclass(frozen=True, slots=True, kw_only=True)
class Intake:
    """One log on its way in: the protocol it is held against, where it belongs, and who may answer under which name."""

    row: Protocol
    place: Place
    run: Run
    epochs: int
    names: frozenset[str]
    canaries: tuple[str, ...]


@transaction.atomic
def store_page(intake: Intake, page: list[LoggedSample | Refusal], taken: TakenIn, told: Told) -> LoggedSample | None:
    """Take in one page, in one transaction; return the first sample that let a canary slip, and nothing after it."""
    Protocol.objects.select_for_update().get(pk=intake.row.pk)  # logs that fill one protocol's cells come in one by one
    found = [one for one in page if isinstance(one, LoggedSample)]
    there = _cells(intake, found)
    new: list[Sample] = []
    for one in page:
        if isinstance(one, Refusal):
            taken.refuse(one)
            continue
        told.add(one, is_counted=_is_of_an_earlier_log(intake, one, there))
        if any(one.lets_slip(canary) for canary in intake.canaries):
            Sample.objects.bulk_create(new)
            return one
        if (refusal := _not_of_protocol(intake, one)) is not None:
            taken.refuse(refusal)
            continue
        _fill(intake, one, there, new, taken)
    Sample.objects.bulk_create(new)
    return None


def _cells(intake: Intake, samples: list[LoggedSample]) -> dict[tuple[str, int], Sample]:
    """Return what stands already in the cells that these samples would fill."""
    rows = Sample.objects.filter(
        protocol=intake.row,
        suite=intake.place.suite.benchmark,
        arm=intake.place.arm,
        budget=intake.place.budget,
        item__in={one.item for one in samples},
    )
    return {(row.item, row.epoch): row for row in rows}


def _is_of_an_earlier_log(intake: Intake, sample: LoggedSample, there: dict[tuple[str, int], Sample]) -> bool:
    row = there.get((sample.item, sample.epoch))
    return row is not None and row.digest == sample.digest and row.run_id != intake.run.pk


def _not_of_protocol(intake: Intake, sample: LoggedSample) -> Refusal | None:
    if sample.item not in intake.place.items:
        message, where = Sentence("The protocol has no item {name}.", name=sample.item[:100]), "/id"
    elif sample.epoch > intake.epochs:
        message, where = Sentence("The protocol has {most} epochs.", most=intake.epochs), "/epoch"
    else:
        return None
    todo = "Run what was locked, or amend the protocol and say why"
    return Refusal(code="not-in-protocol", message=message, place=f"{sample.place}: {where}", todo=todo)


def _fill(
    intake: Intake,
    sample: LoggedSample,
    there: dict[tuple[str, int], Sample],
    new: list[Sample],
    taken: TakenIn,
) -> None:
    """Put one sample into its cell, or say why not."""
    outcome, row = outcome_of(sample.told, names=intake.names), there.get((sample.item, sample.epoch))
    if row is None:
        there[sample.item, sample.epoch] = made = Sample(**_values(intake, sample, outcome))
        new.append(made)
        taken.stored += 1
    elif row.digest == sample.digest or outcome in LOST:
        taken.unchanged += 1
    elif row.outcome in LOST:
        Sample.objects.filter(pk=row.pk).update(**_values(intake, sample, outcome))
        taken.stored += 1
    else:
        message = "Another answer stands in this cell already, and no answer is replaced by a later one."
        taken.refuse(Refusal(code="answered-already", message=message, place=sample.place))


def _values(intake: Intake, sample: LoggedSample, outcome: Outcome) -> dict[str, Any]:
    family, level = intake.place.items[sample.item]
    return {
        "protocol": intake.row,
        "run": intake.run,
        "suite": intake.place.suite.benchmark,
        "arm": intake.place.arm,
        "budget": intake.place.budget,
        "item": sample.item,
        "epoch": sample.epoch,
        "family": family,
        "level": level,
        "outcome": outcome,
        "limit": sample.told.limit,
        "credit": sample.credit,
        "input_tokens": sample.input_tokens,
        "output_tokens": sample.output_tokens,
        "total_tokens": sample.total_tokens,
        "calls": sample.calls,
        "wall_ms": sample.wall_ms,
        "answer": sample.answer,
        "digest": sample.digest,
        "place": sample.place[:200],
    }
