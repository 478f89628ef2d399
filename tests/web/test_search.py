"""One box finds what the reader may see, under any of its names, and tells nobody that there is more."""

import random
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.apps import scene_inventory as scene
from tests.apps.test_advisories import published
from tests.conftest import NOON
from tests.support.cast import CONSOLE, Cast
from tests.support.desk import Desk, blob_store
from tests.support.visitors import signed_in
from tests.web import operator_scene

from watchbell.apps.orgs import services as orgs
from watchbell.domain.handling import Tlp
from watchbell.domain.priority import Exposure

CVE = "CVE-2026-40001"


@pytest.fixture(autouse=True)
def at_noon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("watchbell.doors.moment.now", lambda: NOON)


@pytest.fixture
def stored(cast: Cast, rng: random.Random, tmp_path: Path) -> Cast:
    """A case about an overflow, known to a vendor who has not read it; a hospital and a bank that run corridor."""
    desk = Desk(cast, blob_store(tmp_path), NOON - timedelta(hours=1), rng)
    desk.invite(desk.case())
    record = scene.osv("GHSA-wing-door-9x9x", "corridor-signon", *scene.between("2.0", "2.8"), aliases=[CVE])
    scene.publish(record, now=NOON - timedelta(hours=3))
    for player, name in ((cast.hospital, "Ward server"), (cast.bank, "Vault server")):
        server = scene.add(player, name, Exposure.YES, now=NOON - timedelta(hours=2))
        bill = scene.sbom("pkg:pypi/corridor-signon@2.4", named=((f"Corridor of {name}", "1"),))
        scene.load(player, server, bill, now=NOON - timedelta(hours=2))
    scene.work(now=NOON - timedelta(hours=1))
    return cast


def _main(page: str) -> str:
    return page.partition("<main")[2].partition("</main>")[0]


def found(cast: Cast, who: str, text: str) -> dict[str, list[str]]:
    answer: Any = signed_in(cast.people[who], NOON).get("/search", {"q": text})
    assert answer.status_code == 200
    return {str(one.title): [hit.title for hit in one.hits] for one in answer.context["groups"]}


@pytest.mark.parametrize("text", [CVE, CVE.lower(), "ghsa-WING-door", "GHSA-wing-door-9x9x", "  CVE-2026-4  "])
def test_a_flaw_is_found_by_any_of_its_ids_and_leads_an_operator_to_its_own_line(stored: Cast, text: str) -> None:
    hospital, lab = (signed_in(stored.people[who], NOON) for who in ("hospital", "lab"))

    own, other = (client.get("/search", {"q": text}).context["groups"][0].hits[0] for client in (hospital, lab))

    assert (own.title, other.title) == (CVE, CVE)
    assert own.url.startswith("/worklist/")
    assert other.url.startswith("/vulnerabilities/")
    assert CVE in hospital.get(own.url).content.decode()
    assert "GHSA-wing-door-9x9x" in lab.get(other.url).content.decode()


def test_what_an_operator_runs_is_found_by_that_operator_alone(stored: Cast) -> None:
    mine = {who: found(stored, who, "corridor") for who in ("hospital", "bank", "coordinator", "lab", "admin")}

    assert mine["hospital"] == {"What is in them": ["PyPI corridor-signon 2.4", "Corridor of Ward server 1"]}
    assert mine["bank"] == {"What is in them": ["PyPI corridor-signon 2.4", "Corridor of Vault server 1"]}
    assert (mine["coordinator"], mine["lab"], mine["admin"]) == ({}, {}, {})
    assert found(stored, "hospital", "server") == {
        "Assets": ["Ward server"],
        "What is in them": ["Corridor of Ward server 1"],
    }


def test_a_case_and_its_findings_are_found_by_those_who_may_read_them(stored: Cast) -> None:
    from watchbell.apps.cases import queries as cases

    title = cases.visible_to(stored.coordinator.actor, now=NOON).get().title
    people = ("coordinator", "lab", "vendor", "hospital", "admin", "mallory")

    cases_seen = {who for who in people if found(stored, who, title).get("Cases") == [title]}
    findings_seen = {who for who in people if found(stored, who, "overflow").get("Findings") == ["Overflow 1"]}

    assert cases_seen == {"coordinator", "lab"}  # the vendor was invited and has not been sent the report
    assert findings_seen == {"coordinator", "lab"}


def test_an_advisory_for_a_circle_is_found_by_its_ids_and_title_by_that_circle_alone(
    cast: Cast, rng: random.Random, tmp_path: Path
) -> None:
    desk = Desk(cast, blob_store(tmp_path), NOON - timedelta(hours=1), rng)
    circle = [cast.coordinator.organisation, cast.hospital.organisation]
    orgs.create_community("Regional hospitals", circle, by=CONSOLE, now=desk.now, rng=rng)
    advisory = published(desk, Tlp.GREEN)

    seen = {
        text: [name for name in ("coordinator", "hospital", "bank", "lab") if "Advisories" in found(cast, name, text)]
        for text in ("cve-2026-41414", advisory.title, advisory.tracking_id)
    }

    assert all(readers == ["coordinator", "hospital"] for readers in seen.values()), seen
    assert "TLP:GREEN" in signed_in(cast.hospital.person).get("/search", {"q": advisory.title}).content.decode()


def test_what_is_not_found_and_what_is_hidden_look_alike(stored: Cast) -> None:
    vendor = signed_in(stored.people["vendor"], NOON)

    hidden, absent = (vendor.get("/search", {"q": text}).content.decode() for text in ("Ward server", "Nothing at all"))

    assert _main(hidden).replace("Ward server", "") == _main(absent).replace("Nothing at all", "")


@pytest.mark.parametrize(
    "text", ["", "ab", "%%%", "___", "<script>alert(1)</script>", "' OR 1=1 --", "x" * 5000, "ñandú"]
)
def test_any_text_is_answered_calmly_and_shown_as_text(stored: Cast, text: str) -> None:
    answer = signed_in(stored.people["hospital"], NOON).get("/search", {"q": text})

    assert answer.status_code == 200
    assert answer.context["groups"] == []
    assert "<script>alert" not in answer.content.decode()


def test_the_box_is_there_for_everyone_who_may_search_and_for_nobody_else(stored: Cast) -> None:
    strong = signed_in(stored.people["lab"], NOON).get("/").content.decode()
    weak = signed_in(stored.people["lab"], NOON, strong=False).get("/").content.decode()

    assert ('role="search"' in strong, 'role="search"' in weak) == (True, False)


def test_more_than_ten_are_cut_without_saying_how_many(stored: Cast) -> None:
    for number in range(13):
        scene.add(stored.hospital, f"Kiosk {number:02}", now=NOON)

    answer: Any = signed_in(stored.people["hospital"], NOON).get("/search", {"q": "kiosk"})

    (group,) = answer.context["groups"]
    assert (len(group.hits), group.is_cut) == (10, True)
    assert "13" not in re.sub("<[^>]+>", "", _main(answer.content.decode()))


def test_a_flaw_shows_each_fact_with_who_says_it_and_of_which_day(stored: Cast) -> None:
    operator_scene.kev((CVE, "Corridor", "Signon", "Anyone gets in"), now=NOON)
    lab = signed_in(stored.people["lab"], NOON)

    page = " ".join(lab.get(f"/vulnerabilities/{CVE.lower()}").content.decode().split())

    assert "cisa-kev" in page
    assert "4 Nov 2026" in page
    assert page.count("nobody has published") >= 2
    assert lab.get("/vulnerabilities/CVE-2026-99999").status_code == 404
