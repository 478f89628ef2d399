"""The operator's operations: right, with the wrong scope, for somebody else's things, and without a token."""

import random
from copy import deepcopy
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from tests.apps import scene_inventory as scene
from tests.conftest import NOON
from tests.support.cast import Cast, Player
from tests.web import operator_scene

from watchbell.apps.inventory import queries as inventory
from watchbell.apps.inventory.models import Load
from watchbell.apps.inventory.services import loading, loads
from watchbell.apps.orgs import services as orgs
from watchbell.apps.remediation import queries as worklist
from watchbell.domain.handling import Role, Scope
from watchbell.domain.priority import Exposure

RNG = random.Random(7)
BILL = scene.sbom("pkg:pypi/django@4.2.8", named=(("Badge reader", "3"),))


@dataclass(frozen=True, slots=True)
class Call:
    """One operation as a program calls it; `{asset}` and `{line}` are the hospital's own."""

    method: str
    path: str
    scope: Scope
    body: Any = None
    writes: bool = True

    def by(self, token: str, cast: Cast, **headers: str) -> Any:
        path = "/api/v1" + self.path.format(asset=asset(cast).public_id, line=line(cast).public_id)
        return ask(self.method, path, token, self.body, **headers)


CALLS = [
    Call("GET", "/worklist", Scope.READ, writes=False),
    Call("GET", "/worklist/{line}", Scope.READ, writes=False),
    Call("POST", "/worklist/{line}/state", Scope.REMEDIATE, {"deed": "plan"}),
    Call("GET", "/assets", Scope.READ, writes=False),
    Call("GET", "/assets/{asset}", Scope.READ, writes=False),
    Call("POST", "/assets", Scope.INVENTORY, {"name": "Mail server"}),
    Call("PUT", "/assets/{asset}/sbom", Scope.INVENTORY, BILL),
    Call("POST", "/assets/{asset}/exposed", Scope.INVENTORY, {"exposed": "no"}),
]
OF_ONE = [call for call in CALLS if "{" in call.path]
each = pytest.mark.parametrize("call", CALLS, ids=lambda call: f"{call.method} {call.path}")


def ask(method: str, path: str, token: str = "", body: Any = None, **headers: str) -> Any:
    sent = {"authorization": f"Bearer {token}"} if token else {}
    return Client(headers={**sent, **headers}).generic(
        method,
        path,
        body if isinstance(body, bytes) else b"" if body is None else _json(body),
        content_type="application/json",
    )


def _json(body: Any) -> bytes:
    import json

    return json.dumps(body).encode()


@pytest.fixture(autouse=True)
def at_noon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("watchbell.doors.moment.now", lambda: NOON)


@pytest.fixture(scope="module")
def played_once(cast_once: Cast) -> Cast:
    operator_scene.play_short(cast_once, NOON)
    return cast_once


@pytest.fixture
def played(played_once: Cast, db: None) -> Cast:
    return deepcopy(played_once)


@pytest.fixture
def cast(played: Cast) -> Cast:
    return played


def token(player: Player, *scopes: Scope) -> str:
    _, text = orgs.mint_token(
        "a program", scopes or tuple(Scope), by=player.actor, lasts=timedelta(days=9), now=NOON, rng=RNG
    )
    return text


def asset(cast: Cast) -> Any:
    return inventory.visible_to(cast.hospital.actor, now=NOON).get(name="Firewall")


def line(cast: Cast, name: str = "GHSA-corridor-signon") -> Any:
    return worklist.visible_to(cast.hospital.actor, now=NOON).get(display_id=name)


def etag(cast: Cast, path: str = "/worklist/{line}") -> str:
    """Return the ETag of the line, or of the asset where the path is about one."""
    what = f"/assets/{asset(cast).public_id}" if "{asset}" in path else f"/worklist/{line(cast).public_id}"
    return str(ask("GET", f"/api/v1{what}", token(cast.hospital))["ETag"])


@each
def test_a_token_with_the_scope_is_answered(played: Cast, call: Call) -> None:
    answer = call.by(token(played.hospital, call.scope), played, **{"if-match": etag(played, call.path)})

    assert answer.status_code == 200, answer.content


@each
def test_a_token_without_the_scope_is_refused(played: Cast, call: Call) -> None:
    others = [scope for scope in Scope if scope is not call.scope]

    answer = call.by(token(played.hospital, *others), played, **{"if-match": etag(played, call.path)})

    assert answer.status_code == 403
    assert answer["Content-Type"] == "application/problem+json"


