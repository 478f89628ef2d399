"""The board of a node's own runs: both parties see how far they are, and the evaluator alone steers them."""

import re
from http import HTTPStatus

import pytest
from django.test import Client
from django.urls import reverse
from tests.apps.scene_evaluation import LATER, Scene
from tests.apps.scene_running import PART, begin, planned
from tests.support.cast import Cast
from tests.support.visitors import signed_in
from tests.web import runs_scene
from tests.web.early_access_scene import text_of
from tests.web.runs_scene import Board

from watchbell.apps.engagements import services as access
from watchbell.apps.engagements.models import AccessLine
from watchbell.apps.evaluation.models import Run
from watchbell.domain.lifecycle.run import Run as State
from watchbell.outside import inspect_runner

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def at_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("watchbell.doors.moment.now", lambda: LATER)
    monkeypatch.setattr(inspect_runner, "interpreter", lambda: None)


def client(cast: Cast, who: str) -> Client:
    return signed_in(cast.people[who], LATER)


def address(name: str, scene: Scene | Board, *rest: str) -> str:
    return reverse(name, args=[scene.protocol.engagement, scene.protocol.public_id, *rest])


def test_both_see_the_same_board_and_only_the_evaluator_has_its_buttons(cast: Cast) -> None:
    scene = runs_scene.play(cast, LATER)

    ours, theirs = (client(cast, who).get(address("run_board", scene)) for who in ("evaluator", "lab"))

    for page in (ours, theirs):
        said = text_of(page)
        assert "1 waits for a worker · 1 running · 1 paused · 1 is being cancelled · 2 ended" in said
        assert "The endpoint does not answer. Go on when it does." in said
        assert "The engagement's budget is used up. What was finished is there." in said
        assert "4,800" in said
        assert page.content.count(b"<progress") == 9
        assert 'hx-trigger="every 2s"' in page.content.decode()
    assert re.findall(r">(Start|Pause|Go on|Cancel)<", ours.content.decode()) == [
        *("Start", "Pause", "Cancel", "Go on", "Cancel", "Pause", "Cancel", "Start", "Start", "Start")
    ]
    assert b"<button" not in theirs.content.partition(b'id="board"')[2].partition(b"</main>")[0]


def test_looking_is_a_line_of_the_access_log_and_asking_again_is_one_a_quarter_of_an_hour(cast: Cast) -> None:
    scene = runs_scene.play(cast, LATER)
    evaluator = client(cast, "evaluator")

    evaluator.get(address("run_board", scene))
    for _ in range(3):
        part = evaluator.get(address("run_board_live", scene))

    lines = [one for one in AccessLine.objects.filter(what="opened") if b"run-board" in bytes(one.entry)]
    assert len(lines) == 1
    assert part.content.lstrip().startswith(b'<div class="stack sections" id="board"')


def test_start_pause_go_on_and_cancel_are_one_click_each(cast: Cast) -> None:
    scene = planned(cast)
    evaluator = client(cast, "evaluator")

    told = evaluator.post(address("start_run", scene), {"part": "all"}, follow=True)
    run = Run.objects.get(budget=PART.budget)
    found = [(Run.objects.count(), State.PLANNED)]
    for deed in ("pause", "go-on", "cancel"):
        told_of = evaluator.post(address("steer_run", scene, run.public_id, deed), follow=True)
        run.refresh_from_db()
        found.append((deed, run.stands))

    assert "2 parts wait for a worker." in text_of(told)
    assert found == [(2, State.PLANNED), ("pause", State.PAUSED), ("go-on", State.RUNNING), ("cancel", State.STOPPING)]
    assert "It is being cancelled; what is finished is taken in." in text_of(told_of)


def test_a_deed_that_is_none_and_a_run_of_another_protocol_are_not_there(cast: Cast) -> None:
    scene = planned(cast)
    run = begin(scene, cast)
    evaluator = client(cast, "evaluator")

    answers = [
        evaluator.post(address("steer_run", scene, run.public_id, "explode")),
        evaluator.post(address("steer_run", scene, "0" * 32, "pause")),
        client(cast, "lab").post(address("steer_run", scene, run.public_id, "pause")),
    ]

    assert [one.status_code for one in answers] == [HTTPStatus.NOT_FOUND, HTTPStatus.NOT_FOUND, HTTPStatus.FORBIDDEN]
    assert Run.objects.get().stands is State.PLANNED


def test_without_inspect_the_page_says_what_to_do_and_starts_nothing(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing() -> None:
        raise inspect_runner.NoInspect

    monkeypatch.setattr(inspect_runner, "interpreter", missing)
    scene = planned(cast)
    evaluator = client(cast, "evaluator")

    page = evaluator.get(address("run_board", scene))
    told = evaluator.post(address("start_run", scene), {"part": "all"}, follow=True)

    for said in (text_of(page), text_of(told)):
        assert "Inspect is not installed on this node. Install the extra watchbell[eval]" in said
    assert b">Start" not in page.content
    assert not Run.objects.exists()


def test_a_paused_access_and_one_that_is_over_say_so(cast: Cast) -> None:
    scene = planned(cast)
    lab = {"by": cast.lab.actor, "now": LATER}
    access.pause(scene.engagement, **lab)
    paused = text_of(client(cast, "evaluator").get(address("run_board", scene)))
    access.resume(scene.engagement, **lab)

    told = text_of(client(cast, "lab").get(address("protocol", scene)))

    assert "The developer has paused access. What runs waits, and goes on when access does." in paused
    assert "Runs on this node" in told
