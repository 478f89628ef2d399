"""The node's own pages: who sees the work, the sources, the record and the settings, and what each may do there."""

import random
import re
from datetime import timedelta
from http import HTTPStatus
from types import SimpleNamespace
from typing import Any

import pytest
from django.template import Context, Template
from django.test import Client, override_settings
from tests.apps.scene_published import DICE, csaf
from tests.conftest import NOON
from tests.support import csaf_provider, machine
from tests.support.cast import Cast
from tests.support.visitors import signed_in

from watchbell.apps.jobs import queries as jobs_queries
from watchbell.apps.jobs import registry
from watchbell.apps.jobs import services as jobs
from watchbell.apps.jobs.progress import GiveUp
from watchbell.apps.journal import queries as journal_queries
from watchbell.apps.journal import services as journal
from watchbell.apps.orgs import services as orgs
from watchbell.apps.remediation.words import Change
from watchbell.apps.vulnerabilities import queries as vulnerabilities
from watchbell.apps.vulnerabilities import services as sources
from watchbell.apps.vulnerabilities.models import Source
from watchbell.apps.vulnerabilities.services import providers
from watchbell.cli import verify_journal
from watchbell.domain.handling import Scope, system
from watchbell.domain.lifecycle.remediation import RemediationEvent
from watchbell.doors import keys
from watchbell.formats import strictjson
from watchbell.outside.settings import Settings
from watchbell.web.node import pace, setup, words

KIND = "tests.slow"


def _slow(args: Any, progress: Any, *, now: Any, rng: Any) -> None: ...


registry.job(KIND)(_slow)


@pytest.fixture(autouse=True)
def at_noon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("watchbell.doors.moment.now", lambda: NOON)


@pytest.fixture
def node_keys(db: None) -> None:
    keys.make_node_keys()


def text_of(answer: Any) -> str:
    content = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return str(content.decode())


def running_job(key: str = "one", *, done: int = 0, total: int | None = None) -> Any:
    jobs.enqueue(kind=KIND, key=key, now=NOON - timedelta(minutes=2))
    held = jobs.claim(owner="w", now=NOON - timedelta(minutes=2))
    assert held is not None
    held.renew(now=NOON - timedelta(minutes=1), done=done, total=total, note="")
    return held


def dead_job(rng: Any) -> Any:
    held = running_job("dead")
    jobs.fail(held, GiveUp("the folder is not there"), now=NOON, rng=rng)
    return held.job


# Work ------------------------------------------------------------------------------------------


def test_the_administrator_sees_how_far_work_is_and_when_it_may_be_over(cast: Cast) -> None:
    running_job(done=400, total=1200)

    page = text_of(signed_in(cast.admin_person).get("/node/work/"))

    assert "400 of 1,200" in page
    assert ">200</span> a minute" in page
    assert "in 4 minutes" in page
    assert 'value="400"' in page


def test_the_page_asks_again_every_two_seconds_only_while_something_is_to_come(cast: Cast) -> None:
    admin = signed_in(cast.admin_person)
    calm = text_of(admin.get("/node/work/"))
    running_job()

    busy = text_of(admin.get("/node/work/"))
    part = text_of(admin.get("/node/work/", headers={"HX-Request": "true"}))

    assert "every 2s" not in calm
    assert "every 2s" in busy
    assert "<html" not in part
    assert 'id="work"' in part


def test_a_coordinator_looks_on_and_has_no_button(cast: Cast, rng: Any) -> None:
    dead = dead_job(rng)
    running_job("two", done=1, total=2)
    coordinator = signed_in(cast.coordinator.person)

    page = text_of(coordinator.get("/node/progress/"))

    assert "1 of 2" in page
    assert "Try again" not in page
    assert "Cancel" not in page
    assert coordinator.post(f"/node/work/{dead.public_id}/retry/").status_code == HTTPStatus.FORBIDDEN


@pytest.mark.parametrize("who", ["hospital", "vendor", "lab", "mallory"])
@pytest.mark.parametrize("path", ["/node/work/", "/node/progress/", "/node/settings/"])
def test_strangers_to_the_node_see_neither_its_work_nor_its_settings(cast: Cast, who: str, path: str) -> None:
    answer = signed_in(cast.people[who]).get(path)

    assert answer.status_code == HTTPStatus.FORBIDDEN


