"""The operator's pages as people meet them: at every size, light and dark, on paper, by keyboard, without scripts."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from tests.web import browser

pytestmark = pytest.mark.browser
SCENE = "tests.web.operator_scene:play_long"
PAGES = [
    ("hospital", "/"),
    ("hospital", "/worklist"),
    ("hospital", "/worklist/all"),
    ("hospital", "/worklist/all?show=over"),
    ("hospital", "/worklist/all?show=quieted"),
    ("hospital", "/board-report"),
    ("hospital", "/funnel"),
    ("hospital", "/start"),
    ("hospital", "/start/questions"),
    ("hospital", "/inventory"),
    ("hospital", "/inventory/new"),
    ("hospital", "/inventory/load"),
    ("hospital", "/inventory/unassessed"),
    ("hospital", "/inventory/vex"),
    ("hospital", "/inventory/vex/new"),
    ("hospital", "/inventory/may-be"),
    ("hospital", "/worklist/strict"),
    ("hospital", "/search"),
    ("hospital", "/search?q=django"),
    ("hospital", "/vulnerabilities/CVE-2026-20001"),
    ("reader", "/worklist"),
    ("bank", "/worklist"),
    ("bank", "/start"),
]
BEHIND = ["Update django", "Ask for a fix of fernwright-records"]
DEEDS = ["", "/do/patch?all", "/do/accept", "/do/mitigate", "/not-us", "/forensics", "/letter"]
Open = Callable[..., Any]


@pytest.mark.parametrize(("who", "path"), PAGES)
def test_a_page_reads_well_for_everyone_at_every_size(browser_of: Open, axe_source: str, who: str, path: str) -> None:
    page = browser_of(who, scene=SCENE)
    page.goto(path)

    assert browser.faults(page, axe_source) == []


@pytest.mark.parametrize("deed", BEHIND)
def test_what_lies_behind_a_line_reads_well_too(browser_of: Open, axe_source: str, deed: str) -> None:
    page = browser_of("hospital", scene=SCENE)
    page.goto("/worklist/all")
    page.click(f"a.row-link:has-text('{deed}') >> nth=0")
    page.wait_for_url(re.compile("/worklist/[0-9a-f]{32}$"))
    line = page.url

    for tail in DEEDS:
        page.goto(line + tail)
        assert browser.faults(page, axe_source) == [], tail


@pytest.mark.parametrize("name", ["Firewall", "Patient records server"])
def test_an_asset_reads_well_with_and_without_a_list(browser_of: Open, axe_source: str, name: str) -> None:
    page = browser_of("hospital", scene=SCENE)
    page.goto("/inventory")
    page.click(f"a.row-link:has-text('{name}')")

    assert browser.faults(page, axe_source) == []
    page.goto(f"{page.url}/pick?q=infusion")
    assert browser.faults(page, axe_source) == []


def test_what_others_say_reads_well_with_the_line_that_it_keeps_quiet(browser_of: Open, axe_source: str) -> None:
    page = browser_of("hospital", scene=SCENE)
    for start, tails in (("/inventory/vex", ("", "/withdraw")), ("/worklist/all?show=quieted", ("",))):
        page.goto(start)
        page.click("a.row-link >> nth=0")
        page.wait_for_url(re.compile("/[0-9a-f]{32}$"))
        found = page.url
        for tail in tails:
            page.goto(found + tail)
            assert browser.faults(page, axe_source) == [], found


def test_machines_and_what_is_asked_about_them_read_well(browser_of: Open, axe_source: str) -> None:
    page = browser_of("hospital", scene="tests.web.operator_scene:play_machines")
    page.goto("/inventory/same")

    assert browser.faults(page, axe_source) == []
    page.goto("/inventory")
    page.click("a.row-link:has-text('old gates')")
    page.wait_for_url(re.compile("/inventory/[0-9a-f]{32}$"))
    assert browser.faults(page, axe_source) == []
    page.goto(f"{page.url}/describe")
    assert browser.faults(page, axe_source) == []


@pytest.mark.parametrize("path", ["/worklist", "/board-report"])
def test_the_monday_sheet_and_the_board_report_fit_on_one_sheet_of_paper(browser_of: Open, path: str) -> None:
    page = browser_of("hospital", scene=SCENE)
    page.goto(path)

    assert len(re.findall(rb"/Type\s*/Page[^s]", page.pdf(format="A4"))) == 1


def test_the_printed_sheet_still_says_how_old_its_sources_are(browser_of: Open) -> None:
    page = browser_of("hospital", scene=SCENE)
    page.goto("/worklist")
    page.emulate_media(media="print")

    assert "Made from:" in page.inner_text("main")
    assert page.locator(".source-ages").last.is_visible()


def test_who_says_what_opens_on_the_line_itself(browser_of: Open, axe_source: str) -> None:
    page = browser_of("hospital", scene=SCENE)
    for path in ("/worklist", "/worklist/all"):
        page.goto(path)
        line = page.locator(".who-says").first

        line.locator("summary").click()

        assert "cisa-kev" in line.inner_text()
        assert page.url.endswith(path)
        assert browser.faults(page, axe_source) == []


def test_the_sheet_is_walked_with_j_and_the_search_is_reached_with_a_slash(browser_of: Open) -> None:
    page = browser_of("hospital", scene=SCENE)
    page.goto("/worklist")

    page.keyboard.press("/")
    page.keyboard.type("django")
    page.keyboard.press("Enter")
    page.wait_for_url("**/search?q=django")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/inventory/[0-9a-f]{32}$"))
    page.goto("/worklist")
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("k")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/worklist/[0-9a-f]{32}$"))

    assert "FortiOS" in page.inner_text("h1")


def test_the_sheet_holds_ten_dated_deeds_and_says_what_else_is_due(browser_of: Open) -> None:
    page = browser_of("hospital", scene=SCENE)
    page.goto("/worklist")

    assert page.locator("main > .worklist .work").count() == 10
    assert page.locator(".is-backlog .work").count() == 10


def test_a_product_is_found_while_typing_and_also_without_scripts(browser_of: Open) -> None:
    page = browser_of("hospital", scene=SCENE)
    page.goto("/inventory")
    page.click("a.row-link:has-text('Firewall')")
    page.click("text=Pick a product")

    page.locator("#q").press_sequentially("infus")
    page.wait_for_selector("#choices a.row-link")

    assert "Infusion Pump" in page.inner_text("#choices")
    page.click("button:has-text('Search')")
    assert "Infusion Pump" in page.inner_text("#choices")
    page.click("#choices a.row-link")
    assert "Acme Infusion Pump" in page.inner_text("main form")


def test_every_line_is_walked_with_j_and_opened_with_enter(browser_of: Open) -> None:
    page = browser_of("hospital", scene=SCENE)
    page.goto("/worklist/all")

    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/worklist/[0-9a-f]{32}$"))

    assert "FortiOS" in page.inner_text("h1")
