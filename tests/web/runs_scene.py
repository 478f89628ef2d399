"""A board of runs in every state: what goes on, what stands still and why, what ended early, what was halted."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from tests.apps import scene_engagements as parties
from tests.apps.scene_engagements import DICE, TERMS, Scene, keystore
from tests.apps.scene_evaluation import KNOWN
from tests.apps.scene_running import NAME, VALUE
from tests.support.cast import Cast

from watchbell.apps.evaluation import services
from watchbell.apps.evaluation.models import Protocol, Run
from watchbell.apps.evaluation.words import Source, Stop
from watchbell.domain.evaluation import BenchmarkVersion, Visibility
from watchbell.domain.lifecycle.run import Run as State
from watchbell.domain.terms import signed_bytes

HOUR = timedelta(hours=1)
MODELS = ("northlight-1", "bell-0")
STANDS = [
    (0, 1000, State.ENDED, ""),
    (0, 10_000, State.RUNNING, ""),
    (0, 30_000, State.PAUSED, Stop.ENDPOINT),
    (0, 100_000, State.PLANNED, ""),
    (1, 1000, State.ENDED, Stop.BUDGET),
    (1, 10_000, State.HALTED, ""),
    (1, 30_000, State.STOPPING, ""),
]


@dataclass
class Board:
    """What tests point at."""

    access: Scene
    protocol: Protocol


def play(cast: Cast, now: datetime) -> Board:
    """Lock a protocol at four budgets, and write its runs by hand."""
    began = now - 10 * HOUR
    access = parties.started(cast, replace(TERMS, models=MODELS), now=began)
    deed: dict[str, Any] = {"by": cast.evaluator.actor, "now": began, "keys": keystore(), "rng": DICE}
    version = BenchmarkVersion(
        name=NAME,
        version="1",
        visibility=Visibility.PUBLIC,
        content="ab" * 32,
        generator="cd" * 32,
        families=("traversal",),
        canary="watchbell-canary",
        known=KNOWN,
    )
    services.register_benchmark(version, by=cast.evaluator.actor, now=began, rng=DICE)
    value = replace(VALUE, budgets=(1000, 10_000, 30_000, 100_000))
    row = services.draft_protocol(access.fresh(), value, **deed)
    row = services.lock(row, by=cast.evaluator.actor, now=began, keys=keystore())
    statement = services.containment_to_sign(row)
    services.sign_containment(row, access.pens["evaluator"].sign(signed_bytes(statement.payload)), **deed)
    for arm, budget, state, reason in STANDS:
        _run(row, arm, budget, state, reason, now)
    return Board(access, row)


def _run(row: Protocol, arm: int, budget: int, state: State, reason: str, now: datetime) -> None:
    is_over = state.is_over
    has_begun = state is not State.PLANNED
    Run.objects.create(
        public_id=DICE.randbytes(16).hex(),
        protocol=row,
        source=Source.OWN,
        state=state,
        reason=reason,
        suite=NAME,
        arm=arm,
        budget=budget,
        log_digest=DICE.randbytes(32).hex() if is_over else "",
        began_at=now - HOUR,
        received_at=now - HOUR,
        asked_at=now - HOUR,
        ended_at=now if is_over else None,
        finished_at=now if is_over else None,
        total=6,
        done=2 if has_begun else 0,
        missing=1 if state is State.PAUSED else 0,
        tokens_told=4800 if has_begun else 0,
        carried_at=now - HOUR if has_begun else None,
        told_at=now if has_begun else None,
    )