def test_work_that_gave_up_is_tried_again_on_request(cast: Cast, rng: Any) -> None:
    dead = dead_job(rng)
    admin = signed_in(cast.admin_person)
    assert "the folder is not there" in text_of(admin.get("/node/work/"))

    admin.post(f"/node/work/{dead.public_id}/retry/")

    line = jobs_queries.one(cast.admin, dead.public_id)
    assert line is not None
    assert line.state == "waiting"


def test_running_work_is_asked_to_stop_and_says_so(cast: Cast) -> None:
    held = running_job()
    admin = signed_in(cast.admin_person)

    admin.post(f"/node/work/{held.job.public_id}/cancel/")

    assert "stopping at its next step" in text_of(admin.get("/node/work/"))


def test_work_that_is_not_there_is_answered_like_work_that_cannot_be_changed(cast: Cast) -> None:
    admin = signed_in(cast.admin_person)

    for deed in ("retry", "cancel"):
        assert admin.post(f"/node/work/{'0' * 32}/{deed}/").status_code == HTTPStatus.NOT_FOUND


def test_a_second_attempt_says_nothing_about_its_speed(cast: Cast) -> None:
    running_job(done=10, total=20)
    line = jobs_queries.running(cast.admin)[0]

    first = pace.pace_of(line, now=NOON)
    again = pace.pace_of(
        type(line)(**{name: getattr(line, name) for name in line.__slots__} | {"attempts": 2}), now=NOON
    )

    assert first.per_minute == 5
    assert first.over_at == NOON + timedelta(minutes=2)
    assert (again.per_minute, again.over_at) == (None, None)


# Sources ---------------------------------------------------------------------------------------


def test_every_feed_is_listed_and_off_until_an_administrator_clicks(cast: Cast) -> None:
    page = text_of(signed_in(cast.admin_person).get("/node/sources/"))

    assert "No source is read yet" in page
    assert "cisa-kev" in page
    assert "bsi-csaf" in page
    assert vulnerabilities.sources(NOON) == []


def test_one_click_switches_a_source_on_and_reads_it(cast: Cast) -> None:
    admin = signed_in(cast.admin_person)

    admin.post("/node/sources/cisa-kev/on/")

    found = next(one for one in vulnerabilities.sources(NOON) if one.name == "cisa-kev")
    waiting = jobs_queries.recent(cast.admin)
    assert found.enabled
    assert [line.kind for line in waiting] == ["vulnerabilities.refresh"]


def test_clicking_read_now_twice_asks_once_a_minute(cast: Cast) -> None:
    admin = signed_in(cast.admin_person)
    admin.post("/node/sources/cisa-kev/on/")

    for _ in range(2):
        admin.post("/node/sources/cisa-kev/read/")

    assert len(jobs_queries.recent(cast.admin)) == 1


def test_the_page_of_a_provider_says_what_was_checked_what_was_not_and_what_was_not_taken(cast: Cast) -> None:
    row = sources.switch_on("bsi-csaf", by=cast.admin, now=NOON, rng=DICE)
    with csaf_provider.serving() as provider:
        for number, label in ((1, "WHITE"), (2, "AMBER")):
            flaw = (f"CVE-2030-100{number}", "Gate", "<2.0", "")
            provider.put(f"acme-{number}.json", "2030-01-01T00:00:00Z", csaf(f"ACME-{number}", flaw, label=label))
        visit = providers.Visit(provider.address, provider.policy)
        providers.read_whole(Source.objects.get(pk=row.pk), visit, by=cast.admin, now=NOON, rng=DICE)
        address = provider.address

    page = re.sub(r"<[^>]+>", "", text_of(signed_in(cast.hospital.person).get("/node/sources/bsi-csaf/")))

    assert "1 document is byte for byte the one its hash file speaks of." in page
    assert "Signatures are not checked. 2 documents are offered with an OpenPGP signature" in page
    assert f"{address}/csaf/acme-2.json" in page
    assert "The document counts as TLP:AMBER" in page
    kev = text_of(signed_in(cast.hospital.person).get("/node/sources/cisa-kev/"))
    assert "nothing is known of its parts" in kev


