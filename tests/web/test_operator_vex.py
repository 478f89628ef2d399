"""What others say of a hospital's products: a document goes in, says where it holds and why not elsewhere, and out."""

import random
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from tests.apps import scene_inventory as scene
from tests.apps.scene_vex import not_affected, openvex, stated, take_in
from tests.conftest import NOON
from tests.support.cast import Cast
from tests.support.visitors import signed_in

from watchbell.apps.inventory import statements
from watchbell.apps.orgs import services as orgs
from watchbell.domain.advisory import VexJustification, VexStatus
from watchbell.domain.handling import Scope
from watchbell.domain.priority import Exposure
from watchbell.web.operator import words

CVE = "CVE-2026-1001"
GATE = "pkg:pypi/gate@1.0"
RNG = random.Random(11)
WORDS = openvex(
    not_affected(CVE, GATE, impact_statement="Built <b>without</b> it."),
    not_affected("CVE-2026-1002", "pkg:pypi/bed@1"),
    stated("CVE-2026-1002", "not_affected", "pkg:pypi/door"),
)


@pytest.fixture(autouse=True)
def at_noon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("watchbell.doors.moment.now", lambda: NOON)


@pytest.fixture
def client(cast: Cast) -> Client:
    """Return a browser of the hospital, which runs two things that flaws reach, one of them used by attackers."""
    asset = scene.add(cast.hospital, "Gateway", Exposure.YES)
    scene.load(cast.hospital, asset, scene.sbom(GATE, "pkg:pypi/door@1"))
    scene.publish(
        scene.osv(CVE, "gate", *scene.between("0", "2.0")), scene.osv("CVE-2026-1002", "door", *scene.between("0", "2"))
    )
    scene.list_in_kev(CVE)
    scene.work()
    return signed_in(cast.hospital.person, NOON)


def text(client: Client, path: str, **data: Any) -> str:
    answer = client.get(path, data)
    assert answer.status_code == 200, path
    return " ".join(answer.content.decode().split())


def send(client: Client, content: bytes = WORDS) -> Any:
    return client.post("/inventory/vex/new", {"document": SimpleUploadedFile("vex.json", content)})


def line(cast: Cast) -> str:
    return f"/worklist/{scene.row(cast.hospital, CVE).public_id}"


def test_a_document_says_of_each_statement_where_it_holds_or_why_nowhere(cast: Cast, client: Client) -> None:
    sent = send(client)
    early = text(client, sent["Location"])
    scene.work()

    page = text(client, sent["Location"])

    assert "not compared yet" in early
    assert "What it says of your lists follows in a moment." in early
    assert '<strong class="count">2</strong> of <strong class="count">3</strong> hold' in page
    assert "for 1 thing" in page
    assert "it is about pkg:pypi/bed@1, not" in page
    assert "The flawed code is not in it" in page
    assert "It does not say why, so it keeps nothing quiet." in page
    assert "Built &lt;b&gt;without&lt;/b&gt; it." in page
    assert "Acme" in text(client, "/inventory/vex")
    again = send(client)
    assert "stood already, so nothing changed" in text(client, again["Location"])


def test_what_attackers_use_stays_in_sight_when_somebody_else_speaks_it_free(cast: Cast, client: Client) -> None:
    before = text(client, "/worklist")
    send(client)
    scene.work()

    sheet, story = text(client, "/worklist"), text(client, line(cast))
    quiet = text(client, "/worklist/all", show="quieted")

    assert "Update gate" in before
    assert "Update gate" not in sheet
    assert "1 line is kept quiet by what others say." in sheet
    assert "Attackers use 1 of them." in sheet
    assert "used by attackers" in quiet
    assert "gate" in quiet
    assert "Update gate" not in text(client, "/worklist/all", show="over")
    assert "Attackers use this, and something exposed of yours is under it." in story
    assert "The flawed code is not in it" in story
    assert "It became quiet" in story
    assert "/do/patch" not in story
    assert "Kept quiet by what others say (VEX)" in text(client, "/board-report")


def test_withdrawing_says_what_it_means_and_brings_the_line_back(cast: Cast, client: Client) -> None:
    where = send(client)["Location"]
    scene.work()

    asked = text(client, f"{where}/withdraw")
    client.post(f"{where}/withdraw")
    twice = client.post(f"{where}/withdraw", follow=True)
    scene.work()

    assert "every line it keeps quiet is to do again" in asked
    assert "withdrawn already" in twice.content.decode()
    assert "It is withdrawn: nothing it says counts." in text(client, where)
    assert "Update gate" in text(client, "/worklist")
    assert "no longer speak of everything it reaches here" in text(client, line(cast))


