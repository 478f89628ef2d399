"""This will take in a signed result on a benchmark that this node cannot see: by its hash, under the evaluator's key.

No transcript comes with it and nothing can be worked out anew: its run says that it was signed, and by nobody here.
"""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from django.db import transaction

from watchbell.apps.engagements import queries as engagements
from watchbell.apps.engagements import services as access
from watchbell.apps.engagements.services.standing import IsOver, held, record
from watchbell.apps.evaluation.models import Benchmark, Protocol, Run, Sample
from watchbell.apps.evaluation.services.filling import TakenIn
from watchbell.apps.evaluation.services.standing import engagement_of, opened, require_evaluator_or_console
from watchbell.apps.evaluation.services.taking_in import PAGE
from watchbell.apps.evaluation.words import Source
from watchbell.domain import evaluation as rules
from watchbell.domain.evaluation import Visibility
from watchbell.domain.handling import Actor, ActorKind
from watchbell.domain.identity import Dice, new_id
from watchbell.domain.lifecycle.run import Run as RunState
from watchbell.domain.refusal import Refusal, Refused, refuse
from watchbell.formats import dsse, sealed_results
from watchbell.formats.sealed_results import SealedResult, SealedSample
from watchbell.outside.keystore import Keystore
from watchbell.outside.keystore.interface import verify_signature

if TYPE_CHECKING:
    from watchbell.apps.engagements.models import Engagement


def import_sealed_result(row: Protocol, data: bytes, *, by: Actor, now: datetime, keys: Keystore, rng: Dice) -> TakenIn:
    """Take in one signed result; the same one again changes nothing, and no cell is filled twice.

    Raises NotAllowed for anyone but the evaluator's people and this machine's console, IsOver once the evidence is
    due, and Refused for a result that is not signed by the evaluator, or not of this protocol.
    """
    engagement = engagement_of(row)
    require_evaluator_or_console(engagement, by)
    if access.destroy_evidence_if_due(engagement, now=now, keys=keys, rng=rng):
        raise IsOver("The evidence of this engagement has been destroyed, as its terms say.")
    result = _signed_result(data, engagement)
    value = opened(row, keys=keys)
    suite, arm = _place(result, row, value, engagement)
    run = _run(row, result, arm, hashlib.sha256(data).hexdigest(), by=by, now=now, rng=rng)
    taken = TakenIn(run)
    items = {item: (family, level) for item, family, level in suite.items()}
    for at in range(0, len(result.samples), PAGE):
        _store(run, items, value.epochs, result.samples[at : at + PAGE], taken)
    _finish(run, result, taken, engagement, by=by, now=now)
    run.refresh_from_db()
    return taken


def _signed_result(data: bytes, engagement: "Engagement") -> SealedResult:
    """Return what one of the evaluator's keys signed; nothing is made of what none of them did."""
    if len(data) > sealed_results.MOST_BYTES:
        raise refuse("too-large", "The document is too large.", todo="Split it by budget")
    evaluator = Actor(kind=ActorKind.SYSTEM, organisation=engagement.evaluator)
    rows = engagements.signing_keys_of(evaluator).filter(retired_at__isnull=True)
    trusted = {bytes(key.public_key).hex() for key in rows}
    envelope = dsse.loads(data)
    kind = sealed_results.PAYLOAD_TYPE
    if not dsse.signers(envelope, payload_type=kind, trusted=trusted, check=_fits):
        message = "No signature here was made with a key that is known for this."
        raise refuse("not-signed", message, place="/signatures", todo="Sign it with a key of the evaluator's")
    return sealed_results.loads(envelope.payload)


def _fits(key: str, message: bytes, signature: bytes) -> bool:
    return verify_signature(bytes.fromhex(key), signature, message)


