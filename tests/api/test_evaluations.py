"""An evaluation by programs: benchmarks, protocols, logs, samples, containment, incidents, flaws and reports."""

import csv
import hashlib
import io
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from tests.api.scene_early_access import PLACE, signed
from tests.api.test_operator import ask
from tests.apps.scene_engagements import DICE, TERMS, keystore
from tests.apps.scene_evaluation import KNOWN, LATER, Scene, by, locked
from tests.apps.scene_evaluation import signed as contained
from tests.support.cast import Cast
from tests.support.eval_logs import LOGS
from tests.support.protocols import PROTOCOL

from watchbell.apps.engagements import services as access
from watchbell.apps.engagements.models import AccessLine, GatewayToken
from watchbell.apps.evaluation import services
from watchbell.apps.evaluation.models import Benchmark, Containment, Flaw, Incident, Run, Sample
from watchbell.apps.findings.models import Submission
from watchbell.apps.orgs import services as orgs
from watchbell.domain.evaluation import Control
from watchbell.domain.handling import Scope
from watchbell.domain.terms import Kept, Routing
from watchbell.formats import strictjson
from watchbell.outside.keystore.interface import verify_signature

pytestmark = pytest.mark.django_db
FOUND: dict[str, Any] = {
    "title": "A long header overruns the buffer",
    "product": "libheader",
    "description": "The length is read before it is checked.",
    "model": "northlight-1",
}
NEW: dict[str, Any] = {
    "name": "our-range",
    "version": "3",
    "visibility": "public",
    "content": "ab" * 32,
    "generator": "cd" * 32,
    "known": {one.value: {"tried": KNOWN[one].tried, "solved": KNOWN[one].solved} for one in Control},
}


@pytest.fixture(autouse=True)
def at_the_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("watchbell.doors.moment.now", lambda: LATER)


@pytest.fixture
def keys(cast: Cast) -> dict[str, str]:
    return {who: token(cast, who) for who in ("lab", "evaluator", "coordinator", "vendor", "hospital", "bank")}


def token(cast: Cast, who: str, *more: Scope) -> str:
    scopes, lasts = (Scope.READ, Scope.ENGAGE, *more), timedelta(days=1)
    by = getattr(cast, who).actor
    return orgs.mint_token("a program", scopes, by=by, lasts=lasts, now=LATER, rng=DICE)[1]


def here(scene: Scene) -> str:
    return f"{PLACE}/{scene.engagement.public_id}"


def of_protocol(scene: Scene) -> str:
    return f"{here(scene)}/protocols/{scene.protocol.public_id}"


def send_log(scene: Scene, key: str, content: bytes) -> Any:
    headers = {"Authorization": f"Bearer {key}"}
    address = f"{of_protocol(scene)}/logs"
    return Client().post(address, content, content_type="application/octet-stream", headers=headers)


def lines_of(scene: Scene) -> list[tuple[str, str]]:
    """Return the materials that were opened, with the purpose each time, oldest first."""
    found = [strictjson.loads(bytes(one.entry)) for one in AccessLine.objects.filter(what="opened").order_by("pk")]
    return [(one["material"], one["purpose"]) for one in found]