def test_a_document_that_cannot_be_read_is_answered_with_the_place(client: Client) -> None:
    answer = send(client, openvex(stated(CVE, "harmless", GATE)))

    assert "/statements/0/status" in answer.content.decode()
    assert "word is here yet" in text(client, "/inventory/vex")


def test_nobody_else_sees_an_operators_documents_or_changes_them(cast: Cast, client: Client) -> None:
    document = take_in(cast.hospital, WORDS).document
    scene.work()
    bank, reader = signed_in(cast.bank.person, NOON), signed_in(cast.reader_person, NOON)
    where = f"/inventory/vex/{document.public_id}"

    assert [bank.get(where).status_code, bank.post(f"{where}/withdraw").status_code] == [404, 404]
    assert "Acme" not in text(bank, "/inventory/vex")
    assert "Acme" in text(reader, where)
    assert [reader.post(f"{where}/withdraw").status_code, reader.get("/inventory/vex/new").status_code] == [403, 403]


def ask(cast: Cast, method: str, path: str, body: bytes = b"", who: str = "hospital", **headers: str) -> Any:
    player = getattr(cast, who)
    _, key = orgs.mint_token("a program", tuple(Scope), by=player.actor, lasts=timedelta(days=1), now=NOON, rng=RNG)
    sent = {"authorization": f"Bearer {key}"} | headers
    return Client(headers=sent).generic(method, f"/api/v1/vex{path}", body, content_type="application/json")


def test_a_program_hands_in_documents_reads_what_came_of_them_and_withdraws(cast: Cast, client: Client) -> None:
    first = ask(cast, "POST", "", WORDS, **{"idempotency-key": "one"})
    again = ask(cast, "POST", "", WORDS, **{"idempotency-key": "one"})
    other = ask(cast, "POST", "", openvex(not_affected(CVE, GATE), number=2), **{"idempotency-key": "one"})
    document = first.json()["id"]
    scene.work()
    told = ask(cast, "GET", f"/{document}").json()
    quiet = Client(headers={"authorization": ask_key(cast)}).get("/api/v1/worklist?show=quieted").json()["lines"]
    listed = ask(cast, "GET", "").json()["documents"]
    back = ask(cast, "POST", f"/{document}/withdraw")
    twice = ask(cast, "POST", f"/{document}/withdraw")

    assert (first.status_code, again.json(), other.status_code) == (200, first.json(), 409)
    assert [(one["holds"], bool(one["because"])) for one in told["statements"]] == [(1, False), (0, True), (1, False)]
    assert [one["is_unexplained"] for one in told["statements"]] == [False, False, True]
    assert [(one["vulnerability"], one["quieted"], one["closed_because"]) for one in quiet] == [(CVE, 1, "quieted")]
    assert [(one["holding"], one["statements"]) for one in listed] == [(2, 3)]
    assert (back.status_code, back.json()["withdrawn_at"] is not None, twice.status_code) == (200, True, 409)


def ask_key(cast: Cast) -> str:
    _, key = orgs.mint_token("reads", [Scope.READ], by=cast.hospital.actor, lasts=timedelta(days=1), now=NOON, rng=RNG)
    return f"Bearer {key}"


def test_a_program_of_another_operator_finds_nothing_and_speaks_of_its_own_assets_alone(
    cast: Cast, client: Client
) -> None:
    document = take_in(cast.hospital, WORDS).document.public_id
    theirs = scene.add(cast.hospital, "Gateway").public_id

    answers = [
        ask(cast, "GET", f"/{document}", who="bank"),
        ask(cast, "POST", f"/{document}/withdraw", who="bank"),
        ask(cast, "POST", f"?asset={theirs}", WORDS, who="bank"),
    ]

    assert [one.status_code for one in answers] == [404, 404, 404]
    assert ask(cast, "GET", "", who="bank").json()["documents"] == []
    assert ask(cast, "POST", "", b"{", who="bank").status_code == 400
    assert not statements.documents(cast.bank.actor, now=NOON)


def test_every_word_of_a_statement_has_its_own_words() -> None:
    assert set(words.VEX_STATUSES) == set(words.VEX_BADGES) == set(VexStatus)
    assert set(words.JUSTIFICATIONS) == set(VexJustification)
