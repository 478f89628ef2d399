"""The developer steers: it sees every touch, pauses, shortens, releases and withdraws, each by one click."""

import re
from datetime import timedelta
from http import HTTPStatus
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from tests.apps.scene_engagements import ENDPOINT, admit, ask, token
from tests.conftest import NOON
from tests.support.cast import Cast
from tests.web.early_access_scene import Early, address, text_of, use

from watchbell.apps.engagements import services
from watchbell.apps.engagements.models import AccessLine, Grant
from watchbell.apps.engagements.services.ending import LIMITS
from watchbell.apps.engagements.words import What
from watchbell.domain.canonical import canonical
from watchbell.domain.lifecycle.engagement import Engagement as State
from watchbell.domain.metering import TurnedAway
from watchbell.doors import keys
from watchbell.formats import strictjson
from watchbell.outside.keystore import KeystoreError
from watchbell.outside.keystore.interface import verify_signature
from watchbell.web.early_access import words

pytestmark = pytest.mark.django_db
ASKED = {"HX-Request": "true"}
ENDPOINT_ANSWERS = {
    "base_url": "https://models.lab.example/v1/",
    "scheme": "x-api-key",
    "credential": "sk-canary-of-a-page",
    "model_0": "nl-one",
    "model_1": "nl-mini",
}


def opened(scene: Any) -> list[tuple[str, str, str]]:
    """Return what was opened, what for and by whom, oldest first."""
    lines = AccessLine.objects.filter(engagement=scene.engagement, what=What.OPENED).order_by("pk")
    found = [(strictjson.loads(bytes(one.entry)), one.person) for one in lines]
    return [(facts["material"], facts["purpose"], person) for facts, person in found]


def do(lab: Client, early: Early, deed: str) -> Any:
    return lab.post(address("developer_deed", early.running, deed), follow=True)


def test_the_page_says_day_end_people_scope_and_what_is_spent(lab: Client, early: Early) -> None:
    page = text_of(lab.get(address("engagement", early.running)))

    assert "Day 11 of 30" in page
    assert "Hard end Tue 24 Nov 2026, 09:00 UTC" in page
    assert "Who may owner@evaluator.example Ana Ruiz" in page or "Who may Ana Ruiz owner@evaluator.example" in page
    assert "as the terms below say Chat completions (OpenAI), Messages (Anthropic)" in page
    assert "Calls 40 of 20\N{NO-BREAK SPACE}000 (0 %)".replace("\N{NO-BREAK SPACE}", " ") in page
    assert "Cost 3.59 USD of 2 500.00 USD (0 %)" in page


def test_the_developers_own_people_open_the_terms_with_a_line_too(lab: Client, cast: Cast, early: Early) -> None:
    page = lab.get(address("engagement", early.running))
    before = opened(early.running)
    read = lab.post(address("read_terms", early.running), {"purpose": "audit"})
    lab.get(address("set_endpoint", early.running))

    assert "At most" not in text_of(page)
    assert before == [("terms", "run", cast.evaluator.person.public_id)]
    assert "Version 1, as you wrote it." in text_of(read)
    assert "At most 20 000." in text_of(read).replace("\N{NO-BREAK SPACE}", " ")
    lin = cast.lab.person.public_id
    assert opened(early.running)[1:] == [("terms", "audit", lin), ("models", "housekeeping", lin)]


def test_an_offer_leaves_a_line_where_it_is_shown_and_where_it_is_downloaded(
    lab: Client, cast: Cast, early: Early
) -> None:
    lin = cast.lab.person.public_id

    lab.get(address("sign_statement", early.drafted, "offer"))
    shown = opened(early.drafted)
    lab.get(address("statement_file", early.drafted, "offer"))

    assert shown == [("offer", "housekeeping", lin)]
    assert opened(early.drafted) == shown * 2


def test_changing_the_terms_leaves_one_line_a_sitting(
    lab: Client, early: Early, monkeypatch: pytest.MonkeyPatch
) -> None:
    where = address("edit_terms", early.drafted)

    lab.post(where, {}, headers=ASKED)
    lab.post(where, {}, headers=ASKED)
    first = len(opened(early.drafted))
    lab.get(where)
    second = len(opened(early.drafted))
    monkeypatch.setattr("watchbell.doors.moment.now", lambda: NOON + timedelta(minutes=15))
    lab.post(where, {}, headers=ASKED)

    assert (first, second, len(opened(early.drafted))) == (1, 2, 3)