def test_benchmarks_are_registered_by_an_evaluators_programs_and_read_by_both(cast: Cast, keys: dict[str, str]) -> None:
    made = ask("POST", "/api/v1/benchmarks", keys["evaluator"], NEW)
    again = ask("POST", "/api/v1/benchmarks", keys["evaluator"], NEW)
    other = ask("POST", "/api/v1/benchmarks", keys["evaluator"], {**NEW, "content": "ee" * 32})
    wrong = ask("POST", "/api/v1/benchmarks", keys["evaluator"], {**NEW, "version": "4", "known": {}})
    seen = ask("GET", "/api/v1/benchmarks", keys["evaluator"]).json()["benchmarks"]
    theirs = ask("GET", "/api/v1/benchmarks", keys["lab"]).json()["benchmarks"]

    assert (made.status_code, again.json()) == (200, made.json())
    assert (other.status_code, other.json()["code"]) == (409, "registered-otherwise")
    assert (wrong.status_code, wrong.json()["place"]) == (422, "/known/reference")
    assert [(one["name"], one["is_own"], one["digest"]) for one in seen] == [
        ("our-range", True, Benchmark.objects.get().digest)
    ]
    assert theirs == []
    assert ask("GET", f"/api/v1/benchmarks/{made.json()['id']}", keys["evaluator"]).json() == made.json()
    assert ask("GET", f"/api/v1/benchmarks/{made.json()['id']}", keys["lab"]).status_code == 404


def test_both_parties_read_the_locked_content_and_each_reading_is_a_line(cast: Cast, keys: dict[str, str]) -> None:
    scene = locked(cast)

    for who in ("lab", "evaluator"):
        listed = ask("GET", f"{here(scene)}/protocols", keys[who]).json()
        opened = ask("GET", f"{of_protocol(scene)}?purpose=read_results", keys[who]).json()
        assert [one["digest"] for one in listed] == [scene.protocol.digest]
        assert "protocol" not in listed[0]
        assert opened["protocol"] == PROTOCOL.as_mapping()

    assert lines_of(scene) == [("protocol", "read_results")] * 2
    assert ask("GET", of_protocol(scene), keys["lab"]).status_code == 422


def test_the_statement_about_containment_is_downloaded_signed_and_sent(cast: Cast, keys: dict[str, str]) -> None:
    scene = locked(cast)
    place = f"{of_protocol(scene)}/containment"

    before = ask("GET", place, keys["lab"]).status_code
    envelope = signed(scene.access, "evaluator", f"{place}/to-sign", keys["evaluator"])
    made = ask("POST", place, keys["evaluator"], envelope)
    again = ask("POST", place, keys["evaluator"], envelope)
    forged = ask("POST", place, keys["evaluator"], {**envelope, "payload": "e30="})

    row = Containment.objects.get()
    assert (before, made.status_code, again.json()) == (404, 200, made.json())
    assert made.json()["digest"] == row.digest
    assert ask("GET", place, keys["lab"]).json() == made.json()
    assert (forged.status_code, forged.json()["code"]) == (422, "another-statement")


def test_a_log_is_sent_once_however_often_it_is_sent(cast: Cast, keys: dict[str, str]) -> None:
    scene, log = contained(cast), (LOGS / "plain.eval").read_bytes()

    first, again = (send_log(scene, keys["evaluator"], log) for _ in range(2))
    runs = ask("GET", f"{of_protocol(scene)}/runs", keys["lab"]).json()

    assert (first.json()["stored"], first.json()["unchanged"]) == (6, 0)
    assert (again.json()["stored"], again.json()["unchanged"]) == (0, 6)
    assert Run.objects.count() == 1
    assert [(one["log_digest"], sum(one["outcomes"].values())) for one in runs] == [
        (hashlib.sha256(log).hexdigest(), 6)
    ]


