"""What is published, for programs: anyone may follow it, nobody sees a working copy, nothing known is sent twice."""

import random
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from tests.apps.test_advisories import draft, fixed_case, publish, published
from tests.support.cast import CONSOLE, Cast
from tests.support.desk import Desk, blob_store

from watchbell.apps.advisories import queries, services
from watchbell.apps.orgs import services as orgs
from watchbell.domain.handling import Actor, Scope, Tlp
from watchbell.doors import keys, moment

pytestmark = pytest.mark.django_db

LATER = timedelta(days=1)


@pytest.fixture
def desk(cast: Cast, tmp_path: Path, noon: datetime, rng: random.Random, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.setattr(moment, "now", lambda: noon + 2 * LATER)
    keys.make_node_keys()
    return Desk(cast, blob_store(tmp_path), noon, rng)


def ask(path: str = "", **headers: str) -> Any:
    return Client().get(f"/api/v1/advisories{path}", headers={name.replace("_", "-"): v for name, v in headers.items()})


def listed(query: str = "", **headers: str) -> list[str]:
    answer = ask(query, **headers)
    assert answer.status_code == 200, answer.content
    return [one["id"] for one in answer.json()["advisories"]]


def test_anyone_reads_an_advisory_with_its_ranges_its_fix_and_where_its_documents_are(desk: Desk) -> None:
    published(desk)

    answer = ask("/WB-2026-0001")
    found = answer.json()

    [flaw] = found["vulnerabilities"]
    [affected] = flaw["affected"]
    assert (found["state"], found["tlp"], flaw["aliases"]) == ("published", "TLP:CLEAR", ["CVE-2026-41414"])
    assert affected["ranges"][0]["events"][1]["fixed"] == "2.1.1"
    assert [one["by"] for one in flaw["severities"]] == ["vendor", "finder"]
    assert Client().get(found["csaf"]).status_code == Client().get(flaw["osv"]).status_code == 200
    assert answer.headers["Cache-Control"] == "public, no-cache"


def test_a_draft_and_what_was_edited_since_publication_are_nobodys_to_read(desk: Desk, cast: Cast) -> None:
    advisory = published(desk)
    draft(desk, fixed_case(desk))
    unspoken = replace(queries.working_copy(advisory), title="Not said yet", summary="Not said yet")
    services.edit(advisory, unspoken, etag=advisory.etag, by=desk.by, now=desk.now)
    _, token = orgs.mint_token("t", [Scope.READ], by=desk.by, lasts=5 * LATER, now=desk.now, rng=desk.rng)

    answers = [
        ask(path, **named) for path in ("", "/WB-2026-0001") for named in ({}, {"Authorization": f"Bearer {token}"})
    ]

    assert listed() == ["WB-2026-0001"]
    assert {answer.status_code for answer in answers} == {200}
    assert not any("Not said yet" in answer.content.decode() for answer in answers)
    assert not any(advisory.public_id in answer.content.decode() for answer in answers)
    assert "Not said yet" not in Client().get("/advisories/").content.decode()


def test_a_green_advisory_is_read_by_its_circle_with_a_token_and_kept_by_no_cache_for_others(
    desk: Desk, cast: Cast
) -> None:
    circle = [cast.coordinator.organisation, cast.hospital.organisation]
    orgs.create_community("Regional hospitals", circle, by=CONSOLE, now=desk.now, rng=desk.rng)
    published(desk, Tlp.GREEN)
    headers: dict[str, dict[str, str]] = {"nobody": {}}
    for name in ("hospital", "bank"):
        by = getattr(cast, name).actor
        _, token = orgs.mint_token("t", [Scope.READ], by=by, lasts=5 * LATER, now=desk.now, rng=desk.rng)
        headers[name] = {"Authorization": f"Bearer {token}"}

    readers = [name for name, named in headers.items() if listed(**named)]
    one = {name: ask("/WB-2026-0001", **named) for name, named in headers.items()}

    assert readers == ["hospital"]
    assert {name: answer.status_code for name, answer in one.items()} == {"nobody": 404, "hospital": 200, "bank": 404}
    assert one["hospital"].json()["tlp"] == "TLP:GREEN"
    assert one["hospital"].headers["Cache-Control"] == "private, no-cache"
    assert "Authorization" in one["hospital"].headers["Vary"]


@pytest.mark.parametrize(
    ("query", "is_found"),
    [
        ("?alias=cve-2026-41414", True),
        ("?alias=WB-2026-0001", True),
        ("?purl=pkg:pypi/InfusePump@1.0", True),
        ("?ecosystem=PyPI&alias=CVE-2026-41414", True),
        ("?ecosystem=npm&alias=CVE-2026-41414", False),
        ("?alias=CVE-2026-4141", False),
        ("?purl=pkg:pypi/infusepump2", False),
    ],
)
def test_a_green_advisory_is_found_by_its_circle_and_by_nobody_else(
    desk: Desk, cast: Cast, query: str, is_found: bool
) -> None:
    circle = [cast.coordinator.organisation, cast.hospital.organisation]
    orgs.create_community("Regional hospitals", circle, by=CONSOLE, now=desk.now, rng=desk.rng)
    others = [cast.bank.organisation, cast.vendor.organisation]
    orgs.create_community("Another circle", others, by=CONSOLE, now=desk.now, rng=desk.rng)
    advisory = published(desk, Tlp.GREEN)

    found = {
        name: listed_for(getattr(cast, name).actor, query, desk)
        for name in ("coordinator", "hospital", "bank", "vendor", "lab", "evaluator")
    }
    in_public = listed(query)
    publish(desk, advisory)

    readers = [name for name, ids in found.items() if ids]
    assert (readers, in_public) == (["coordinator", "hospital"] if is_found else [], [])
    assert listed(query) == listed_for(cast.bank.actor, query, desk) == (["WB-2026-0001"] if is_found else [])


def listed_for(by: Actor, query: str, desk: Desk) -> list[str]:
    _, token = orgs.mint_token("t", [Scope.READ], by=by, lasts=5 * LATER, now=desk.now, rng=desk.rng)
    return listed(query, Authorization=f"Bearer {token}")


@pytest.mark.parametrize(
    ("query", "is_found"),
    [
        ("?alias=CVE-2026-41414", True),
        ("?alias=cve-2026-41414", True),
        ("?alias=WB-2026-0001", True),
        ("?alias=CVE-2026-4141", False),
        ("?ecosystem=PyPI", True),
        ("?ecosystem=npm", False),
        ("?purl=pkg:pypi/InfusePump@1.0", True),
        ("?purl=pkg:pypi/infusepump2", False),
        ("?ecosystem=PyPI&alias=CVE-2026-1", False),
        ("?since=2026-11-04T12:00:00Z", True),
        ("?since=2026-11-04T12:00:01Z", False),
    ],
)
def test_what_is_asked_for_is_found_and_nothing_else_is(desk: Desk, query: str, is_found: bool) -> None:
    published(desk)

    assert listed(query) == (["WB-2026-0001"] if is_found else [])


@pytest.mark.parametrize(
    ("query", "place"), [("?since=yesterday", "since"), ("?purl=nothing", "purl"), ("?cursor=AAAA", "cursor")]
)
def test_a_question_that_makes_no_sense_is_a_problem_with_its_place(desk: Desk, query: str, place: str) -> None:
    answer = ask(query)

    assert (answer.status_code, answer.json()["place"]) == (400, place)


def test_a_follower_meets_every_advisory_once_and_a_changed_one_again(desk: Desk) -> None:
    first = published(desk)
    published(desk)
    pages, cursor = [], ""
    while cursor or not pages:
        answer = ask(f"?limit=1&cursor={cursor}").json()
        pages.append(answer["advisories"])
        cursor = answer["next"]
    services.withdraw(first, reason="No flaw.", by=desk.by, now=desk.now + LATER, rng=desk.rng)

    again = ask("?since=2026-11-04T12:00:01Z").json()["advisories"]

    assert [one["id"] for page in pages for one in page] == ["WB-2026-0001", "WB-2026-0002"]
    assert [(one["id"], one["state"]) for one in again] == [("WB-2026-0001", "withdrawn")]


@pytest.mark.parametrize("path", ["", "/WB-2026-0001"])
def test_what_the_caller_has_already_is_not_sent_again_until_it_changes(desk: Desk, path: str) -> None:
    advisory = published(desk)
    etag = ask(path).headers["ETag"]

    same = ask(path, If_None_Match=etag)
    services.withdraw(advisory, reason="No flaw.", by=desk.by, now=desk.now + LATER, rng=desk.rng)
    changed = ask(path, If_None_Match=etag)

    assert (same.status_code, same.content, same.headers["ETag"]) == (304, b"", etag)
    assert changed.status_code == 200
    assert changed.headers["ETag"] != etag


def test_a_token_that_is_not_one_is_refused_though_nobody_needs_one(desk: Desk) -> None:
    published(desk)

    assert {ask(path, Authorization="Bearer wb_nobody").status_code for path in ("", "/WB-2026-0001")} == {401}
    assert {ask(path, Authorization="Basic eDp4").status_code for path in ("", "/WB-2026-0001")} == {401}
    assert [ask(f"/{name}").status_code for name in ("WB-2026-0002", "0" * 32)] == [404, 404]
