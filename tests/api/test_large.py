"""What is too much to wait for is answered 202, followed at its address, stopped and asked for again; pages show it."""

import random
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from django.test import Client
from tests.apps import scene_inventory as scene
from tests.apps.test_findings_large import document, few_are_many  # noqa: F401 (a fixture: five items are many)
from tests.conftest import NOON
from tests.support.cast import Cast, Player
from tests.support.visitors import signed_in

from watchbell.apps.findings.models import Submission
from watchbell.apps.findings.services import intake
from watchbell.apps.inventory import services as inventory
from watchbell.apps.inventory.services import building, loads
from watchbell.apps.orgs import services as orgs
from watchbell.cli import submit
from watchbell.domain.handling import Scope
from watchbell.doors import keys, moment
from watchbell.formats import strictjson

pytestmark = pytest.mark.django_db
BILL = scene.sbom(*(f"pkg:pypi/p{number}@1.0" for number in range(9)))


@pytest.fixture(autouse=True)
def noon_and_little(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(moment, "now", lambda: NOON)
    monkeypatch.setattr(loads, "MANY_LINES", 5)
    monkeypatch.setattr(building, "VERSIONS_AT_ONCE", 4)


class Program:
    """A program with a token of one organisation and one scope."""

    def __init__(self, player: Player, scope: Scope) -> None:
        rng, lasts = random.Random(player.organisation.public_id + scope), timedelta(days=1)
        token = orgs.mint_token("large", [scope], lasts=lasts, by=player.actor, now=NOON, rng=rng)[1]
        self.client = Client(headers={"authorization": f"Bearer {token}"})

    def ask(self, method: str, path: str, body: bytes = b"", **headers: str) -> Any:
        path = path if path.startswith("/api") else f"/api/v1{path}"
        return self.client.generic(method, path, body, content_type="application/json", headers=headers)


def test_a_large_upload_is_followed_from_its_location_to_its_last_item(cast: Cast) -> None:
    lab, other = Program(cast.lab, Scope.SUBMIT), Program(cast.evaluator, Scope.SUBMIT)

    taken = lab.ask("POST", "/submissions", document(), Idempotency_Key="monday")
    where = taken.headers["Location"]
    waiting = lab.ask("GET", where).json()
    scene.work()
    over = lab.ask("GET", where).json()
    places: list[str] = []
    while part := lab.ask("GET", f"{where}/items?after={len(places)}").json()["items"]:
        places += [one["place"] for one in part]
    again = lab.ask("POST", "/submissions", document(), Idempotency_Key="monday")

    assert (taken.status_code, taken.headers["Retry-After"]) == (202, "2")
    assert (waiting["stage"], waiting["done"], waiting["total"]) == ("waiting", 0, 15)
    assert (over["stage"], over["done"], over["counts"]) == ("over", 15, {"stored": 11, "same": 2, "refused": 2})
    assert again.status_code == 200
    assert [one["place"] for one in again.json()["items"]] == places
    assert len(places) == 15
    assert other.ask("GET", where).status_code == 404
    assert other.ask("GET", f"{where}/items").status_code == 404


def test_a_large_upload_is_stopped_and_goes_on_when_it_is_sent_again(cast: Cast) -> None:
    lab = Program(cast.lab, Scope.SUBMIT)
    where = lab.ask("POST", "/submissions", document()).headers["Location"]

    stopped = lab.ask("POST", f"{where}/stop").json()
    twice = lab.ask("POST", f"{where}/stop")
    scene.work()
    nothing = Submission.objects.get().done
    again = lab.ask("POST", "/submissions", document())
    scene.work()

    assert stopped["stage"] == "stopped"
    assert (twice.status_code, twice.json()["code"]) == (409, "not-running")
    assert nothing == 0
    assert (again.status_code, again.headers["Location"]) == (202, where)
    assert lab.ask("GET", where).json()["stage"] == "over"


def test_whoever_sends_too_much_at_a_time_is_told_when_to_come_back(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake, "MOST_WAITING", 1)
    lab = Program(cast.lab, Scope.SUBMIT)
    lab.ask("POST", "/submissions", document())

    answer = lab.ask("POST", "/submissions", document(12))

    assert (answer.status_code, answer.json()["code"]) == (429, "too-many-waiting")
    assert int(answer.headers["Retry-After"]) > 0


def test_a_large_list_is_followed_to_the_moment_it_is_in_force(cast: Cast) -> None:
    hospital, reading = Program(cast.hospital, Scope.INVENTORY), Program(cast.hospital, Scope.READ)
    stranger = Program(cast.bank, Scope.READ)
    asset = scene.add(cast.hospital).public_id

    taken = hospital.ask("PUT", f"/assets/{asset}/sbom", BILL)
    where = taken.headers["Location"]
    before = reading.ask("GET", f"/assets/{asset}").json()["components"]
    scene.work()
    over = reading.ask("GET", where).json()
    again = hospital.ask("PUT", f"/assets/{asset}/sbom", BILL)

    assert taken.status_code == 202
    assert (taken.json()["stage"], taken.json()["total"], before) == ("waiting", 9, None)
    assert (over["stage"], over["done"]) == ("loaded", 9)
    assert reading.ask("GET", f"/assets/{asset}").json()["components"] == 9
    assert (again.status_code, again.json()["changed"]) == (200, False)
    assert hospital.ask("POST", f"{where}/stop").status_code == 409
    assert stranger.ask("GET", where).status_code == 404


def test_the_pages_show_how_far_large_work_is_and_let_its_people_stop_it(cast: Cast) -> None:
    lab, hospital = signed_in(cast.lab.person, NOON), signed_in(cast.hospital.person, NOON)
    where = Program(cast.lab, Scope.SUBMIT).ask("POST", "/submissions", document()).json()["submission"]
    asset = scene.add(cast.hospital)
    received = inventory.Received(content=BILL, store=keys.blob_store())
    inventory.hand_in_sbom(received, asset=asset, by=cast.hospital.actor, now=NOON, rng=scene.DICE)

    upload, bill = lab.get(f"/submissions/{where}"), hospital.get(f"/inventory/{asset.public_id}")
    assert f'hx-get="/submissions/{where}/progress"' in upload.content.decode()
    assert f'hx-get="/inventory/{asset.public_id}/progress?list"' in bill.content.decode()
    assert "HX-Refresh" not in lab.get(f"/submissions/{where}/progress").headers

    lab.post(f"/submissions/{where}/stop")
    hospital.post(f"/inventory/{asset.public_id}/stop")
    stopped, cut = (
        lab.get(f"/submissions/{where}/progress"),
        hospital.get(f"/inventory/{asset.public_id}/progress?list"),
    )
    assert "It was stopped" in stopped.content.decode()
    assert "The new list was stopped" in cut.content.decode()
    assert stopped.headers["HX-Refresh"] == cut.headers["HX-Refresh"] == "true"

    lab.post(f"/submissions/{where}/resume")
    scene.work()
    page = lab.get(f"/submissions/{where}").content.decode()
    assert 'id="taking"' not in page
    assert "line 14 /title" in page


class Terminal:
    """`submit` at a terminal whose node is this process; `rest` is what happens while it waits."""

    def __init__(self, cast: Cast, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.program, self.file = Program(cast.lab, Scope.SUBMIT), file
        monkeypatch.setenv("WATCHBELL_TOKEN", "a token")
        monkeypatch.setattr(submit.Desk, "_answer", self.answer)
        monkeypatch.setattr("watchbell.cli.submit.time.sleep", lambda seconds: self.rest())
        file.write_bytes(document())

    def answer(self, path: str, method: str = "GET", more: dict[str, str] | None = None, body: bytes = b"") -> Any:
        return self.program.ask(method, path, body, **(more or {})).json()

    def rest(self) -> None:
        raise KeyboardInterrupt

    def run(self, *words: str) -> Any:
        return CliRunner().invoke(submit.submit_verb, [str(self.file), "--to", "https://bell.example.org", *words])


def test_submit_waits_for_a_large_file_and_after_ctrl_c_the_same_command_goes_on(
    cast: Cast, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    terminal = Terminal(cast, tmp_path / "findings.ndjson", monkeypatch)

    cut = terminal.run()
    terminal.rest = scene.work  # type: ignore[method-assign]
    done, again = terminal.run(), terminal.run("--json")

    assert (cut.exit_code, "the same command goes on" in cut.output) == (130, True)
    assert (done.exit_code, again.exit_code) == (3, 3)
    lines = done.output.splitlines()
    assert lines[-1] == "2 refused, 2 same, 11 stored"
    assert [line.split()[1] for line in lines[:3]] == ["f-0", "f-1", "f-2"]
    assert len(lines) - 1 == len(strictjson.loads(again.output)["items"]) == 15
    assert Submission.objects.count() == 1
