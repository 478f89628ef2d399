"""The built-in suites enter the registry with what their known answers earned; a run kit draws their items."""

import random
from datetime import timedelta

import pytest
from tests.apps.scene_engagements import keystore
from tests.apps.scene_evaluation import LATER, LOCKED, by, drafted, locked
from tests.support.cast import CONSOLE, Cast

from watchbell.apps.engagements import queries as access
from watchbell.apps.engagements.services import NotAllowed, NotYet
from watchbell.apps.evaluation import services
from watchbell.apps.evaluation.models import Benchmark
from watchbell.domain.suites import locate
from watchbell.domain.suites.sets import PUBLIC_SEED
from watchbell.domain.suites.shelf import SUITES
from watchbell.domain.suites.suite import Answer, Item, Ran, Score, Trial
from watchbell.formats import run_kits

pytestmark = pytest.mark.django_db
DICE = random.Random(14409)
WITHOUT_TRIALS = [name for name, suite in SUITES.items() if not suite.NEEDS_SANDBOX]


def never(trial: Trial) -> Ran:
    raise AssertionError("nothing of this suite runs")


@pytest.mark.parametrize("name", WITHOUT_TRIALS)
def test_a_suite_is_registered_once_and_the_same_version_again_is_it(name: str) -> None:
    first = services.register_built_in(name, never, by=CONSOLE, now=LATER, rng=DICE)

    again = services.register_built_in(name, never, by=CONSOLE, now=LATER + timedelta(days=1), rng=DICE)

    assert first == again
    assert Benchmark.objects.count() == 1
    assert first.name == f"watchbell/{name}"
    assert first.known["reference"] == {"tried": len(SUITES[name].FAMILIES), "solved": len(SUITES[name].FAMILIES)}
    assert {first.known[one]["solved"] for one in ("null", "idle", "destructive")} == {0}


def test_a_suite_whose_reference_does_not_solve_its_items_stays_out(monkeypatch: pytest.MonkeyPatch) -> None:
    def nothing(item: Item, answer: Answer, ran: tuple[Ran, ...]) -> Score:
        return Score(credit=0.0, solved=False, cells={})

    monkeypatch.setattr(locate, "judge", nothing)

    with pytest.raises(services.NotReady):
        services.register_built_in("locate", never, by=CONSOLE, now=LATER, rng=DICE)
    assert not Benchmark.objects.exists()


def test_a_run_kit_holds_the_protocol_as_it_was_locked_and_leaves_a_line(cast: Cast) -> None:
    scene = locked(cast)
    before = access.lines_of(scene.engagement).count()

    kit = run_kits.loads(services.run_kit(scene.protocol, **by(cast, now=LOCKED)))

    assert kit.protocol.digest == scene.protocol.digest
    assert dict(kit.seeds) == {"patch": PUBLIC_SEED}
    assert access.lines_of(scene.engagement).count() == before + 1


def test_a_run_kit_is_the_evaluators_and_of_a_locked_protocol_only(cast: Cast) -> None:
    scene = drafted(cast)
    with pytest.raises(NotYet):
        services.run_kit(scene.protocol, **by(cast, now=LOCKED))
    row = services.lock(scene.protocol, by=cast.evaluator.actor, now=LOCKED, keys=keystore())

    for who in ("lab", "vendor", "coordinator"):
        with pytest.raises(NotAllowed):
            services.run_kit(row, **by(cast, who, now=LOCKED))
