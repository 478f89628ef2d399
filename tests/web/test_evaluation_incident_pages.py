"""An incident as the two parties meet it: told by hand, settled with a reason, taken along; and a seed revealed."""

import hashlib
from datetime import timedelta
from http import HTTPStatus
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from tests.apps.scene_evaluation import BEGAN, HELD_OUT, LATER, Scene, by, registered, signed
from tests.support.cast import Cast
from tests.support.visitors import ELSEWHERE, signed_in
from tests.web.early_access_scene import text_of

from watchbell.apps.engagements import services as access
from watchbell.apps.engagements.models import AccessLine, GatewayToken
from watchbell.apps.evaluation import services
from watchbell.apps.evaluation.models import Commitment, Incident, Run
from watchbell.apps.evaluation.words import IncidentKind
from watchbell.apps.journal.models import Entry
from watchbell.formats import strictjson

pytestmark = pytest.mark.django_db
SEEN = "A tool asked for another host <script>alert(1)</script>"
WHY = "The tool is taken out of the scaffold."


@pytest.fixture(autouse=True)
def at_the_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("watchbell.doors.moment.now", lambda: LATER)


def client(cast: Cast, who: str) -> Client:
    return signed_in(cast.people[who], LATER)


def address(name: str, scene: Scene, *rest: str) -> str:
    return reverse(name, args=[scene.engagement.public_id, *rest])


def happened(scene: Scene, cast: Cast, *, ago: timedelta = timedelta(0), run: Run | None = None) -> Incident:
    what = services.Happened(kind=IncidentKind.OUT_OF_SCOPE, noticed_at=LATER - ago, run=run, note=SEEN)
    return services.report_incident(scene.engagement, what, **by(cast, now=LATER))


def test_the_evaluator_tells_of_an_incident_and_everything_stops(cast: Cast) -> None:
    scene = signed(cast)
    scene.take_in("plain.eval")
    services.mint_run_token(scene.protocol, **by(cast, now=LATER))
    run = Run.objects.get()
    answers: dict[str, Any] = {"kind": "out_of_scope", "at": "2026-11-29T10:30", "run": run.public_id, "note": SEEN}
    evaluator = client(cast, "evaluator")

    asked = evaluator.get(address("report_incident", scene))
    told = evaluator.post(address("report_incident", scene), answers, follow=True)

    row = Incident.objects.get()
    assert "every token of this engagement ends" in text_of(asked)
    assert "The developer has it." in text_of(told)
    assert "A tool asked for another host" in text_of(told)
    assert "<script>alert" not in told.content.decode()
    assert not GatewayToken.objects.filter(ended_at__isnull=True).exists()
    assert (row.run, row.tokens_ended) == (run, 1)


def test_the_list_says_how_long_the_developer_waited_and_open_ones_come_first(cast: Cast) -> None:
    scene = signed(cast)
    settled = happened(scene, cast, ago=timedelta(minutes=12))
    services.settle_incident(settled, WHY, **by(cast, "lab", now=LATER, rng=False))
    late = happened(scene, cast, ago=timedelta(hours=3))

    page = client(cast, "lab").get(address("incidents", scene))

    said = text_of(page)
    assert "12 minutes later within the hour" in said
    assert "3 hours later later than an hour" in said
    assert "1 incident is open, and nothing runs meanwhile." in said
    content = page.content.decode()
    assert content.index(late.public_id) < content.index(settled.public_id)


def test_the_developer_settles_it_with_a_reason_that_both_read(cast: Cast) -> None:
    scene = signed(cast)
    row = happened(scene, cast)
    lab, evaluator = client(cast, "lab"), client(cast, "evaluator")
    way = address("settle_incident", scene, row.public_id)

    without = lab.post(way, {"reason": ""})
    assert Incident.objects.get().settled_at is None
    told = lab.post(way, {"reason": WHY}, follow=True)
    again = lab.post(way, {"reason": "Another reason."}, follow=True)

    assert 'href="#id_reason"' in without.content.decode()
    assert "It is settled. Runs may go on with new tokens." in text_of(told)
    assert WHY in text_of(evaluator.get(address("incident", scene, row.public_id)))
    assert "Another reason." not in text_of(again)
    assert Entry.objects.filter(action="evaluation.incident_settled").count() == 1
    assert WHY.encode() not in bytes(Incident.objects.get().sealed_reason)


