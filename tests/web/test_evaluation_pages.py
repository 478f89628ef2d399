"""An evaluation as its two parties meet it: decided, locked, run, reported, commented on; and nobody else meets it."""

import re
from http import HTTPStatus
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from tests.apps.scene_engagements import DICE, TERMS, keystore, started
from tests.apps.scene_evaluation import BEGAN, HELD_OUT, LATER, Scene, by, locked, registered, signed
from tests.support.cast import Cast
from tests.support.eval_logs import LOGS
from tests.support.protocols import PROTOCOL
from tests.support.visitors import ELSEWHERE, signed_in
from tests.web import below
from tests.web.early_access_scene import text_of

from watchbell.apps.engagements.models import AccessLine
from watchbell.apps.engagements.words import What
from watchbell.apps.evaluation import services
from watchbell.apps.evaluation.models import Protocol, Report
from watchbell.formats import run_kits, strictjson
from watchbell.web.evaluation import pictures, reading, recognising

pytestmark = pytest.mark.django_db
HOSTILE = "<script>alert(1)</script> =cmd|'/c calc'!A1 \u202eevil"


@pytest.fixture(autouse=True)
def at_the_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("watchbell.doors.moment.now", lambda: LATER)


def client(cast: Cast, who: str) -> Client:
    return signed_in(cast.people[who], LATER)


def address(name: str, scene: Any, *rest: str) -> str:
    engagement = scene.engagement if isinstance(scene, Scene) else scene.fresh()
    return reverse(name, args=[engagement.public_id, *rest])


ANSWERS: dict[str, Any] = {
    "title": "First look",
    "alias": "northlight-1",
    "answers_as": "nl-1-2026-11",
    "suite_0": "on",
    "families_0": ["traversal"],
    "levels_0": "1 2",
    "each_0": "3",
    "budgets": "1000 10000",
    "epochs": "2",
    "scaffold": "single",
    "references": "bell-0",
    "name_0": "uplift",
    "counts_0": ["patch"],
    "anchor_0": "bell-0",
    "delta_0": "0.5",
}


def reported(cast: Cast) -> tuple[Scene, Report]:
    scene = signed(cast)
    scene.take_in("plain.eval")
    return scene, services.issue_report(scene.fresh(), **by(cast, now=LATER))


def test_the_evaluator_writes_a_protocol_question_by_question(cast: Cast) -> None:
    access = started(cast, TERMS, now=BEGAN)
    registered(cast)
    evaluator = client(cast, "evaluator")

    page = evaluator.get(address("draft_protocol", access))
    told = evaluator.post(address("draft_protocol", access), ANSWERS, follow=True)

    row = Protocol.objects.get()
    value = services.opened(row, keys=keystore())
    assert "Run patch" in text_of(page)
    assert value.suites == PROTOCOL.suites
    assert value.indicators == PROTOCOL.indicators
    assert (value.budgets, value.epochs, value.model) == (PROTOCOL.budgets, 2, PROTOCOL.model)
    assert "The draft is saved." in text_of(told)
    assert "From then on this version never changes." in text_of(told)


def test_what_is_wrong_stands_under_its_question_and_the_answers_survive(cast: Cast) -> None:
    access = started(cast, TERMS, now=BEGAN)
    registered(cast)
    wrong = {**ANSWERS, "budgets": "10000 1000", "anchor_0": "nobody", "each_0": "", "title": HOSTILE}

    told = client(cast, "evaluator").post(address("draft_protocol", access), wrong).content.decode()

    assert Protocol.objects.count() == 0
    assert 'href="#id_budgets"' in told
    assert "The budgets are not in order. Numbers of tokens a sample, ascending, each once." in told
    assert 'id="id_anchor_0-error"' in told
    assert 'id="id_suite_0-error"' in told
    assert 'value="10000 1000"' in told
    assert "<script>alert" not in told


def test_a_draft_may_be_saved_unfinished_and_says_what_it_lacks(cast: Cast) -> None:
    access = started(cast, TERMS, now=BEGAN)
    registered(cast)
    some = {"title": "First look", "unfinished": "yes", "budgets": "", "levels_0": "1"}

    told = client(cast, "evaluator").post(address("draft_protocol", access), some, follow=True)

    assert "It still lacks something" in text_of(told)
    assert "There is nothing to run (/suites)." in text_of(told)


