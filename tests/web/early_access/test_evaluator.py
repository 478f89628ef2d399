"""The evaluator answers what was offered and works within it; it begins nothing and makes nothing last longer."""

import random
import re
from datetime import timedelta
from http import HTTPStatus

import pytest
from django.test import Client
from django.urls import reverse
from tests.conftest import NOON
from tests.support.cast import Cast
from tests.support.visitors import signed_in
from tests.web.early_access_scene import Early, address, text_of

from watchbell.apps.engagements.models import AccessLine, GatewayToken, Grant
from watchbell.apps.engagements.words import What
from watchbell.apps.journal import services as journal
from watchbell.domain.lifecycle.engagement import Engagement as State
from watchbell.doors.keys import keystore
from watchbell.web.early_access.clients import clients
from watchbell.worker.run import run_until_idle

pytestmark = pytest.mark.django_db


def test_an_offer_is_declined_by_one_click(evaluator: Client, early: Early) -> None:
    told = evaluator.post(address("evaluator_deed", early.offered, "decline"), follow=True)

    assert early.offered.fresh().stands is State.DECLINED
    assert "You declined. No reason is asked, and nothing follows from it." in text_of(told)


def test_the_terms_are_opened_with_a_purpose_which_the_developer_reads(
    evaluator: Client, lab: Client, early: Early
) -> None:
    page = evaluator.get(address("engagement", early.running)).content.decode()
    opened = evaluator.post(address("read_terms", early.running), {"purpose": "audit"})
    without = evaluator.post(address("read_terms", early.running), {})

    line = AccessLine.objects.filter(engagement=early.running.engagement, what=What.OPENED).latest("pk")
    assert "At most" not in page
    assert "“you” is Northlight Lab" in text_of(opened)
    assert "At most 20 000." in text_of(opened).replace("\N{NO-BREAK SPACE}", " ")
    assert b'"purpose":"audit"' in bytes(line.entry)
    assert 'id="purpose_purpose-error"' in without.content.decode()
    assert "Opened the terms: to audit" in lab.get(address("engagement", early.running)).content.decode()


@pytest.mark.parametrize("name", ["read_terms", "take_token"])
def test_no_purpose_is_chosen_beforehand_and_without_one_nothing_is_opened(
    evaluator: Client, early: Early, name: str
) -> None:
    before = AccessLine.objects.count()
    page = evaluator.get(address("engagement" if name == "read_terms" else name, early.running)).content.decode()
    told = evaluator.post(address(name, early.running), {"purpose": "", "hours": "2"})

    assert '<option value="" selected>Choose one</option>' in page
    assert "Say what for; the developer reads it." in text_of(told)
    assert 'purpose-error"' in told.content.decode()
    assert AccessLine.objects.count() == before


def test_an_alarm_about_its_people_is_read_by_the_developer_alone(
    evaluator: Client, lab: Client, cast: Cast, early: Early
) -> None:
    Grant.objects.filter(engagement=early.running.engagement).update(opened_a_day=1)
    for _ in range(4):
        evaluator.post(address("read_terms", early.running), {"purpose": "audit"})
    run_until_idle(now=NOON, rng=random.Random(3))

    ways = {who: read_everywhere(client, early) for who, client in (("lab", lab), ("evaluator", evaluator))}
    exports = {
        who: b"".join(journal.export(by=player.actor, now=NOON, keys=keystore()).lines)
        for who, player in (("lab", cast.lab), ("evaluator", cast.evaluator))
    }

    assert "One person opened material unusually often" in ways["lab"]
    assert "Someone opened material of an engagement unusually often in a day." in ways["lab"]
    assert b"engagement.unusual_volume" in exports["lab"]
    assert cast.evaluator.person.public_id.encode() in exports["lab"]
    assert "unusual" not in ways["evaluator"]
    assert b"unusual" not in exports["evaluator"]


def read_everywhere(client: Client, early: Early) -> str:
    """Return what a party reads of an engagement: its page, its desk, its home, the record and the notices."""
    pages = [
        address("engagement", early.running),
        *(reverse(one) for one in ("early_access", "home", "record", "notices")),
    ]
    return " ".join(text_of(client.get(page)) for page in pages)


def test_the_terms_cannot_be_opened_by_asking_for_an_address(evaluator: Client, early: Early) -> None:
    assert evaluator.get(address("read_terms", early.running)).status_code == HTTPStatus.METHOD_NOT_ALLOWED


def test_terms_whose_evidence_is_gone_are_said_to_be(evaluator: Client, early: Early) -> None:
    told = evaluator.post(address("read_terms", early.withdrawn), {"purpose": "run"})

    assert "The evidence of this engagement has been destroyed, as its terms say." in text_of(told)


def test_a_token_is_shown_once_with_settings_to_copy(evaluator: Client, early: Early) -> None:
    where = address("take_token", early.running)

    asked = evaluator.get(where)
    told = evaluator.post(where, {"purpose": "run", "hours": "2"})

    text = re.search(r"wbg_[0-9a-f]{32}_[\w-]+", told.content.decode())
    assert text is not None
    assert "At most 12, and never beyond the window." in text_of(asked)
    assert f"OPENAI_API_KEY={text.group()}" in told.content.decode()
    assert "ANTHROPIC_BASE_URL=" in told.content.decode()
    assert "inspect eval TASK --model openai/northlight-1" in told.content.decode()
    assert text.group() not in evaluator.get(address("engagement", early.running)).content.decode()
    assert GatewayToken.objects.latest("pk").expires_at == NOON + timedelta(hours=2)