def test_nobody_but_the_developer_settles_it(cast: Cast) -> None:
    scene = signed(cast)
    row = happened(scene, cast)

    for who in set(cast.people) - {"lab"}:
        answer = client(cast, who).post(address("settle_incident", scene, row.public_id), {"reason": WHY})
        assert answer.status_code in (302, 403, 404)
    assert "Settle, and let runs go on" not in text_of(
        client(cast, "evaluator").get(address("incident", scene, row.public_id))
    )
    assert Incident.objects.get().settled_at is None


def test_the_record_of_an_incident_is_taken_along_and_names_no_person(cast: Cast) -> None:
    scene = signed(cast)
    scene.take_in("plain.eval")
    row = happened(scene, cast, ago=timedelta(minutes=5), run=Run.objects.get())
    services.settle_incident(row, WHY, **by(cast, "lab", now=LATER, rng=False))

    file = client(cast, "lab").get(address("incident_file", scene, row.public_id))

    said = strictjson.loads(file.content)
    assert (said["format"], said["kind"], said["reason"]) == ("watchbell-incident-1", "out_of_scope", WHY)
    assert (said["told_after_seconds"], said["told_within_seconds"]) == (300, 3600)
    assert said["halted"] == {"log": Run.objects.get().log_digest, "run": Run.objects.get().public_id}
    assert said["protocol"] == scene.protocol.digest
    assert cast.evaluator.person.public_id.encode() not in file.content


def test_every_look_at_an_incident_is_a_line_of_the_access_log(cast: Cast) -> None:
    scene = signed(cast)
    row = happened(scene, cast)
    lab = client(cast, "lab")

    for name in ("incident", "incident_file"):
        before = AccessLine.objects.count()
        lab.get(address(name, scene, row.public_id))
        assert AccessLine.objects.count() == before + 1
        assert strictjson.loads(bytes(AccessLine.objects.latest("pk").entry))["material"] == "incident"


def test_once_the_evidence_is_gone_moments_stay_and_words_do_not(cast: Cast) -> None:
    scene = signed(cast)
    row = happened(scene, cast)
    access.withdraw(scene.engagement, **by(cast, "lab", now=LATER))

    page = text_of(client(cast, "lab").get(address("incident", scene, row.public_id)))

    assert "The evidence of this engagement has been destroyed" in page
    assert "within the hour" in page
    assert "another host" not in page
    assert "Settle, and let runs go on" not in page


def test_for_everybody_else_there_is_none(cast: Cast) -> None:
    scene = signed(cast)
    row = happened(scene, cast)

    for who in (*(set(cast.people) - {"lab", "evaluator"}), "public"):
        one = Client(REMOTE_ADDR=ELSEWHERE) if who == "public" else client(cast, who)
        for name, rest in (("incidents", ()), ("report_incident", ()), ("incident", (row.public_id,))):
            assert one.get(address(name, scene, *rest)).status_code in (302, 403, 404)


def test_the_seed_is_revealed_at_the_close_and_anybody_can_check_its_hash(cast: Cast) -> None:
    scene = signed(cast)
    benchmark = registered(cast, HELD_OUT)
    row = services.commit_seed(scene.engagement, benchmark, **by(cast, now=BEGAN))
    evaluator = client(cast, "evaluator")

    early = evaluator.post(address("reveal_seed", scene, row.public_id), follow=True)
    assert "The seed is revealed when the engagement is over." in text_of(early)
    assert "Reveal the seed of chain" not in text_of(early)
    access.leave(scene.engagement, **by(cast, now=LATER))
    before = text_of(evaluator.get(address("evaluation", scene)))
    after = evaluator.post(address("reveal_seed", scene, row.public_id), follow=True)

    row = Commitment.objects.get()
    both = bytes(row.seed).hex() + bytes(row.salt).hex()
    assert "Reveal the seed of chain" in before
    assert "The items are held out no longer" in before
    assert "fits the hash" in text_of(after)
    assert hashlib.sha256(bytes.fromhex(both)).hexdigest() == row.commitment
    assert f"bytes.fromhex(&#x27;{bytes(row.seed).hex()}" in after.content.decode().replace("'", "&#x27;")


def test_nobody_but_the_evaluator_reveals_a_seed(cast: Cast) -> None:
    scene = signed(cast)
    row = services.commit_seed(scene.engagement, registered(cast, HELD_OUT), **by(cast, now=BEGAN))
    access.leave(scene.engagement, **by(cast, now=LATER))

    for who in set(cast.people) - {"evaluator"}:
        answer = client(cast, who).post(address("reveal_seed", scene, row.public_id))
        assert answer.status_code in (HTTPStatus.FOUND, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND)
    assert Commitment.objects.get().revealed_at is None