def test_a_source_that_is_off_or_unknown_is_not_read(cast: Cast) -> None:
    admin = signed_in(cast.admin_person)

    assert admin.post("/node/sources/cisa-kev/read/").status_code == HTTPStatus.NOT_FOUND
    assert admin.post("/node/sources/no-such-source/on/").status_code == HTTPStatus.NOT_FOUND


def test_everyone_with_a_second_factor_sees_the_sources_and_only_administrators_switch(cast: Cast) -> None:
    hospital = signed_in(cast.hospital.person)

    page = text_of(hospital.get("/node/sources/"))

    assert "cisa-kev" in page
    assert "Switch on" not in page
    for deed in ("on", "off", "read"):
        assert hospital.post(f"/node/sources/cisa-kev/{deed}/").status_code == HTTPStatus.FORBIDDEN


def test_switching_off_keeps_what_was_read(cast: Cast) -> None:
    admin = signed_in(cast.admin_person)
    admin.post("/node/sources/cisa-kev/on/")

    admin.post("/node/sources/cisa-kev/off/")

    found = next(one for one in vulnerabilities.sources(NOON) if one.name == "cisa-kev")
    assert not found.enabled


def render_ages() -> str:
    request = SimpleNamespace(now=NOON)
    return Template("{% load sources %}{% source_ages %}").render(Context({"request": request}))


OSV = b'{"schema_version": "1.6.0", "id": "OSV-2026-1", "modified": "2026-01-01T00:00:00Z", "affected": []}'


@pytest.mark.parametrize(("days", "old"), [(6, False), (7, False), (8, True)])
def test_results_older_than_seven_days_carry_a_banner(
    cast: Cast, rng: Any, tmp_path: Any, days: int, old: bool
) -> None:
    file = tmp_path / "one.json"
    file.write_bytes(OSV)
    at = NOON - timedelta(days=days)
    sources.import_path(sources.SourceKind.OSV, sources.Place(str(file)), by=system("console"), now=at, rng=rng)

    shown = render_ages()

    assert ("These results may be out of date" in shown) is old
    assert f"{days} days ago" in shown


def test_before_anything_is_read_a_result_says_that_it_can_say_nothing(db: None) -> None:
    assert "no result can say that something is not affected" in render_ages()


# The record ------------------------------------------------------------------------------------


def test_an_organisation_reads_its_own_entries_in_words(cast: Cast) -> None:
    page = text_of(signed_in(cast.hospital.person).get("/record/"))

    assert "The organisation was set up" in page
    assert "Someone became a member" in page


def test_nobody_reads_another_organisations_entries(cast: Cast) -> None:
    page = text_of(signed_in(cast.bank.person).get("/record/"))

    assert cast.hospital.organisation.public_id not in page
    assert cast.hospital.organisation.public_id[:12] not in page


def test_someone_without_an_organisation_has_no_entries_and_learns_why(cast: Cast) -> None:
    for person in (cast.mallory_person, cast.admin_person):
        page = text_of(signed_in(person).get("/record/"))

        assert "You act for no organisation" in page
        assert "Export with proofs" not in page