def test_without_a_token_nobody_is_answered(played: Cast) -> None:
    answers = [call.by("", played) for call in CALLS]

    assert {answer.status_code for answer in answers} == {401}
    assert {answer.json()["code"] for answer in answers} == {"no-token"}


@pytest.mark.parametrize("who", ["coordinator", "vendor", "lab"])
def test_a_program_of_somebody_who_runs_nothing_here_is_refused(played: Cast, who: str) -> None:
    key = token(getattr(played, who))

    assert {call.by(key, played).status_code for call in CALLS} == {403}


def test_what_belongs_to_another_operator_is_not_there(played: Cast) -> None:
    before = (asset(played).exposed, asset(played).listing_id, line(played).state)
    key = token(played.bank)

    answers = {call.by(key, played, **{"if-match": etag(played, call.path)}).status_code for call in OF_ONE}

    assert answers == {404}
    assert (asset(played).exposed, asset(played).listing_id, line(played).state) == before


@pytest.mark.parametrize("path", ["/worklist", "/assets"])
def test_another_operators_lists_are_empty(played: Cast, path: str) -> None:
    answer = ask("GET", f"/api/v1{path}", token(played.bank)).json()

    assert (answer.get("lines", []), answer.get("assets", []), answer["next"]) == ([], [], "")


def test_a_reader_reads_and_changes_nothing(played: Cast) -> None:
    text = token(played.hospital)
    orgs.add_member(played.mallory_person, played.hospital.organisation, Role.OWNER, by=played.hospital.actor, now=NOON)
    membership = played.hospital.person.memberships.get()
    orgs.change_role(membership, Role.READER, by=played.hospital.actor, now=NOON)

    answers = [(call.writes, call.by(text, played).status_code) for call in CALLS]

    assert set(answers) == {(True, 403), (False, 200)}


def test_pages_follow_each_other_and_hold_every_line_once(played: Cast) -> None:
    key = token(played.hospital)
    seen, cursor = [], ""
    while True:
        page = ask("GET", f"/api/v1/worklist?limit=2&cursor={cursor}", key).json()
        seen += page["lines"]
        cursor = page["next"]
        if not cursor:
            break

    assert len(seen) == len({one["id"] for one in seen})
    assert len(seen) == worklist.visible_to(played.hospital.actor, now=NOON).filter(is_settled=False).count()
    dated = [one["due_at"] for one in seen if one["due_at"]]
    assert dated == sorted(dated)


@pytest.mark.parametrize("cursor", ["x", "AAAA", "%00"])
def test_a_cursor_that_is_not_ours_is_a_problem_with_its_place(played: Cast, cursor: str) -> None:
    answer = ask("GET", f"/api/v1/worklist?cursor={cursor}", token(played.hospital))

    assert (answer.status_code, answer.json()["place"]) == (400, "cursor")


def test_a_line_says_how_sure_its_outcome_is(played: Cast) -> None:
    found = ask("GET", f"/api/v1/worklist/{line(played).public_id}", token(played.hospital)).json()

    assert found["range"] == ["60D", "3D"]
    assert found["drawn"] == "unknown"
    assert found["fix"] == "2.8"
    assert found["inputs"]["automatable"] is None


def test_the_second_program_is_told_that_the_line_changed(played: Cast) -> None:
    key, seen = token(played.hospital), etag(played)
    path = f"/api/v1/worklist/{line(played).public_id}/state"

    first = ask("POST", path, key, {"deed": "plan"}, **{"if-match": seen})
    second = ask("POST", path, key, {"deed": "patch", "note": "Updated."}, **{"if-match": seen})
    again = ask("POST", path, key, {"deed": "patch", "note": "Updated."}, **{"if-match": first["ETag"]})

    assert (first.status_code, second.status_code, again.status_code) == (200, 412, 200)
    assert again.json()["state"] == "patched"


