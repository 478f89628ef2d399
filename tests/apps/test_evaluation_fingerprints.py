"""What a log brings in of fingerprints is sealed, counted once, and says in the report what was seen and no more."""

import random
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.apps.scene_engagements import keystore
from tests.apps.scene_evaluation import LATER, Scene, by, signed
from tests.domain.test_measurement_sameness import answers
from tests.support.cast import Cast
from tests.support.eval_logs import files_of, packed

from watchbell.apps.evaluation import services
from watchbell.apps.evaluation.models import Fingerprint, Run
from watchbell.domain.evaluation.fingerprints import Fingerprint as Print
from watchbell.domain.evaluation.fingerprints import Moment
from watchbell.formats import fingerprints as written
from watchbell.formats import strictjson

pytestmark = pytest.mark.django_db
AT = datetime(2026, 11, 28, 14, tzinfo=UTC)


def log(*others: int) -> bytes:
    """Return an authored log with fingerprints, of which so many questions are answered by another model."""
    dice = random.Random(7)
    named = (Moment.START, Moment.MIDDLE, Moment.END)
    made = [
        Print(moment=one, at=AT + timedelta(minutes=at), answers=answers(dice, other=other, peak=0.9))
        for at, (one, other) in enumerate(zip(named, others, strict=False))
    ]
    return packed({**files_of("plain.eval"), written.MEMBER: written.dumps(tuple(made))})


def validity(cast: Cast, scene: Scene) -> dict[str, Any]:
    report = services.issue_report(scene.fresh(), **by(cast, now=LATER))
    found: dict[str, Any] = strictjson.loads(services.signed_bytes(report, keys=keystore()))
    return found["validity"]


def test_a_model_that_was_swapped_is_an_open_flag_of_the_report(cast: Cast) -> None:
    scene = signed(cast)
    scene.take_in(log(0, 10, 10))

    found = validity(cast, scene)

    own, reference = found["fingerprints"]
    assert (own["model"], own["seen"], own["moments"], own["answers"]) == ("northlight-1", "answers differ", 3, 90)
    assert (reference["seen"], reference["probability"]) == ("not taken", None)
    assert "fingerprints: northlight-1" in found["open_flags"]


def test_a_model_that_answers_as_before_is_never_said_to_be_the_same(cast: Cast) -> None:
    scene = signed(cast)
    scene.take_in(log(0, 0, 0))

    found = validity(cast, scene)

    assert found["fingerprints"][0]["seen"] == "no difference seen"
    assert not any(one.startswith("fingerprints") for one in found["open_flags"])


def test_a_log_of_an_evaluators_own_has_none_and_the_report_says_so(cast: Cast) -> None:
    scene = signed(cast)
    scene.take_in("plain.eval")

    assert {one["seen"] for one in validity(cast, scene)["fingerprints"]} == {"not taken"}


def test_a_moment_counts_once_whichever_logs_tell_of_it_and_its_answers_are_sealed(cast: Cast) -> None:
    scene = signed(cast)
    first = scene.take_in(log(0, 0))

    scene.take_in(log(0, 0))
    scene.take_in(log(0, 0, 0))

    rows = Fingerprint.objects.order_by("at")
    assert [one.moment for one in rows] == ["start", "middle", "end"]
    assert not any(b"favourite" in bytes(one.sealed) for one in rows)
    assert Run.objects.get(pk=first.run.pk).calls_logged == 6 + 60
