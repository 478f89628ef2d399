"""The operator's pages: what a small hospital sees, does and prints, and that nobody else sees any of it."""

from copy import deepcopy
from datetime import datetime, timedelta
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
from watchbell.apps.remediation import queries as worklist
from watchbell.apps.remediation.services import closing, refreshing
from watchbell.apps.vulnerabilities.services.sources import NOTHING_HELD, SourceKind, ensure_source, note_success
from watchbell.domain.lifecycle import Remediation, RemediationEvent
from watchbell.domain.matching.outcomes import Reason
from watchbell.domain.priority import POLICY, Exposure
from watchbell.web.operator import deeds, story, words

LISTS = ("/worklist", "/worklist/all", "/board-report", "/inventory", "/inventory/unassessed")
CHANGES = ("/start", "/start/questions", "/inventory/new", "/inventory/load")


@pytest.fixture(autouse=True)
def at_noon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("watchbell.doors.moment.now", lambda: NOON)


@pytest.fixture(scope="module")
def played_once(cast_once: Cast) -> Cast:
    operator_scene.play(cast_once, NOON)
    return cast_once


@pytest.fixture
def played(played_once: Cast, db: None) -> Cast:
    return deepcopy(played_once)


@pytest.fixture
def cast(played: Cast) -> Cast:
    return played


@pytest.fixture
def client(played: Cast) -> Client:
    return signed_in(played.hospital.person, NOON)


def row(cast: Cast, name: str) -> Any:
    return worklist.visible_to(cast.hospital.actor, now=NOON).get(display_id=name)


def asset(cast: Cast, name: str) -> Any:
    return inventory.visible_to(cast.hospital.actor, now=NOON).get(name=name)


def text(client: Client, path: str, **data: Any) -> str:
    answer = client.get(path, data)
    assert answer.status_code == 200, path
    return " ".join(answer.content.decode().split())


@pytest.mark.parametrize("path", [*LISTS, *CHANGES])
@pytest.mark.parametrize("who", ["coordinator", "vendor", "lab", "admin", "mallory"])
def test_nobody_but_an_operator_comes_to_an_operators_pages(cast: Cast, path: str, who: str) -> None:
    visitor = signed_in(cast.people[who], NOON)

    assert visitor.get(path).status_code == 403


def test_another_operator_is_answered_as_if_the_line_and_the_asset_did_not_exist(played: Cast) -> None:
    bank = signed_in(played.bank.person, NOON)
    line, server = row(played, "CVE-2026-20001").public_id, asset(played, "Firewall").public_id
    tails = ("", "/letter", "/not-us", "/forensics", "/do/plan", "/proof/0")

    answers = [bank.get(f"/worklist/{line}{tail}") for tail in tails]
    answers += [bank.get(f"/inventory/{server}{tail}") for tail in ("", "/pick", "/remove", "/progress")]
    answers += [bank.post(f"/inventory/{server}/exposed", {"exposed": "no"}), bank.post(f"/worklist/{line}/do/plan")]

    assert {answer.status_code for answer in answers} == {404}
    assert asset(played, "Firewall").exposed == Exposure.YES


def test_a_reader_sees_the_sheet_and_changes_nothing(played: Cast) -> None:
    reader = signed_in(played.reader_person, NOON)
    line = row(played, "CVE-2026-20001")

    assert "Update django to 4.2.14" in text(reader, "/worklist")
    assert reader.post(f"/worklist/{line.public_id}/do/plan", {"was": line.state}).status_code == 403
    assert reader.get("/inventory/new").status_code == 403


def test_the_sheet_says_the_deed_first_the_reason_second_and_how_much_could_be_checked(
    played: Cast, client: Client
) -> None:
    page = text(client, "/worklist")

    assert "Update django to 4.2.14" in page
    assert "Attackers are using this today, and the internet reaches yours." in page
    assert "closes 3" in page
    assert page.index("Check Fortinet FortiOS") < page.index("Update django") < page.index("Backlog")
    assert "4 items could not be checked" in page
    assert "Assessed <strong" in page


def test_one_update_that_closes_several_stands_on_the_sheet_once(played: Cast, client: Client) -> None:
    page = text(client, "/worklist")

    assert page.count(">Update django") == 1


