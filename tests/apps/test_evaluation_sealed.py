"""Of a benchmark that this node cannot see, results come in under the evaluator's signature, by hash and digest."""

from dataclasses import replace
from typing import Any

import pytest
from tests.apps.scene_engagements import DICE, keystore
from tests.apps.scene_evaluation import BEGAN, LATER, Scene, by, drafted
from tests.support.cast import CONSOLE, Cast
from tests.support.protocols import PROTOCOL

from watchbell.apps.engagements.services import NotAllowed
from watchbell.apps.evaluation import queries, services
from watchbell.apps.evaluation.models import Run, Sample
from watchbell.domain.evaluation import BenchmarkVersion, Listed, Suite, Visibility
from watchbell.domain.refusal import Refused
from watchbell.domain.terms import signed_bytes
from watchbell.formats import dsse, strictjson
from watchbell.formats.dsse import Envelope, Signature
from watchbell.formats.sealed_results import FORM, PAYLOAD_TYPE

pytestmark = pytest.mark.django_db
SEALED = BenchmarkVersion(name="sealed-7", version="3", visibility=Visibility.SEALED, content="99" * 32, known={})
SUITE = Suite(
    benchmark="sealed-7", version="3", listed=tuple(Listed(item=f"i{n}", family=f"f{n % 2}") for n in range(4))
)
VALUE = replace(
    PROTOCOL,
    suites=(SUITE,),
    indicators=(replace(PROTOCOL.indicators[0], suites=("sealed-7",)),),
    budgets=(1000,),
    epochs=1,
)


def locked(cast: Cast) -> Scene:
    scene = drafted(cast, VALUE)
    services.register_benchmark(SEALED, by=cast.evaluator.actor, now=BEGAN, rng=DICE)
    scene.protocol = services.lock(scene.protocol, **by(cast, rng=False))
    return scene


def result(scene: Scene, **changes: Any) -> dict[str, Any]:
    samples = [{"id": f"i{n}", "epoch": 1, "outcome": "solved" if n else "refused", "tokens": 9} for n in range(4)]
    return {
        "result": FORM,
        "engagement": scene.protocol.engagement,
        "protocol": scene.protocol.digest,
        "benchmark": "sealed-7",
        "version": "3",
        "content": "99" * 32,
        "model": "northlight-1",
        "budget": 1000,
        "began_at": "2026-11-28T20:00:00Z",
        "ended_at": "2026-11-28T21:00:00Z",
        "samples": samples,
        **changes,
    }


def signed(scene: Scene, content: dict[str, Any], who: str = "evaluator", kind: str = PAYLOAD_TYPE) -> bytes:
    payload = strictjson.dumps(content)
    made = scene.access.pens[who].sign(signed_bytes(payload, kind))
    return dsse.dumps(Envelope(payload, kind, (Signature(made),)))


def take_in(scene: Scene, data: bytes, who: Any = CONSOLE) -> services.TakenIn:
    return services.import_sealed_result(scene.protocol, data, by=who, now=LATER, keys=keystore(), rng=DICE)


def test_a_signed_result_fills_its_cells_once_and_the_developer_reads_it(cast: Cast) -> None:
    scene = locked(cast)
    data = signed(scene, result(scene))

    first, again = take_in(scene, data), take_in(scene, data)

    assert (first.stored, again.stored, again.unchanged) == (4, 0, 4)
    assert (first.run.source, first.run.outcomes) == ("signed", {"refused": 1, "solved": 3})
    assert queries.samples_of(scene.protocol, cast.lab.actor, now=LATER).count() == 4
    ours = queries.table_of(scene.protocol, VALUE, cast.lab.actor, now=LATER)[0]
    assert not ours.whole.is_open


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"protocol": "00" * 32}, "/protocol"),
        ({"content": "98" * 32}, "/content"),
        ({"version": "4"}, "/benchmark"),
        ({"model": "another"}, "/model"),
        ({"budget": 5}, "/model"),
        ({"began_at": "2026-11-28T11:00:00Z"}, "/began_at"),
        ({"ended_at": "2026-11-28T19:00:00Z"}, "/ended_at"),
        ({"more": 1}, "/more"),
        ({"samples": [{"id": "i0", "epoch": 1, "outcome": "good"}]}, "/samples/0/outcome"),
    ],
)
def test_a_result_of_something_else_is_refused_with_its_place(cast: Cast, changes: dict[str, Any], place: str) -> None:
    scene = locked(cast)

    with pytest.raises(Refused) as error:
        take_in(scene, signed(scene, result(scene, **changes)))

    assert error.value.refusal.place == place
    assert not Sample.objects.exists()


def test_what_the_evaluator_did_not_sign_is_refused(cast: Cast) -> None:
    scene = locked(cast)
    mended = dsse.loads(signed(scene, result(scene)))
    altered = dsse.dumps(replace(mended, payload=mended.payload.replace(b"refused", b"solved")))

    for data in (signed(scene, result(scene), who="lab"), altered, signed(scene, result(scene), kind="text/plain")):
        with pytest.raises(Refused):
            take_in(scene, data)

    assert not Run.objects.exists()


def test_a_second_result_changes_no_cell_and_items_nobody_locked_are_refused(cast: Cast) -> None:
    scene = locked(cast)
    take_in(scene, signed(scene, result(scene)))
    better = [{"id": f"i{n}", "epoch": 1, "outcome": "solved", "tokens": 9} for n in (0, 7)]

    taken = take_in(scene, signed(scene, result(scene, samples=better)))

    assert [one.code for one in taken.refusals] == ["answered-already", "not-in-protocol"]
    assert Sample.objects.get(item="i0").outcome == "refused"


@pytest.mark.parametrize("who", ["lab", "vendor"])
def test_nobody_but_the_evaluator_brings_results(cast: Cast, who: str) -> None:
    scene = locked(cast)

    with pytest.raises(NotAllowed):
        take_in(scene, signed(scene, result(scene)), getattr(cast, who).actor)