def test_the_hard_end_is_said_in_utc_and_where_the_reader_is(lab: Client, cast: Cast, early: Early) -> None:
    type(cast.lab.organisation).objects.filter(pk=cast.lab.organisation.pk).update(time_zone="America/Denver")

    page = text_of(lab.get(address("engagement", early.running)))

    assert "09:00 UTC" in page
    assert "02:00 MST" in page


@pytest.mark.parametrize("which", ["drafted", "offered", "agreed", "running"])
def test_release_and_withdraw_are_there_in_every_open_state_with_what_they_lead_to(
    lab: Client, early: Early, which: str
) -> None:
    page = text_of(lab.get(address("engagement", getattr(early, which))))

    assert "Release Records that your trusted partners have the model now." in page
    assert "No reason, nobody is asked. Evidence is destroyed with it, terms and statements included." in page
    assert "What Watchbell cannot promise" in page


@pytest.mark.parametrize("which", ["drafted", "offered", "agreed", "running"])
@pytest.mark.parametrize(("deed", "state"), [("withdraw", State.WITHDRAWN), ("release", State.RELEASED)])
def test_one_click_ends_it_in_every_open_state(lab: Client, early: Early, which: str, deed: str, state: State) -> None:
    scene = getattr(early, which)

    told = lab.post(address("developer_deed", scene, deed), follow=True)

    assert scene.fresh().stands is state
    assert 'action="' + address("developer_deed", scene, "withdraw") not in told.content.decode()
    assert "Destruction receipts" in text_of(told)


def test_after_withdrawing_nothing_goes_through_and_doing_it_again_changes_nothing(lab: Client, early: Early) -> None:
    text = token(early.running)

    do(lab, early, "withdraw")
    again = do(lab, early, "withdraw")

    assert isinstance(admit(ask(text))[0], TurnedAway)
    assert "You withdrew." in text_of(again)


def test_withdrawing_works_while_the_keystore_cannot_be_reached(
    lab: Client, early: Early, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_args: Any, **_more: Any) -> Any:
        raise KeystoreError("x", "away", "wait")

    for name in ("destroy", "seal", "sign"):
        monkeypatch.setattr(type(keys.keystore()), name, away)

    lab.post(address("developer_deed", early.running, "withdraw"))

    assert early.running.fresh().stands is State.WITHDRAWN


def test_the_page_with_release_and_withdraw_opens_while_no_key_can_be_reached(
    lab: Client, early: Early, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_args: Any, **_more: Any) -> Any:
        raise KeystoreError("x", "away", "wait")

    for name in ("open", "sign"):
        monkeypatch.setattr(type(keys.keystore()), name, away)

    page = text_of(lab.get(address("engagement", early.running)))
    desk = lab.get("/early-access/")
    exported = lab.post(address("export_access_log", early.running), follow=True)

    assert "Release Records that your trusted partners have the model now." in page
    assert desk.status_code == HTTPStatus.OK
    assert "This node cannot reach its keys now." in text_of(exported)


def test_pause_and_resume_are_one_click_each(lab: Client, early: Early) -> None:
    paused = do(lab, early, "pause")
    stopped = admit(ask(token(early.running)))[0]
    resumed = do(lab, early, "resume")

    assert isinstance(stopped, TurnedAway)
    assert "Paused: from this moment no call goes through." in text_of(paused)
    assert "Resumed. The window has not grown meanwhile." in text_of(resumed)


def test_the_window_is_shortened_and_never_lengthened(lab: Client, early: Early) -> None:
    where, end = address("shorten_window", early.running), NOON + timedelta(days=3)

    shorter = lab.post(where, {"at": end.strftime("%Y-%m-%dT%H:%M")}, follow=True)
    longer = lab.post(where, {"at": (end + timedelta(days=9)).strftime("%Y-%m-%dT%H:%M")})
    none = lab.post(where, {"at": "tomorrow"})

    assert early.running.fresh().ends_at == end
    assert "The window ends then. Nothing lengthens it again." in text_of(shorter)
    assert "That is no earlier than its end. A window only ever gets shorter." in text_of(longer)
    assert 'value="2026-11-16T12:00"' in longer.content.decode()
    assert 'id="shorten_at-error"' in none.content.decode()