def test_long_records_are_paged_to_older_and_back_to_newer(cast: Cast) -> None:
    hospital = signed_in(cast.hospital.person)
    for number in range(120):
        orgs.mint_token(
            f"t{number}", [Scope.READ], by=cast.hospital.actor, lasts=timedelta(days=1), now=NOON, rng=_dice(number)
        )

    seen: list[str] = []
    link, pages = "/record/", 0
    while link:
        page = text_of(hospital.get(link))
        seen += [line.split("</strong>")[0] for line in page.split("<tr><td><span><strong>")[1:]]
        newer = _link(page, "Newer")
        link, pages = _link(page, "Older"), pages + 1

    total = journal_queries.entries_concerning(cast.hospital.actor, now=NOON).count()
    assert len(seen) == total
    assert pages == -(-total // 50)
    assert "Older" in text_of(hospital.get(newer))


def test_a_cursor_of_someone_else_leads_nowhere(cast: Cast) -> None:
    for number in range(60):
        orgs.mint_token(
            f"t{number}", [Scope.READ], by=cast.hospital.actor, lasts=timedelta(days=1), now=NOON, rng=_dice(number)
        )
    older = _link(text_of(signed_in(cast.hospital.person).get("/record/")), "Older")

    assert signed_in(cast.bank.person).get(older).status_code == HTTPStatus.NOT_FOUND
    assert signed_in(cast.hospital.person).get("/record/?at=AAAA").status_code == HTTPStatus.NOT_FOUND


def test_the_filter_tells_our_deeds_from_those_of_others(cast: Cast) -> None:
    hospital = signed_in(cast.hospital.person)
    orgs.mint_token("t", [Scope.READ], by=cast.hospital.actor, lasts=timedelta(days=1), now=NOON, rng=_dice(1))

    ours, others = text_of(hospital.get("/record/?by=ours")), text_of(hospital.get("/record/?by=others"))

    assert "An access token was made" in ours
    assert "The organisation was set up" not in ours
    assert "An access token was made" not in others
    assert "The organisation was set up" in others


def test_an_export_verifies_with_the_code_its_writer_does_not_share(cast: Cast, node_keys: None, tmp_path: Any) -> None:
    answer = signed_in(cast.hospital.person).post("/record/export/")
    file = tmp_path / "record.ndjson"
    file.write_text(text_of(answer))

    verdict = verify_journal.verify_file(file)

    assert verdict.holds, str(verdict)
    assert answer.headers["Content-Disposition"] == 'attachment; filename="watchbell-record-20261104-1200.ndjson"'


def test_looking_does_not_export_and_only_a_click_does(cast: Cast, node_keys: None) -> None:
    hospital = signed_in(cast.hospital.person)

    assert hospital.get("/record/export/").status_code == HTTPStatus.METHOD_NOT_ALLOWED
    assert signed_in(cast.mallory_person).post("/record/export/").headers["Location"] == "/record/"


def test_the_signed_heads_are_the_same_for_everyone_without_signing_in(cast: Cast, node_keys: None) -> None:
    journal.publish_head(now=NOON, keys=keys.keystore())

    nobody, hospital = Client().get("/record/heads"), signed_in(cast.hospital.person).get("/record/heads")

    assert nobody.content == hospital.content
    head = strictjson.loads(nobody.content.splitlines()[0])["head"]
    assert head["size"] % 256 == 0
    assert len(head["signature"]) == 128


def test_every_action_and_kind_of_work_is_said_in_words() -> None:
    rooms = machine.ROOT / "src" / "watchbell" / "apps"
    families = {action.partition(".")[0] for action in words.ACTIONS}
    kinds = {name for name in registry._KINDS if not name.startswith("tests.")}
    literals: set[str] = set()
    for path in [*rooms.glob("*/services.py"), *rooms.glob("*/services/*.py")]:
        literals |= set(re.findall(r'(?<!Subject\()"([a-z_]+(?:\.[a-z_]+)+)"', path.read_text(encoding="utf-8")))
    actions = {one for one in literals if one.partition(".")[0] in families} - kinds
    deeds = (*RemediationEvent, Change.FORENSICS_DONE)
    actions |= {f"remediation.{deed.value.replace(' ', '_')}" for deed in deeds}

    assert sorted(actions - set(words.ACTIONS)) == []
    assert sorted(kinds - set(words.KINDS_OF_WORK)) == []


# Settings and what is kept ---------------------------------------------------------------------


def test_settings_are_named_with_their_origin_and_secrets_are_never_shown(cast: Cast) -> None:
    told = {
        "WATCHBELL_HOME": "/srv/bell",
        "WATCHBELL_TOKEN": "wb_hidden_token",
        "WATCHBELL_EMAIL_URL": "smtps://user:hidden@mail.example",
        "WATCHBELL_DATABASE_URL": "postgresql://user:hidden@db.example:5432/bell?password=hidden",
        "WATCHBELL_BASE_URL": "https://bell.example.org",
    }

    shown = {one.name: one for one in setup.told(Settings.from_env(told))}

    assert not any("hidden" in one.value for one in shown.values())
    assert shown["WATCHBELL_TOKEN"].is_secret
    assert shown["WATCHBELL_DATABASE_URL"].value == "postgresql://db.example/bell"
    assert shown["WATCHBELL_BASE_URL"].value == "https://bell.example.org"
    assert {name for name, one in shown.items() if not one.is_default} == set(told)
    assert set(shown) == set(setup.MEANINGS)


def test_the_settings_page_shows_versions_and_whether_the_node_is_well(cast: Cast) -> None:
    page = text_of(signed_in(cast.admin_person).get("/node/settings/"))

    assert "Watchbell" in page
    assert "Django" in page
    assert "Signed heads" in page
    assert "WATCHBELL_HOME" in page


def test_what_is_kept_is_open_to_everyone_signed_in_and_to_nobody_else(cast: Cast) -> None:
    page = text_of(signed_in(cast.mallory_person).get("/node/kept/"))

    assert "findings.Submission" in page
    assert "People and organisations" in page
    assert Client().get("/node/kept/").status_code == HTTPStatus.FOUND


# Gauges ----------------------------------------------------------------------------------------


def test_a_stranger_learns_that_the_node_is_up_and_nothing_more(cast: Cast) -> None:
    answer = Client().get("/metrics", REMOTE_ADDR="203.0.113.7")

    assert "watchbell_up 1\n" in text_of(answer)
    assert "watchbell_jobs" not in text_of(answer)
    assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")


def test_this_machine_sees_the_figures(cast: Cast, rng: Any) -> None:
    dead_job(rng)

    page = text_of(Client().get("/metrics", REMOTE_ADDR="127.0.0.1"))

    assert "watchbell_jobs_dead 1\n" in page
    assert "# TYPE watchbell_journal_unsealed gauge\n" in page


def test_a_proxy_on_this_machine_does_not_make_the_world_local(cast: Cast) -> None:
    forwarded = Client().get("/metrics", REMOTE_ADDR="127.0.0.1", headers={"X-Forwarded-For": "203.0.113.7"})
    node = Settings.from_env({"WATCHBELL_BASE_URL": "https://bell.example.org"})
    with override_settings(WATCHBELL=node):
        untold = Client().get("/metrics", REMOTE_ADDR="127.0.0.1")

    assert "watchbell_jobs" not in text_of(forwarded)
    assert "watchbell_jobs" not in text_of(untold)


@pytest.mark.parametrize(("who", "admitted"), [("coordinator", True), ("hospital", False)])
def test_a_keepers_token_opens_the_figures_and_anyone_elses_does_not(cast: Cast, who: str, admitted: bool) -> None:
    actor = getattr(cast, who).actor
    _, token = orgs.mint_token("gauges", [Scope.READ], by=actor, lasts=timedelta(days=1), now=NOON, rng=_dice(7))

    page = text_of(Client().get("/metrics", REMOTE_ADDR="203.0.113.7", headers={"Authorization": f"Bearer {token}"}))

    assert ("watchbell_jobs_due" in page) is admitted


def test_a_token_for_something_else_does_not_open_the_figures(cast: Cast) -> None:
    actor = cast.coordinator.actor
    _, token = orgs.mint_token("send", [Scope.SUBMIT], by=actor, lasts=timedelta(days=1), now=NOON, rng=_dice(7))

    page = text_of(Client().get("/metrics", REMOTE_ADDR="203.0.113.7", headers={"Authorization": f"Bearer {token}"}))

    assert "watchbell_jobs" not in page


def test_an_administrators_home_shows_work_and_sources(cast: Cast) -> None:
    page = text_of(signed_in(cast.admin_person).get("/"))

    assert "/node/work/" in page
    assert "/node/sources/" in page
    assert "Nothing published has been read yet" in page


def _dice(seed: int) -> Any:
    return random.Random(seed)


def _link(page: str, label: str) -> str:
    found = re.search(r'href="(\?[^"]+)">' + label, page)
    return "/record/" + found.group(1).replace("&amp;", "&") if found else ""