def test_a_protocol_is_pasted_as_json_and_what_is_wrong_with_it_is_located(cast: Cast) -> None:
    access = started(cast, TERMS, now=BEGAN)
    evaluator = client(cast, "evaluator")

    wrong = evaluator.post(address("draft_protocol", access), {"text": '{"protocol": "watchbell-protocol-1", "x": 1}'})
    evaluator.post(address("draft_protocol", access), {"text": PROTOCOL.canonical.decode()})

    assert "A protocol has no such field (/x)." in text_of(wrong)
    assert services.opened(Protocol.objects.get(), keys=keystore()) == PROTOCOL
    assert "No benchmark is registered here yet" in text_of(wrong)


def test_locking_says_what_keeps_a_draft_from_it_at_its_question(cast: Cast) -> None:
    access = started(cast, TERMS, now=BEGAN)
    registered(cast, HELD_OUT)
    evaluator = client(cast, "evaluator")
    evaluator.post(address("draft_protocol", access), {**ANSWERS, "counts_0": ["chain"]})
    row = Protocol.objects.get()

    told = evaluator.post(address("lock_protocol", access, row.public_id)).content.decode()

    assert Protocol.objects.get().locked_at is None
    assert 'id="id_suite_0-error"' in told
    assert "Its items are held out, and no seed is committed to." in told


def test_a_seed_is_committed_to_and_stands_in_the_open_when_it_is_over(cast: Cast) -> None:
    access = started(cast, TERMS, now=BEGAN)
    benchmark = registered(cast, HELD_OUT)
    evaluator = client(cast, "evaluator")

    evaluator.post(address("commit_seed", access, benchmark.public_id))
    told = text_of(client(cast, "lab").get(address("evaluation", access)))

    assert "revealed when the engagement is over" in told
    assert services.commit_seed(access.fresh(), benchmark, **by(cast)).commitment in told


def test_the_whole_way_from_a_draft_to_the_developers_consent(cast: Cast) -> None:
    scene, evaluator, lab = signed(cast), client(cast, "evaluator"), client(cast, "lab")
    protocol = scene.protocol.public_id

    kit = evaluator.post(address("run_kit", scene, protocol))
    log = SimpleUploadedFile("plain.eval", (LOGS / "plain.eval").read_bytes())
    taken = evaluator.post(address("take_in_log", scene, protocol), {"file": log}, follow=True)
    issued = evaluator.post(address("issue_evaluation_report", scene, protocol), follow=True)
    report = Report.objects.get().public_id
    lab.post(address("comment_on_report", scene, report), {"text": "We disagree.\n" + HOSTILE})
    lab.post(address("consent_to_report", scene, report, "public"))
    read = evaluator.get(address("evaluation_report", scene, report))
    handed_on = evaluator.get(address("evaluation_report_file", scene, report) + "?for=public")
    kept_back = evaluator.get(address("evaluation_report_file", scene, report) + "?for=partner")

    assert run_kits.loads(kit.content).protocol == PROTOCOL
    assert kit.headers["Content-Disposition"].startswith("attachment")
    assert "no-store" in kit.headers["Cache-Control"]
    assert "6 samples were stored." in text_of(taken)
    assert "Assessed 6 of 24; 18 missing or lost" in text_of(taken)
    assert "Inconclusive on uplift, against anchor bell-0" in text_of(issued)
    assert "We disagree.\n&lt;script&gt;" in read.content.decode()
    assert "\\u202eevil" in read.content.decode()
    assert Report.objects.get().consents == ["public"]
    assert (b'"for":"public"' in handed_on.content, b'"samples":' in handed_on.content) == (True, False)
    assert "?for=public" in read.content.decode()
    assert (kept_back.status_code, b"{" in kept_back.content) == (HTTPStatus.FOUND, False)


def test_a_log_that_is_not_of_the_protocol_is_refused_in_words(cast: Cast) -> None:
    scene = locked(cast)
    wrong = SimpleUploadedFile("x.eval", b"PK\x03\x04 no archive")

    told = client(cast, "evaluator").post(address("take_in_log", scene, scene.protocol.public_id), {"file": wrong})

    assert told.status_code == HTTPStatus.OK
    assert 'id="id_file-error"' in told.content.decode()


