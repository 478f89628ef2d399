"""Terms are written one question at a time, said in plain words, and a new version says what it changes."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from tests.support.cast import Cast
from tests.web.early_access_scene import TERMS, Early, address, text_of

from watchbell.apps.engagements import services
from watchbell.apps.engagements.models import Engagement, TermsVersion
from watchbell.domain.terms import Kept, Terms
from watchbell.doors.keys import keystore
from watchbell.web.early_access.terms_form import TermsForm, answers_of

pytestmark = pytest.mark.django_db


def answers(**changed: Any) -> dict[str, Any]:
    found = {name: value for name, value in answers_of(TERMS).items() if value not in (None, False)}
    return {**found, **changed}


def write(lab: Client, early: Early, cast: Cast, **changed: Any) -> Any:
    where = reverse("draft_offer", args=[early.running.model.public_id])
    given = {"evaluator": cast.evaluator.organisation.public_id, **answers(**changed)}
    return lab.post(where, {"save": "yes", **given}, follow=True)


def test_the_answers_are_the_terms_and_the_terms_the_answers() -> None:
    form = TermsForm(answers(), model_digest=TERMS.model_digest)

    assert form.is_valid(), form.errors
    assert form.cleaned_data["terms"] == TERMS


def test_what_stands_in_a_new_form_is_an_offer_that_makes_sense(lab: Client, early: Early) -> None:
    page = lab.get(reverse("draft_offer", args=[early.running.model.public_id]))

    assert "northlight-1" in page.content.decode()
    assert "30 days at most, counted from your start." in text_of(page)
    assert "You do not train on what evaluators send." in text_of(page)


def test_a_draft_is_saved_and_nobody_else_sees_it(lab: Client, evaluator: Client, early: Early, cast: Cast) -> None:
    told = write(lab, early, cast, hours="48", personnel_at_most="2", cost="12.50", currency="usd")
    made = Engagement.objects.latest("pk")
    terms = services.terms_of(made, keys=keystore())

    assert "The draft is saved." in text_of(told)
    assert (terms.hours, terms.personnel_at_most) == (48, 2)
    assert (terms.limits.cost, terms.limits.currency) == (12_500_000, "USD")
    assert evaluator.get(reverse("engagement", args=[made.public_id])).status_code == 404


@pytest.mark.parametrize(
    ("changed", "field", "says"),
    [
        ({"hours": "900"}, "hours", "Use 1 to 720 hours; no window is longer."),
        ({"models": "a b"}, "models", "Use letters, digits and ._:/@+- in a model's name, at most a hundred."),
        ({"dialects": []}, "dialects", "Name at least one interface."),
        ({"egress": "not a host"}, "egress", "Use host names in small letters, at most fifty."),
        ({"currency": ""}, "currency", "Name the currency by its three letters, such as USD."),
        ({"personnel_at_most": "0"}, "personnel_at_most", "Name how many people at most, 1 to 500."),
        ({"evidence_days": "400"}, "evidence_days", "Use 0 to 365 days."),
        ({"opened_a_day": "0"}, "opened_a_day", "Use a whole number from 1 to a million."),
        ({"paper_agreement": "abc"}, "paper_agreement", "Give the agreement's SHA-256, 64 small hex digits"),
    ],
)
def test_a_fault_of_the_terms_stands_at_its_own_question_and_answers_survive(
    lab: Client, early: Early, cast: Cast, changed: dict[str, Any], field: str, says: str
) -> None:
    before = TermsVersion.objects.count()

    told = write(lab, early, cast, **changed)

    page = told.content.decode()
    assert f'id="id_{field}-error"' in page or f'id="id_{field}" tabindex="-1"' in page
    assert says in text_of(told)
    assert 'value="20000"' in page
    assert TermsVersion.objects.count() == before


def test_the_preview_is_asked_for_alone_while_one_types(lab: Client, early: Early) -> None:
    where, asked = address("edit_terms", early.drafted), {"HX-Request": "true"}

    same = lab.post(where, answers(), headers=asked)
    wider = lab.post(where, answers(hours="24", personnel_at_most="5"), headers=asked)
    broken = lab.post(where, answers(hours="no"), headers=asked)

    assert b"<html" not in same.content
    assert b"nothing is changed" in same.content
    assert b"Reaches less far. Now: one day" in wider.content
    assert b"Reaches further. Now: 5 people at most. Before: 3 people at most." in wider.content
    assert b"once every question has an answer that fits" in broken.content
    assert early.drafted.engagement.versions.count() == 1


def test_an_edit_is_a_new_version_and_waits_for_signatures(lab: Client, early: Early) -> None:
    where = address("edit_terms", early.agreed)

    told = lab.post(where, {"save": "yes", **answers(hours="24")}, follow=True)

    assert early.agreed.engagement.versions.count() == 2
    assert "The latest version is not signed yet; what was offered before still stands." in text_of(told)
    signing = text_of(lab.get(address("sign_statement", early.agreed, "offer")))
    assert "What changes against the offer before How long Reaches less far." in signing
    assert services.offered_terms(early.agreed.engagement, keys=keystore()) != Terms(
        model_digest=TERMS.model_digest, models=("x",), hours=24
    )


def test_saving_the_same_writes_no_version(lab: Client, early: Early) -> None:
    given = answers(kept_after_end=list(Kept))

    told = lab.post(address("edit_terms", early.drafted), {"save": "yes", **given}, follow=True)

    assert "Nothing changed, so the version stays the same." in text_of(told)
    assert early.drafted.engagement.versions.count() == 1


def test_terms_are_not_changed_once_access_runs(lab: Client, early: Early) -> None:
    told = lab.post(address("edit_terms", early.running), {"save": "yes", **answers(hours="24")})

    assert "Access runs on the terms that both signed." in text_of(told)
    assert early.running.engagement.versions.count() == 1


def test_terms_whose_key_is_gone_are_said_to_be(lab: Client, early: Early) -> None:
    told = lab.get(address("edit_terms", early.withdrawn), follow=True)

    assert "The evidence of this engagement has been destroyed, as its terms say." in text_of(told)