def test_a_token_is_only_for_those_who_were_let_in(early: Early) -> None:
    named = signed_in(early.colleagues[1])

    told = named.post(address("take_token", early.running), {"purpose": "run", "hours": "2"})

    assert "Only people the evaluator named and the developer admitted" in text_of(told)


def test_a_token_for_too_long_or_before_the_start_is_refused_in_words(evaluator: Client, early: Early) -> None:
    long = evaluator.post(address("take_token", early.running), {"purpose": "run", "hours": "48"})
    soon = evaluator.post(address("take_token", early.agreed), {"purpose": "run", "hours": "2"})

    assert "less than or equal to 12" in text_of(long)
    assert 'value="48"' in long.content.decode()
    assert "Access has not begun." in text_of(soon)


def test_ones_own_tokens_are_ended_and_nobody_elses(evaluator: Client, cast: Cast, early: Early) -> None:
    live = early.running.engagement.gateway_tokens.filter(ended_at=None)
    own = live.filter(person=cast.evaluator.person.public_id)[0]
    theirs = live.filter(person=early.colleagues[0].public_id)[0]

    told = evaluator.post(address("end_gateway_token", early.running, own.public_id), follow=True)
    other = evaluator.post(address("end_gateway_token", early.running, theirs.public_id))

    assert "The token has ended" in text_of(told)
    assert other.status_code == HTTPStatus.NOT_FOUND
    theirs.refresh_from_db()
    assert theirs.ended_at is None


def test_people_are_named_within_the_number_agreed(evaluator: Client, early: Early) -> None:
    where = address("name_person", early.agreed)

    for one in early.colleagues[:2]:
        evaluator.post(where, {"person": one.public_id})
    beyond = evaluator.post(where, {"person": early.colleagues[2].public_id})

    assert early.agreed.engagement.seats.filter(ended_at=None).count() == 3
    assert "Name one to 3 people; the terms allow no more." in text_of(beyond)


def test_a_person_of_somebody_elses_is_no_choice(evaluator: Client, cast: Cast, early: Early) -> None:
    told = evaluator.post(address("name_person", early.agreed), {"person": cast.lab.person.public_id})

    assert "Select a valid choice." in text_of(told)


def test_the_evaluator_leaves_by_one_click(evaluator: Client, early: Early) -> None:
    told = evaluator.post(address("evaluator_deed", early.running, "leave"), follow=True)

    assert early.running.fresh().stands is State.ENDED
    assert "You left. Access is over and its key is destroyed." in text_of(told)


def test_a_deed_that_is_not_possible_says_why(evaluator: Client, early: Early) -> None:
    told = evaluator.post(address("evaluator_deed", early.running, "decline"), follow=True)

    assert "Access runs on the terms that both signed." in text_of(told)
    assert early.running.fresh().stands is State.ACTIVE


@pytest.mark.parametrize(
    "name", ["shorten_window", "set_endpoint", "export_access_log", "engagement_live", "edit_terms"]
)
def test_no_way_of_the_developers_is_open_to_the_evaluator(evaluator: Client, early: Early, name: str) -> None:
    where = address(name, early.running)

    assert {evaluator.get(where).status_code, evaluator.post(where).status_code} == {HTTPStatus.FORBIDDEN}


def test_nothing_on_the_evaluators_pages_asks_a_developer_for_anything(evaluator: Client, early: Early) -> None:
    pages = [evaluator.get("/early-access/").content.decode()]
    pages += [
        evaluator.get(address("engagement", one)).content.decode()
        for one in (early.offered, early.agreed, early.running, early.withdrawn)
    ]

    forms = {where for page in pages for where in re.findall(r'action="(/early-access/[^"]+)"', page)}
    kinds = {re.sub(r"[0-9a-f]{32}", "*", where).removeprefix("/early-access/engagements/*/") for where in forms}
    assert kinds == {"terms/read/", "tokens/*/end/", "seats/*/end/", "people/", "answer/decline/", "answer/leave/"}


def test_the_model_keeps_its_developers_own_name_to_itself(evaluator: Client, early: Early) -> None:
    pages = [evaluator.get(where) for where in ("/early-access/", address("engagement", early.running))]

    assert not any("Northlight 1<" in page.content.decode() for page in pages)


def test_a_client_is_shown_only_for_an_interface_in_scope() -> None:
    messages_only = clients("http://gateway", "t", ["m"], ["messages"])
    chat_only = clients("http://gateway", "t", ["m"], ["chat/completions"])

    assert [one.name for one in messages_only] == ["Anthropic", "Inspect"]
    assert [one.name for one in chat_only] == ["OpenAI", "Inspect"]
    assert "anthropic/m" in messages_only[1].lines


def test_an_engagement_that_is_not_there_answers_like_somebody_elses(evaluator: Client, early: Early) -> None:
    where = reverse("evaluator_deed", args=["0" * 32, "leave"])

    assert evaluator.post(where).status_code == HTTPStatus.NOT_FOUND
    assert evaluator.post(address("evaluator_deed", early.drafted, "decline")).status_code == HTTPStatus.NOT_FOUND