def test_what_nobody_published_is_drawn_as_unknown_with_its_range_and_what_would_change_it(
    played: Cast, client: Client
) -> None:
    page = text(client, "/worklist")

    assert "60D to 3D" in page
    assert "On an exposed asset it would be 3D if automatable and total." in page
    assert 'class="badge is-unknown"' in page


def test_the_backlog_has_no_dates_and_at_most_ten_lines_a_week(played: Cast, client: Client) -> None:
    backlog = text(client, "/worklist").partition('id="backlog"')[2]

    assert backlog.count('class="work ') == 10
    assert "due " not in backlog.partition("sheet-foot")[0]


def test_a_broken_document_is_answered_with_its_place_and_the_list_in_force_stays(played: Cast, client: Client) -> None:
    server = asset(played, "Patient records server")
    broken = SimpleUploadedFile("b.json", b'{"bomFormat": "CycloneDX", "components": [}')

    answer = client.post(f"/inventory/{server.public_id}/document", {"document": broken})

    assert "Please look at this again" in answer.content.decode()
    assert asset(played, "Patient records server").listing_id == server.listing_id


def test_the_answer_to_the_one_question_is_kept(played: Cast, client: Client) -> None:
    desk = asset(played, "Front desk computers (9)")

    client.post(f"/inventory/{desk.public_id}/exposed", {"exposed": "no"})

    assert asset(played, "Front desk computers (9)").exposed == Exposure.NO


def test_removing_an_asset_says_what_goes_with_it_first(played: Cast, client: Client) -> None:
    pumps = asset(played, "Infusion pumps (12)").public_id

    assert "what was done about them stays on record" in text(client, f"/inventory/{pumps}/remove")
    client.post(f"/inventory/{pumps}/remove")

    assert client.get(f"/inventory/{pumps}").status_code == 404


def test_done_takes_a_note_and_closes_every_line_that_was_ticked(played: Cast, client: Client) -> None:
    line = row(played, "CVE-2026-20001")
    address = f"/worklist/{line.public_id}/do/patch?all"
    ticked = [row(played, name).public_id for name in ("CVE-2026-20001", "GHSA-django-2")]

    without = client.post(address, {"was": line.state, "row": ticked, "note": ""})
    done = client.post(address, {"was": line.state, "row": ticked, "note": "Updated on Tuesday."})

    assert "Please look at this again" in without.content.decode()
    assert done["Location"] == "/worklist"
    states = {name: row(played, name).state for name in ("CVE-2026-20001", "GHSA-django-2", "GHSA-django-3")}
    assert states == {
        "CVE-2026-20001": Remediation.PATCHED,
        "GHSA-django-2": Remediation.PATCHED,
        "GHSA-django-3": Remediation.OPEN,
    }


def test_a_deed_with_a_file_keeps_it_sealed_and_gives_it_back_as_a_download(played: Cast, client: Client) -> None:
    line = row(played, "GHSA-sso-1")
    shot = SimpleUploadedFile("shot.png", b"\x89PNG not really")

    client.post(
        f"/worklist/{line.public_id}/do/mitigate", {"was": line.state, "note": "Switched it off.", "proof": shot}
    )

    action = worklist.story(played.hospital.actor, line.public_id, now=NOON).last()
    assert action is not None
    kept = client.get(f"/worklist/{line.public_id}/proof/{action.public_id}")
    assert kept.content == b"\x89PNG not really"
    assert kept["Content-Disposition"].startswith("attachment")
    assert "Switched it off." in text(client, f"/worklist/{line.public_id}")


def test_the_second_person_is_told_that_the_first_changed_the_line(played: Cast, client: Client) -> None:
    line = row(played, "GHSA-sso-1")
    client.post(f"/worklist/{line.public_id}/do/plan", {"was": "open", "note": ""})

    late = client.post(f"/worklist/{line.public_id}/do/mitigate", {"was": "open", "note": "Switched it off."})

    assert "Somebody changed this line first." in late.content.decode()
    assert row(played, "GHSA-sso-1").state == Remediation.PLANNED


def test_a_risk_is_accepted_until_a_day_ahead_and_never_for_good(played: Cast, client: Client) -> None:
    line = row(played, "GHSA-sso-1")
    address = f"/worklist/{line.public_id}/do/accept"
    said = {"was": line.state, "note": "The service ends in May."}

    past = client.post(address, {**said, "until": "2026-11-01"})
    forever = client.post(address, {**said, "until": "2036-11-01"})
    client.post(address, {**said, "until": "2027-01-31"})

    assert "This day is over." in past.content.decode()
    assert "within a year" in forever.content.decode()
    assert row(played, "GHSA-sso-1").state == Remediation.ACCEPTED_UNTIL