def test_the_credential_goes_in_and_never_comes_out(lab: Client, early: Early) -> None:
    where = address("set_endpoint", early.running)

    told = lab.post(where, ENDPOINT_ANSWERS, follow=True)
    wrong = lab.post(where, {**ENDPOINT_ANSWERS, "base_url": "no address", "pin": "xyz"})

    pages = told.content + wrong.content + lab.get(address("engagement", early.running)).content
    assert "The endpoint is set." in text_of(told)
    assert b"canary" not in pages
    assert b"models.lab.example" not in told.content
    assert b'id="endpoint_pin-error"' in wrong.content
    assert b'value="nl-mini"' in wrong.content
    assert b"canary" not in bytes(Grant.objects.get(engagement=early.running.engagement).sealed_endpoint)
    sealed = bytes(Grant.objects.get(engagement=early.running.engagement).sealed_endpoint)
    place = services.material._place(early.running.engagement, "endpoint", "")
    opened = strictjson.loads(keys.keystore().open(early.running.engagement.access_key, place, sealed))
    assert opened["base_url"] == ENDPOINT.base_url
    assert opened["models"] == {"northlight-1": "nl-one", "northlight-1-mini": "nl-mini"}


def test_a_seat_and_a_token_end_by_one_click(lab: Client, early: Early) -> None:
    seat = early.running.engagement.seats.get(person=early.colleagues[0].public_id)
    live = early.running.engagement.gateway_tokens.filter(person=early.colleagues[0].public_id, ended_at=None)
    before, first = live.count(), live[0]

    ended = lab.post(address("end_gateway_token", early.running, first.public_id), follow=True)
    middle = live.count()
    away = lab.post(address("end_seat", early.running, seat.public_id), follow=True)

    assert "The token has ended; its next use is refused." in text_of(ended)
    assert "Their access has ended, with every token of theirs." in text_of(away)
    assert (before - middle, live.count()) == (1, 0)


def test_the_log_says_each_touch_in_words_with_names_and_that_the_chain_holds(lab: Client, early: Early) -> None:
    page = lab.get(address("engagement_live", early.running), headers=ASKED).content.decode()

    words = re.sub(r"<[^>]+>", " ", page)
    assert "chain ok" in words
    assert "50 of 101" in words
    assert re.search(r"11:5\d:\d\d\s+Ana Ruiz\s+Called the model: Chat completions \(OpenAI\), to run", words)
    assert "The endpoint answered; 2 960 tokens charged" in words.replace("\N{NO-BREAK SPACE}", " ")
    assert "Turned away: that model is not in scope" in words
    assert re.search(r"owner@lab.example\s+Paused access", words)


def test_the_log_is_sent_again_only_when_a_line_was_added(lab: Client, early: Early) -> None:
    where = address("engagement_live", early.running)

    same = lab.get(where, {"seen": "101"}, headers=ASKED)
    use(early.running, early.colleagues[0], now=NOON, calls=1)
    more = lab.get(where, {"seen": "101"}, headers=ASKED)

    assert (same.status_code, same.content) == (HTTPStatus.NO_CONTENT, b"")
    assert b"?seen=105" in more.content
    assert b'id="spent" hx-swap-oob="true"' in more.content


def test_once_it_is_over_the_page_is_loaded_again_and_asks_no_more(lab: Client, early: Early) -> None:
    do(lab, early, "withdraw")

    told = lab.get(address("engagement_live", early.running), {"seen": "1"}, headers=ASKED)

    assert told.headers["HX-Refresh"] == "true"
    assert b"hx-get" not in told.content


@pytest.mark.parametrize("tamper", ["entry", "hash", "gone"])
def test_a_log_that_was_tampered_with_is_never_called_ok(lab: Client, early: Early, tamper: str) -> None:
    lines = AccessLine.objects.filter(engagement=early.running.engagement).order_by("-pk")
    if tamper == "entry":
        lines.filter(pk=lines[5].pk).update(entry=canonical({**strictjson.loads(bytes(lines[5].entry)), "x": 1}))
    elif tamper == "hash":
        lines.filter(pk=lines[5].pk).update(hash=bytes(32))
    else:
        lines.filter(pk=lines[0].pk).delete()

    page = lab.get(address("engagement", early.running)).content.decode()

    assert "chain ok" not in page
    assert "chain broken" in page


def test_the_whole_log_is_exported_and_the_export_is_a_line_of_it(lab: Client, early: Early) -> None:
    answer = lab.post(address("export_access_log", early.running))
    lines = [strictjson.loads(line) for line in b"".join(answer.streaming_content).splitlines()]  # type: ignore[attr-defined]

    assert answer.headers["Content-Disposition"].endswith('.ndjson"')
    assert lines[0]["lines"] == len(lines) - 1 == 102
    assert any(one["entry"]["what"] == "exported" for one in lines[1:])


