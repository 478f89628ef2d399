"""A locked protocol of a built-in suite that a node can run itself, at two budgets and beside one reference."""

from dataclasses import replace
from datetime import datetime

from tests.apps.scene_evaluation import LATER, LOCKED, PATCH, Scene, by, drafted, registered, signature
from tests.support.cast import Cast
from tests.support.protocols import PROTOCOL

from watchbell.apps.evaluation import services
from watchbell.apps.evaluation.models import Run
from watchbell.apps.evaluation.services import Part

NAME = "watchbell/patch"
VALUE = replace(
    PROTOCOL,
    scaffold=replace(PROTOCOL.scaffold, name="single"),
    suites=(replace(PROTOCOL.suites[0], benchmark=NAME),),
    epochs=1,
    indicators=(replace(PROTOCOL.indicators[0], suites=(NAME,)),),
)
PART = Part(suite=NAME, arm=0, budget=1000)


def planned(cast: Cast, *, is_signed: bool = True) -> Scene:
    """Return a scene with the protocol locked, and the statement about containment signed unless it is not to be."""
    registered(cast, replace(PATCH, name=NAME))
    scene = drafted(cast, VALUE)
    scene.protocol = services.lock(scene.protocol, **by(cast, now=LOCKED, rng=False))
    if is_signed:
        services.sign_containment(scene.protocol, signature(scene), **by(cast, now=LOCKED))
    return scene


def begin(scene: Scene, cast: Cast, part: Part = PART, *, now: datetime = LATER) -> Run:
    """Return a run that the evaluator's owner started."""
    return services.start_run(scene.protocol, part, **by(cast, now=now))