def test_where_forensics_are_owed_the_page_says_so_and_takes_what_was_found(played: Cast, client: Client) -> None:
    line = row(played, "CVE-2026-20001").public_id

    assert "Look for traces of an attack." in text(client, f"/worklist/{line}")
    client.post(f"/worklist/{line}/forensics", {"note": "Logs read back to October; nothing found."})

    assert row(played, "CVE-2026-20001").forensics_done_at == NOON


def test_a_line_tells_its_story_with_the_rule_the_sources_and_the_places(played: Cast, client: Client) -> None:
    page = text(client, f"/worklist/{row(played, 'CVE-2026-20001').public_id}")

    assert POLICY.id in page
    assert "cisa:DT_BOD2604" in page
    assert "4.2.8 is in [4.0, 4.2.11)" in page
    assert "GHSA-django-1 (osv)" in page
    assert "Patient records server" in page
    assert "cisa-vulnrichment" in page


def test_the_letter_names_the_product_the_flaw_and_what_is_asked_for(played: Cast, client: Client) -> None:
    line = row(played, "CVE-2026-20002").public_id

    page = text(client, f"/worklist/{line}/letter")
    plain = client.get(f"/worklist/{line}/letter?plain")

    assert "Request for a fix: CVE-2026-20002" in page
    assert plain["Content-Type"] == "text/plain; charset=utf-8"
    assert "fernwright-records" in plain.content.decode()
    assert "1.4.2" in plain.content.decode()
    assert "Valley Hospital" in plain.content.decode()


@pytest.mark.parametrize("show", ["", "now", "soon", "later", "backlog", "unknown", "planned", "over", "nonsense"])
def test_every_chip_shows_as_many_lines_as_it_counts(played: Cast, client: Client, show: str) -> None:
    answer = client.get("/worklist/all", {"show": show})

    assert len(answer.context["lines"]) == answer.context["count"]


