"""This will hand an evaluator what it needs to run a locked protocol on its own machines: protocol and seeds."""

from datetime import datetime

from watchbell.apps.engagements import services as access
from watchbell.apps.engagements.services.standing import NotYet, require_evaluator
from watchbell.apps.evaluation.models import Commitment, Protocol
from watchbell.apps.evaluation.services.registering import opened_seed
from watchbell.apps.evaluation.services.standing import engagement_of, opened
from watchbell.domain.handling import Actor
from watchbell.domain.identity import Dice
from watchbell.domain.suites.sets import PUBLIC_SEED
from watchbell.domain.terms import Purpose
from watchbell.formats import run_kits
from watchbell.outside.keystore import Keystore


def run_kit(row: Protocol, *, by: Actor, now: datetime, keys: Keystore, rng: Dice) -> bytes:
    """Return the run kit of a locked protocol, as confidential as its held-out items; the developer reads who took it.

    Items that are not held out grow from the public seed. Raises NotAllowed for anyone but the evaluator's people,
    NotYet for a protocol that is not locked, IsOver.
    """
    engagement = engagement_of(row)
    require_evaluator(engagement, by)
    if row.locked_at is None:
        raise NotYet("A protocol is run once it is locked.")
    access.note_opening(engagement, "run-kit", Purpose.RUN, by=by, now=now, keys=keys, rng=rng)
    return run_kits.dumps(kit_of(row, keys=keys))


def kit_of(row: Protocol, *, keys: Keystore) -> run_kits.RunKit:
    """Return the protocol with its seeds, for services that already decided and wrote that down. Raises KeyMissing."""
    value = opened(row, keys=keys)
    drawn = Commitment.objects.filter(engagement=row.engagement).select_related("benchmark")
    seeds = {one.benchmark.name: opened_seed(one, keys=keys)[0] for one in drawn}
    named = [one.benchmark for one in value.suites if not one.listed]
    return run_kits.RunKit(protocol=value, seeds=tuple((name, seeds.get(name, PUBLIC_SEED)) for name in named))
