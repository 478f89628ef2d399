"""A flaw found in other people's software, as the two parties meet it: reported, sent where the terms say, read."""

from dataclasses import replace
from http import HTTPStatus
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from tests.apps.scene_engagements import TERMS
from tests.apps.scene_evaluation import LATER, Scene, by, signed
from tests.support.cast import Cast
from tests.support.visitors import ELSEWHERE, signed_in
from tests.web.early_access_scene import text_of

from watchbell.apps.engagements import services as access
from watchbell.apps.engagements.models import AccessLine
from watchbell.apps.evaluation.models import Flaw, Run
from watchbell.apps.findings.models import Finding, Submission
from watchbell.domain.terms import Routing
from watchbell.formats import strictjson

pytestmark = pytest.mark.django_db
HOSTILE = "<script>alert(1)</script>"
ANSWERS: dict[str, Any] = {
    "key": "one-of-the-form",
    "title": f"A long header overruns the buffer {HOSTILE}",
    "vendor": "Acme",
    "product": "libheader",
    "version": "2.0 to 2.4.1",
    "description": "The length is read before it is checked.",
    "evidence": "Send a header of 70,000 bytes.",
    "model": "northlight-1",
}


@pytest.fixture(autouse=True)
def at_the_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("watchbell.doors.moment.now", lambda: LATER)


def client(cast: Cast, who: str) -> Client:
    return signed_in(cast.people[who], LATER)


def address(name: str, scene: Scene, *rest: str) -> str:
    return reverse(name, args=[scene.engagement.public_id, *rest])


def scene_of(cast: Cast, routing: Routing = Routing.ROUTE_ANONYMISED) -> Scene:
    return signed(cast, terms=replace(TERMS, routing=routing))


def reported(cast: Cast, scene: Scene, **answers: Any) -> Any:
    return client(cast, "evaluator").post(address("report_flaw", scene), {**ANSWERS, **answers}, follow=True)


def test_the_evaluator_reports_a_flaw_and_reads_what_became_of_it(cast: Cast) -> None:
    scene = scene_of(cast)
    evaluator = client(cast, "evaluator")

    asked = evaluator.get(address("report_flaw", scene))
    told = reported(cast, scene)
    shown = evaluator.get(address("flaw", scene, Flaw.objects.get().public_id))

    assert "names neither that model, nor its developer, nor you" in text_of(asked)
    assert "It went to coordinated disclosure, and names nobody." in text_of(told)
    assert "Send a header of 70,000 bytes." in text_of(shown)
    assert "WB-" in text_of(shown)
    assert HOSTILE not in shown.content.decode()
    assert Finding.objects.get().product == "libheader"


def test_the_developer_sees_where_it_went_and_not_its_text(cast: Cast) -> None:
    scene = scene_of(cast)
    reported(cast, scene)
    lab = client(cast, "lab")

    listed = lab.get(address("flaws", scene))
    overview = lab.get(address("evaluation", scene))

    assert "To coordinated disclosure, naming nobody" in text_of(listed)
    assert "its text is not yours to read" in text_of(listed)
    assert "overruns" not in text_of(listed)
    assert lab.get(address("flaw", scene, Flaw.objects.get().public_id)).status_code == HTTPStatus.NOT_FOUND
    assert "See where they went" in text_of(overview)


def test_sending_the_form_twice_reports_it_once(cast: Cast) -> None:
    scene = scene_of(cast)

    reported(cast, scene)
    reported(cast, scene)

    assert (Flaw.objects.count(), Submission.objects.count()) == (1, 1)


def test_what_came_back_is_read_and_sent_on_by_the_developer_alone(cast: Cast) -> None:
    scene = scene_of(cast, Routing.RETURN_TO_LAB)
    reported(cast, scene)
    row = Flaw.objects.get()
    lab, evaluator = client(cast, "lab"), client(cast, "evaluator")

    before = lab.get(address("flaw", scene, row.public_id))
    file = lab.get(address("flaw_file", scene, row.public_id))
    assert evaluator.get(address("flaw", scene, row.public_id)).status_code == HTTPStatus.NOT_FOUND
    assert evaluator.post(address("send_flaw_on", scene, row.public_id), {"as": "named"}).status_code in (403, 404)
    after = lab.post(address("send_flaw_on", scene, row.public_id), {"as": "named"}, follow=True)

    assert "Send it on, naming nobody" in text_of(before)
    assert strictjson.loads(file.content)["product"] == "libheader"
    assert "It went to coordinated disclosure." in text_of(after)
    assert "Send it on, naming nobody" not in text_of(after)
    assert Submission.objects.get().organisation == cast.lab.organisation.public_id