def test_a_log_too_large_or_none_at_all_is_refused_before_anything_is_kept(
    cast: Cast, keys: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    scene = contained(cast)

    none = send_log(scene, keys["evaluator"], b"no log")
    monkeypatch.setattr("watchbell.api.evaluations.MOST_BYTES", 100)
    large = send_log(scene, keys["evaluator"], b"x" * 101)

    assert none.status_code == 400
    assert (large.status_code, large.json()["code"]) == (413, "too-large")
    assert Run.objects.count() == 0


def test_the_sample_table_is_taken_along_and_no_cell_is_a_formula(cast: Cast, keys: dict[str, str]) -> None:
    scene = contained(cast)
    scene.take_in("plain.eval")
    Sample.objects.filter(item="patch.traversal.1.0").update(family="=cmd|'/c calc'!A1")

    lines = ask("GET", f"{of_protocol(scene)}/samples", keys["lab"])
    table = ask("GET", f"{of_protocol(scene)}/samples?format=csv", keys["evaluator"])

    rows = [strictjson.loads(line) for line in lines.getvalue().splitlines()]
    cells = list(csv.DictReader(io.StringIO(table.getvalue().decode())))
    assert (len(rows), len(cells)) == (6, 6)
    assert lines.headers["Content-Type"] == "application/x-ndjson"
    assert {one["outcome"] for one in rows} == {one["outcome"] for one in cells}
    assert any(one["family"].startswith("'=cmd") for one in cells)
    assert lines_of(scene) == [("samples", "read_results")] * 2


@pytest.mark.parametrize(("kept", "there"), [((Kept.SAMPLE_TABLE,), 6), ((), None)])
def test_the_table_outlives_the_evidence_where_the_terms_keep_it(
    cast: Cast, keys: dict[str, str], kept: tuple[Kept, ...], there: int | None
) -> None:
    scene = contained(cast, terms=replace(TERMS, kept_after_end=kept))
    scene.take_in("plain.eval")
    access.withdraw(scene.engagement, **by(cast, "lab", now=LATER))

    answer = ask("GET", f"{of_protocol(scene)}/samples", keys["lab"])

    if there is None:
        assert (answer.status_code, answer.json()["code"]) == (409, "is-over")
    else:
        assert len(answer.getvalue().splitlines()) == there


def test_an_incident_is_told_read_and_settled_by_programs(cast: Cast, keys: dict[str, str]) -> None:
    scene = contained(cast)
    scene.take_in("plain.eval")
    services.mint_run_token(scene.protocol, **by(cast, now=LATER))
    run = Run.objects.get().public_id
    new = {"kind": "out_of_scope", "noticed_at": "2026-11-29T11:50:00Z", "run": run, "note": "It asked for a host."}
    place = f"{here(scene)}/incidents"

    told = ask("POST", place, keys["evaluator"], new, **{"Idempotency-Key": "one"})
    again = ask("POST", place, keys["evaluator"], new, **{"Idempotency-Key": "one"})
    one = f"{place}/{told.json()['id']}"
    theirs = ask("POST", f"{one}/settle", keys["evaluator"], {"reason": "Enough."})
    empty = ask("POST", f"{one}/settle", keys["lab"], {"reason": " "})
    settled = ask("POST", f"{one}/settle", keys["lab"], {"reason": "The tool is taken out."})
    record = ask("GET", one, keys["evaluator"]).json()

    assert (told.status_code, again.json(), Incident.objects.count()) == (200, told.json(), 1)
    assert (told.json()["tokens_ended"], told.json()["run"]) == (1, run)
    assert not GatewayToken.objects.filter(ended_at__isnull=True).exists()
    assert (theirs.status_code, empty.status_code, settled.status_code) == (403, 409, 200)
    assert (record["note"], record["reason"]) == ("It asked for a host.", "The tool is taken out.")
    assert record["told_after_seconds"] == 600
    assert lines_of(scene) == [("incident", "incident")]
    assert ask("GET", place, keys["lab"]).json()[0]["settled_at"]


def test_an_incident_of_a_run_that_is_not_there_is_not_told(cast: Cast, keys: dict[str, str]) -> None:
    scene = contained(cast)
    new = {"kind": "other", "noticed_at": "2026-11-29T11:50:00Z", "run": "0" * 32}

    assert ask("POST", f"{here(scene)}/incidents", keys["evaluator"], new).status_code == 404
    assert Incident.objects.count() == 0


def test_a_flaw_goes_where_the_terms_say_and_both_see_that_it_did(cast: Cast, keys: dict[str, str]) -> None:
    scene = contained(cast)
    place = f"{here(scene)}/flaws"

    made = ask("POST", place, keys["evaluator"], FOUND, **{"Idempotency-Key": "one"})
    again = ask("POST", place, keys["evaluator"], FOUND, **{"Idempotency-Key": "one"})
    other = ask("POST", place, keys["evaluator"], {**FOUND, "title": "Another"}, **{"Idempotency-Key": "one"})
    named = ask("POST", place, keys["evaluator"], {**FOUND, "description": "northlight-1 found it"})

    assert (made.json()["route"], made.json()["sent_as"], made.json()["submission"]) == (
        "route_anonymised", "nameless", "",
    )  # fmt: skip
    assert (again.json(), Submission.objects.count()) == (made.json(), 1)
    assert (other.status_code, other.json()["code"]) == (400, "reported-otherwise")
    assert (named.status_code, named.json()["code"]) == (400, "names-somebody")
    assert ask("GET", place, keys["lab"]).json() == [made.json()]
    assert ask("POST", f"{place}/{made.json()['id']}/send", keys["lab"], {"sent_as": "named"}).status_code == 403


def test_what_came_back_is_sent_on_by_the_developers_program(cast: Cast, keys: dict[str, str]) -> None:
    scene = contained(cast, terms=replace(TERMS, routing=Routing.RETURN_TO_LAB))
    made = ask("POST", f"{here(scene)}/flaws", keys["evaluator"], FOUND).json()
    place = f"{here(scene)}/flaws/{made['id']}/send"

    theirs = ask("POST", place, keys["evaluator"], {"sent_as": "nameless"}).status_code
    sent = ask("POST", place, keys["lab"], {"sent_as": "nameless"})

    assert (made["sent_as"], theirs, sent.json()["sent_as"]) == ("", 403, "nameless")
    assert Flaw.objects.get().sent_at == LATER


def test_a_token_that_may_not_submit_sends_nothing_under_a_name(cast: Cast, keys: dict[str, str]) -> None:
    scene = contained(cast, terms=replace(TERMS, routing=Routing.ROUTE_TO_CVD))
    may = token(cast, "evaluator", Scope.SUBMIT)

    without = ask("POST", f"{here(scene)}/flaws", keys["evaluator"], FOUND)
    sent = ask("POST", f"{here(scene)}/flaws", may, FOUND)

    assert (without.status_code, sent.status_code) == (403, 200)
    assert sent.json()["submission"] == Submission.objects.get().public_id


def test_the_bytes_of_a_report_are_those_that_were_signed(cast: Cast, keys: dict[str, str]) -> None:
    scene = contained(cast)
    scene.take_in("plain.eval")
    row = services.issue_report(scene.fresh(), by=cast.evaluator.actor, now=LATER, keys=keystore(), rng=DICE)

    for who in ("lab", "evaluator"):
        listed = ask("GET", f"{here(scene)}/reports", keys[who]).json()
        opened = ask("GET", f"{here(scene)}/reports/{row.public_id}", keys[who]).json()
        content = opened["report"].encode()
        assert [one["digest"] for one in listed] == [hashlib.sha256(content).hexdigest()]
        assert verify_signature(bytes.fromhex(opened["public_key"]), bytes.fromhex(opened["signature"]), content)
    assert lines_of(scene) == [("report", "read_results")] * 2


def test_for_the_programs_of_everybody_else_there_is_none(cast: Cast, keys: dict[str, str]) -> None:
    scene = contained(cast)
    scene.take_in("plain.eval")
    paths = ["/protocols", "/incidents", "/flaws", "/reports", f"/protocols/{scene.protocol.public_id}/runs"]

    for path in paths:
        for who in ("coordinator", "vendor", "hospital", "bank"):
            assert ask("GET", f"{here(scene)}{path}", keys[who]).status_code in (403, 404)
        assert ask("GET", f"{PLACE}/{'0' * 32}{path}", keys["lab"]).status_code == 404
