"""The node's own pages as people meet them: at every size, light and dark, by keyboard, and while work goes on."""

import random
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.support import machine

from watchbell.domain.handling import system

pytestmark = pytest.mark.browser
SCENE = "tests.web.test_node_pages:play"
PAGES = [
    ("admin", "/"),
    ("admin", "/node/work/"),
    ("admin", "/node/sources/"),
    ("admin", "/node/sources/bsi-csaf/"),
    ("admin", "/node/settings/"),
    ("admin", "/node/kept/"),
    ("admin", "/record/"),
    ("coordinator", "/node/progress/"),
    ("hospital", "/node/sources/"),
    ("hospital", "/record/"),
]
Open = Callable[..., Any]


def play(cast: Any, now: datetime) -> None:
    """Fill a node: work that runs, waits and gave up, sources fresh and old, a record of some length."""
    from watchbell.apps.jobs import registry
    from watchbell.apps.jobs import services as jobs
    from watchbell.apps.jobs.progress import GiveUp
    from watchbell.apps.orgs import services as orgs
    from watchbell.apps.vulnerabilities import services as sources
    from watchbell.domain.handling import Scope

    rng = random.Random(7)
    for kind in ("inventory.match_asset", "files.sweep", "vulnerabilities.refresh", "remediation.refresh"):
        assert registry.kind_named(kind)
    far = now + timedelta(days=1)
    jobs.enqueue(kind="vulnerabilities.refresh", key="a", args={}, now=now - timedelta(minutes=3), rng=rng)
    held = jobs.claim(owner="w1", now=now - timedelta(minutes=3))
    assert held is not None
    held.renew(now=far, done=14_964, total=85_012, note="")
    jobs.enqueue(kind="files.sweep", key="b", args={}, now=now - timedelta(hours=2), rng=rng)
    gone = jobs.claim(owner="w1", now=now - timedelta(hours=2))
    assert gone is not None
    jobs.fail(gone, GiveUp("the folder of sealed files cannot be written"), now=now - timedelta(hours=1), rng=rng)
    jobs.enqueue(kind="inventory.match_asset", key="c", args={}, now=now - timedelta(hours=3), rng=rng)
    done = jobs.claim(owner="w1", now=now - timedelta(hours=3))
    assert done is not None
    done.renew(now=now - timedelta(hours=3), done=1_180, total=1_180, note="")
    jobs.finish(done, now=now - timedelta(hours=2))
    jobs.enqueue(kind="remediation.refresh", key="d", args={}, now=now, run_at=far, rng=rng)
    for number in range(70):
        orgs.mint_token(f"t{number}", [Scope.READ], by=cast.hospital.actor, lasts=timedelta(days=9), now=now, rng=rng)
    corpus = machine.ROOT / "tests" / "conformance"
    console = system("console")
    for kind, file, days in (("osv", "osv/ours.ndjson", 9), ("kev", "kev/ours.json", 0)):
        place = sources.Place(str(corpus / file))
        sources.import_path(sources.SourceKind(kind), place, by=console, now=now - timedelta(days=days), rng=rng)
    sources.switch_on("cisa-kev", by=console, now=now, rng=rng)


@pytest.mark.parametrize(("who", "path"), PAGES, ids=lambda value: str(value))
def test_a_page_of_the_node_reads_well_for_everyone_at_every_size(
    browser_of: Open, axe_source: str, who: str, path: str
) -> None:
    from tests.web import browser

    page = browser_of(who, scene=SCENE)
    page.goto(path)

    assert browser.faults(page, axe_source) == []


def test_the_list_of_work_renews_itself_without_taking_the_keyboard_away(browser_of: Open) -> None:
    page = browser_of("admin", scene=SCENE)
    page.goto("/node/work/")
    button = page.locator(".jobs button").first
    button.focus()
    name = button.get_attribute("id")

    with page.expect_response(lambda answer: answer.request.headers.get("hx-request") == "true"):
        page.wait_for_timeout(2500)
    page.wait_for_timeout(200)

    assert page.evaluate("document.activeElement.id") == name
    assert page.locator("#work").count() == 1
    assert page.locator("h1").count() == 1


def test_an_administrator_tries_again_what_gave_up(browser_of: Open) -> None:
    page = browser_of("admin", scene=SCENE)
    page.goto("/node/work/")

    page.click("[id^=retry-]")

    assert "It is back on the list" in page.inner_text("main")


def test_an_export_comes_as_a_file(browser_of: Open, tmp_path: Path) -> None:
    page = browser_of("hospital", scene=SCENE)
    page.goto("/record/")

    with page.expect_download() as waiting:
        page.click("text=Export with proofs")
    file = tmp_path / waiting.value.suggested_filename
    waiting.value.save_as(file)

    from watchbell.cli import verify_journal

    assert verify_journal.verify_file(file).holds
