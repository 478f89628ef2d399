"""Each finds on the desk what is its own, and a third organisation nothing until a developer chose it."""

from http import HTTPStatus

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import translation
from tests.apps import scene_engagements as parties
from tests.conftest import NOON
from tests.support.cast import Cast
from tests.support.visitors import signed_in
from tests.web.early_access_scene import Early, address, text_of

from watchbell.apps.engagements import queries, services
from watchbell.apps.engagements.models import Partner

pytestmark = pytest.mark.django_db
RAIL = 'href="/early-access/"'


def rail_of(client: Client) -> bool:
    return RAIL in client.get("/notices").content.decode()


def test_a_lab_finds_its_models_and_engagements_with_day_and_date(lab: Client, early: Early) -> None:
    page = text_of(lab.get("/early-access/"))

    assert "Engagements 5" in page
    assert "Running 11 of 30 ends in 19 days" in page
    assert "Models 5" in page
    assert "243 of 720 hours" in page


def test_an_evaluator_finds_what_waits_for_its_answer_and_what_runs(evaluator: Client, early: Early) -> None:
    page = text_of(evaluator.get("/early-access/"))

    assert "Offers to answer 1" in page
    assert "Agreed and running 2" in page
    assert "Over 1" in page
    assert "Your tokens 4" in page


def test_a_lab_without_anything_is_told_what_this_is_and_how_it_begins(cast: Cast) -> None:
    Partner.objects.all().delete()
    empty = signed_in(cast.lab.person)
    for one in queries.models_of(cast.lab.actor, now=NOON):
        type(one).objects.filter(pk=one.pk).update(organisation="0" * 32)

    page = text_of(empty.get("/early-access/"))

    assert "It is voluntary: you write the terms" in page
    assert "it ends by itself" in page
    assert "Register a model" in page


@pytest.mark.parametrize("who", ["coordinator", "bank", "mallory", "admin"])
def test_nobody_else_finds_anything_here_or_a_way_to_it(cast: Cast, who: str) -> None:
    client = signed_in(cast.people[who])

    page = client.get("/early-access/")

    assert "Nothing here concerns you" in text_of(page)
    assert "Northlight" not in page.content.decode()
    assert not rail_of(client)


@pytest.mark.parametrize(("who", "waits"), [("vendor", False), ("hospital", True)])
def test_a_trusted_partner_sees_its_own_line_alone(cast: Cast, early: Early, who: str, waits: bool) -> None:
    client = signed_in(cast.people[who])

    page = client.get("/early-access/")

    assert rail_of(client)
    assert "You as a trusted partner 1" in text_of(page)
    assert ("Waits for you" in text_of(page)) is waits
    hidden = ("State Evaluation Office", "Northlight 1", "Acme" if who == "hospital" else "Valley")
    assert [word for word in hidden if word in page.content.decode().partition("<main")[2]] == []


def test_a_partner_consents_and_ends_it_and_the_line_is_gone(cast: Cast, early: Early) -> None:
    client = signed_in(cast.hospital.person)
    row = queries.partners_of(cast.hospital.actor, now=NOON).get()

    consented = client.post(f"/early-access/partnerships/{row.public_id}/consent/", follow=True)
    ended = client.post(f"/early-access/partnerships/{row.public_id}/end/", follow=True)

    assert "Both consent" in text_of(consented)
    assert "The partnership has ended." in text_of(ended)
    assert not rail_of(client)


def test_a_partnership_of_others_and_one_that_is_not_there_answer_alike(cast: Cast, early: Early) -> None:
    row = queries.partners_of(cast.hospital.actor, now=NOON).get()
    client = signed_in(cast.vendor.person)

    answers = [client.post(f"/early-access/partnerships/{key}/consent/") for key in (row.public_id, "0" * 32)]

    assert [one.status_code for one in answers] == [HTTPStatus.NOT_FOUND] * 2


@pytest.mark.parametrize("who", ["coordinator", "vendor", "hospital", "admin", "mallory"])
def test_an_engagement_is_shut_to_everyone_but_the_two(cast: Cast, early: Early, who: str) -> None:
    client = signed_in(cast.people[who])

    assert client.get(address("engagement", early.running)).status_code == HTTPStatus.FORBIDDEN


def test_another_lab_and_an_evaluator_before_the_offer_find_nothing_there(
    cast: Cast, early: Early, evaluator: Client
) -> None:
    draft, nothing = address("engagement", early.drafted), f"/early-access/engagements/{'0' * 32}/"

    theirs, none = evaluator.get(draft), evaluator.get(nothing)

    assert (theirs.status_code, none.status_code) == (HTTPStatus.NOT_FOUND, HTTPStatus.NOT_FOUND)


def test_a_member_of_the_evaluator_who_was_not_named_finds_nothing_there(early: Early) -> None:
    named, unnamed = (signed_in(early.colleagues[at]) for at in (0, 2))
    where = address("engagement", early.running)

    assert named.get(where).status_code == HTTPStatus.OK
    assert unnamed.get(where).status_code == HTTPStatus.NOT_FOUND
    assert "Agreed and running 0" in text_of(unnamed.get("/early-access/"))


def test_home_says_what_waits_for_each_side(lab: Client, evaluator: Client, early: Early) -> None:
    assert "An evaluator agreed. Access begins when you start it, or never." in text_of(lab.get("/"))
    assert "An offer waits for your answer. Without one it lapses." in text_of(evaluator.get("/"))


def test_the_limits_are_open_to_everyone_and_are_the_sentences_of_the_receipts() -> None:
    page = text_of(Client().get("/early-access/limits/"))

    assert all(sentence in page for sentence in services.ending.LIMITS)


def test_pages_of_a_fresh_lab_hold_nothing_of_anybody(cast: Cast, evaluator: Client) -> None:
    assert parties.DIGEST not in evaluator.get("/early-access/").content.decode()


@pytest.mark.parametrize(("language", "says"), [("en", "signature is not a lock"), ("es", "firma no es un cerrojo")])
def test_what_cannot_be_promised_is_read_whole_by_anybody_in_their_language(
    client: Client, language: str, says: str
) -> None:
    with translation.override("en"):  # what a page is answered in stays the thread's language otherwise
        page = text_of(client.get(reverse("early_access_limits"), headers={"accept-language": language}))

    assert says in page
    assert "docs/" not in page
