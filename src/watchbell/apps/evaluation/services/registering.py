"""This will register benchmark versions, commit to seeds of held-out items, and reveal them when access is over."""

from datetime import datetime
from typing import TYPE_CHECKING

from django.db import transaction

from watchbell.apps.engagements import queries as engagements
from watchbell.apps.engagements.services.standing import NotAllowed, NotYet, held, record, require_evaluator
from watchbell.apps.evaluation.models import Benchmark, Commitment
from watchbell.apps.evaluation.services.planning import NotReady
from watchbell.apps.evaluation.services.standing import require_evaluator_or_console, require_plannable
from watchbell.apps.journal import services as journal
from watchbell.domain.evaluation import BenchmarkVersion, Visibility
from watchbell.domain.handling import Actor, ActorKind, OrganisationKind, Scope
from watchbell.domain.identity import Dice, new_id
from watchbell.domain.suites.sets import SEED_BYTES, commitment
from watchbell.outside.keystore import KeyKind, Keystore, aad

if TYPE_CHECKING:
    from watchbell.apps.engagements.models import Engagement

SEEDS = "evaluation-seeds"
"""The node's key for seeds: they are the evaluator's, tell nothing of a model, and outlive an engagement's keys."""


class RegisteredOtherwise(Exception):
    """This version is registered with other digests; what changed is a new version."""


@transaction.atomic
def register_benchmark(version: BenchmarkVersion, *, by: Actor, now: datetime, rng: Dice) -> Benchmark:
    """Register one version of a benchmark, as an evaluator's own or by the node as everyone's; the same again is it.

    Raises NotAllowed, NotReady where a control does not earn what it must, RegisteredOtherwise.
    """
    organisation = _registrar(by)
    if problems := version.problems():
        raise NotReady(problems)
    there = Benchmark.objects.filter(organisation=organisation, name=version.name, version=version.version).first()
    if there is not None:
        if there.digest != version.digest:
            raise RegisteredOtherwise(str(RegisteredOtherwise.__doc__))
        return there
    said = version.as_mapping()
    row = Benchmark.objects.create(
        public_id=new_id(rng),
        organisation=organisation,
        name=version.name,
        version=version.version,
        visibility=version.visibility,
        needs=version.needs,
        content=version.content,
        generator=version.generator,
        spdx=version.spdx,
        families=said["families"],
        canary=version.canary,
        minutes=dict(version.minutes),
        known=said["known"],
        digest=version.digest,
        registered_at=now,
    )
    concerns = [organisation] if organisation else []
    digests = {"benchmark": row.digest}
    journal.record(
        at=now, by=by, action="evaluation.benchmark_registered", subject=row, concerns=concerns, digests=digests
    )
    return row


@transaction.atomic
def commit_seed(
    engagement: "Engagement", benchmark: Benchmark, *, by: Actor, now: datetime, keys: Keystore, rng: Dice
) -> Commitment:
    """Draw the seed of an engagement's held-out items and write its hash into the record; once a benchmark.

    Raises NotAllowed for anyone but the evaluator's people, IsOver, and NotYet for items that are not held out.
    """
    require_evaluator(engagement, by)
    engagement = held(engagement)
    require_plannable(engagement)
    if benchmark.visibility != Visibility.HELD_OUT or benchmark.organisation not in ("", engagement.evaluator):
        raise NotYet("Only held-out items of a benchmark of yours are drawn from a seed.")
    there = Commitment.objects.filter(engagement=engagement.public_id, benchmark=benchmark).first()
    if there is not None:
        return there
    keys.ensure(SEEDS, KeyKind.AEAD)
    name, seed, salt = new_id(rng), rng.randbytes(SEED_BYTES), rng.randbytes(SEED_BYTES)
    row = Commitment.objects.create(
        public_id=name,
        engagement=engagement.public_id,
        benchmark=benchmark,
        commitment=commitment(seed, salt),
        sealed=keys.seal(SEEDS, _place(name), seed + salt),
        committed_at=now,
    )
    digests = {"seed": row.commitment}
    record("evaluation.seed_committed", engagement, by=by, now=now, digests=digests, commitment=name)
    return row


def seed_of(row: Commitment, *, by: Actor, keys: Keystore) -> bytes:
    """Return the seed that draws the items, for who runs them. Raises NotAllowed for anyone but the evaluator's."""
    engagement = engagements.named(row.engagement)
    if by.kind is not ActorKind.SYSTEM:
        require_evaluator(engagement, by)
    return opened_seed(row, keys=keys)[0]


def opened_seed(row: Commitment, *, keys: Keystore) -> tuple[bytes, bytes]:
    """Return seed and salt, for services that already decided."""
    both = keys.open(SEEDS, _place(row.public_id), bytes(row.sealed))
    return both[:SEED_BYTES], both[SEED_BYTES:]


@transaction.atomic
def reveal_seed(row: Commitment, *, by: Actor, now: datetime, keys: Keystore) -> Commitment:
    """Put seed and salt into the open once the engagement is over, so that both parties draw the same items again.

    Doing it again changes nothing. Raises NotAllowed, and NotYet while the engagement is open.
    """
    engagement = engagements.named(row.engagement)
    if by.kind is not ActorKind.SYSTEM:
        require_evaluator_or_console(engagement, by)
    engagement = held(engagement)
    if engagement.stands.is_open:
        raise NotYet("The seed is revealed when the engagement is over.")
    seed, salt = opened_seed(row, keys=keys)
    hidden = Commitment.objects.filter(pk=row.pk, revealed_at__isnull=True)
    if hidden.update(revealed_at=now, seed=seed, salt=salt):
        digests = {"seed": row.commitment}
        record("evaluation.seed_revealed", engagement, by=by, now=now, digests=digests, commitment=row.public_id)
    row.refresh_from_db()
    return row


def _registrar(by: Actor) -> str:
    """Return whose benchmark it becomes; raises NotAllowed for anyone but an evaluator's people and the node itself."""
    if by.kind is ActorKind.SYSTEM:
        return ""
    evaluates = by.acts_as(OrganisationKind.EVALUATOR) and by.writes and by.strong and by.holds(Scope.ENGAGE)
    if not (by.organisation and evaluates):
        raise NotAllowed("Only an evaluator's people register benchmarks, with a second factor.")
    return by.organisation


def _place(name: str) -> bytes:
    return aad("evaluation", "commitment", "seed", name)