@pytest.mark.parametrize("most_at_once", [2000, 1], ids=["loaded at once", "left to a job"])
@pytest.mark.parametrize("other", ["a list", "an answer"])
def test_who_comes_between_a_programs_look_and_its_write_is_not_overwritten(
    played: Cast, monkeypatch: pytest.MonkeyPatch, most_at_once: int, other: str
) -> None:
    row, key = asset(played), token(played.hospital)
    path = f"/api/v1/assets/{row.public_id}"
    seen = ask("GET", path, key)["ETag"]
    kept, theirs = loading.document_of, scene.sbom("pkg:pypi/flask@3.0")

    def between(*of: Any) -> Any:
        """Let the other one write when the first has looked and read, and has not written yet."""
        monkeypatch.setattr(loading, "document_of", kept)
        if other == "a list":
            monkeypatch.setattr(loads, "MANY_LINES", 2000)
            done = ask("PUT", f"{path}/sbom", key, theirs)
        else:
            done = ask("POST", f"{path}/exposed", key, {"exposed": "no"})
        assert done.status_code == 200
        return kept(*of)

    monkeypatch.setattr(loads, "MANY_LINES", most_at_once)
    monkeypatch.setattr(loading, "document_of", between)
    answer = ask("PUT", f"{path}/sbom", key, BILL, **{"if-match": seen})

    held = ask("GET", path, key).json()
    assert (answer.status_code, answer.json()["code"]) == (412, "changed-meanwhile")
    assert (held["components"] == 1) if other == "a list" else (held["exposed"] == "no")
    assert not Load.objects.filter(stage="waiting").exists()
    assert ask("PUT", f"{path}/sbom", key, BILL, **{"if-match": "*"}).status_code in (200, 202)


def test_without_if_match_nothing_is_changed(played: Cast) -> None:
    answer = ask("POST", f"/api/v1/worklist/{line(played).public_id}/state", token(played.hospital), {"deed": "plan"})

    assert (answer.status_code, answer.json()["code"]) == (428, "if-match-needed")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"deed": "patch"}, 409),
        ({"deed": "verify", "note": "It works."}, 409),
        ({"deed": "accept until", "note": "Why not."}, 400),
        ({"deed": "accept until", "note": "Why not.", "until": "2026-01-01T00:00:00Z"}, 409),
        ({"deed": "explode"}, 422),
        ({"deed": "plan", "more": 1}, 422),
        ({"deed": "plan", "note": "x" * 2001}, 422),
        ({}, 422),
    ],
)
def test_a_deed_that_cannot_be_done_is_a_problem_and_changes_nothing(
    played: Cast, body: dict[str, Any], status: int
) -> None:
    path = f"/api/v1/worklist/{line(played).public_id}/state"

    answer = ask("POST", path, token(played.hospital), body, **{"if-match": etag(played)})

    assert answer.status_code == status
    assert answer["Content-Type"] == "application/problem+json"
    assert line(played).state == "open"


def test_an_asset_is_added_once_however_often_the_request_comes(cast: Cast) -> None:
    before = inventory.visible_to(cast.hospital.actor, now=NOON).count()
    key = token(cast.hospital)
    new = {"name": "Mail server", "exposed": "yes"}

    answers = [ask("POST", "/api/v1/assets", key, new, **{"idempotency-key": "k1"}) for _ in range(2)]
    other = ask("POST", "/api/v1/assets", key, {"name": "Another"}, **{"idempotency-key": "k1"})

    assert answers[0].json() == answers[1].json()
    assert (other.status_code, other.json()["code"]) == (409, "idempotency-key-reused")
    assert inventory.visible_to(cast.hospital.actor, now=NOON).count() == before + 1


@pytest.mark.parametrize(
    "body",
    [{"name": ""}, {"name": "x" * 201}, {"name": 5}, {"name": "a", "exposed": "maybe"}, {"name": "a", "x": 1}, {}, []],
)
def test_a_new_asset_that_is_not_as_described_is_a_problem(cast: Cast, body: Any) -> None:

    assert ask("POST", "/api/v1/assets", token(cast.hospital), body).status_code == 422


def test_a_bill_of_materials_counts_everything_and_the_second_time_changes_nothing(played: Cast) -> None:
    path, key = f"/api/v1/assets/{asset(played).public_id}/sbom", token(played.hospital)

    first, second = (ask("PUT", path, key, BILL).json() for _ in range(2))

    assert (first["components"], first["assessed"], first["not_assessed"], first["changed"]) == (2, 1, 1, True)
    assert second == {**first, "changed": False}


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"name,product\na,b\n", b"<bom/>", b'{"a":1,"a":2}', b"\x00\x01", b'{"bomFormat":"CycloneDX"}' * 2],
)
def test_a_broken_document_is_a_problem_and_the_list_in_force_stays(played: Cast, body: bytes) -> None:
    before = asset(played).listing_id

    answer = ask("PUT", f"/api/v1/assets/{asset(played).public_id}/sbom", token(played.hospital), body)

    assert 400 <= answer.status_code < 500
    assert answer["Content-Type"] == "application/problem+json"
    assert asset(played).listing_id == before


def test_the_one_question_takes_three_answers(played: Cast) -> None:
    path, key = f"/api/v1/assets/{asset(played).public_id}/exposed", token(played.hospital)

    answers = [ask("POST", path, key, {"exposed": one}).json()["exposed"] for one in ("no", "unknown", "yes")]

    assert answers == ["no", "unknown", "yes"]
    assert asset(played).exposed == Exposure.YES


