"""The pages about machines: what was recognised and why, what is asked, how an answer is given and taken back."""

from copy import deepcopy

import pytest
from django.test import Client
from tests.apps import scene_inventory as scene
from tests.conftest import NOON
from tests.support.cast import Cast
from tests.support.visitors import signed_in
from tests.web import operator_scene

from watchbell.apps.inventory.models import Asset, Sameness, Unit


@pytest.fixture(autouse=True)
def at_noon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("watchbell.doors.moment.now", lambda: NOON)


@pytest.fixture(scope="module")
def played_once(cast_once: Cast) -> Cast:
    operator_scene.play_machines(cast_once, NOON)
    return cast_once


@pytest.fixture
def cast(played_once: Cast, db: None) -> Cast:
    return deepcopy(played_once)


def hospital(cast: Cast) -> Client:
    return signed_in(cast.hospital.person, NOON)


def asset(cast: Cast, name: str) -> Asset:
    return Asset.objects.get(organisation_id=cast.hospital.organisation.public_id, name=name)


def text_of(client: Client, path: str) -> str:
    page = client.get(path)
    assert page.status_code == 200
    return " ".join(page.content.decode().split())


def test_a_question_is_counted_beside_the_worklist_and_answered_for_the_type(cast: Cast) -> None:
    client = hospital(cast)
    mine = Sameness.objects.filter(organisation_id=cast.hospital.organisation.public_id, machine="Acme Tidegate")
    yes, no = mine.order_by("product")
    assert "1 type of machine may be something a record names." in text_of(client, "/worklist")
    listed = text_of(client, "/inventory/same")
    assert "Is it Acme Tidegate TG-2200?" in listed
    assert "what the line says fits, but it is less than the record" in listed

    client.post("/inventory/same/answers", {f"same-{yes.public_id}": "yes", f"same-{no.public_id}": "no"})
    scene.work()

    after = text_of(client, "/inventory/same")
    assert "Nothing waits for an answer" in after
    assert "You said yes" in after
    assert "Is it the same thing?" not in text_of(client, "/worklist")
    assert "old gates" in text_of(
        client, f"/vulnerabilities/{scene.row(cast.hospital, 'CVE-2030-1010').display_id}"
    ) or (scene.row(cast.hospital, "CVE-2030-1010").assets == 2)
    client.post("/inventory/same/answers", {f"same-{yes.public_id}": "ask-again"})
    assert "Is it Acme Tidegate TG-2200?" in text_of(client, "/inventory/same")


def test_none_of_these_answers_everything_that_is_asked_about_the_type(cast: Cast) -> None:
    client = hospital(cast)
    first = Sameness.objects.filter(organisation_id=cast.hospital.organisation.public_id, machine="Acme Tidegate")[0]

    client.post("/inventory/same/answers", {"none": first.type_key})

    assert set(Sameness.objects.filter(type_key=first.type_key).values_list("organisation_id", "says")) == {
        (cast.hospital.organisation.public_id, "no"),
        (cast.bank.organisation.public_id, ""),
    }


def test_an_assets_page_says_what_was_recognised_and_why_and_takes_a_correction(cast: Cast) -> None:
    client, gate = hospital(cast), asset(cast, "gate")
    page = text_of(client, f"/inventory/{gate.public_id}")
    assert "This is it" in page
    assert "vendor and full name are the record" in page
    assert "No record names it" in text_of(client, f"/inventory/{asset(cast, 'kitchen').public_id}")
    question = Sameness.objects.get(
        organisation_id=cast.hospital.organisation.public_id,
        machine="Acme Tidegate TG-2200",
        product__endswith="TG-2200",
    )

    sent = {"asset": gate.public_id, f"same-{question.public_id}": "no"}
    answer = client.post("/inventory/same/answers", sent, follow=True)
    scene.work()

    assert answer.redirect_chain[-1][0] == f"/inventory/{gate.public_id}"
    assert "You said no" in answer.content.decode()
    assert scene.row(cast.hospital, "CVE-2030-1010").closed_because == "gone"


def test_a_machine_is_described_by_its_plate_and_taken_off_again(cast: Cast) -> None:
    client, kitchen = hospital(cast), asset(cast, "kitchen")
    place = f"/inventory/{kitchen.public_id}"

    refused = client.post(f"{place}/describe", {"vendor": "Acme"})
    client.post(f"{place}/describe", {"vendor": "Acme", "product": "Tidegate TG-2400", "version": "2.0"})
    scene.work()
    unit = Unit.objects.get(asset=kitchen, listing__isnull=True)

    assert "Nothing says what it is" in refused.content.decode()
    assert scene.row(cast.hospital, "CVE-2030-1020").tier == "probable"
    client.post(f"{place}/take-off", {"unit": unit.public_id})
    scene.work()
    assert scene.row(cast.hospital, "CVE-2030-1020").closed_because == "gone"


def test_a_reader_sees_the_questions_and_cannot_answer_and_nobody_reaches_anothers(cast: Cast) -> None:
    question = Sameness.objects.filter(organisation_id=cast.hospital.organisation.public_id, machine="Acme Tidegate")[0]
    sent = {f"same-{question.public_id}": "yes"}
    reader, bank = signed_in(cast.reader_person, NOON), signed_in(cast.bank.person, NOON)

    shown = text_of(reader, "/inventory/same")

    assert "Is it Acme Tidegate TG-2200?" in shown
    assert 'type="radio"' not in shown
    assert reader.post("/inventory/same/answers", sent).status_code == 403
    bank.post("/inventory/same/answers", sent)
    bank.post("/inventory/same/answers", sent | {"asset": asset(cast, "gate").public_id})
    question.refresh_from_db()
    assert question.says == ""
    assert bank.get(f"/inventory/{asset(cast, 'gate').public_id}/describe").status_code == 404