def test_a_long_list_goes_on_and_comes_back_without_losing_a_line(
    played: Cast, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("watchbell.doors.keyset.SIZE", 7)
    seen: list[str] = []
    cursor = ""
    while True:
        answer = client.get("/worklist/all", {"after": cursor} if cursor else {})
        seen += [line.row.public_id for line in answer.context["lines"]]
        cursor = answer.context["slice"].after
        if not cursor:
            break
    back = client.get("/worklist/all", {"before": answer.context["slice"].before})

    assert len(seen) == len(set(seen)) == answer.context["count"]
    assert [line.row.public_id for line in back.context["lines"]] == seen[7:14]


def test_a_cursor_of_another_person_leads_nowhere(
    played: Cast, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("watchbell.doors.keyset.SIZE", 3)
    cursor = client.get("/worklist/all").context["slice"].after

    assert signed_in(played.bank.person, NOON).get("/worklist/all", {"after": cursor}).status_code == 404
    assert client.get("/worklist/all", {"after": "x"}).status_code == 404


def test_the_board_sees_what_waits_what_was_settled_and_the_coverage(played: Cast, client: Client) -> None:
    page = text(client, "/board-report")

    assert "lines wait" in page
    assert "were settled in thirty days" in page
    assert "17 of 21" in page


def test_everyone_with_a_second_factor_sees_the_funnel_of_what_they_may_know(played: Cast, client: Client) -> None:
    page = text(client, "/funnel")

    assert "deployed" in page
    assert "at least 5 stand behind a number" in page


def test_the_home_page_says_how_much_is_due(played: Cast, client: Client) -> None:
    page = text(client, "/")

    assert "due this week" in page
    assert "17 of 21 listed items can be checked." in page


def test_every_code_of_the_rooms_has_words() -> None:
    assert set(words.GAPS) == set(Reason)
    assert set(words.STATES) == set(Remediation)
    assert {one.event for one in deeds.ALL} == set(RemediationEvent) == set(words.DEEDS)
    assert {key: str(words.SENTENCES[key]) for key in POLICY.sentences} == dict(POLICY.sentences)
    notes = {*closing.NOTES.values(), closing.FIXED, closing.HIDDEN}
    notes |= {refreshing.RAN_OUT, refreshing.STILL_THERE, refreshing.BACK, refreshing.QUIET, refreshing.NOT_QUIET}
    assert set(words.NOTES) == notes
    assert set(story.MOVED) == {one.value for one in story.MovedBecause}


def _with_sources_read(at: datetime) -> None:
    for name, kind in (("osv", SourceKind.OSV), ("cisa-kev", SourceKind.KEV)):
        note_success(ensure_source(name=name, kind=kind, rng=scene.DICE), now=at, answer=NOTHING_HELD)


@pytest.mark.parametrize(
    "path",
    ["/worklist", "/worklist/all", "/worklist/{line}", "/board-report", "/funnel", "/inventory", "/inventory/{asset}",
     "/inventory/unassessed", "/vulnerabilities/CVE-2026-20001"],
)  # fmt: skip
def test_every_page_of_results_says_how_old_its_sources_are_and_warns_after_seven_days(
    played: Cast, client: Client, path: str
) -> None:
    line, server = row(played, "CVE-2026-20001").public_id, asset(played, "Patient records server").public_id
    address, said = path.format(line=line, asset=server), []

    for age in (timedelta(days=7), timedelta(days=7, seconds=1)):
        _with_sources_read(NOON - age)
        page = text(client, address)
        said.append(("cisa-kev (" in page, "osv (" in page, "These results may be out of date." in page))

    assert said == [(True, True, False), (True, True, True)]


def test_a_line_and_its_page_name_every_fact_with_who_says_it_and_of_which_day(played: Cast, client: Client) -> None:
    operator_scene.epss("CVE-2026-20001,0.91234,0.99", now=NOON)
    vectors = [one["score"] for one in (*operator_scene.WORST, *operator_scene.MILD)]
    severity = [{"type": "CVSS_V3", "score": one} for one in vectors]
    record = scene.osv("PYSEC-2026-1", "django", *scene.between("4.0", "4.2.11"), severity=severity)
    scene.publish(record | {"aliases": ["CVE-2026-20001"], "modified": "2030-01-02T00:00:00Z"})
    line = row(played, "CVE-2026-20001")

    for path in ("/worklist", "/worklist/all", f"/worklist/{line.public_id}"):
        page = text(client, path)
        assert "cisa-kev" in page, path
        assert ">2 Nov 2026</time>" in page, path  # the day the catalogue gives for its listing
        assert "0.912 within 30 days; higher than 99.0 % of all" in page, path
        assert ">4 Nov 2026</time>" in page, path  # the day of the figure
        assert "exploitation: active; automatable: yes; an attacker gains: everything" in page, path
        assert "cisa-vulnrichment" in page, path
    whole = text(client, f"/worklist/{line.public_id}")
    assert all(whole.count(f"<code>{one}</code>") >= 1 for one in vectors)
    assert whole.count(vectors[0]) == 2  # one record says it alone, another beside a milder one; none is chosen
    assert "PYSEC-2026-1" in whole
    assert "2 Jan 2030" in whole


def test_an_answer_that_was_derived_says_from_whose_vector(played: Cast, client: Client) -> None:
    page = text(client, f"/worklist/{row(played, 'GHSA-django-2').public_id}")

    assert "guessed from CVSS" in page
    assert "osv, 1 Jan 2030 (GHSA-django-2)" in page
    assert "nobody has published them" in page


def test_an_owner_sees_what_counting_at_the_worst_would_move_and_the_list_says_that_it_is_on(
    played: Cast, client: Client
) -> None:
    told = text(client, "/worklist/strict")
    before = text(client, "/worklist")
    client.post("/worklist/strict", {"count": "worst"})
    scene.work(now=NOON)
    after = [text(client, path) for path in ("/worklist", "/worklist/all")]
    back = text(client, "/worklist/strict")
    reader = text(signed_in(played.reader_person, NOON), "/worklist")

    said = "Your organisation counts what is not known at its worst, since"
    assert " lines to do would move." in told
    assert POLICY.id in told
    assert said not in before
    assert all(said in page and POLICY.id in page for page in after)
    assert "Count by the policy" in back
    assert said in reader
    assert 'href="/worklist/strict"' not in reader
    assert row(played, "GHSA-sso-1").outcome == "3D"
