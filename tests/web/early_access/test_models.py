"""A developer registers a model, releases it whenever it likes, and chooses whom it trusts."""

from datetime import timedelta
from http import HTTPStatus
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from tests.conftest import NOON
from tests.support.cast import Cast
from tests.support.visitors import signed_in
from tests.web.early_access_scene import Early, text_of

from watchbell.apps.engagements.models import Determination, ModelVersion, Partner
from watchbell.domain.lifecycle.engagement import Engagement as State

pytestmark = pytest.mark.django_db
NEW = "9f" * 32


def of_model(name: str, early: Early, *rest: str) -> str:
    return reverse(name, args=[early.running.model.public_id, *rest])


def fresh(early: Early) -> ModelVersion:
    return ModelVersion.objects.get(pk=early.running.model.pk)


def test_a_model_is_registered_by_its_digest_and_its_name_lies_sealed(lab: Client) -> None:
    told = lab.post(reverse("register_model"), {"name": "Southlight 2", "digest": NEW.upper()}, follow=True)

    assert "Southlight 2" in text_of(told)
    assert "0 of 720 hours" in text_of(told)
    assert b"Southlight" not in bytes(ModelVersion.objects.get(digest=NEW).sealed_name)


@pytest.mark.parametrize(
    ("answers", "says"),
    [
        (
            {"name": "Southlight", "digest": "abc"},
            "Give the model's SHA-256: 64 small hex digits.",
        ),
        ({"name": "  ", "digest": NEW}, "What do you call it?: This field is required."),
    ],
)
def test_what_is_wrong_is_said_at_its_question_and_answers_survive(lab: Client, answers: Any, says: str) -> None:
    told = lab.post(reverse("register_model"), answers)

    assert says in text_of(told)
    assert f'value="{answers["digest"]}"' in told.content.decode()


@pytest.mark.parametrize(("to", "column"), [("partners", "partner_release_at"), ("everyone", "public_release_at")])
def test_one_click_releases_and_ends_every_window(lab: Client, early: Early, to: str, column: str) -> None:
    told = lab.post(of_model("release_model", early, to), follow=True)

    assert getattr(fresh(early), column) == NOON
    assert early.running.fresh().stands is State.RELEASED
    assert "Every window onto it is over." in text_of(told)
    assert "Released" in text_of(told)


def test_the_consequence_stands_beside_each_button(lab: Client, early: Early) -> None:
    page = text_of(lab.get(of_model("model", early)))

    assert "Release now to partners One click records that your trusted partners have it now." in page
    assert "Release now to everyone One click records that everyone has it now." in page


def test_a_plan_shortens_and_taking_it_back_lengthens_nothing(lab: Client, early: Early) -> None:
    soon = (NOON + timedelta(days=2)).strftime("%Y-%m-%dT%H:%M")

    lab.post(of_model("plan_release", early, "everyone"), {"at": soon})
    lab.post(of_model("plan_release", early, "everyone"), {"at": ""})

    assert fresh(early).public_release_at is None
    assert early.running.fresh().ends_at == NOON + timedelta(days=2)


def test_a_plan_that_is_no_moment_is_said_at_its_question(lab: Client, early: Early) -> None:
    told = lab.post(of_model("plan_release", early, "everyone"), {"at": "soon"})

    assert 'id="everyone_at"' in told.content.decode()
    assert 'id="everyone_at-error"' in told.content.decode()


def test_a_partner_is_chosen_by_name_and_ended(lab: Client, cast: Cast, early: Early) -> None:
    where = of_model("choose_partner", early)

    nobody = lab.post(where, {"name": "Harbour"})
    chosen = lab.post(where, {"name": "harbour clearinghouse"}, follow=True)
    row = Partner.objects.get(partner=cast.coordinator.organisation.public_id)
    ended = lab.post(reverse("end_partnership", args=[row.public_id]), follow=True)

    assert "No organisation of this node has exactly this name" in text_of(nobody)
    assert 'value="Harbour"' in nobody.content.decode()
    assert "Harbour Clearinghouse Has not consented" in text_of(chosen)
    assert "Harbour Clearinghouse" not in text_of(ended)


def test_a_determination_is_asked_noted_and_changes_nothing_else(lab: Client, early: Early) -> None:
    where, model = of_model("determination", early), of_model("model", early)
    before = lab.get(model).content
    asked = Determination.objects.get()

    lab.post(of_model("retract_determination", early, asked.public_id))
    lab.post(of_model("request_determination", early))
    again = Determination.objects.exclude(pk=asked.pk).get()
    outcome = {"outcome": "covered", "on": "2026-11-02", "signer": "Office of the Director"}
    told = lab.post(of_model("note_determination", early, again.public_id), outcome, follow=True)

    assert "It is a covered frontier model" in text_of(told)
    assert "Signed by Office of the Director, 2 Nov 2026" in text_of(told)
    assert "Taken back" in text_of(lab.get(where))
    assert _same(before) == _same(lab.get(model).content)


def test_an_outcome_without_its_signer_is_said_at_its_question(lab: Client, early: Early) -> None:
    asked = Determination.objects.get()

    told = lab.post(of_model("note_determination", early, asked.public_id), {"outcome": "covered", "on": "2026-11-02"})

    assert "Who signed it?: This field is required." in text_of(told)
    assert "checked" in told.content.decode()


def test_another_labs_model_and_one_that_is_not_there_answer_alike(lab: Client, early: Early) -> None:
    ModelVersion.objects.filter(pk=early.drafted.model.pk).update(organisation="0" * 32)

    answers = [lab.get(reverse("model", args=[key])) for key in (early.drafted.model.public_id, "0" * 32)]

    assert [one.status_code for one in answers] == [HTTPStatus.NOT_FOUND] * 2


def test_an_evaluator_comes_to_no_models_page(cast: Cast, early: Early) -> None:
    client = signed_in(cast.evaluator.person)

    names = ("model", "draft_offer", "determination", "choose_partner")
    assert {client.get(of_model(name, early)).status_code for name in names} == {HTTPStatus.FORBIDDEN}


def _same(page: bytes) -> bytes:
    return page.partition(b"<main")[2].partition(b"</main>")[0].split(b"csrfmiddlewaretoken")[0]