def test_both_parties_see_how_much_is_there_and_how_its_calls_compare(cast: Cast) -> None:
    scene = signed(cast)
    scene.take_in("plain.eval")

    seen = [text_of(client(cast, who).get(address("evaluation", scene))) for who in ("lab", "evaluator")]

    for told in seen:
        assert "Assessed 6 of 24; 18 missing or lost" in told
        assert re.search(r"Chain: \d+ calls logged, \d+ admitted", told)
        assert "stated, not verified" in told
        assert scene.protocol.digest[:12] in told


def test_an_amendment_after_data_says_so_for_ever(cast: Cast) -> None:
    scene, evaluator = signed(cast), client(cast, "evaluator")
    scene.take_in("plain.eval")
    asked = address("amend_protocol", scene, scene.protocol.public_id)
    value = {"text": PROTOCOL.canonical.decode().replace("10000", "20000")}

    without = evaluator.post(asked, value)
    evaluator.post(asked, {**value, "reason": "Twice the budget"})
    newer = Protocol.objects.get(number=2)
    evaluator.post(address("lock_protocol", scene, newer.public_id))
    told = text_of(client(cast, "lab").get(address("evaluation", scene)))

    assert 'id="id_reason-error"' in without.content.decode()
    assert "amended after data" in told
    assert "Twice the budget" in text_of(client(cast, "lab").get(address("protocol", scene, newer.public_id)))


def test_every_look_is_a_line_of_the_access_log(cast: Cast) -> None:
    scene, report = reported(cast)
    before = AccessLine.objects.filter(what=What.OPENED).count()

    for name in ("evaluation_report", "evaluation_picture", "evaluation_report_file", "evaluation_samples"):
        assert client(cast, "evaluator").get(address(name, scene, report.public_id)).status_code == HTTPStatus.OK
    client(cast, "evaluator").get(address("protocol", scene, scene.protocol.public_id))
    client(cast, "evaluator").get(address("evaluation", scene))

    assert AccessLine.objects.filter(what=What.OPENED).count() == before + 6


def test_what_is_downloaded_is_what_was_signed_and_its_table_is_inert(cast: Cast) -> None:
    scene, report = reported(cast)
    lab = client(cast, "lab")

    file = lab.get(address("evaluation_report_file", scene, report.public_id))
    table = lab.get(address("evaluation_samples", scene, report.public_id))

    content = services.signed_bytes(report, keys=keystore())
    assert content in file.content
    assert strictjson.loads(file.content)["signature"] == bytes(report.signature).hex()
    assert table.content.decode().splitlines()[0].startswith("suite,model,budget,item")
    assert len(table.content.decode().splitlines()) == 7


def test_the_picture_has_its_own_policy_and_shows_every_suite_and_budget(cast: Cast) -> None:
    scene, report = reported(cast)

    drawn = client(cast, "lab").get(address("evaluation_picture", scene, report.public_id))

    assert drawn.headers["Content-Type"] == "image/svg+xml"
    assert drawn.headers["Content-Security-Policy"] == pictures.POLICY
    assert 'class="dot"' in drawn.content.decode()
    assert "prefers-color-scheme:dark" in drawn.content.decode()


REPORT: dict[str, Any] = {
    "protocol": {"plan": {"suites": [{"benchmark": "<i>"}]}},
    "measured": {"models": ["a", "<b>", "c"]},
    "comparisons": [{"anchor": "<b>", "asked_of": ["<i>"]}],
    "profile": [
        {"suite": "<i>", "budget": 1000, "model": "a", "generalised": None, "benchmark": None},
        {
            "suite": "<i>",
            "budget": 1000,
            "model": "<b>",
            "generalised": {"estimate": 0.5, "low": None, "high": 2.0},
            "benchmark": None,
        },
    ],
}


def test_names_in_the_picture_are_text_and_what_was_not_measured_is_said() -> None:
    drawn = pictures.profile(REPORT, reading.picture_words(REPORT), pictures.NARROW)

    assert "<i>" not in drawn
    assert "&lt;i&gt;" in drawn
    assert "nothing measured" in drawn


