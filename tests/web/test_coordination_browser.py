"""The pages of the public and of those who settle flaws, as people meet them: every size, light, dark, keyboard."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from tests.web import browser

pytestmark = pytest.mark.browser

SCENE = "tests.web.coordination_scene:play"
Open = Callable[..., Any]
PAGES = [
    (None, "/report", ""),
    (None, "/report/status", ""),
    (None, "/advisories/", ""),
    (None, "/advisories/", "a.row-link"),
    ("coordinator", "/", ""),
    ("coordinator", "/board", ""),
    ("coordinator", "/board", "a.row-link"),
    ("coordinator", "/findings/", ""),
    ("coordinator", "/queue/", ""),
    ("coordinator", "/cases/", ""),
    ("coordinator", "/cases/", "tr:has-text('Embargo proposed') a.row-link"),
    ("coordinator", "/cases/", "tr:has-text('New end proposed') a.row-link >> text=Give it a stricter label"),
    ("vendor", "/cases/", "tr:has-text('New end proposed') a.row-link"),
    ("vendor", "/cases/", "tr:has-text('Embargo proposed') a.row-link"),
    ("coordinator", "/drafts/", ""),
    ("coordinator", "/drafts/", "tr:has-text('Draft') a.row-link"),
    ("coordinator", "/drafts/", "tr:has-text('Draft') a.row-link >> text=Edit"),
    ("lab", "/submissions/", ""),
    ("lab", "/submissions/", "a.row-link"),
    ("lab", "/submissions/new", ""),
    ("coordinator", "/notices", ""),
]


@pytest.mark.parametrize(("who", "path", "then"), PAGES, ids=lambda value: str(value or "-"))
def test_a_page_reads_well_for_everyone_at_every_size(
    browser_of: Open, nodes: Callable[[str], browser.Node], axe_source: str, who: str | None, path: str, then: str
) -> None:
    page = browser_of(who, scene=SCENE)
    page.goto(path)

    for step in then.split(" >> ") if then else []:
        page.click(f"main >> {step}" if step.startswith("text=") else step)
        page.wait_for_load_state()

    assert browser.faults(page, axe_source) == []
    assert nodes(SCENE).strangers == []


def test_a_vendor_reads_the_draft_that_the_coordinator_shows_the_case(browser_of: Open, axe_source: str) -> None:
    coordinator, vendor = browser_of("coordinator", scene=SCENE), browser_of("vendor", scene=SCENE)
    coordinator.goto("/drafts/")
    coordinator.click("tr:has-text('Draft') a.row-link")
    coordinator.click("#share button")
    vendor.goto("/cases/")
    vendor.click("tr:has-text('New end proposed') a.row-link")

    vendor.click("text=Read it")
    vendor.wait_for_load_state()

    assert "It is not published" in vendor.inner_text("main")
    assert browser.faults(vendor, axe_source) == []


def test_a_reporter_gets_a_code_and_asks_with_it(browser_of: Open) -> None:
    page = browser_of(scene=SCENE)
    page.goto("/report")
    page.fill("#id_title", "The gate opens for anyone")
    page.fill("#id_product", "GateKeeper")
    page.fill("#id_what", "Send an empty badge number.")
    page.click("text=Send the report")
    code = page.inner_text("code.secret")

    page.click("text=Ask what became of it")
    page.fill("#id_code", code)
    page.click("text=Show me")

    assert re.fullmatch(r"WB(-[A-Z2-7]+)+", code)
    assert "The gate opens for anyone" in page.inner_text("main")


def test_a_coordinator_walks_the_queue_by_keyboard_and_settles_a_finding(browser_of: Open) -> None:
    page = browser_of("coordinator", scene=SCENE)
    page.goto("/board")
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url("**/findings/*")

    page.click("text=It is valid")

    assert "The decision stands." in page.inner_text("main")