def test_a_way_of_sending_that_does_not_exist_is_answered_as_if_nothing_were_there(cast: Cast) -> None:
    scene = scene_of(cast, Routing.RETURN_TO_LAB)
    reported(cast, scene)

    answer = client(cast, "lab").post(address("send_flaw_on", scene, Flaw.objects.get().public_id), {"as": "loudly"})

    assert answer.status_code == HTTPStatus.NOT_FOUND


def test_where_the_terms_name_the_model_the_evaluator_follows_its_submission(cast: Cast) -> None:
    scene = scene_of(cast, Routing.ROUTE_TO_CVD)
    reported(cast, scene)
    evaluator = client(cast, "evaluator")

    shown = evaluator.get(address("flaw", scene, Flaw.objects.get().public_id))

    way = reverse("submission", args=[Submission.objects.get().public_id])
    assert way in shown.content.decode()
    assert evaluator.get(way).status_code == HTTPStatus.OK


def test_what_is_wrong_is_said_and_the_answers_survive(cast: Cast) -> None:
    scene = scene_of(cast)

    named = reported(cast, scene, description="Northlight 1 found it.")
    sample = reported(cast, scene, item="patch.traversal.1.0")
    empty = reported(cast, scene, title="")

    assert "The text names Northlight 1, and it is to go without any name. Say it without them" in text_of(named)
    assert "Northlight 1 found it." in named.content.decode()
    assert "Give run, item and epoch, or none of them." in text_of(sample)
    assert 'href="#id_title"' in empty.content.decode()
    assert Flaw.objects.count() == 0


def test_a_sample_is_named_and_stays_between_the_two(cast: Cast) -> None:
    scene = scene_of(cast)
    scene.take_in("plain.eval")

    reported(cast, scene, run=Run.objects.get().public_id, item="patch.traversal.1.0", epoch="1")

    shown = client(cast, "evaluator").get(address("flaw", scene, Flaw.objects.get().public_id))
    assert "patch.traversal.1.0, epoch 1" in text_of(shown)


def test_every_look_at_a_flaw_is_a_line_of_the_access_log(cast: Cast) -> None:
    scene = scene_of(cast)
    reported(cast, scene)
    evaluator, row = client(cast, "evaluator"), Flaw.objects.get()

    for name, rest in (("flaws", ()), ("flaw", (row.public_id,)), ("flaw_file", (row.public_id,))):
        before = AccessLine.objects.count()
        evaluator.get(address(name, scene, *rest))
        assert AccessLine.objects.count() == before + 1
        assert strictjson.loads(bytes(AccessLine.objects.latest("pk").entry))["material"] == "flaw"


def test_once_the_evidence_is_gone_the_page_says_so_and_where_it_went_stays(cast: Cast) -> None:
    scene = scene_of(cast)
    reported(cast, scene)

    access.withdraw(scene.engagement, **by(cast, "lab", now=LATER))

    evaluator = client(cast, "evaluator")
    listed = text_of(evaluator.get(address("flaws", scene)))
    assert "The evidence of this engagement has been destroyed" in listed
    assert "sent without a name" in listed
    again = evaluator.get(address("flaw", scene, Flaw.objects.get().public_id), follow=True)
    assert again.redirect_chain[0][0] == address("flaws", scene)


def test_for_everybody_else_there_is_none(cast: Cast) -> None:
    scene = scene_of(cast)
    reported(cast, scene)
    row = Flaw.objects.get()

    for who in (*(set(cast.people) - {"lab", "evaluator"}), "public"):
        one = Client(REMOTE_ADDR=ELSEWHERE) if who == "public" else client(cast, who)
        for name, rest in (("flaws", ()), ("report_flaw", ()), ("flaw", (row.public_id,))):
            answer = one.get(address(name, scene, *rest))
            assert answer.status_code in (302, 403, 404)
            assert "overruns" not in text_of(answer)