def test_receipts_are_read_and_downloaded_and_their_signature_holds(lab: Client, early: Early) -> None:
    row = early.withdrawn.engagement.receipts.get(key="evidence")

    page = text_of(lab.get(address("destruction_receipt", early.withdrawn, row.public_id)))
    file = lab.get(address("destruction_receipt_file", early.withdrawn, row.public_id))
    told = strictjson.loads(file.content)

    assert "This node destroyed the key to terms, statements and evidence." in page
    assert "What lay under it 4" in page
    assert all(sentence in page for sentence in LIMITS)
    signature, public = bytes.fromhex(told["signature"]), bytes.fromhex(told["public_key"])
    assert verify_signature(public, signature, canonical(told["receipt"]))


def test_what_is_over_says_how_and_offers_no_deed(lab: Client, early: Early) -> None:
    page = text_of(lab.get(address("engagement", early.withdrawn)))

    assert "The developer withdrew. No reason is asked." in page
    assert "Their key has been destroyed, so nobody can open them any more." in page
    assert "Release Records" not in page
    assert "Who may nobody any more" in page


def test_what_is_over_has_a_word_and_a_shape_and_no_colour(lab: Client, early: Early) -> None:
    for where in (address("engagement", early.withdrawn), "/early-access/"):
        page = lab.get(where).content.decode()
        badge = re.search(r'<span class="badge is-over"><svg[^>]*><path[^>]*></svg>Withdrawn</span>', page)

        assert badge is not None
    assert {words.badge(state).value for state in State if not state.is_open} == {"over"}


def test_a_deed_on_what_is_over_says_so_in_words(lab: Client, early: Early) -> None:
    told = lab.post(address("set_endpoint", early.withdrawn), ENDPOINT_ANSWERS, follow=True)
    rescinded = lab.post(address("developer_deed", early.withdrawn, "rescind"), follow=True)

    assert "This engagement has ended, and nothing opens it again." in text_of(told)
    assert "The developer withdrew." in text_of(rescinded)


def test_a_draft_whose_key_is_lost_says_what_happened_and_what_is_left_to_do(lab: Client, early: Early) -> None:
    (settings.WATCHBELL.keys / f"{early.drafted.engagement.evidence_key}.key").unlink()
    lost = "The key of these terms and statements is missing on this node"

    page = text_of(lab.get(address("engagement", early.drafted)))
    told = [
        lab.get(address("sign_statement", early.drafted, "offer"), follow=True),
        lab.get(address("statement_file", early.drafted, "offer"), follow=True),
        lab.get(address("edit_terms", early.drafted), follow=True),
        lab.post(address("read_terms", early.drafted), {"purpose": "audit"}),
    ]
    withdrawn = lab.post(address("developer_deed", early.drafted, "withdraw"), follow=True)

    assert lost in page
    assert "Sign the offer" not in page
    assert "The developer withdraws, which works without the key" in page
    assert all(lost in text_of(one) for one in told)
    assert early.drafted.fresh().stands is State.WITHDRAWN
    assert lost not in text_of(withdrawn)


def test_an_offer_is_taken_back(lab: Client, early: Early) -> None:
    told = lab.post(address("developer_deed", early.offered, "rescind"), follow=True)

    assert early.offered.fresh().stands is State.RESCINDED
    assert "The offer is taken back." in text_of(told)


@pytest.mark.parametrize("deed", ["release", "withdraw", "rescind", "pause", "resume"])
def test_the_evaluator_comes_to_none_of_the_developers_deeds(evaluator: Client, early: Early, deed: str) -> None:
    told = evaluator.post(address("developer_deed", early.running, deed))

    assert told.status_code == HTTPStatus.FORBIDDEN
    assert early.running.fresh().stands is State.ACTIVE


def test_a_keystore_that_cannot_be_reached_is_said_in_words(
    lab: Client, early: Early, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_args: Any, **_more: Any) -> Any:
        raise KeystoreError("evidence-x", "cannot be read", "look")

    monkeypatch.setattr("watchbell.apps.engagements.services.running.seal", away)

    told = lab.post(address("set_endpoint", early.running), ENDPOINT_ANSWERS)

    assert "This node cannot reach its keys now. Nothing was changed." in text_of(told)
    assert "evidence-x" not in told.content.decode()


def test_no_page_of_the_two_carries_a_style_of_its_own(lab: Client, evaluator: Client, early: Early) -> None:
    for client in (lab, evaluator):
        page = client.get(address("engagement", early.running)).content.decode()
        assert " style=" not in page
        assert "hx-on" not in page