CHANGES = [call for call in OF_ONE if call.writes]


@pytest.mark.parametrize("call", CHANGES, ids=lambda call: f"{call.method} {call.path}")
def test_a_change_decided_on_another_state_is_refused_and_one_on_this_state_is_taken(played: Cast, call: Call) -> None:
    key = token(played.hospital)
    before = (asset(played).exposed, asset(played).listing_id, line(played).state)

    stale = [call.by(key, played, **{"if-match": one}) for one in ('"other"', "W/" + etag(played, call.path), '"*"')]
    untouched = (asset(played).exposed, asset(played).listing_id, line(played).state)
    taken = call.by(key, played, **{"if-match": etag(played, call.path)})
    after = etag(played, call.path)
    anyway = call.by(key, played, **{"if-match": "*"})

    assert {(one.status_code, one.json()["code"]) for one in stale} == {(412, "changed-meanwhile")}
    assert untouched == before
    assert (taken.status_code, taken["ETag"]) == (200, after)
    assert (asset(played).exposed, asset(played).listing_id, line(played).state) != before
    assert anyway.status_code == 200


def test_every_change_of_the_operators_takes_if_match_and_every_create_an_idempotency_key() -> None:
    from watchbell.api.app import api

    paths = api.get_openapi_schema()["paths"]
    described = {
        (call.method, call.path): {one["name"] for one in operation.get("parameters", [])}
        for call in CALLS
        if call.writes
        for path, methods in paths.items()
        if path == f"/api/v1{call.path}" and (operation := methods.get(call.method.lower()))
    }

    assert len(described) == sum(call.writes for call in CALLS)
    assert all(("If-Match" if "{" in path else "Idempotency-Key") in held for (_, path), held in described.items())


@each
def test_every_answer_about_results_says_how_old_its_sources_are(played: Cast, call: Call) -> None:
    from watchbell.apps.vulnerabilities.services.sources import NOTHING_HELD, SourceKind, ensure_source, note_success

    source = ensure_source(name="osv", kind=SourceKind.OSV, rng=RNG)
    ages = []
    for at in (NOON - timedelta(days=7), NOON - timedelta(days=7, seconds=1)):
        note_success(source, now=at, answer=NOTHING_HELD)
        answer = call.by(token(played.hospital), played, **{"if-match": etag(played, call.path)}).json()
        ages.append((answer["stale"], [(one["name"], one["stale"]) for one in answer["sources"]]))

    assert ages == [(False, [("osv", False)]), (True, [("osv", True)])]


def test_a_line_names_every_fact_with_who_says_it_and_of_which_day(played: Cast) -> None:
    operator_scene.kev(("CVE-2026-30001", "Corridor", "Signon", "Anyone gets in"), now=NOON - timedelta(days=3))
    vectors = ["CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", operator_scene.MILD[0]["score"]]
    severity = [{"type": "CVSS_V3", "score": one} for one in vectors]
    record = scene.osv(
        "GHSA-corridor-signon", "corridor-signon", *scene.between("2.0", "2.8"),
        severity=severity, aliases=["CVE-2026-30001"], modified="2030-01-02T00:00:00Z",
    )  # fmt: skip
    scene.publish(record, now=NOON)
    scene.work(now=NOON)

    found = ask("GET", f"/api/v1/worklist/{line(played, 'CVE-2026-30001').public_id}", token(played.hospital)).json()

    said = [(one["fact"], one["by"], one["about"], one["on"], one["says"].get("vector")) for one in found["facts"]]
    assert said == [
        ("kev", "cisa-kev", "CVE-2026-30001", "2026-11-01", None),
        *(("cvss", "osv", "GHSA-corridor-signon", "2030-01-02", one) for one in sorted(vectors)),
    ]


def test_lines_say_that_the_unknown_is_counted_at_its_worst_and_since_when(played: Cast) -> None:
    from watchbell.apps.remediation import services

    organisation = played.hospital.organisation.public_id
    services.choose_strict(organisation=organisation, strict=True, by=played.hospital.actor, now=NOON, rng=RNG)
    scene.work(now=NOON)

    answer = ask("GET", "/api/v1/worklist", token(played.hospital)).json()

    assert answer["strict_since"] == "2026-11-04T12:00:00Z"
    assert {(one["strict"], one["outcome"], one["policy"]) for one in answer["lines"]} == {
        (True, "3D", "watchbell:PRIORITY:1.0.0")
    }