def test_a_reason_of_a_signed_report_is_known_again_by_its_template() -> None:
    found = next(one for one in below.modules() if one.path.match("measurement/comparison.py"))
    asides = {"A model is not compared with itself", "Run the anchor under the same protocol"}

    assert found.texts - asides <= set(recognising.REASONS)
    assert recognising.recognised("3.0 % of the attempts ended at a limit: the budget was too small.").startswith("3.0")
    assert recognising.recognised("Something else.") == "Something else."


URLS = (
    ("evaluation", 0, "GET"),
    ("draft_protocol", 0, "GET"),
    ("draft_protocol", 0, "POST"),
    *((name, 1, "GET") for name in ("protocol", "edit_protocol", "amend_protocol", "sign_containment")),
    ("containment_file", 1, "GET"),
    *((name, 1, "POST") for name in ("edit_protocol", "amend_protocol", "lock_protocol", "run_kit", "take_in_log")),
    ("issue_evaluation_report", 1, "POST"),
    *((f"evaluation_{name}", 2, "GET") for name in ("report", "picture", "report_file", "report_paper", "samples")),
    ("comment_on_report", 2, "POST"),
    ("preview_for_others", 3, "GET"),
    ("consent_to_report", 3, "POST"),
    ("withdraw_report_consent", 3, "POST"),
    ("commit_seed", 4, "POST"),
)
BOTH = {"evaluation", "protocol", "evaluation_report", "evaluation_picture", "evaluation_report_file"} | {
    "evaluation_report_paper",
    "evaluation_samples",
}
DEVELOPERS = {"comment_on_report", "preview_for_others", "consent_to_report", "withdraw_report_consent"}


@pytest.fixture
def played(cast: Cast) -> tuple[Scene, Report]:
    return reported(cast)


@pytest.mark.parametrize(("name", "kind", "method"), URLS)
def test_every_address_opens_to_its_own_parties_and_to_nobody_else(
    cast: Cast, played: tuple[Scene, Report], name: str, kind: int, method: str
) -> None:
    scene, report = played
    benchmark = services.register_benchmark(HELD_OUT, by=cast.evaluator.actor, now=BEGAN, rng=DICE)
    rest = {0: (), 1: (scene.protocol.public_id,), 2: (report.public_id,), 3: (report.public_id, "public")}
    path = address(name, scene, *rest.get(kind, (benchmark.public_id,)))
    # a second evaluator and lab, strangers to this engagement, are answered as if nothing were there

    opened = set()
    for who in (*cast.people, "public"):
        one = Client(REMOTE_ADDR=ELSEWHERE) if who == "public" else client(cast, who)
        answer = one.get(path) if method == "GET" else one.post(path, {"text": "x"})
        location = answer.headers.get("Location", "")
        away = "/account/" in location or answer.status_code in (HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND)
        if not away:
            opened.add(who)

    expected = {"lab", "evaluator"} if name in BOTH else {"lab"} if name in DEVELOPERS else {"evaluator"}
    assert opened == expected


def test_an_evaluators_colleague_without_a_seat_is_answered_as_if_nothing_were_there(cast: Cast) -> None:
    scene, report = reported(cast)
    from tests.web.early_access_scene import _colleague

    other = signed_in(_colleague(cast.evaluator, "Ana Ruiz", BEGAN), LATER)

    for name, rest in (
        ("evaluation", ()),
        ("protocol", (scene.protocol.public_id,)),
        ("evaluation_report", (report.public_id,)),
    ):
        assert other.get(address(name, scene, *rest)).status_code == HTTPStatus.NOT_FOUND


def test_once_the_evidence_is_gone_the_page_says_so_and_a_kept_report_stays(cast: Cast) -> None:
    from watchbell.apps.engagements import services as access

    scene, report = reported(cast)
    access.withdraw(scene.engagement, by=cast.lab.actor, now=LATER, keys=keystore(), rng=DICE)

    lab = client(cast, "lab")
    told = text_of(lab.get(address("evaluation", scene)))
    kept = lab.get(address("evaluation_report", scene, report.public_id))

    assert "destroyed" in told
    assert kept.status_code == (HTTPStatus.OK if report.is_kept else HTTPStatus.FOUND)
