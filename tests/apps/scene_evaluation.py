"""An evaluation of the cast's model, as far as a test wants it: registered, locked, signed for, logs taken in."""

import io
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.apps import scene_engagements
from tests.apps.scene_engagements import DICE, TERMS, keystore
from tests.support.cast import CONSOLE, Cast
from tests.support.eval_logs import LOGS
from tests.support.protocols import PROTOCOL

from watchbell.apps.engagements.models import Engagement
from watchbell.apps.evaluation import services
from watchbell.apps.evaluation.models import Benchmark, Protocol, Sample
from watchbell.apps.evaluation.services import LogFile, TakenIn
from watchbell.domain import evaluation as rules
from watchbell.domain.evaluation import BenchmarkVersion, Control, KnownAnswers, Visibility
from watchbell.domain.terms import Terms, signed_bytes
from watchbell.doors import keys as node_keys

BEGAN = datetime(2026, 11, 28, 12, tzinfo=UTC)
"""When access began: hours before the authored logs were written."""
LOCKED = BEGAN + timedelta(hours=1)
LATER = BEGAN + timedelta(days=1)
KNOWN = {one: KnownAnswers(tried=6, solved=6 if one is Control.REFERENCE else 0) for one in Control}
PATCH = BenchmarkVersion(
    name="patch",
    version="1",
    visibility=Visibility.PUBLIC,
    content="ab" * 32,
    generator="cd" * 32,
    families=("traversal", "injection"),
    canary="watchbell-canary-in-public",
    known=KNOWN,
)
HELD_OUT = replace(PATCH, name="chain", visibility=Visibility.HELD_OUT)


@dataclass
class Scene:
    """The two parties' engagement, and the protocol in it."""

    access: scene_engagements.Scene
    protocol: Protocol

    @property
    def engagement(self) -> Engagement:
        """Return the engagement as the database has it now."""
        return self.access.fresh()

    def fresh(self) -> Protocol:
        """Return the protocol as the database has it now."""
        self.protocol = Protocol.objects.get(pk=self.protocol.pk)
        return self.protocol

    def take_in(self, log: str | bytes, *, protocol: Protocol | None = None, **deed: Any) -> TakenIn:
        """Return what came of a log: an authored one by its name, or these bytes."""
        data = (LOGS / log).read_bytes() if isinstance(log, str) else log
        name = log if isinstance(log, str) else "log.eval"
        how: dict[str, Any] = {"by": CONSOLE, "now": LATER, "keys": keystore(), "rng": DICE, **deed}
        source = LogFile(name, io.BytesIO(data))
        return services.import_log(protocol or self.protocol, source, store=node_keys.blob_store(), **how)

    def table(self) -> dict[tuple[str, int], str]:
        """Return what stands in the cells of the model measured, whatever the budget."""
        rows = Sample.objects.filter(protocol=self.protocol, arm=0)
        return {(row.item.removeprefix("patch.traversal."), row.epoch): row.outcome for row in rows}


def by(cast: Cast, who: str = "evaluator", *, now: datetime = BEGAN, rng: bool = True) -> dict[str, Any]:
    """Return the arguments of a deed."""
    deed: dict[str, Any] = {"by": getattr(cast, who).actor, "now": now, "keys": keystore()}
    return {**deed, "rng": DICE} if rng else deed


def registered(cast: Cast, version: BenchmarkVersion = PATCH) -> Benchmark:
    """Return a benchmark version that the cast's evaluator registered."""
    return services.register_benchmark(version, by=cast.evaluator.actor, now=BEGAN, rng=DICE)


def drafted(cast: Cast, value: rules.Protocol = PROTOCOL, *, terms: Terms = TERMS) -> Scene:
    """Return a scene in which access runs and a protocol is drafted."""
    access = scene_engagements.started(cast, terms, now=BEGAN)
    registered(cast)
    return Scene(access, services.draft_protocol(access.fresh(), value, **by(cast)))


def locked(cast: Cast, value: rules.Protocol = PROTOCOL, *, terms: Terms = TERMS, now: datetime = LOCKED) -> Scene:
    """Return a scene in which the protocol is locked."""
    scene = drafted(cast, value, terms=terms)
    scene.protocol = services.lock(scene.protocol, **by(cast, now=now, rng=False))
    return scene


def signed(cast: Cast, value: rules.Protocol = PROTOCOL, *, terms: Terms = TERMS) -> Scene:
    """Return a scene in which the statement about containment is signed, so that logs can come in."""
    scene = locked(cast, value, terms=terms)
    services.sign_containment(scene.protocol, signature(scene), **by(cast, now=LOCKED))
    return scene


def signature(scene: Scene, who: str = "evaluator") -> bytes:
    """Return a party's signature under the statement about containment."""
    statement = services.containment_to_sign(scene.protocol)
    return scene.access.pens[who].sign(signed_bytes(statement.payload))