def _place(
    result: SealedResult, row: Protocol, value: rules.Protocol, engagement: "Engagement"
) -> tuple[rules.Suite, int]:
    """Return the suite and the model; raises Refused for a result of anything else than was locked."""
    if row.locked_at is None or result.began < row.locked_at.replace(microsecond=0):
        raise _other("/began_at", "The log began before the protocol was locked.")
    if (result.engagement, result.protocol) != (row.engagement, row.digest):
        raise _other("/protocol", "This result is of another protocol.")
    suite = value.suite_of(result.benchmark)
    if suite is None or suite.version != result.version:
        raise _other("/benchmark", "The protocol does not name this version of this benchmark.")
    known = Benchmark.objects.filter(organisation__in=["", engagement.evaluator], visibility=Visibility.SEALED)
    if not known.filter(name=result.benchmark, version=result.version, content=result.content).exists():
        raise _other("/content", "No sealed benchmark is registered here with this hash.")
    if result.model not in value.models or result.budget not in value.budgets:
        raise _other("/model", "The protocol does not name this model, or not this budget.")
    return suite, value.models.index(result.model)


def _other(place: str, message: str) -> Refused:
    return refuse("other-result", message, place=place, todo="Run what was locked, or amend the protocol and say why")


@transaction.atomic
def _run(row: Protocol, result: SealedResult, arm: int, digest: str, *, by: Actor, now: datetime, rng: Dice) -> Run:
    Protocol.objects.select_for_update().get(pk=row.pk)
    there = Run.objects.filter(protocol=row, log_digest=digest).first()
    return there or Run.objects.create(
        public_id=new_id(rng),
        protocol=row,
        source=Source.SIGNED,
        suite=result.benchmark,
        arm=arm,
        budget=result.budget,
        log_digest=digest,
        person=by.person or "",
        began_at=result.began,
        ended_at=result.ended,
        received_at=now,
        listed=len(result.samples),
    )


@transaction.atomic
def _store(
    run: Run, items: dict[str, tuple[str, int]], epochs: int, page: Sequence[SealedSample], taken: TakenIn
) -> None:
    Protocol.objects.select_for_update().get(pk=run.protocol_id)
    cells = Sample.objects.filter(
        protocol=run.protocol_id,
        suite=run.suite,
        arm=run.arm,
        budget=run.budget,
        item__in={one.item for one in page},
    )
    there = {(item, epoch): digest for item, epoch, digest in cells.values_list("item", "epoch", "digest")}
    new: list[Sample] = []
    for one in page:
        digest = there.get((one.item, one.epoch))
        if one.item not in items or one.epoch > epochs:
            message = "The protocol has no such item, or not this epoch."
            taken.refuse(Refusal(code="not-in-protocol", message=message, place=one.place))
        elif digest is None:
            there[one.item, one.epoch] = one.digest
            new.append(_sample(run, one, *items[one.item]))
            taken.stored += 1
        elif digest == one.digest:
            taken.unchanged += 1
        else:
            message = "Another answer stands in this cell already, and no answer is replaced by a later one."
            taken.refuse(Refusal(code="answered-already", message=message, place=one.place))
    Sample.objects.bulk_create(new)


def _sample(run: Run, one: SealedSample, family: str, level: int) -> Sample:
    return Sample(
        protocol_id=run.protocol_id,
        run=run,
        suite=run.suite,
        arm=run.arm,
        budget=run.budget,
        item=one.item,
        epoch=one.epoch,
        family=family,
        level=level,
        outcome=one.outcome,
        credit=one.credit,
        input_tokens=0,
        output_tokens=0,
        total_tokens=one.tokens,
        wall_ms=0,
        answer="",
        digest=one.digest,
        place=one.place,
    )


@transaction.atomic
def _finish(
    run: Run, result: SealedResult, taken: TakenIn, engagement: "Engagement", *, by: Actor, now: datetime
) -> None:
    engagement = held(engagement)
    counts: dict[str, int] = {}
    for outcome in Sample.objects.filter(run=run).values_list("outcome", flat=True):
        counts[outcome] = counts.get(outcome, 0) + 1
    running = Run.objects.filter(pk=run.pk, state=RunState.RUNNING)
    ended = running.update(
        state=RunState.ENDED,
        finished_at=now,
        recovered=len(result.samples),
        refused=taken.refused,
        outcomes=dict(sorted(counts.items())),
    )
    if ended:
        digests = {"result": run.log_digest}
        record("evaluation.result_imported", engagement, by=by, now=now, digests=digests, run=run.public_id)
