"""An operator's first steps: from nothing listed to a dated sheet, and what is refused on the way."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from tests.apps import scene_inventory as scene
from tests.conftest import NOON
from tests.support.cast import Cast
from tests.support.visitors import signed_in
from tests.web import operator_scene

from watchbell.apps.inventory import queries as inventory
from watchbell.apps.inventory.services import loads
from watchbell.domain.priority import Exposure


@pytest.fixture(autouse=True)
def at_noon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("watchbell.doors.moment.now", lambda: NOON)


@pytest.fixture
def client(cast: Cast) -> Client:
    return signed_in(cast.hospital.person, NOON)


def asset(cast: Cast, name: str) -> Any:
    return inventory.visible_to(cast.hospital.actor, now=NOON).get(name=name)


def text(client: Client, path: str, **data: Any) -> str:
    answer = client.get(path, data)
    assert answer.status_code == 200, path
    return " ".join(answer.content.decode().split())


def test_a_stranger_to_lists_is_led_through_three_steps(client: Client) -> None:
    first = client.get("/inventory")

    assert first.status_code == 302
    assert "1. Add what you run" in text(client, first["Location"])
    assert "Three steps lead to it." in text(client, "/worklist")


def test_three_steps_lead_from_nothing_to_a_dated_sheet(cast: Cast, client: Client) -> None:
    scene.publish(scene.osv("GHSA-x", "other"), now=NOON - timedelta(days=2))
    operator_scene.kev(("CVE-2026-10001", "Fortinet", "FortiOS", "Anyone gets in"), now=NOON - timedelta(days=2))
    made = client.post("/inventory/new", {"name": "Firewall", "exposed": "unknown", "patched_by": ""})
    found = text(client, f"{made['Location']}/pick", q="fortinet")
    product = found.partition("product=")[2].partition('"')[0]
    client.post(f"{made['Location']}/pick", {"product": product, "label": "fortinet", "version": "7.4"})
    public_id = asset(cast, "Firewall").public_id
    answered = client.post("/start/questions", {f"exposed-{public_id}": "yes"})
    scene.work(now=NOON)

    sheet = text(client, answered["Location"])

    assert "Check Fortinet FortiOS with its maker" in sheet
    assert asset(cast, "Firewall").exposed == Exposure.YES


def test_a_bill_of_materials_is_loaded_and_everything_in_it_is_counted(cast: Cast, client: Client) -> None:
    scene.publish(scene.osv("GHSA-x", "django", *scene.between("4.0", "4.2.11")))
    bill = scene.sbom("pkg:pypi/django@4.2.8", named=(("Badge reader", "3"),))

    answer = client.post(
        "/inventory/load", {"name": "Server", "document": SimpleUploadedFile("b.json", bill)}, follow=True
    )

    page = " ".join(answer.content.decode().split())
    assert "2 items are loaded; 1 of them can be checked." in page
    assert "1 could not be assessed" in page
    assert "Badge reader" in text(client, "/inventory/unassessed")


def test_a_bill_without_a_name_is_asked_for_one_and_nothing_is_stored(cast: Cast, client: Client) -> None:
    bill = SimpleUploadedFile("b.json", scene.sbom("pkg:pypi/django@4.2.8"))

    answer = client.post("/inventory/load", {"name": "", "document": bill})

    assert "Say which machine or service it is about." in answer.content.decode()
    assert not inventory.visible_to(cast.hospital.actor, now=NOON).exists()


def test_a_large_table_has_a_page_that_says_how_far_it_is_and_which_lines_were_not_taken(
    cast: Cast, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loads, "MANY_LINES", 2)
    rows = "".join(f"server {number},pkg:pypi/django@4.2.{number},no\n" for number in range(4))
    table = f"name,purl,exposed\n{rows}Printer,pkg:pypi/x@1,perhaps\n".encode()
    answer = client.post("/inventory/load", {"document": SimpleUploadedFile("t.csv", table)})
    path = answer["Location"]

    waiting = text(client, path)
    scene.work(now=NOON)
    over = text(client, path)

    assert answer.status_code == 302
    assert "The table waits for its turn" in waiting
    assert "hx-get" in waiting
    assert "The table is in" in over
    assert "4 items; 4 of them can be checked." in over
    assert "line 6" in over
    assert 'hx-trigger="every' not in over
    assert client.get(path, {"progress": ""})["HX-Refresh"] == "true"
    assert signed_in(cast.bank.person, NOON).get(path).status_code == 404


def test_while_a_first_large_list_is_loaded_the_page_asks_for_no_other_and_calls_nothing_checked(
    cast: Cast, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loads, "MANY_LINES", 1)
    bill = scene.sbom("pkg:pypi/django@4.2.8", "pkg:pypi/flask@3.0")
    made = client.post("/inventory/load", {"name": "Server", "document": SimpleUploadedFile("b.json", bill)})

    page = text(client, made["Location"])

    assert "until then nothing in it is checked" in page
    assert "Next: say what is in it" not in page
    assert "No list of parts is loaded" not in page


def test_a_table_says_which_lines_it_did_not_take(cast: Cast, client: Client) -> None:
    table = b"name,product,exposed\nFirewall,FortiOS,yes\nPrinter,LaserThing,perhaps\n"

    answer = client.post("/inventory/load", {"document": SimpleUploadedFile("t.csv", table)})

    page = " ".join(answer.content.decode().split())
    assert "line 3" in page
    assert "1 lines were not taken" in page or "1 line was not taken" in page
    assert asset(cast, "Firewall").exposed == Exposure.YES


def test_an_archive_that_blows_up_is_refused_and_nothing_is_stored(cast: Cast, client: Client) -> None:
    import gzip

    bomb = SimpleUploadedFile("b.json.gz", gzip.compress(b"{" + b" " * (300 * 1024 * 1024), 9, mtime=0))

    answer = client.post("/inventory/load", {"name": "Server", "document": bomb})

    assert answer.status_code == 200
    assert "Please look at this again" in answer.content.decode()
    assert not inventory.visible_to(cast.hospital.actor, now=NOON).exists()


def test_hostile_names_are_shown_as_text(cast: Cast, client: Client) -> None:
    name = "<script>alert(1)</script>"
    bill = SimpleUploadedFile("b.json", scene.sbom(named=((name, "1"),)))

    client.post("/inventory/load", {"name": name, "document": bill})

    for path in ("/inventory", "/inventory/unassessed"):
        assert name not in text(client, path)
