"""Machines and what is asked about them, for programs: described once, answered on the state that was seen."""

from copy import deepcopy
from typing import Any

import pytest
from tests.api.test_operator import ask, token
from tests.apps import scene_inventory as scene
from tests.apps.scene_published import csaf, take
from tests.conftest import NOON
from tests.support.cast import Cast, Player

from watchbell.apps.inventory.models import Asset
from watchbell.apps.vulnerabilities.services import SourceKind
from watchbell.domain.handling import Scope

PLATE = {"vendor": "Acme", "product": "Tidegate", "version": "2.0"}


@pytest.fixture(autouse=True)
def at_noon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("watchbell.doors.moment.now", lambda: NOON)


@pytest.fixture(scope="module")
def played_once(cast_once: Cast) -> Cast:
    take(SourceKind.CSAF, csaf("ACME-1", ("CVE-2030-1010", "Tidegate TG-2200", "<3.0", "")))
    scene.add(cast_once.hospital, "pump house")
    return cast_once


@pytest.fixture
def cast(played_once: Cast, db: None) -> Cast:
    return deepcopy(played_once)


def both(player: Player) -> str:
    return token(player, Scope.READ, Scope.INVENTORY)


def test_a_machine_is_described_recognised_asked_about_and_answered_by_a_program(cast: Cast) -> None:
    key, place = both(cast.hospital), f"/api/v1/assets/{Asset.objects.get().public_id}/machines"
    first = ask("POST", place, key, PLATE, **{"Idempotency-Key": "one"})
    again = ask("POST", place, key, PLATE, **{"Idempotency-Key": "one"})
    other = ask("POST", place, key, PLATE | {"version": "2.1"}, **{"Idempotency-Key": "one"})
    scene.work()

    (machine,) = ask("GET", place, key).json()["machines"]
    (question,) = ask("GET", "/api/v1/questions", key).json()["questions"]

    assert (first.status_code, again.json()["id"], other.status_code) == (200, first.json()["id"], 409)
    assert (machine["is_known"], machine["products"][0]["tier"], machine["products"][0]["answer"]) == (
        False, "possible", "open",
    )  # fmt: skip
    assert (question["machine"], question["product"]) == ("Acme Tidegate", "Acme Tidegate TG-2200")

    path = f"/api/v1/questions/{question['id']}"
    seen = ask("GET", path, key).headers["ETag"]
    said = ask("POST", f"{path}/answer", key, {"answer": "yes"}, **{"If-Match": seen})
    late = ask("POST", f"{path}/answer", key, {"answer": "no"}, **{"If-Match": seen})
    scene.work()

    assert (said.status_code, said.json()["answer"], late.status_code) == (200, "yes", 412)
    assert scene.row(cast.hospital, "CVE-2030-1010").tier == "probable"
    assert ask("GET", "/api/v1/questions", key).json()["questions"] == []
    assert len(ask("GET", "/api/v1/questions?show=answered", key).json()["questions"]) == 1

    assert ask("DELETE", f"{place}/{machine['id']}", key).status_code == 204
    assert ask("GET", place, key).json()["machines"] == []
    assert ask("DELETE", f"{place}/{machine['id']}", key).status_code == 404


def test_anothers_machines_and_questions_are_not_there_and_a_reading_token_changes_nothing(cast: Cast) -> None:
    key, asset = both(cast.hospital), Asset.objects.get().public_id
    place = f"/api/v1/assets/{asset}/machines"
    unit = ask("POST", place, key, PLATE).json()["id"]
    scene.work()
    question = ask("GET", "/api/v1/questions", key).json()["questions"][0]["id"]
    calls: list[tuple[str, str, Any]] = [
        ("POST", place, PLATE),
        ("DELETE", f"{place}/{unit}", None),
        ("POST", f"/api/v1/questions/{question}/answer", {"answer": "no"}),
    ]

    strangers = [ask(method, path, both(cast.bank), body).status_code for method, path, body in calls]
    readers = [ask(method, path, token(cast.hospital, Scope.READ), body).status_code for method, path, body in calls]

    assert (strangers, readers) == ([404] * 3, [403] * 3)
    assert ask("GET", "/api/v1/questions", both(cast.bank)).json()["questions"] == []
    assert ask("GET", f"/api/v1/questions/{question}", key).json()["answer"] == "open"


def test_a_description_that_names_nothing_is_refused_with_its_place(cast: Cast) -> None:
    place = f"/api/v1/assets/{Asset.objects.get().public_id}/machines"

    answer = ask("POST", place, both(cast.hospital), {"vendor": "Acme"})

    assert (answer.status_code, answer.json()["place"]) == (400, "product")
